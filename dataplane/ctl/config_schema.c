// SPDX-License-Identifier: BSD-3-Clause
// Every key of the configuration, in the order of the example file.
#include "dataplane/ctl/config_schema.h"

#include "dataplane/ctl/config.h"
#include "dataplane/graph/iface_tbl.h"
#include "dataplane/route/simd.h"

#define FIELD(obj, member) .offset = offsetof(obj, member), .size = sizeof(((obj *)NULL)->member)
#define VECTOR(obj, member, count)                                                                 \
	.shape = CONF_VECTOR, .offset = offsetof(obj, member),                                     \
	.size = sizeof(*((obj *)NULL)->member), .count_offset = offsetof(obj, count)
#define ARRAY(obj, member, count)                                                                  \
	.shape = CONF_ARRAY, .offset = offsetof(obj, member),                                      \
	.size = sizeof(*((obj *)NULL)->member), .count_offset = offsetof(obj, count),              \
	.n_max = ARRAY_LEN(((obj *)NULL)->member)
#define BOOL(obj, member) .type = &conf_type_bool, .words = bool_words, FIELD(obj, member)
#define KEYS(table)	  .keys = table, .n_keys = ARRAY_LEN(table)

// A port whose ifaces all have tags takes an iface of its own.
enum { IFACES_MAX = IFACE_MAX - 1 - PORT_MAX };
enum { TABLE_ID_MAX = 255, METRIC_MAX = 2147483647, RATE_MAX = 10000000 };

static const struct conf_word bool_words[] = {{"true", 1}, {"false", 0}, {NULL, 0}};
static const struct conf_word level_words[] = {
	{"error", LOG_ERROR}, {"warn", LOG_WARN}, {"info", LOG_INFO},
	{"debug", LOG_DEBUG}, {NULL, 0},
};
static const struct conf_word auto_zero[] = {{"auto", 0}, {NULL, 0}};
static const struct conf_word auto_minus[] = {{"auto", -1}, {NULL, 0}};
static const struct conf_word none_zero[] = {{"none", 0}, {NULL, 0}};
static const struct conf_word poll_words[] = {
	{"adaptive", CONF_POLL_ADAPTIVE},
	{"busy", CONF_POLL_BUSY},
	{NULL, 0},
};
static const struct conf_word huge_words[] = {{"auto", -1}, {"yes", 1}, {"no", 0}, {NULL, 0}};
static const struct conf_word driver_words[] = {{"dpdk", 0}, {"nic82599", 0}, {NULL, 0}};
static const struct conf_word rpf_words[] = {
	{"off", CONF_RPF_OFF},
	{"loose", CONF_RPF_LOOSE},
	{"strict", CONF_RPF_STRICT},
	{NULL, 0},
};
static const struct conf_word kind_words[] = {
	{"blackhole", CONF_ROUTE_BLACKHOLE},
	{"unreachable", CONF_ROUTE_UNREACHABLE},
	{"prohibit", CONF_ROUTE_PROHIBIT},
	{NULL, 0},
};
static const struct conf_word build_words[] = {
	{"background", CONF_BUILD_BACKGROUND},
	{"eager", CONF_BUILD_EAGER},
	{"on-demand", CONF_BUILD_ON_DEMAND},
	{NULL, 0},
};
static const struct conf_word engine_words[] = {
	{"auto", CONF_ENGINE_AUTO},
	{"scalar", SIMD_SCALAR},
	{"avx2", SIMD_AVX2},
	{"avx512", SIMD_AVX512},
	{NULL, 0},
};
static const struct conf_word best_words[] = {{"best", CONF_MRT_BEST}, {NULL, 0}};

static const struct conf_key log_keys[] = {
	{"level", "the least important message that is still written", .type = &conf_type_word,
	 .words = level_words, FIELD(struct config, log_level), .def = "info"},
};
static const struct conf_block log_block = {
	.help = "The log, on stderr or in the journal.",
	KEYS(log_keys),
	.line_offset = CONF_NO_LINE,
};

