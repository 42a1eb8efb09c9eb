// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/bgp/wire.h"

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
	[FAULT_NOT_RIB] = {"not-rib", "the record holds no routes of a table"},
	[FAULT_AFI] = {"afi", "the addresses of the peers are neither IPv4 nor IPv6"},
	[FAULT_ATTR_CUT] = {"attr-cut", "an attribute is longer than what is left"},
	[FAULT_ORIGIN] = {"origin", "ORIGIN must be one byte of 0, 1 or 2"},
	[FAULT_AS_PATH] = {"as-path", "the segments of AS_PATH do not fill it"},
	[FAULT_NEXT_HOP] = {"next-hop", "NEXT_HOP must have 4 bytes"},
	[FAULT_MED] = {"med", "MULTI_EXIT_DISC must have 4 bytes"},
	[FAULT_LOCAL_PREF] = {"local-pref", "LOCAL_PREF must have 4 bytes"},
	[FAULT_MP_REACH] = {"mp-reach", "MP_REACH_NLRI holds no next hop of the prefix's family"},
	[FAULT_ATTR_FLAGS] = {"attr-flags", "the flags are not those of this attribute"},
	[FAULT_ATTR_LEN] = {"attr-length", "the attribute cannot have this length"},
	[FAULT_ATTR_VALUE] = {"attr-value", "the attribute cannot have this value"},
	[FAULT_ATTR_TWICE] = {"attr-twice", "the attribute stands there twice"},
	[FAULT_ATTR_MISSING] = {"attr-missing", "a mandatory attribute is missing"},
	[FAULT_ATTR_UNKNOWN] = {"attr-unknown", "no well-known attribute has this type"},
	[FAULT_ATTR_PEER] = {"attr-peer", "a peer of this kind does not send the attribute"},
	[FAULT_AS_ZERO] = {"as-zero", "AS 0 can be nowhere"},
	[FAULT_AS_FIRST] = {"as-first", "the leftmost AS must be the peer's"},
	[FAULT_AS_CONFED] = {"as-confed", "segments of a confederation across its border"},
	[FAULT_NEXT_HOP_ADDR] = {"next-hop-address", "the next hop is no address of a host"},
	[FAULT_MP_NEXT_HOP] = {"mp-next-hop", "the family's next hop has another length"},
	[FAULT_MP_UNREACH] = {"mp-unreach", "MP_UNREACH_NLRI must begin with AFI and SAFI"},
	[FAULT_MARKER] = {"marker", "the marker must be 16 bytes of 0xff"},
	[FAULT_MSG_LEN] = {"message-length", "a message of this type cannot have this length"},
	[FAULT_MSG_TYPE] = {"message-type", "unknown type of message"},
	[FAULT_UPDATE_CUT] = {"update-cut", "the lengths in the UPDATE exceed the message"},
	[FAULT_NLRI_LEN] = {"nlri-length", "the prefix is longer than an address"},
	[FAULT_NLRI_CUT] = {"nlri-cut", "the prefix is longer than what is left"},
	[FAULT_NLRI_LABELS] = {"nlri-labels", "the prefix has labels without a bottom"},
	[FAULT_VERSION] = {"version", "the version of BGP must be 4"},
	[FAULT_PEER_AS] = {"peer-as", "the peer's AS is 0 or not the one expected"},
	[FAULT_PEER_ID] = {"peer-id", "the peer's BGP identifier is 0 or our own"},
	[FAULT_HOLD_TIME] = {"hold-time", "the hold time must be 0 or at least 3 s"},
	[FAULT_PARAM_CUT] = {"parameter-cut", "optional parameters do not fill their field"},
	[FAULT_PARAM_TYPE] = {"parameter-type", "unknown optional parameter"},
	[FAULT_CAP_CUT] = {"capability-cut", "a capability is longer than what is left"},
	[FAULT_CAP_LEN] = {"capability-length", "the capability cannot have this length"},
	[FAULT_ROLE] = {"role", "the roles of the two peers do not fit"},
	[FAULT_REFRESH_LEN] = {"refresh-length", "ROUTE-REFRESH must have 4 bytes"},
	[FAULT_TEXT] = {"shutdown-text", "the text is longer than what is left, or no UTF-8"},
};

const char *fault_name(enum fault_code code)
{
	return faults[code].name;
}

const char *fault_text(enum fault_code code)
{
	return faults[code].text;
}
