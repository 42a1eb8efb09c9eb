// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/bgp/loop.h"

static bool path_loops(const struct bgp_as_path *path, const struct bgp_session *s)
{
	return (s->local_as && bgp_as_path_has(path, s->local_as)) ||
	       (s->confed_as && bgp_as_path_has(path, s->confed_as));
}

static bool list_has(const struct bgp_list *list, uint32_t id)
{
	for (unsigned i = 0; i < list->n; i++)
		if (wire_get32(bgp_list_item(list, i)) == id)
			return true;
	return false;
}

// RFC 9234 §5, ingress 1 and 2: a customer or a server's client passes nothing
// on that was for customers only, a peer only what it marked itself.
static bool otc_leaks(uint32_t otc, const struct bgp_session *s)
{
	if (!s->has_role)
		return false;
	if (s->role == BGP_ROLE_PROVIDER || s->role == BGP_ROLE_RS)
		return true;
	return s->role == BGP_ROLE_PEER && otc != s->peer_as;
}

static enum bgp_refusal value_refusal(const struct bgp_value *v, bool unicast,
				      const struct bgp_session *s)
{
	switch (v->type) {
	case BGP_ATTR_AS_PATH:
		return path_loops(&v->as_path, s) ? BGP_AS_LOOP : BGP_ACCEPTED;
	case BGP_ATTR_ORIGINATOR_ID:
		return s->local_id && v->number == s->local_id ? BGP_ORIGINATOR_LOOP : BGP_ACCEPTED;
	case BGP_ATTR_CLUSTER_LIST:
		return s->cluster_id && list_has(&v->list, s->cluster_id) ? BGP_CLUSTER_LOOP
									  : BGP_ACCEPTED;
	case BGP_ATTR_ONLY_TO_CUSTOMER:
		return unicast && otc_leaks(v->number, s) ? BGP_LEAK : BGP_ACCEPTED;
	default:
		return BGP_ACCEPTED;
	}
}

// Between networks these two mean nothing (RFC 7606 §7.9, §7.10): judge.h
// discards them.
static bool is_discarded(uint8_t type, const struct bgp_session *s)
{
	return s->kind == BGP_PEER_EXTERNAL &&
	       (type == BGP_ATTR_ORIGINATOR_ID || type == BGP_ATTR_CLUSTER_LIST);
}

enum bgp_refusal bgp_route_refusal(const uint8_t *attrs, size_t len, bool unicast,
				   const struct bgp_session *s)
{
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_attr attr;
	uint64_t seen = 0;
	size_t at = 0;

	while (bgp_attr_next(attrs, len, &at, &attr, &fault) > 0) {
		uint64_t bit = attr.type < 64 ? 1ull << attr.type : 0;
		enum bgp_refusal refusal;
		struct bgp_value v;

		if ((seen & bit) || is_discarded(attr.type, s) ||
		    bgp_value_decode(&attr, s, &v, &fault))
			continue;
		seen |= bit;
		refusal = value_refusal(&v, unicast, s);
		if (refusal != BGP_ACCEPTED)
			return refusal;
	}
	return BGP_ACCEPTED;
}

const char *bgp_refusal_name(enum bgp_refusal refusal)
{
	static const char *const names[] = {
		[BGP_ACCEPTED] = "accepted",
		[BGP_AS_LOOP] = "as-loop",
		[BGP_ORIGINATOR_LOOP] = "originator-loop",
		[BGP_CLUSTER_LOOP] = "cluster-loop",
		[BGP_LEAK] = "leak",
	};

	return names[refusal];
}

// RFC 9234 §5, ingress 3: from a provider, a peer or a server.
uint32_t bgp_otc_in(uint32_t otc, const struct bgp_session *s)
{
	bool from_above =
		s->has_role && (s->role == BGP_ROLE_CUSTOMER || s->role == BGP_ROLE_PEER ||
				s->role == BGP_ROLE_RS_CLIENT);

	return otc == 0 && from_above ? s->peer_as : otc;
}

// RFC 9234 §5, egress 1 and 2.
bool bgp_otc_out(uint32_t *otc, const struct bgp_session *s)
{
	if (!s->has_role)
		return true;
	if (*otc)
		return s->role == BGP_ROLE_PROVIDER || s->role == BGP_ROLE_RS;
	if (s->role == BGP_ROLE_PROVIDER || s->role == BGP_ROLE_PEER || s->role == BGP_ROLE_RS)
		*otc = s->local_as;
	return true;
}
