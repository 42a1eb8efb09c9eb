// SPDX-License-Identifier: BSD-3-Clause
// The configuration as the daemon uses it: plain data, checked as a whole.
//
// config_load() parses and validates one YAML file; on any error nothing is
// returned and err names file, line, key, the value found and what is allowed.
// The tables of keys (type, range, default, help) stand in ctl/config_schema.c;
// they write the messages, the example file and the handbook's reference.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/base/err.h"
#include "dataplane/base/log.h"
#include "dataplane/route/prefix.h"

#include <stdbool.h>

enum { CONF_NAME_MAX = 16, CONF_PATH_MAX = 256, CONF_GATEWAYS_MAX = 64 };

enum conf_poll { CONF_POLL_ADAPTIVE, CONF_POLL_BUSY };

struct conf_workers {
	unsigned count;	     // 1..64
	int core[64];	     // -1: automatic
	unsigned n_cores;    // of core[], as written: count or 0
	enum conf_poll poll; // busy, or sleep when idle
	unsigned batch;	     // packets a burst, 1..256
};

struct conf_memory {
	unsigned packets; // mbufs; 0: computed from ports, rings and holds
	int hugepages;	  // 0 never, 1 must, -1 when they can be had
};

struct conf_port {
	char name[CONF_NAME_MAX];
	char driver[CONF_NAME_MAX]; // "dpdk"
	char device[CONF_PATH_MAX]; // devargs or PCI address
	unsigned n_queues;	    // 0: one a worker
	unsigned rx_ring, tx_ring;  // descriptors; 0: driver's default
	unsigned mtu;		    // L3 bytes, 68..9500
	bool promisc;
	unsigned line;
};

enum conf_rpf { CONF_RPF_OFF, CONF_RPF_LOOSE, CONF_RPF_STRICT };

struct conf_addr {
	struct prefix net; // the connected prefix, host bits zero
	struct addr addr;
	unsigned line;
};

struct conf_iface {
	char name[CONF_NAME_MAX];
	char port[CONF_NAME_MAX];  // empty: loopback
	unsigned vlan, inner_vlan; // 0: untagged; both: QinQ, vlan is the outer one
	unsigned mtu;		   // 0: the port's
	unsigned table;		   // table id
	bool host;		   // a TAP of the same name
	enum conf_rpf rpf;
	bool ip6_ra_accept; // reserved for hosts: routers ignore RAs (RFC 4861 §6.2.7)
	struct conf_addr *addr;
	unsigned n_addr;
	unsigned line;
};

struct conf_gateway {
	struct addr addr;	   // family 0: none, then iface must be set
	char iface[CONF_NAME_MAX]; // needed for link-local gateways
	unsigned weight;	   // 1..255
};

enum conf_route_kind {
	CONF_ROUTE_VIA,
	CONF_ROUTE_BLACKHOLE,
	CONF_ROUTE_UNREACHABLE,
	CONF_ROUTE_PROHIBIT
};

struct conf_route {
	struct prefix prefix;
	enum conf_route_kind kind;
	struct conf_gateway via[CONF_GATEWAYS_MAX];
	unsigned n_via;
	unsigned table;
	unsigned line;
};

enum conf_mrt_view { CONF_MRT_BEST, CONF_MRT_PEER_ASN, CONF_MRT_PEER_ADDR, CONF_MRT_PEER_INDEX };

// "next hop (or peer) -> local gateway"; match is a prefix of BGP next hops or
// a peer AS.
struct conf_mrt_map {
	struct prefix nexthop; // family 0: by peer
	uint32_t peer_asn;
	struct conf_gateway via;
	unsigned line;
};

struct conf_mrt {
	char file[CONF_PATH_MAX];
	unsigned table;
	enum conf_mrt_view view;
	uint32_t peer_asn, peer_index;
	struct addr peer_addr;
	struct conf_mrt_map *map;
	unsigned n_map;
	struct conf_gateway default4, default6; // family 0: such routes are counted and left out
	unsigned line;
};

struct conf_neighbour {
	char iface[CONF_NAME_MAX];
	struct addr addr;
	uint8_t mac[6];
	unsigned line;
};

struct conf_ip {
	bool martians;			// RFC 1812 §5.3.7, on by default
	bool source_route;		// forward source-routed packets; off by default
	bool directed_broadcast;	// RFC 2644 §4; off by default
	unsigned icmp_rate, icmp_burst; // errors a second per worker; burst
};

enum conf_build { CONF_BUILD_BACKGROUND, CONF_BUILD_EAGER, CONF_BUILD_ON_DEMAND };

enum { CONF_ENGINE_AUTO = -1 };

struct conf_forwarding {
	enum conf_build build; // of the lazy trie, after loads
	int engine;	       // of lookups: enum simd; CONF_ENGINE_AUTO
};

struct conf_neigh {
	unsigned reachable_s, retrans_ms, probes; // RFC 4861 §10
	unsigned max;				  // entries over all ifaces
	unsigned hold;				  // packets held for one address
};

struct conf_host {
	bool enable;
	bool default_route; // Linux's default route leads to jerboa's table
	unsigned metric;    // of that route
	unsigned rate;	    // packets/s to the host, 0: no limit
};

struct conf_control {
	char socket[CONF_PATH_MAX];
	char group[32];
};

struct config {
	char file[CONF_PATH_MAX];
	unsigned version;
	enum log_level log_level;
	struct conf_workers workers;
	struct conf_memory memory;
	struct conf_control control;
	struct conf_host host;
	struct conf_forwarding forwarding;
	struct conf_ip ip;
	struct conf_neigh neigh;
	struct conf_port *port;
	unsigned n_ports;
	struct conf_iface *iface;
	unsigned n_ifaces;
	struct conf_route *route;
	unsigned n_routes;
	struct conf_mrt *mrt;
	unsigned n_mrt;
	struct conf_neighbour *neighbour;
	unsigned n_neighbours;
};

// NULL and err: one line an error, the first ten, "FILE:LINE: KEY: what is wrong".
struct config *config_load(const char *file, struct err *err) must_check;
// The same from memory; name stands for the file in messages.
struct config *config_parse(const char *text, size_t len, const char *name,
			    struct err *err) must_check;
void config_free(struct config *conf);

// What changed from old to new, a line each ("ifaces.wan.mtu: 1500 -> 1400"),
// marked when it needs a restart. fn is called once a change; an entry that came
// or went has "none" on the other side. Returns the number of changes.
typedef void config_change_fn(const char *path, const char *from, const char *to,
			      bool needs_restart, void *arg);
unsigned config_diff(const struct config *old, const struct config *new, config_change_fn *fn,
		     void *arg);

// The commented example file, written from the schema. file is a FILE *.
void config_example_print(void *file);
// Every key with type, range and default: Markdown, or the middle of a man page.
void config_reference_print(void *file, bool is_man);
