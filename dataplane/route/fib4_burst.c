// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/route/fib4_burst.h"

static struct fib4_burst_slot *seat_find(struct fib4_burst *burst, unsigned slot)
{
	unsigned i = slot * 0x9e3779b1u >> 20;

	while (burst->slot[i].seat && burst->slot[i].seat != slot + 1)
		i = (i + 1) % FIB4_BURST_SEATS;
	return &burst->slot[i];
}

static void change_note(struct fib4_burst_slot *seat, const struct fib4_burst_change *change)
{
	for (unsigned i = 0; i < seat->n; i++)
		if (seat->change[i].first == change->first && seat->change[i].len == change->len) {
			seat->change[i].new = change->new;
			return;
		}
	if (seat->n == FIB4_BURST_CHANGES)
		seat->is_whole = true;
	else
		seat->change[seat->n++] = *change;
}

bool fib4_burst_add(struct fib4_burst *burst, unsigned slot, const struct fib4_burst_change *change)
{
	struct fib4_burst_slot *seat = seat_find(burst, slot);

	if (!seat->seat) {
		if (burst->n == FIB4_BURST_MAX)
			return false;
		burst->used[burst->n++] = (uint16_t)(seat - burst->slot);
		*seat = (struct fib4_burst_slot){.seat = slot + 1};
	}
	change_note(seat, change);
	return true;
}

unsigned fib4_burst_net(struct fib4_burst_slot *slot)
{
	unsigned n = 0;

	for (unsigned i = 0; i < slot->n; i++)
		if (slot->change[i].old != slot->change[i].new)
			slot->change[n++] = slot->change[i];
	return slot->n = (uint8_t)n;
}
