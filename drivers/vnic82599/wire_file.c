// SPDX-License-Identifier: BSD-3-Clause
// Wires without a partner: capture files, and a generator that is a sink too.
#include "dataplane/base/clock.h"
#include "dataplane/base/csum.h"
#include "dataplane/base/text.h"
#include "drivers/vnic82599/wire_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- pcap: magic a1b2c3d4, version 2.4, microseconds, Ethernet, host order

struct pcap_head {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, accuracy, snaplen, link;
};
struct pcap_record {
	uint32_t sec, usec, len, wire_len;
};
struct pcap {
	struct wire wire;
	FILE *in, *out;
};

static bool pcap_tx(struct wire *wire, const uint8_t *frame, unsigned len)
{
	struct pcap *pcap = (struct pcap *)wire;
	struct pcap_record record = {.len = len, .wire_len = len};
	struct timespec now;

	if (!pcap->out)
		return true;
	clock_gettime(CLOCK_REALTIME, &now);
	record.sec = (uint32_t)now.tv_sec;
	record.usec = (uint32_t)(now.tv_nsec / 1000);
	return fwrite(&record, sizeof(record), 1, pcap->out) == 1 &&
	       fwrite(frame, len, 1, pcap->out) == 1;
}

static unsigned pcap_poll(struct wire *wire, uint64_t now_ns, unsigned max)
{
	struct pcap *pcap = (struct pcap *)wire;
	uint8_t frame[VNIC_FRAME_MAX];
	struct pcap_record record;
	unsigned n = 0;

	(void)now_ns;
	while (pcap->in && n < max && !vnic_is_backlogged(wire->nic)) {
		if (fread(&record, sizeof(record), 1, pcap->in) != 1 ||
		    record.len > sizeof(frame) || fread(frame, record.len, 1, pcap->in) != 1) {
			fclose(pcap->in);
			pcap->in = NULL;
			break;
		}
		wire_receive(wire, frame, record.len);
		n++;
	}
	if (!n && pcap->out)
		fflush(pcap->out);
	return n;
}

static void pcap_close(struct wire *wire)
{
	struct pcap *pcap = (struct pcap *)wire;

	if (pcap->in)
		fclose(pcap->in);
	if (pcap->out)
		fclose(pcap->out);
	free(pcap);
}

static const struct wire_ops pcap_ops = {
	.name = "pcap", .tx = pcap_tx, .poll = pcap_poll, .close = pcap_close};

static int pcap_in(struct pcap *pcap, const char *path, struct err *err)
{
	struct pcap_head head;

	pcap->in = fopen(path, "re");
	if (!pcap->in)
		return err_set(err, errno, "wire pcap:in=%s: %m", path);
	if (fread(&head, sizeof(head), 1, pcap->in) != 1 || head.magic != 0xa1b2c3d4 ||
	    head.link != 1)
		return err_set(err, EINVAL, "wire pcap:in=%s: not a pcap file of Ethernet", path);
	return 0;
}

static int pcap_out(struct pcap *pcap, const char *path, struct err *err)
{
	struct pcap_head head = {
		.magic = 0xa1b2c3d4, .major = 2, .minor = 4, .snaplen = 65535, .link = 1};

	pcap->out = fopen(path, "we");
	if (!pcap->out || fwrite(&head, sizeof(head), 1, pcap->out) != 1)
		return err_set(err, errno, "wire pcap:out=%s: %m", path);
	return 0;
}

struct wire *wire_pcap_open(const char *arg, struct err *err)
{
	struct pcap *pcap = wire_new(sizeof(*pcap), &pcap_ops, err);
	char path[256];
	int ret = 0;

	if (!pcap)
		return NULL;
	if (wire_option(arg, "in", path, sizeof(path)))
		ret = pcap_in(pcap, path, err);
	if (ret == 0 && wire_option(arg, "out", path, sizeof(path)))
		ret = pcap_out(pcap, path, err);
	if (ret == 0 && !pcap->in && !pcap->out)
		ret = err_set(err, EINVAL, "wire pcap:%s: in=FILE, out=FILE or both", arg);
	if (ret == 0)
		return &pcap->wire;
	pcap_close(&pcap->wire);
	return NULL;
}

// ---- generator

enum { GEN_HDR = 42, GEN_MARK = 0x6a657262, GEN_SIZE_MIN = 60 };

struct gen {
	struct wire wire;
	uint64_t rate, flows, left, start_ns, n_sent, n_back;
	uint64_t ns_sum, ns_min, ns_max;
	unsigned size;
	uint8_t frame[VNIC_FRAME_MAX];
};

struct gen_mark {
	uint32_t magic;
	uint64_t ns;
} packed_struct;

