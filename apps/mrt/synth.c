// SPDX-License-Identifier: BSD-3-Clause
// jerboa-mrt synth: options, and the records of the file (RFC 6396).
#include "apps/mrt/synth.h"

#include "apps/mrt/progress.h"
#include "dataplane/bgp/mrt.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

// 2026-01-01 00:00 UTC: a file of the same options is always the same.
enum { TIME_S = 1767225600, VIEW_LEN = 6 };
enum { ENTRY_LEN = 8, RECORD_LEN = 64 + SYNTH_PEERS_MAX * (ENTRY_LEN + SYNTH_ATTRS_MAX) };

static const char help[] =
	"Usage: jerboa-mrt synth [options] FILE\n"
	"\n"
	"Writes a made-up routing table of the size and shape of the Internet's as an MRT\n"
	"dump (TABLE_DUMP_V2). The same options and seed give the same file everywhere.\n"
	"FILE ending in .gz is compressed; - is standard output.\n"
	"\n"
	"  --prefixes N        how many (default: a full table, 901899 IPv4 + 160147 IPv6)\n"
	"  --v4, --v6          only this family\n"
	"  --peers N           1 to 64 peers, the first with the full table, the others with\n"
	"                      98 % of it (default 2)\n"
	"  --peer ASN,V4[,V6]  a peer by hand: its AS number, its address and IPv4 next hop,\n"
	"                      its IPv6 next hop; once a peer, in order of index. Else peer N\n"
	"                      is AS 65001+N, 192.0.2.(1+N), 2001:db8::(1+N), N from 0\n"
	"  --include PREFIX[@N] add this prefix, announced by all peers or by peer N alone;\n"
	"                      no made-up prefix lies inside it; may be given often\n"
	"  --seed N            another table of the same shape (default 1)\n"
	"\n"
	"Examples\n"
	"  jerboa-mrt synth full.mrt\n"
	"      a full table of both families from two peers\n"
	"  jerboa-mrt synth --peer 65001,10.1.0.1,fd00:1::1 --peer 65002,10.2.0.1,fd00:2::1 \\\n"
	"        --include 203.0.113.0/24@1 lab.mrt.gz\n"
	"      two upstreams with these next hops; 203.0.113.0/24 only behind the second\n"
	"  jerboa-mrt synth --prefixes 1000 --v4 --seed 7 - | jerboa-mrt stat -\n";

struct sink {
	const char *path;
	char tmp[512]; // renamed to path when complete
	gzFile gz;
};

static int sink_open(struct sink *sink, const char *path, struct err *err)
{
	size_t len = strlen(path);
	bool is_gz = len > 3 && strcmp(path + len - 3, ".gz") == 0;
	const char *mode = is_gz ? "wb1" : "wbT"; // T: as it is

	sink->path = path;
	if (strcmp(path, "-") == 0)
		sink->gz = gzdopen(dup(STDOUT_FILENO), mode);
	else if ((size_t)snprintf(sink->tmp, sizeof(sink->tmp), "%s.%d.tmp", path, getpid()) <
		 sizeof(sink->tmp))
		sink->gz = gzopen(sink->tmp, mode);
	if (!sink->gz)
		return err_set(err, errno ? errno : ENAMETOOLONG, "%s: cannot write: %s", path,
			       strerror(errno ? errno : ENAMETOOLONG));
	gzbuffer(sink->gz, 1 << 20);
	return 0;
}

// Puts a complete file in its place; takes an incomplete one away.
static int sink_close(struct sink *sink, int code, struct err *err)
{
	errno = 0;
	if (gzclose(sink->gz) != Z_OK && !code)
		code = err_set(err, errno ? errno : EIO, "%s: cannot write: %s", sink->path,
			       strerror(errno ? errno : EIO));
	if (!sink->tmp[0])
		return code;
	if (!code && rename(sink->tmp, sink->path) < 0)
		code = err_set(err, errno, "%s: cannot rename: %s", sink->path, strerror(errno));
	if (code)
		unlink(sink->tmp);
	return code;
}

static int sink_write(struct sink *sink, const uint8_t *data, size_t len, struct err *err)
{
	errno = 0;
	if (gzwrite(sink->gz, data, (unsigned)len) == (int)len)
		return 0;
	return err_set(err, errno ? errno : EIO, "%s: cannot write: %s", sink->path,
		       strerror(errno ? errno : EIO));
}

static void hdr_put(uint8_t *at, uint16_t subtype, size_t len)
{
	at = wire_put32(at, TIME_S);
	at = wire_put16(at, MRT_TABLE_DUMP_V2);
	at = wire_put16(at, subtype);
	wire_put32(at, (uint32_t)len);
}