static const struct conf_key workers_keys[] = {
	{"count", "threads that forward packets; auto: one a core listed, else one",
	 .type = &conf_type_number, FIELD(struct conf_workers, count), .words = auto_zero, .min = 1,
	 .max = 64, .def = "auto", .restart = true},
	{"cores", "the core of each worker", .type = &conf_type_number,
	 ARRAY(struct conf_workers, core, n_cores), .words = auto_minus, .min = 0, .max = 1023,
	 .restart = true},
	{"poll", "what an idle worker does: sleep ever longer, or spin at 100 % of its core",
	 .type = &conf_type_word, FIELD(struct conf_workers, poll), .words = poll_words,
	 .def = "adaptive", .restart = true},
	{"batch", "packets taken from a port at once", .type = &conf_type_number,
	 FIELD(struct conf_workers, batch), .min = 1, .max = 256, .def = "64", .restart = true},
};
static const struct conf_block workers_block = {
	.help = "Threads that forward packets.",
	KEYS(workers_keys),
	.line_offset = CONF_NO_LINE,
};

static const struct conf_key memory_keys[] = {
	{"packets", "packet buffers; auto: computed from ports, rings and holds",
	 .type = &conf_type_number, FIELD(struct conf_memory, packets), .words = auto_zero,
	 .min = 1024, .max = 16777216, .def = "auto", .restart = true},
	{"hugepages", "auto: use them when they can be had; yes: refuse to start without",
	 .type = &conf_type_word, FIELD(struct conf_memory, hugepages), .words = huge_words,
	 .def = "auto", .restart = true},
};
static const struct conf_block memory_block = {
	.help = "Memory for packets and tables.",
	KEYS(memory_keys),
	.line_offset = CONF_NO_LINE,
};

static const struct conf_key control_keys[] = {
	{"socket", "where jerboactl finds the daemon", .type = &conf_type_text,
	 FIELD(struct conf_control, socket), .min = 1, .max = 107, .def = "/run/jerboa/jerboa.sock",
	 .restart = true},
	{"group", "Unix group whose members may use the socket; empty: root only",
	 .type = &conf_type_text, FIELD(struct conf_control, group), .def = "", .restart = true},
};
static const struct conf_block control_block = {
	.help = "The control socket.",
	KEYS(control_keys),
	.line_offset = CONF_NO_LINE,
};

static const struct conf_key host_keys[] = {
	{"enable", "give Linux a TAP interface for each iface", BOOL(struct conf_host, enable),
	 .def = "true", .restart = true},
	{"default-route", "give Linux a default route that leads to jerboa's table",
	 BOOL(struct conf_host, default_route), .def = "true", .restart = true},
	{"metric", "of that default route", .type = &conf_type_number,
	 FIELD(struct conf_host, metric), .min = 1, .max = METRIC_MAX, .def = "8192",
	 .restart = true},
	{"rate", "packets a second to Linux; none: no limit", .type = &conf_type_number,
	 FIELD(struct conf_host, rate), .words = none_zero, .min = 1, .max = RATE_MAX,
	 .def = "20000"},
};
static const struct conf_block host_block = {
	.help = "The host path: sockets and daemons of this machine use jerboa's ifaces.",
	KEYS(host_keys),
	.line_offset = CONF_NO_LINE,
};

static const struct conf_key forwarding_keys[] = {
	{"build",
	 "when the lazy trie is built after a load: background: at once, beside forwarding; "
	 "eager: the same, and a load is done only then; on-demand: where packets go, no more",
	 .type = &conf_type_word, FIELD(struct conf_forwarding, build), .words = build_words,
	 .def = "background"},
	{"engine", "how addresses are looked up; auto: by the widest vectors of this machine",
	 .type = &conf_type_word, FIELD(struct conf_forwarding, engine), .words = engine_words,
	 .def = "auto"},
};
static const struct conf_block forwarding_block = {
	.help = "The tables that forward, made from the routes.",
	KEYS(forwarding_keys),
	.line_offset = CONF_NO_LINE,
};

