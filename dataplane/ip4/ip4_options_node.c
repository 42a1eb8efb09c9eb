// SPDX-License-Identifier: BSD-3-Clause
// ip4-options: packets with options (RFC 791 §3.1, RFC 1812 §5.3.13). Options
// that cannot be read earn a parameter problem; source routes are dropped or,
// by the switch `source_route`, followed; unknown options pass as they are.
// Uses: l3, dst, iface. Sets: dst. Main arc: the features before the lookup, ip4-lookup.
#include "dataplane/ip4/ip4_node.h"

enum {
	OPT_LEN = 1,	 // where an option's length is
	OPT_POINTER = 2, // and its pointer, which counts from 1
	ROUTE_FIRST = 4, // first value of a route's pointer
	TS_FLAGS = 3,	 // overflow count and flags of a timestamp option
	TS_FIRST = 5,
	TS_ONLY = 0,
	TS_WITH_ADDR = 1,
	TS_PRESPECIFIED = 3,
	TS_OVERFLOW = 0xf0,
	DAY_MS = 86400000,
};

struct option {
	uint8_t *data;
	unsigned at, len; // offset in the header
};

// The next option behind *at: false at the end. An option that does not fit has
// length 0.
static bool option_next(struct ip4_hdr *ip, unsigned *at, struct option *opt)
{
	uint8_t *hdr = (uint8_t *)ip;
	unsigned hdr_len = ip4_hdr_len(ip);

	while (*at < hdr_len && hdr[*at] == IP4_OPT_NOP)
		(*at)++;
	if (*at >= hdr_len || hdr[*at] == IP4_OPT_END)
		return false;
	opt->data = hdr + *at;
	opt->at = *at;
	opt->len = *at + OPT_LEN < hdr_len ? opt->data[OPT_LEN] : 0;
	if (opt->len < 2 || *at + opt->len > hdr_len)
		opt->len = 0;
	*at += opt->len;
	return true;
}

static bool is_source_route(const struct option *opt)
{
	return opt->data[0] == IP4_OPT_LSRR || opt->data[0] == IP4_OPT_SSRR;
}

static bool is_full(const struct option *opt)
{
	return opt->data[OPT_POINTER] > opt->len;
}

// Offset of the byte that is wrong within the option, -1 if none is.
static int route_fault(const struct option *opt)
{
	if (opt->len < 3)
		return OPT_LEN;
	if (opt->data[OPT_POINTER] < ROUTE_FIRST)
		return OPT_POINTER;
	if (!is_full(opt) && opt->data[OPT_POINTER] + 3u > opt->len)
		return OPT_POINTER;
	return -1;
}

static int timestamp_fault(const struct option *opt)
{
	unsigned pointer, flag;

	if (opt->len < 4)
		return OPT_LEN;
	pointer = opt->data[OPT_POINTER];
	flag = opt->data[TS_FLAGS] & 0xf;
	if (pointer < TS_FIRST)
		return OPT_POINTER;
	if (flag != TS_ONLY && flag != TS_WITH_ADDR && flag != TS_PRESPECIFIED)
		return TS_FLAGS;
	if (is_full(opt)) // RFC 791 §3.1: an overflow count that overflows is an error
		return opt->data[TS_FLAGS] >= TS_OVERFLOW && flag != TS_PRESPECIFIED ? TS_FLAGS
										     : -1;
	return pointer + (flag == TS_ONLY ? 3 : 7) > opt->len ? OPT_POINTER : -1;
}

static int option_fault(const struct option *opt)
{
	if (opt->len == 0)
		return OPT_LEN;
	switch (opt->data[0]) {
	case IP4_OPT_RECORD_ROUTE:
	case IP4_OPT_LSRR:
	case IP4_OPT_SSRR:
		return route_fault(opt);
	case IP4_OPT_TIMESTAMP:
		return timestamp_fault(opt);
	default:
		return -1;
	}
}

// Offset of the first wrong byte in the header, 0 if none; *route becomes the
// source route, of which there may be one.
static unsigned options_fault(struct ip4_hdr *ip, struct option *route)
{
	unsigned at = IP4_HDR_LEN;
	struct option opt;

	route->data = NULL;
	while (option_next(ip, &at, &opt)) {
		int fault = option_fault(&opt);

		if (fault >= 0)
			return opt.at + (unsigned)fault;
		if (!is_source_route(&opt))
			continue;
		if (route->data)
			return opt.at;
		*route = opt;
	}
	return 0;
}

// Is dst on a link of ours, so that a strict route may name it next?
static bool is_on_link(const struct nexthop *nh, be32_t dst)
{
	enum nexthop_kind kind = nexthop_kind(nh);

	return kind == NH_GLEAN || ((kind == NH_FORWARD || kind == NH_RESOLVE) && nh->family == 4 &&
				    memcmp(nh->gw, &dst, 4) == 0);
}

