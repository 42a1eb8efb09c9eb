// SPDX-License-Identifier: BSD-3-Clause
// ip4-rpf: would we send to the source by the iface the packet came in by
// (strict, RFC 3704 §2.2), or at all (loose, RFC 3704 §2.4)?
// Uses: l3, iface. Sets: nothing. Main arc: the features behind it, ip4-lookup.
#include "dataplane/ip4/ip4_node.h"

enum { RPF_STRICT = 2 };

static bool leads_to(const struct nexthop *nh, unsigned iface)
{
	enum nexthop_kind kind = nexthop_kind(nh);

	return (kind == NH_FORWARD || kind == NH_RESOLVE || kind == NH_GLEAN) && nh->iface == iface;
}

// One member by that iface is enough.
static cold_fn bool group_leads_to(const struct worker *w, const struct nexthop *nh, unsigned iface)
{
	for (unsigned i = 0; i <= nh->group.mask; i++)
		if (leads_to(&w->dp->nexthop[nh->group.bucket[i]], iface))
			return true;
	return false;
}

static bool is_feasible(const struct worker *w, const struct iface *in, const struct nexthop *nh)
{
	enum nexthop_kind kind = nexthop_kind(nh);

	if (in->rpf == RPF_STRICT)
		return kind == NH_GROUP ? group_leads_to(w, nh, in->id) : leads_to(nh, in->id);
	return kind == NH_FORWARD || kind == NH_RESOLVE || kind == NH_GLEAN || kind == NH_GROUP;
}

bool ip4_rpf_node(struct worker *w, struct batch *b, uint8_t edge[])
{
	uint32_t src[BATCH_MAX];
	uint16_t nh[BATCH_MAX];
	bool diverted = false;

	for (unsigned i = 0; i < b->n; i++)
		src[i] = ntohl(((const struct ip4_hdr *)b->l3[i])->src);
	ip4_lookup_runs(w, b->iface, src, nh, b->n);
	for (unsigned i = 0; i < b->n; i++) {
		const struct iface *in = &w->dp->iface[b->iface[i]];

		if (in->rpf && unlikely(!is_feasible(w, in, &w->dp->nexthop[nh[i]])))
			diverted = divert(edge, i, IP4_RPF_FAILED);
	}
	return hook_go(w, b, edge, AT_PRE_LOOKUP4, FEATURE_IP4_RPF, b->iface) | diverted;
}