static const struct conf_key ip_keys[] = {
	{"martians", "drop addresses that no packet may have (RFC 1812 section 5.3.7)",
	 BOOL(struct conf_ip, martians), .def = "true"},
	{"source-route", "forward source-routed packets", BOOL(struct conf_ip, source_route),
	 .def = "false"},
	{"directed-broadcast", "forward to the broadcast address of a connected network",
	 BOOL(struct conf_ip, directed_broadcast), .def = "false"},
	{"icmp-rate", "ICMP errors a second and worker", .type = &conf_type_number,
	 FIELD(struct conf_ip, icmp_rate), .min = 0, .max = RATE_MAX, .def = "1000"},
	{"icmp-burst", "ICMP errors at once", .type = &conf_type_number,
	 FIELD(struct conf_ip, icmp_burst), .min = 1, .max = 100000, .def = "100"},
};
static const struct conf_block ip_block = {
	.help = "IPv4 and IPv6 forwarding.",
	KEYS(ip_keys),
	.line_offset = CONF_NO_LINE,
};

static const struct conf_key neighbour_keys[] = {
	{"iface", "where the neighbour is", .type = &conf_type_name,
	 FIELD(struct conf_neighbour, iface), .required = true},
	{"address", "of the neighbour", .type = &conf_type_addr, FIELD(struct conf_neighbour, addr),
	 .required = true},
	{"mac", "its Ethernet address", .type = &conf_type_mac, FIELD(struct conf_neighbour, mac),
	 .required = true},
};
static const struct conf_block neighbour_block = {
	.help = "Neighbours that are never asked for.",
	KEYS(neighbour_keys),
	.label = {"address", "iface"},
	.line_offset = offsetof(struct conf_neighbour, line),
	.example = "    - {iface: lan, address: 10.0.1.5, mac: \"02:00:00:00:00:05\"}\n",
	.example_off = true,
};
static const struct conf_key neighbours_keys[] = {
	{"reachable", "how long a confirmed neighbour is believed (RFC 4861 section 10)",
	 .type = &conf_type_duration, FIELD(struct config, neigh.reachable_s), .unit_ms = 1000,
	 .min = 1, .max = 3600, .def = "30s"},
	{"retransmit", "between two requests", .type = &conf_type_duration,
	 FIELD(struct config, neigh.retrans_ms), .unit_ms = 1, .min = 10, .max = 60000,
	 .def = "1s"},
	{"probes", "requests until a neighbour counts as gone", .type = &conf_type_number,
	 FIELD(struct config, neigh.probes), .min = 1, .max = 20, .def = "3"},
	{"max", "neighbours over all ifaces", .type = &conf_type_number,
	 FIELD(struct config, neigh.max), .min = 16, .max = 1048576, .def = "65536"},
	{"hold", "packets held while one neighbour is asked for; the oldest is dropped",
	 .type = &conf_type_number, FIELD(struct config, neigh.hold), .min = 0, .max = 1024,
	 .def = "32"},
	{"static", "neighbours that are never asked for", .block = &neighbour_block,
	 VECTOR(struct config, neighbour, n_neighbours)},
};
static const struct conf_block neighbours_block = {
	.help = "ARP (IPv4) and neighbour discovery (IPv6).",
	KEYS(neighbours_keys),
	.line_offset = CONF_NO_LINE,
};

