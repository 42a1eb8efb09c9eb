// SPDX-License-Identifier: BSD-3-Clause
// One error, before it is known whether it decides.
#pragma once

#include "dataplane/bgp/judge.h"

struct bgp_finding {
	enum bgp_action action;
	enum fault_code fault;
	size_t at;
	uint8_t attr, code, subcode;
	const uint8_t *data;
	size_t data_len;
	uint8_t own[2];
	uint16_t afi;
	uint8_t safi;
};

void bgp_verdict_add(struct bgp_verdict *v, const struct bgp_finding *f);