static size_t peers_put(const struct synth_options *opt, uint8_t *record)
{
	uint8_t *at = record + MRT_HDR_LEN;

	at = wire_put32(at, 0xc0000200); // collector: 192.0.2.0
	at = wire_put16(at, VIEW_LEN);
	memcpy(at, "jerboa", VIEW_LEN);
	at = wire_put16(at + VIEW_LEN, (uint16_t)opt->n_peers);
	for (unsigned i = 0; i < opt->n_peers; i++) {
		*at++ = 2; // IPv4 address, 32-bit AS number
		memcpy(at, opt->peer[i].nexthop4.bytes, 4);
		memcpy(at + 4, opt->peer[i].nexthop4.bytes, 4);
		at = wire_put32(at + 8, opt->peer[i].asn);
	}
	hdr_put(record, MRT_V2_PEER_INDEX_TABLE, (size_t)(at - record) - MRT_HDR_LEN);
	return (size_t)(at - record);
}

static uint8_t *prefix_put(uint8_t *at, const struct synth_prefix *p)
{
	uint8_t bytes[16];
	unsigned n = (p->len + 7u) / 8;

	wire_put32(wire_put32(bytes, (uint32_t)(p->hi >> 32)), (uint32_t)p->hi);
	wire_put32(wire_put32(bytes + 8, (uint32_t)(p->lo >> 32)), (uint32_t)p->lo);
	*at++ = p->len;
	memcpy(at, bytes, n);
	return at + n;
}

// Returns the length of the record; *n_routes grows by its entries.
static size_t rib_put(const struct synth_options *opt, const struct synth_prefix *p, uint32_t seq,
		      uint8_t *record, uint64_t *n_routes)
{
	uint8_t *at = wire_put32(record + MRT_HDR_LEN, seq), *count;
	uint16_t n = 0;

	count = prefix_put(at, p);
	at = count + 2;
	for (unsigned i = 0; i < opt->n_peers; i++) {
		size_t len;

		if (!synth_has(opt, p, i))
			continue;
		at = wire_put16(at, (uint16_t)i);
		at = wire_put32(at, TIME_S - (uint32_t)(synth_mix(p->origin + i) % 864000));
		len = synth_attrs(opt, p, i, at + 2);
		at = wire_put16(at, (uint16_t)len) + len;
		n++;
	}
	wire_put16(count, n);
	*n_routes += n;
	hdr_put(record, p->family == 4 ? MRT_V2_IP4_UNICAST : MRT_V2_IP6_UNICAST,
		(size_t)(at - record) - MRT_HDR_LEN);
	return (size_t)(at - record);
}

static int table_write(const struct synth_options *opt, const struct synth_table *table,
		       struct sink *sink, struct progress *progress, uint64_t *n_routes,
		       struct err *err)
{
	static uint8_t record[RECORD_LEN];
	int code = sink_write(sink, record, peers_put(opt, record), err);

	*n_routes = 0;
	for (unsigned i = 0; i < table->n && !code; i++) {
		uint32_t seq = i < table->n4 ? i : i - table->n4;
		size_t len = rib_put(opt, &table->prefix[i], seq, record, n_routes);

		code = sink_write(sink, record, len, err);
		if (i % 4096 == 0)
			progress_step(progress, i, table->n, *n_routes);
	}
	return code;
}

static int run(const struct synth_options *opt, struct err *err)
{
	struct sink sink = {.tmp = ""};
	struct progress progress;
	struct synth_table table;
	uint64_t n_routes = 0;
	int code = sink_open(&sink, opt->out, err);

	if (code)
		return code;
	progress_start(&progress, opt->out, "routes");
	code = synth_table_make(opt, &table, err);
	if (!code)
		code = table_write(opt, &table, &sink, &progress, &n_routes, err);
	progress_stop(&progress);
	code = sink_close(&sink, code, err);
	if (!code)
		fprintf(stderr,
			"%s: %u IPv4 and %u IPv6 prefixes, %lu routes of %u peers, %.1f s\n",
			opt->out, table.n4, table.n6, (unsigned long)n_routes, opt->n_peers,
			progress_seconds(&progress));
	synth_table_fini(&table);
	return code;
}

static int number_parse(const char *key, const char *text, uint64_t from, uint64_t to,
			uint64_t *value, struct err *err)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 10);
	if (errno || *end || text[0] < '0' || text[0] > '9' || *value < from || *value > to)
		return err_set(err, EINVAL, "%s: '%s' is not a number from %lu to %lu", key, text,
			       (unsigned long)from, (unsigned long)to);
	return 0;
}

static int peer_parse(const char *text, struct synth_options *opt, unsigned index, struct err *err)
{
	char copy[160], *part[3] = {NULL}, *rest = copy;
	struct synth_peer *peer = &opt->peer[index];
	uint64_t asn = 0;

	if (index >= SYNTH_PEERS_MAX)
		return err_set(err, EINVAL, "--peer: at most %d", SYNTH_PEERS_MAX);
	snprintf(copy, sizeof(copy), "%s", text);
	for (unsigned i = 0; i < ARRAY_LEN(part) && rest; i++)
		part[i] = strsep(&rest, ",");
	if (number_parse("--peer: AS number", part[0], 1, UINT32_MAX, &asn, err))
		return -EINVAL;
	peer->asn = (uint32_t)asn;
	if (rest || !part[1] || addr_parse(part[1], &peer->nexthop4) ||
	    peer->nexthop4.family != 4 ||
	    (part[2] && (addr_parse(part[2], &peer->nexthop6) || peer->nexthop6.family != 6)))
		return err_set(
			err, EINVAL,
			"--peer: '%s' is not ASN,IPV4[,IPV6] like 65001,192.0.2.1,2001:db8::1",
			text);
	return 0;
}

