// SPDX-License-Identifier: BSD-3-Clause
#include "tests/unit/rigged.h"

#include "dataplane/pkt/eth.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void links_make(struct rigged *r, unsigned iface)
{
	char text[64];

	snprintf(text, sizeof(text), "10.0.%u.254", iface);
	rig_addr4(r->rig, iface, text, 24);
	rigged_route(r, text, rigged_special(r, NH_LOCAL, iface));
	snprintf(text, sizeof(text), "10.0.%u.0/24", iface);
	rigged_route(r, text, rigged_special(r, NH_GLEAN, iface));
	snprintf(text, sizeof(text), "10.0.%u.255", iface);
	rigged_route(r, text, rigged_special(r, NH_BROADCAST, iface));
}

struct rigged *rigged_new(unsigned n_ports, unsigned n_workers)
{
	struct rigged *r = calloc(1, sizeof(*r));

	r->rig = rig_new(n_ports, n_workers);
	r->nexthops = nexthops_new();
	assert_non_null(r->nexthops);
	r->table = table_new(r->nexthops);
	assert_non_null(r->table);
	r->rig->dp.nexthop = nexthops_array(r->nexthops);
	r->rig->dp.fib4[0] = table_fib4(r->table);
	r->rig->dp.fib6[0] = table_fib6(r->table);
	r->rig->dp.hash_key = (struct hash_key){{0x0123456789abcdef, 0xfedcba9876543210}};
	for (unsigned i = 1; i <= n_ports; i++)
		links_make(r, i);
	return r;
}

void rigged_free(struct rigged *r)
{
	rig_free(r->rig);
	table_free(r->table);
	nexthops_free(r->nexthops);
	free(r);
}

static uint16_t get(struct rigged *r, const struct nexthop_key *key)
{
	int id = nexthop_get(r->nexthops, key);

	assert_true(id > 0);
	nexthop_mtu_set(r->nexthops, (uint16_t)id, 1500);
	return (uint16_t)id;
}

uint16_t rigged_special(struct rigged *r, enum nexthop_kind kind, unsigned iface)
{
	return get(r, &(struct nexthop_key){.kind = (uint8_t)kind, .iface = (uint16_t)iface});
}

uint16_t rigged_unresolved(struct rigged *r, unsigned iface, const char *addr)
{
	struct nexthop_key key = {.kind = NH_RESOLVE, .iface = (uint16_t)iface};

	assert_int_equal(addr_parse(addr, &key.gw), 0);
	return get(r, &key);
}

uint16_t rigged_gateway(struct rigged *r, unsigned iface, const char *addr)
{
	uint16_t id = rigged_unresolved(r, iface, addr);
	const struct nexthop *nh = &nexthops_array(r->nexthops)[id];
	uint8_t last = nh->family == 4 ? nh->gw[3] : nh->gw[15];
	struct eth_hdr eth = {
		.dst = {2, 0, 0, 1, (uint8_t)iface, last},
		.type = htons(nh->family == 4 ? ETH_TYPE_IP4 : ETH_TYPE_IP6),
	};

	memcpy(eth.src, iface_get(r->rig->ifaces, iface)->mac, 6);
	nexthop_resolve(r->nexthops, id, (const uint8_t *)&eth, sizeof(eth));
	return id;
}

void rigged_route(struct rigged *r, const char *prefix, uint16_t nh)
{
	struct route route = {.source = ROUTE_STATIC, .nh = nh};

	assert_int_equal(prefix_parse(prefix, &route.prefix), 0);
	assert_int_equal(table_add(r->table, &route), 0);
}

uint16_t slow_csum(const void *data, unsigned len)
{
	const uint8_t *p = data;
	uint32_t sum = 0;

	for (unsigned i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

unsigned rigged_ip4(uint8_t *frame, unsigned to_port, const struct ip4_spec *spec)
{
	uint8_t packet[RIG_FRAME_MAX];
	unsigned hdr_len = IP4_HDR_LEN + spec->options_len;
	struct ip4_hdr *ip = (struct ip4_hdr *)packet;

	assert_true(hdr_len + spec->len <= sizeof(packet) - 14);
	*ip = (struct ip4_hdr){
		.vihl = (uint8_t)(0x40 | hdr_len / 4),
		.tos = spec->tos,
		.len = htons((uint16_t)(hdr_len + spec->len)),
		.id = htons(spec->id),
		.frag = htons(spec->frag),
		.ttl = spec->ttl ? spec->ttl : 64,
		.proto = spec->proto ? spec->proto : IP_PROTO_UDP,
		.src = ip4_of(spec->src),
		.dst = ip4_of(spec->dst),
	};
	memcpy(packet + IP4_HDR_LEN, spec->options ? spec->options : "", spec->options_len);
	ip->csum = htons(slow_csum(packet, hdr_len));
	for (unsigned i = 0; i < spec->len; i++)
		packet[hdr_len + i] =
			spec->payload ? ((const uint8_t *)spec->payload)[i] : (uint8_t)i;
	return rig_eth(frame, to_port, ETH_TYPE_IP4, packet, hdr_len + spec->len);
}

void rigged_expect_drop(struct rigged *r, enum graph_node node, unsigned edge, const void *frame,
			unsigned len)
{
	uint64_t before = rig_drops(r->rig, node, edge);
	uint64_t all = rig_all_drops(r->rig);

	rig_put(r->rig, 0, frame, len);
	rig_run(r->rig);
	assert_int_equal(rig_drops(r->rig, node, edge), before + 1);
	assert_int_equal(rig_all_drops(r->rig), all + 1);
	for (unsigned i = 0; i < r->rig->n_ports; i++)
		assert_int_equal(rig_n_out(r->rig, i), 0);
}