// RFC 1812 §5.3.13.4, RFC 791 §3.1: the packet has reached the address it names;
// the next of the list becomes its destination, ours takes that place.
static bool route_follow(const struct worker *w, struct batch *b, unsigned i,
			 const struct option *route)
{
	struct ip4_hdr *ip = b->l3[i];
	const struct nexthop *nh = ip4_route(w, b->iface[i], ip->dst);
	uint8_t *slot = route->data + route->data[OPT_POINTER] - 1;
	bool is_strict = route->data[0] == IP4_OPT_SSRR;

	if (nexthop_kind(nh) != NH_LOCAL)
		return !is_strict || is_on_link(nh, ip->dst);
	if (is_full(route))
		return true; // it has arrived
	memcpy(&ip->dst, slot, 4);
	nh = ip4_route(w, b->iface[i], ip->dst);
	if (ip4_class_of(ip->dst) || (is_strict && !is_on_link(nh, ip->dst)))
		return false;
	memcpy(slot, w->dp->iface[nh->iface].ip4_primary, 4);
	route->data[OPT_POINTER] += 4;
	ip4_csum_set(ip);
	b->dst[i] = ntohl(ip->dst);
	return true;
}

static unsigned judge(const struct worker *w, struct batch *b, unsigned i)
{
	struct option route;
	unsigned fault = options_fault(b->l3[i], &route);

	if (fault) {
		ip4_why(b, i, ICMP_WHY_PARAM, fault);
		return IP4_OPTIONS_ERROR;
	}
	if (route.data && (!w->dp->ip.source_route || !route_follow(w, b, i, &route)))
		return IP4_OPTIONS_SOURCE_ROUTE;
	return EDGE_MAIN;
}

bool ip4_options_node(struct worker *w, struct batch *b, uint8_t edge[])
{
	bool diverted = false;

	for (unsigned i = 0; i < b->n; i++) {
		edge[i] = (uint8_t)judge(w, b, i);
		diverted |= edge[i] != EDGE_MAIN;
	}
	return hook_go(w, b, edge, AT_PRE_LOOKUP4, 0, b->iface) | diverted;
}

// RFC 1122 §3.2.2.8: not the time of day, so the highest bit is set.
static be32_t timestamp(const struct worker *w)
{
	uint64_t ms = w->now / (w->tsc_hz / 1000 + 1);

	return htonl((uint32_t)(ms % DAY_MS) | 0x80000000u);
}

static void route_record(const struct option *opt, const uint8_t addr[4])
{
	if (is_full(opt))
		return;
	memcpy(opt->data + opt->data[OPT_POINTER] - 1, addr, 4);
	opt->data[OPT_POINTER] += 4;
}

// RFC 791 §3.1: where the list is full, count who found no room.
static void timestamp_record(const struct worker *w, const struct option *opt,
			     const struct iface *in, const struct iface *out)
{
	unsigned flag = opt->data[TS_FLAGS] & 0xf;
	uint8_t *slot = opt->data + opt->data[OPT_POINTER] - 1;
	be32_t now = timestamp(w);

	if (is_full(opt)) {
		if (flag != TS_PRESPECIFIED)
			opt->data[TS_FLAGS] += 0x10;
		return;
	}
	if (flag == TS_PRESPECIFIED && !iface_addr_find(in, 4, slot) &&
	    !iface_addr_find(out, 4, slot))
		return;
	if (flag == TS_WITH_ADDR)
		memcpy(slot, out->ip4_primary, 4);
	memcpy(slot + (flag == TS_ONLY ? 0 : 4), &now, 4);
	opt->data[OPT_POINTER] += flag == TS_ONLY ? 4 : 8;
}

void ip4_options_record(const struct worker *w, const struct batch *b, unsigned i)
{
	const struct iface *in = &w->dp->iface[b->iface[i]];
	const struct iface *out = &w->dp->iface[b->out[i]];
	struct ip4_hdr *ip = b->l3[i];
	unsigned at = IP4_HDR_LEN;
	struct option opt, route;

	if (options_fault(ip, &route))
		return; // a packet from inside that never passed ip4-options
	while (option_next(ip, &at, &opt)) {
		if (opt.data[0] == IP4_OPT_RECORD_ROUTE)
			route_record(&opt, out->ip4_primary);
		else if (opt.data[0] == IP4_OPT_TIMESTAMP)
			timestamp_record(w, &opt, in, out);
	}
	ip4_csum_set(ip);
}

void ip4_source_route_blank(struct ip4_hdr *ip)
{
	unsigned at = IP4_HDR_LEN;
	struct option opt;

	while (option_next(ip, &at, &opt) && opt.len)
		if (is_source_route(&opt))
			memset(opt.data, IP4_OPT_NOP, opt.len);
}