static const struct conf_key port_keys[] = {
	{"name", "how ifaces and jerboactl call it", .type = &conf_type_name,
	 FIELD(struct conf_port, name), .required = true, .restart = true},
	{"driver", "who drives it", .type = &conf_type_text, .words = driver_words,
	 FIELD(struct conf_port, driver), .min = 1, .def = "dpdk", .restart = true},
	{"device",
	 "PCI address (0000:01:00.0), virtual device (net_af_packet0,iface=eth1), or vfio-user "
	 "socket (/run/vnic0.sock)",
	 .type = &conf_type_text, FIELD(struct conf_port, device), .min = 1, .required = true,
	 .restart = true},
	{"queues", "receive queues; auto: one a worker", .type = &conf_type_number,
	 FIELD(struct conf_port, n_queues), .words = auto_zero, .min = 1, .max = 64, .def = "auto",
	 .restart = true},
	{"rx-ring", "receive descriptors; auto: the driver's choice", .type = &conf_type_number,
	 FIELD(struct conf_port, rx_ring), .words = auto_zero, .min = 64, .max = 32768,
	 .def = "auto", .restart = true},
	{"tx-ring", "transmit descriptors; auto: the driver's choice", .type = &conf_type_number,
	 FIELD(struct conf_port, tx_ring), .words = auto_zero, .min = 64, .max = 32768,
	 .def = "auto", .restart = true},
	{"mtu", "largest IP packet, bytes", .type = &conf_type_number, FIELD(struct conf_port, mtu),
	 .min = 68, .max = 9500, .def = "1500", .restart = true},
	{"promiscuous", "receive frames to any Ethernet address", BOOL(struct conf_port, promisc),
	 .def = "false", .restart = true},
};
static const struct conf_block port_block = {
	.help = "Devices that packets come from and go to.",
	KEYS(port_keys),
	.label = {"name"},
	.line_offset = offsetof(struct conf_port, line),
	.example = "  - {name: p0, device: \"net_af_packet0,iface=eth1\"}\n"
		   "  - {name: p1, device: \"net_af_packet1,iface=eth2\"}\n",
};

static const struct conf_key iface_keys[] = {
	{"name", "also the name of its TAP in Linux", .type = &conf_type_name,
	 FIELD(struct conf_iface, name), .required = true},
	{"port", "the port below; without one the iface is a loopback", .type = &conf_type_name,
	 FIELD(struct conf_iface, port), .restart = true},
	{"vlan", "802.1Q tag; with inner-vlan the outer one; none: untagged",
	 .type = &conf_type_number, FIELD(struct conf_iface, vlan), .words = none_zero, .min = 1,
	 .max = 4094, .def = "none", .restart = true},
	{"inner-vlan", "the inner tag of QinQ", .type = &conf_type_number,
	 FIELD(struct conf_iface, inner_vlan), .words = none_zero, .min = 1, .max = 4094,
	 .def = "none", .restart = true},
	{"mtu", "largest IP packet, bytes; auto: the port's", .type = &conf_type_number,
	 FIELD(struct conf_iface, mtu), .words = auto_zero, .min = 68, .max = 9500, .def = "auto"},
	{"table", "routing table of its packets", .type = &conf_type_number,
	 FIELD(struct conf_iface, table), .min = 0, .max = TABLE_ID_MAX, .def = "0",
	 .restart = true},
	{"host", "a TAP of the same name, for sockets and daemons of this machine",
	 BOOL(struct conf_iface, host), .def = "true"},
	{"rpf", "check of source addresses against the routes (RFC 3704)", .type = &conf_type_word,
	 FIELD(struct conf_iface, rpf), .words = rpf_words, .def = "off"},
	{"addresses", "the router's addresses there, with the length of the network",
	 .type = &conf_type_ifaddr, VECTOR(struct conf_iface, addr, n_addr), .lone = true,
	 .line_offset = offsetof(struct conf_addr, line)},
};
static const struct conf_block iface_block = {
	.help = "What has addresses: a port, a VLAN on it, or a loopback.",
	KEYS(iface_keys),
	.label = {"name"},
	.line_offset = offsetof(struct conf_iface, line),
	.example = "  - {name: lan, port: p0, addresses: [10.0.1.254/24, \"2001:db8:1::1/64\"]}\n"
		   "  - {name: wan, port: p1, vlan: 100, addresses: [10.0.2.254/24]}\n"
		   "  - {name: lo0, addresses: [10.255.0.1/32]}\n",
};

