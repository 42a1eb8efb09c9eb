// SPDX-License-Identifier: BSD-3-Clause
// Wires that need nothing from the system: cable, mirror, sink; and how a text
// becomes a wire.
#include "drivers/vnic82599/wire.h"

#include "drivers/vnic82599/priv.h"
#include "drivers/vnic82599/wire_priv.h"

#include <stdlib.h>

const char wire_help[] =
	"cable:NAME              to the other card with the same NAME, in this process\n"
	"socket:PATH             to a card in another process (the first one listens)\n"
	"tap:IFNAME              a TAP of this name, made if it is not there\n"
	"packet:IFNAME           an interface of Linux (veth: turn its peer's TSO and GSO off)\n"
	"pcap:in=FILE,out=FILE   sends what is in FILE once, writes what it is sent\n"
	"gen:rate=PPS,count=N,size=N,flows=N,dst=MAC\n"
	"                        UDP from 198.18.x.y as soon as the card receives; what comes\n"
	"                        back is counted, with its latency\n"
	"reflect                 every frame comes back\n"
	"sink                    frames vanish, counted\n";

void *wire_new(size_t size, const struct wire_ops *ops, struct err *err)
{
	struct wire *wire = calloc(1, size);

	if (!wire) {
		err_set(err, ENOMEM, "wire %s: no memory", ops->name);
		return NULL;
	}
	wire->ops = ops;
	wire->fd = -1;
	return wire;
}

void wire_receive(struct wire *wire, const uint8_t *frame, unsigned len)
{
	wire->n_rx++;
	vnic_receive(wire->nic, frame, len);
}

bool wire_option(const char *arg, const char *key, char *value, size_t len)
{
	size_t key_len = strlen(key);

	while (*arg) {
		size_t n = strcspn(arg, ",");

		if (n > key_len && arg[key_len] == '=' && !strncmp(arg, key, key_len)) {
			n -= key_len + 1;
			if (n >= len)
				return false;
			memcpy(value, arg + key_len + 1, n);
			value[n] = 0;
			return true;
		}
		arg += n + (arg[n] == ',');
	}
	return false;
}

static void close_plain(struct wire *wire)
{
	free(wire);
}

// ---- cable

struct cable {
	struct wire wire;
	struct cable *peer;
	struct cable *next; // ends that wait for a peer
	char name[32];
};

static struct cable *waiting;

static bool cable_tx(struct wire *wire, const uint8_t *frame, unsigned len)
{
	struct cable *peer = ((struct cable *)wire)->peer;

	if (!peer || !peer->wire.nic)
		return false;
	wire_receive(&peer->wire, frame, len);
	return true;
}

// Light: the other end is there, plugged in, and its laser is on.
static bool cable_is_up(const struct wire *wire)
{
	const struct cable *peer = ((const struct cable *)wire)->peer;
	const struct vnic *nic = peer ? peer->wire.nic : NULL;

	return nic && nic->is_admin_up && !nic->is_removed &&
	       !(reg_get(nic, NIC_ESDP) & NIC_ESDP_SDP3_DATA);
}

static void cable_close(struct wire *wire)
{
	struct cable *cable = (struct cable *)wire, **at = &waiting;

	if (cable->peer)
		cable->peer->peer = NULL;
	while (*at && *at != cable)
		at = &(*at)->next;
	if (*at)
		*at = cable->next;
	free(cable);
}

static const struct wire_ops cable_ops = {
	.name = "cable", .tx = cable_tx, .is_up = cable_is_up, .close = cable_close};

static void join(struct cable *a, struct cable *b)
{
	a->peer = b;
	b->peer = a;
}

static struct wire *cable_open(const char *arg, struct err *err)
{
	struct cable **at = &waiting, *cable;

	if (!*arg || strlen(arg) >= sizeof(cable->name)) {
		err_set(err, EINVAL, "wire cable:%s: a name of 1 to 31 characters is needed", arg);
		return NULL;
	}
	cable = wire_new(sizeof(*cable), &cable_ops, err);
	if (!cable)
		return NULL;
	strcpy(cable->name, arg);
	while (*at && strcmp((*at)->name, arg))
		at = &(*at)->next;
	if (*at) {
		join(cable, *at);
		*at = (*at)->next;
	} else {
		cable->next = waiting;
		waiting = cable;
	}
	return &cable->wire;
}

int wire_cable_open(struct wire *end[2])
{
	struct cable *a = wire_new(sizeof(*a), &cable_ops, NULL);
	struct cable *b = wire_new(sizeof(*b), &cable_ops, NULL);

	if (!a || !b) {
		free(a);
		free(b);
		return -ENOMEM;
	}
	join(a, b);
	end[0] = &a->wire;
	end[1] = &b->wire;
	return 0;
}

// ---- mirror and sink

static bool reflect_tx(struct wire *wire, const uint8_t *frame, unsigned len)
{
	wire_receive(wire, frame, len);
	return true;
}

static bool sink_tx(struct wire *wire, const uint8_t *frame, unsigned len)
{
	(void)wire;
	(void)frame;
	(void)len;
	return true;
}

static const struct wire_ops reflect_ops = {
	.name = "reflect", .tx = reflect_tx, .close = close_plain};
static const struct wire_ops sink_ops = {.name = "sink", .tx = sink_tx, .close = close_plain};

static struct wire *reflect_open(const char *arg, struct err *err)
{
	(void)arg;
	return wire_new(sizeof(struct wire), &reflect_ops, err);
}

static struct wire *sink_open(const char *arg, struct err *err)
{
	(void)arg;
	return wire_new(sizeof(struct wire), &sink_ops, err);
}

struct wire *wire_open(const char *spec, struct err *err)
{
	static const struct {
		const char *kind;
		struct wire *(*open)(const char *arg, struct err *err);
	} kinds[] = {
		{"cable", cable_open},	      {"tap", wire_tap_open},
		{"packet", wire_packet_open}, {"socket", wire_socket_open},
		{"pcap", wire_pcap_open},     {"gen", wire_gen_open},
		{"reflect", reflect_open},    {"sink", sink_open},
	};
	size_t len = strcspn(spec, ":");

	for (unsigned i = 0; i < ARRAY_LEN(kinds); i++)
		if (strlen(kinds[i].kind) == len && !memcmp(kinds[i].kind, spec, len))
			return kinds[i].open(spec + len + (spec[len] == ':'), err);
	err_set(err, EINVAL, "wire \"%s\": allowed are\n%s", spec, wire_help);
	return NULL;
}

void wire_close(struct wire *wire)
{
	wire->ops->close(wire);
}
