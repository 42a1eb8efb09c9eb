// SPDX-License-Identifier: BSD-3-Clause
// ip6-lookup: the longest match of every destination, in the table of the iface
// that the packet came in by. ip6-rpf: does its source lie that way too (RFC 3704
// §2.2 strict, §2.4 loose)?
// Uses: l3, iface. Sets: nh. Main arc: ip6-forward; ip6-rpf: ip6-lookup.
#include "dataplane/ip6/ip6_route_node.h"

enum { RPF_STRICT = 2 };

bool ip6_lookup_node(struct worker *w, struct batch *b, uint8_t edge[])
{
	const uint8_t *dst[BATCH_MAX];

	for (unsigned i = 0; i < b->n; i++)
		dst[i] = ((const struct ip6_hdr *)b->l3[i])->dst;
	ip6_lookup_runs(w, b->iface, dst, b->nh, b->n);
	return false;
}

static bool leads_to(const struct nexthop *nh, unsigned iface)
{
	enum nexthop_kind kind = ip6_nexthop_kind(nh);

	return (kind == NH_FORWARD || kind == NH_RESOLVE || kind == NH_GLEAN) && nh->iface == iface;
}

// One member by that iface is enough.
static cold_fn bool group_leads_to(const struct worker *w, const struct nexthop *nh, unsigned iface)
{
	for (uint32_t i = 0; i <= nh->group.mask; i++)
		if (leads_to(&w->dp->nexthop[nh->group.bucket[i]], iface))
			return true;
	return false;
}

// No way back is no good source, nor is one of our own addresses.
static bool is_feasible(const struct worker *w, const struct iface *in, const struct nexthop *nh)
{
	enum nexthop_kind kind = ip6_nexthop_kind(nh);

	if (in->rpf == RPF_STRICT)
		return kind == NH_GROUP ? group_leads_to(w, nh, in->id) : leads_to(nh, in->id);
	return kind == NH_FORWARD || kind == NH_RESOLVE || kind == NH_GLEAN || kind == NH_GROUP;
}

bool ip6_rpf_node(struct worker *w, struct batch *b, uint8_t edge[])
{
	const uint8_t *src[BATCH_MAX];
	uint16_t nh[BATCH_MAX + BATCH_SLACK];
	bool diverted = false;

	for (unsigned i = 0; i < b->n; i++)
		src[i] = ((const struct ip6_hdr *)b->l3[i])->src;
	ip6_lookup_runs(w, b->iface, src, nh, b->n);
	for (unsigned i = 0; i < b->n; i++) {
		const struct iface *in = &w->dp->iface[b->iface[i]];

		// a link-local source is known by its link alone
		if (in->rpf && unlikely(!is_feasible(w, in, &w->dp->nexthop[nh[i]])) &&
		    !ip6_is_link_local(src[i]))
			diverted = divert(edge, i, IP6_RPF_FAILED);
	}
	return hook_go(w, b, edge, AT_PRE_LOOKUP6, FEATURE_IP6_RPF, b->iface) | diverted;
}