static int include_parse(const char *text, struct synth_options *opt, struct err *err)
{
	struct synth_include *inc = &opt->include[opt->n_includes];
	uint64_t peer = SYNTH_ALL_PEERS;
	const char *at = strchr(text, '@');
	char copy[PREFIX_TEXT_MAX];

	if (opt->n_includes == SYNTH_INCLUDES_MAX)
		return err_set(err, EINVAL, "--include: at most %d", SYNTH_INCLUDES_MAX);
	if (at && number_parse("--include: peer", at + 1, 0, SYNTH_PEERS_MAX - 1, &peer, err))
		return -EINVAL;
	snprintf(copy, sizeof(copy), "%.*s", at ? (int)(at - text) : (int)strlen(text), text);
	if (prefix_parse(copy, &inc->prefix))
		return err_set(err, EINVAL,
			       "--include: '%s' is not PREFIX[@PEER] (host bits must be zero)",
			       text);
	for (unsigned i = 0; i < opt->n_includes; i++)
		if (prefix_is_equal(&opt->include[i].prefix, &inc->prefix))
			return err_set(err, EINVAL, "--include: %s is given twice", copy);
	inc->peer = (uint8_t)peer;
	opt->n_includes++;
	return 0;
}

static int options_check(struct synth_options *opt, unsigned n_given, struct err *err)
{
	if (!opt->with4 && !opt->with6)
		opt->with4 = opt->with6 = true;
	if (!opt->n_prefixes)
		opt->n_prefixes = (opt->with4 ? SYNTH_FULL4 : 0) + (opt->with6 ? SYNTH_FULL6 : 0);
	if (!opt->n_peers)
		opt->n_peers = n_given ? n_given : 2;
	if (n_given > opt->n_peers)
		return err_set(err, EINVAL, "--peer is given %u times, --peers says %u", n_given,
			       opt->n_peers);
	for (unsigned i = 0; i < opt->n_includes; i++)
		if (opt->include[i].peer != SYNTH_ALL_PEERS && opt->include[i].peer >= opt->n_peers)
			return err_set(err, EINVAL,
				       "--include: there is no peer %u, the last is %u",
				       opt->include[i].peer, opt->n_peers - 1);
	return 0;
}

static int options_parse(int argc, char **argv, struct synth_options *opt, struct err *err)
{
	static const struct option list[] = {
		{"prefixes", 1, NULL, 'n'}, {"seed", 1, NULL, 's'}, {"peers", 1, NULL, 'p'},
		{"peer", 1, NULL, 'P'},	    {"v4", 0, NULL, '4'},   {"v6", 0, NULL, '6'},
		{"include", 1, NULL, 'i'},  {"help", 0, NULL, 'h'}, {NULL, 0, NULL, 0},
	};
	unsigned n_given = 0;
	uint64_t value;
	int c, code = 0;

	while (!code && (c = getopt_long(argc, argv, "h", list, NULL)) != -1) {
		if (c == 'n') {
			code = number_parse("--prefixes", optarg, 1, SYNTH_PREFIXES_MAX, &value,
					    err);
			opt->n_prefixes = (unsigned)value;
		} else if (c == 's') {
			code = number_parse("--seed", optarg, 0, UINT64_MAX, &opt->seed, err);
		} else if (c == 'p') {
			code = number_parse("--peers", optarg, 1, SYNTH_PEERS_MAX, &value, err);
			opt->n_peers = (unsigned)value;
		} else if (c == 'P') {
			code = peer_parse(optarg, opt, n_given++, err);
		} else if (c == 'i') {
			code = include_parse(optarg, opt, err);
		} else if (c == '4') {
			opt->with4 = true;
		} else if (c == '6') {
			opt->with6 = true;
		} else {
			fputs(c == 'h' ? help : "", stdout);
			return c == 'h' ? 1 : err_set(err, EINVAL, "see jerboa-mrt synth --help");
		}
	}
	if (!code && optind + 1 != argc)
		return err_set(err, EINVAL, "give one file to write; see jerboa-mrt synth --help");
	opt->out = argv[optind];
	return code ? code : options_check(opt, n_given, err);
}

int synth_main(int argc, char **argv)
{
	static struct synth_options opt = {.seed = 1};
	struct err err = {.code = 0};
	int code;

	for (unsigned i = 0; i < SYNTH_PEERS_MAX; i++)
		synth_peer_default(i, &opt.peer[i]);
	code = options_parse(argc, argv, &opt, &err);
	if (code > 0)
		return 0;
	if (!code)
		code = run(&opt, &err);
	if (code)
		fprintf(stderr, "jerboa-mrt: %s\n", err.text);
	return code ? 2 : 0;
}