static const struct conf_key gateway_keys[] = {
	{"address", "of the next router", .type = &conf_type_addr,
	 FIELD(struct conf_gateway, addr)},
	{"iface", "where it is; needed for link-local addresses, or to route without a gateway",
	 .type = &conf_type_name, FIELD(struct conf_gateway, iface)},
	{"weight", "share of the flows", .type = &conf_type_number,
	 FIELD(struct conf_gateway, weight), .min = 1, .max = 255, .def = "1"},
};
static const struct conf_block gateway_block = {
	.help = "The next router; its address alone may stand in place of the mapping.",
	KEYS(gateway_keys),
	.label = {"address", "iface"},
	.shorthand = "address",
	.line_offset = CONF_NO_LINE,
};

static const struct conf_key route_keys[] = {
	{"prefix", "destination", .type = &conf_type_prefix, FIELD(struct conf_route, prefix),
	 .required = true},
	{"via", "gateways; flows are spread over several", .block = &gateway_block,
	 ARRAY(struct conf_route, via, n_via), .lone = true},
	{"kind", "instead of gateways: drop silently, or with an ICMP error",
	 .type = &conf_type_word, FIELD(struct conf_route, kind), .words = kind_words},
	{"table", "routing table", .type = &conf_type_number, FIELD(struct conf_route, table),
	 .min = 0, .max = TABLE_ID_MAX, .def = "0"},
};
static const struct conf_block route_block = {
	.help = "Static routes.",
	KEYS(route_keys),
	.label = {"prefix", "table"},
	.line_offset = offsetof(struct conf_route, line),
	.example = "  - {prefix: 0.0.0.0/0, via: 10.0.2.1}\n"
		   "  - {prefix: \"::/0\", via: {address: \"fe80::1\", iface: wan}}\n"
		   "  - prefix: 10.9.0.0/16\n"
		   "    via: [{address: 10.0.2.2, weight: 2}, {address: 10.0.2.3}]\n"
		   "  - {prefix: 192.168.0.0/16, kind: blackhole}\n",
};

static const struct conf_key peer_keys[] = {
	{"view", "best: the best path over all peers; else one of the keys below",
	 .type = &conf_type_word, FIELD(struct conf_mrt, view), .words = best_words},
	{"asn", "the peer of this AS", .type = &conf_type_number, FIELD(struct conf_mrt, peer_asn),
	 .min = 1, .max = UINT32_MAX},
	{"address", "the peer of this address", .type = &conf_type_addr,
	 FIELD(struct conf_mrt, peer_addr)},
	{"index", "the peer of this number in the file", .type = &conf_type_number,
	 FIELD(struct conf_mrt, peer_index), .min = 0, .max = 65535},
};

// Bits are places in peer_keys.
static const char *peer_done(void *obj, uint32_t seen)
{
	struct conf_mrt *mrt = obj;

	switch (seen) {
	case 1 << 0:
		return NULL;
	case 1 << 1:
		mrt->view = CONF_MRT_PEER_ASN;
		return NULL;
	case 1 << 2:
		mrt->view = CONF_MRT_PEER_ADDR;
		return NULL;
	case 1 << 3:
		mrt->view = CONF_MRT_PEER_INDEX;
		return NULL;
	default:
		return "allowed is best or one of {asn: N}, {address: A}, {index: N}";
	}
}

static const struct conf_block peer_block = {
	.help = "Whose routes are taken.",
	KEYS(peer_keys),
	.shorthand = "view",
	.line_offset = CONF_NO_LINE,
	.done = peer_done,
};

static const struct conf_key map_keys[] = {
	{"next-hop", "BGP next hops in this network", .type = &conf_type_prefix,
	 FIELD(struct conf_mrt_map, nexthop)},
	{"peer-asn", "or routes of the peer of this AS", .type = &conf_type_number,
	 FIELD(struct conf_mrt_map, peer_asn), .min = 1, .max = UINT32_MAX},
	{"via", "lead to this gateway", .block = &gateway_block, FIELD(struct conf_mrt_map, via),
	 .required = true},
};
static const struct conf_block map_block = {
	.help = "Where routes of a BGP next hop or peer lead here; the first match counts.",
	KEYS(map_keys),
	.label = {"next-hop", "peer-asn"},
	.line_offset = offsetof(struct conf_mrt_map, line),
};