static bool gen_tx(struct wire *wire, const uint8_t *frame, unsigned len)
{
	struct gen *gen = (struct gen *)wire;
	struct gen_mark mark;
	uint64_t ns;

	if (len < GEN_HDR + sizeof(mark))
		return true;
	memcpy(&mark, frame + GEN_HDR, sizeof(mark));
	if (mark.magic != GEN_MARK)
		return true;
	ns = clock_ns() - mark.ns;
	gen->n_back++;
	gen->ns_sum += ns;
	gen->ns_min = !gen->ns_min || ns < gen->ns_min ? ns : gen->ns_min;
	gen->ns_max = ns > gen->ns_max ? ns : gen->ns_max;
	return true;
}

// Flows differ in source address and port.
static void gen_next(struct gen *gen)
{
	uint32_t flow = (uint32_t)(gen->n_sent % gen->flows);
	uint8_t *ip = gen->frame + 14;
	struct gen_mark mark = {.magic = GEN_MARK, .ns = clock_ns()};
	uint16_t sum;

	ip[14] = (uint8_t)(flow >> 8);
	ip[15] = (uint8_t)(flow + 1);
	ip[21] = (uint8_t)flow;
	memset(ip + 10, 0, 2);
	sum = csum_of(ip, 20);
	memcpy(ip + 10, &sum, 2);
	memcpy(gen->frame + GEN_HDR, &mark, sizeof(mark));
	gen->n_sent++;
}

static unsigned gen_poll(struct wire *wire, uint64_t now_ns, unsigned max)
{
	struct gen *gen = (struct gen *)wire;
	uint64_t due;
	unsigned n;

	if (!vnic_is_ready(wire->nic)) { // nobody would see them
		gen->start_ns = 0;
		return 0;
	}
	if (!gen->start_ns) {
		gen->start_ns = now_ns;
		gen->n_sent = 0;
	}
	due = (uint64_t)((double)(now_ns - gen->start_ns) * (double)gen->rate / 1e9) + 1;
	for (n = 0; n < max && gen->n_sent < due && gen->left; n++) {
		gen_next(gen);
		gen->left--;
		wire_receive(wire, gen->frame, gen->size);
	}
	if (gen->n_sent + 100000 < due) // too slow for it: no debt without end
		gen->start_ns = 0;
	return n;
}

static size_t gen_show(const struct wire *wire, char *out, size_t len)
{
	const struct gen *gen = (const struct gen *)wire;

	return text_append(
		out, len, 0, "gen-back %lu\ngen-ns-min %lu\ngen-ns-mean %lu\ngen-ns-max %lu\n",
		gen->n_back, gen->ns_min, gen->n_back ? gen->ns_sum / gen->n_back : 0, gen->ns_max);
}

static void gen_close(struct wire *wire)
{
	free(wire);
}

static const struct wire_ops gen_ops = {
	.name = "gen", .tx = gen_tx, .poll = gen_poll, .show = gen_show, .close = gen_close};

static uint64_t number(const char *arg, const char *key, uint64_t otherwise)
{
	char text[32];

	return wire_option(arg, key, text, sizeof(text)) ? strtoull(text, NULL, 10) : otherwise;
}

// 198.18.0.0/15 is for benchmarks (RFC 2544 §C.2.2).
static void gen_template(struct gen *gen, const char *arg)
{
	static const uint8_t head[GEN_HDR] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x6a, 0x65, 0x72, 0x62, 0x01, 0x08, 0x00,
		0x45, 0,    0,	  0,	0,    0,    0,	  0,	64,   17,   0,	  0,	198,  18,
		0,    1,    198,  19,	0,    1,    0xc0, 0,	0,    9,    0,	  0,	0,    0};
	uint8_t *frame = gen->frame, *mac = frame;
	char text[32];

	memcpy(frame, head, sizeof(head));
	frame[16] = (uint8_t)((gen->size - 14) >> 8);
	frame[17] = (uint8_t)(gen->size - 14);
	frame[38] = (uint8_t)((gen->size - 34) >> 8);
	frame[39] = (uint8_t)(gen->size - 34);
	if (wire_option(arg, "dst", text, sizeof(text)))
		sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", mac, mac + 1, mac + 2, mac + 3,
		       mac + 4, mac + 5);
}

struct wire *wire_gen_open(const char *arg, struct err *err)
{
	struct gen *gen = wire_new(sizeof(*gen), &gen_ops, err);

	if (!gen)
		return NULL;
	gen->rate = number(arg, "rate", 1000);
	gen->flows = number(arg, "flows", 1);
	gen->left = number(arg, "count", UINT64_MAX);
	gen->size = (unsigned)number(arg, "size", GEN_SIZE_MIN);
	if (!gen->flows || gen->flows > 65536 || gen->size < GEN_SIZE_MIN || gen->size > 9728) {
		err_set(err, EINVAL, "wire gen:%s: allowed are flows 1 to 65536, size 60 to 9728",
			arg);
		free(gen);
		return NULL;
	}
	gen_template(gen, arg);
	return &gen->wire;
}
