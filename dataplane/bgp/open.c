// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/bgp/open.h"

#include <string.h>

enum { FIXED_LEN = 10 };

int bgp_open_decode(const uint8_t *body, size_t len, struct bgp_open *open, struct fault *fault)
{
	memset(open, 0, sizeof(*open));
	if (len < FIXED_LEN)
		return fault_set(fault, FAULT_MSG_LEN, len);
	open->body = body;
	open->version = body[0];
	open->as = wire_get16(body + 1);
	open->hold_s = wire_get16(body + 3);
	open->id = wire_get32(body + 5);
	open->short_len = body[9];
	open->params = body + FIXED_LEN;
	open->params_len = open->short_len;
	// RFC 9072 §2: 255 behind a length that is not 0.
	if (open->short_len && len > FIXED_LEN && body[FIXED_LEN] == BGP_PARAM_EXTENDED) {
		if (len < FIXED_LEN + 3)
			return fault_set(fault, FAULT_PARAM_CUT, FIXED_LEN);
		open->is_extended = true;
		open->params_len = wire_get16(body + FIXED_LEN + 1);
		open->params += 3;
	}
	if (len - (size_t)(open->params - body) != open->params_len)
		return fault_set(fault, FAULT_PARAM_CUT, FIXED_LEN - 1);
	return 0;
}

int bgp_param_next(const struct bgp_open *open, size_t *at, struct bgp_param *param,
		   struct fault *fault)
{
	const uint8_t *p = open->params + *at;
	size_t left = open->params_len - *at, hdr = open->is_extended ? 3 : 2;

	if (left == 0)
		return 0;
	if (left < hdr)
		return fault_set(fault, FAULT_PARAM_CUT, (size_t)(p - open->body));
	param->type = p[0];
	param->len = open->is_extended ? wire_get16(p + 1) : p[1];
	param->value = p + hdr;
	if (param->len > left - hdr)
		return fault_set(fault, FAULT_PARAM_CUT, (size_t)(p - open->body));
	*at += hdr + param->len;
	return 1;
}

// Enters the next parameter of capabilities.
static int caps_enter(const struct bgp_open *open, struct bgp_cap_iter *it, struct fault *fault)
{
	struct bgp_param param;
	int more;

	while ((more = bgp_param_next(open, &it->at, &param, fault)) > 0) {
		if (param.type != BGP_PARAM_CAPS || param.len == 0)
			continue;
		it->next = param.value;
		it->end = param.value + param.len;
		return 1;
	}
	return more;
}

int bgp_cap_next(const struct bgp_open *open, struct bgp_cap_iter *it, struct bgp_cap *cap,
		 struct fault *fault)
{
	const uint8_t *p;

	if (it->next == it->end) {
		int more = caps_enter(open, it, fault);

		if (more <= 0)
			return more;
	}
	p = it->next;
	if (it->end - p < 2 || it->end - p - 2 < p[1])
		return fault_set(fault, FAULT_CAP_CUT, (size_t)(p - open->body));
	cap->code = p[0];
	cap->len = p[1];
	cap->value = p + 2;
	it->next = cap->value + cap->len;
	return 1;
}

const char *bgp_cap_name(uint8_t code)
{
	switch (code) {
	case BGP_CAP_MP:
		return "multiprotocol";
	case BGP_CAP_REFRESH:
		return "route-refresh";
	case 3:
		return "outbound-route-filtering"; // RFC 5291 §5
	case BGP_CAP_IP6_NEXTHOP:
		return "extended-next-hop";
	case BGP_CAP_EXTENDED_MSG:
		return "extended-message";
	case BGP_CAP_LABELS:
		return "multiple-labels";
	case BGP_CAP_ROLE:
		return "role";
	case BGP_CAP_RESTART:
		return "graceful-restart";
	case BGP_CAP_AS4:
		return "as4";
	case BGP_CAP_ADD_PATH:
		return "add-path";
	case BGP_CAP_ENHANCED_REFRESH:
		return "enhanced-route-refresh";
	case 71:
		return "long-lived-graceful-restart"; // RFC 9494 §3
	case 73:
		return "fqdn";
	case BGP_CAP_REFRESH_OLD:
		return "route-refresh-old";
	default:
		return NULL;
	}
}