static const struct conf_key default_keys[] = {
	{"ip4", "IPv4 routes that no entry of gateways matches", .block = &gateway_block,
	 FIELD(struct conf_mrt, default4)},
	{"ip6", "IPv6 routes that no entry of gateways matches", .block = &gateway_block,
	 FIELD(struct conf_mrt, default6)},
};
static const struct conf_block default_block = {
	.help = "The gateways of all other routes; without one they are counted and left out.",
	KEYS(default_keys),
	.line_offset = CONF_NO_LINE,
};

static const struct conf_key mrt_keys[] = {
	{"file", "TABLE_DUMP_V2, plain, .gz or .bz2", .type = &conf_type_text,
	 FIELD(struct conf_mrt, file), .min = 1, .required = true},
	{"table", "routing table that gets the routes", .type = &conf_type_number,
	 FIELD(struct conf_mrt, table), .min = 0, .max = TABLE_ID_MAX, .def = "0"},
	{"peer", "whose routes are taken: best, or {asn: N}, {address: A}, {index: N}",
	 .block = &peer_block, .offset = 0, .size = sizeof(struct conf_mrt)},
	{"gateways", "where routes of a BGP next hop or peer lead here; the first match counts",
	 .block = &map_block, VECTOR(struct conf_mrt, map, n_map)},
	{"default-gateway", "where all other routes lead", .block = &default_block, .offset = 0,
	 .size = sizeof(struct conf_mrt)},
};
static const struct conf_block mrt_block = {
	.help = "Routing tables of the Internet, from MRT files.",
	KEYS(mrt_keys),
	.label = {"file", "table"},
	.line_offset = offsetof(struct conf_mrt, line),
	.example =
		"  - file: /var/lib/jerboa/rib.20240101.0000.bz2\n"
		"    peer: best\n"
		"    gateways:\n"
		"      - {next-hop: 198.51.100.0/24, via: 10.0.2.2}\n"
		"      - {peer-asn: 64500, via: 10.0.2.3}\n"
		"    default-gateway: {ip4: 10.0.2.1, ip6: {address: \"fe80::1\", iface: wan}}\n",
	.example_off = true,
};

static const struct conf_key root_keys[] = {
	{"version", "of this format", .type = &conf_type_number, FIELD(struct config, version),
	 .min = 1, .max = 1, .required = true},
	{"log", NULL, .block = &log_block, .offset = 0, .size = sizeof(struct config)},
	{"workers", NULL, .block = &workers_block, FIELD(struct config, workers)},
	{"memory", NULL, .block = &memory_block, FIELD(struct config, memory)},
	{"control", NULL, .block = &control_block, FIELD(struct config, control)},
	{"host", NULL, .block = &host_block, FIELD(struct config, host)},
	{"forwarding", NULL, .block = &forwarding_block, FIELD(struct config, forwarding)},
	{"ip", NULL, .block = &ip_block, FIELD(struct config, ip)},
	{"neighbours", NULL, .block = &neighbours_block, .offset = 0,
	 .size = sizeof(struct config)},
	{"ports", NULL, .block = &port_block, VECTOR(struct config, port, n_ports),
	 .n_max = PORT_MAX, .restart = true},
	{"ifaces", NULL, .block = &iface_block, VECTOR(struct config, iface, n_ifaces),
	 .n_max = IFACES_MAX},
	{"routes", NULL, .block = &route_block, VECTOR(struct config, route, n_routes)},
	{"mrt", NULL, .block = &mrt_block, VECTOR(struct config, mrt, n_mrt)},
};

const struct conf_block conf_root = {
	.help = "",
	KEYS(root_keys),
	.line_offset = CONF_NO_LINE,
};
