// SPDX-License-Identifier: BSD-3-Clause
// TABLE_DUMP (RFC 6396 §4.2).
#include "dataplane/bgp/mrt_nlri.h"
#include "dataplane/bgp/mrt_table.h"

#include <errno.h>
#include <string.h>

// Prefix, its length, status, time, peer, its AS, length of the attributes.
static size_t entry_len(const struct mrt_dump *dump)
{
	return 10 + 2 * (dump->family == 4 ? 4 : 16);
}

int mrt_dump_decode(const struct mrt_hdr *hdr, const uint8_t *body, struct mrt_dump *dump,
		    struct fault *fault)
{
	const uint8_t *p, *end = body + hdr->len;
	size_t fixed, addr_len;

	if (hdr->len < 4)
		return fault_set(fault, FAULT_RECORD_CUT, hdr->len);
	*dump = (struct mrt_dump){.family = hdr->subtype == MRT_DUMP_IP4 ? 4 : 6,
				  .view = wire_get16(body),
				  .seq = wire_get16(body + 2),
				  .next = body + 4,
				  .end = end};
	addr_len = dump->family == 4 ? 4 : 16;
	fixed = entry_len(dump);
	p = dump->next;
	do {
		size_t left = (size_t)(end - p), attrs_len;

		if (left < fixed)
			return fault_set(fault, FAULT_RECORD_CUT, (size_t)(p - body));
		if (p[addr_len] > 8 * addr_len)
			return fault_set(fault, FAULT_PREFIX_LEN, (size_t)(p - body) + addr_len);
		attrs_len = wire_get16(p + fixed - 2);
		if (attrs_len > left - fixed)
			return fault_set(fault, FAULT_RECORD_CUT, (size_t)(p - body));
		p += fixed + attrs_len;
	} while (p < end);
	return 0;
}

bool mrt_dump_next(struct mrt_dump *dump, struct mrt_dump_entry *entry)
{
	size_t addr_len = dump->family == 4 ? 4 : 16;
	const uint8_t *p = dump->next;

	if (p == dump->end)
		return false;
	memset(entry, 0, sizeof(*entry));
	entry->raw = p;
	entry->prefix.family = entry->peer.family = dump->family;
	memcpy(entry->prefix.bytes, p, addr_len);
	p += addr_len;
	entry->prefix.len = p[0];
	entry->status = p[1];
	entry->time_s = wire_get32(p + 2);
	p += 6;
	memcpy(entry->peer.bytes, p, addr_len);
	p += addr_len;
	entry->peer_as = wire_get16(p);
	entry->attrs_len = wire_get16(p + 2);
	entry->attrs = p + 4;
	entry->had_host_bits = mrt_prefix_trim(&entry->prefix);
	dump->next = entry->attrs + entry->attrs_len;
	return true;
}
