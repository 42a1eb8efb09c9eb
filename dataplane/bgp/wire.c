// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/bgp/wire.h"

#include <errno.h>

static const struct {
	const char *name, *text;
} faults[FAULT_N_CODES] = {
	[FAULT_NONE] = {"none", "nothing is wrong"},
	[FAULT_RECORD_CUT] = {"record-cut", "the record ends inside a field"},
	[FAULT_RECORD_TRAILING] = {"record-trailing", "bytes stand behind the last entry"},
	[FAULT_PREFIX_LEN] = {"prefix-length", "the prefix is longer than an address"},
	[FAULT_PEER_TYPE] = {"peer-type", "unknown bits in the type of a peer"},
	[FAULT_PEER_INDEX] = {"peer-index", "the peer table has no peer of this index"},
	[FAULT_PEERS_MISSING] = {"peers-missing", "no peer table came before"},
	[FAULT_NOT_RIB] = {"not-rib", "the record holds no unicast routes"},
	[FAULT_ATTR_CUT] = {"attr-cut", "an attribute is longer than what is left"},
	[FAULT_ORIGIN] = {"origin", "ORIGIN must be one byte of 0, 1 or 2"},
	[FAULT_AS_PATH] = {"as-path", "the segments of AS_PATH do not fill it"},
	[FAULT_NEXT_HOP] = {"next-hop", "NEXT_HOP must have 4 bytes"},
	[FAULT_MED] = {"med", "MULTI_EXIT_DISC must have 4 bytes"},
	[FAULT_LOCAL_PREF] = {"local-pref", "LOCAL_PREF must have 4 bytes"},
	[FAULT_MP_REACH] = {"mp-reach", "MP_REACH_NLRI holds no next hop of the prefix's family"},
};

const char *fault_name(enum fault_code code)
{
	return faults[code].name;
}

const char *fault_text(enum fault_code code)
{
	return faults[code].text;
}

int fault_set(struct fault *fault, enum fault_code code, size_t at)
{
	if (fault->code == FAULT_NONE) {
		fault->code = code;
		fault->at = (uint32_t)at;
	}
	return -EBADMSG;
}
