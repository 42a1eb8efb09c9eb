// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/base/mem.h"
#include "dataplane/base/mem_ahead.h"
#include "tests/unit/test.h"

#include <sys/mman.h>

enum { PAGE = 4096, LEN = 8 << 20 };

static unsigned n_resident(char *mem)
{
	static unsigned char here[LEN / PAGE];
	unsigned n = 0;

	assert_int_equal(mincore(mem, LEN, here), 0);
	for (unsigned i = 0; i < LEN / PAGE; i++)
		n += here[i] & 1;
	return n;
}

static void memory_asked_for_is_there_before_it_is_touched(void **state)
{
	char *mem = mem_arena_new(LEN), probe[PAGE] __attribute__((aligned(PAGE)));

	(void)state;
	if (madvise(probe, PAGE, 23) < 0) // MADV_POPULATE_WRITE, Linux 5.14
		skip();
	assert_non_null(mem);
	mem_ahead(mem, LEN); // no thread: nothing happens
	assert_int_equal(n_resident(mem), 0);
	assert_int_equal(mem_ahead_start(), 0);
	mem[5] = 7;
	for (unsigned i = 0; i < 4; i++)
		mem_ahead(mem + i * LEN / 4, LEN / 4);
	mem_ahead_wait();
	assert_int_equal(n_resident(mem), LEN / PAGE);
	assert_int_equal(mem[5], 7);
	mem_ahead_stop();
	mem_ahead_stop();
	mem_arena_free(mem, LEN);
}

static void more_wishes_than_there_is_room_for_are_forgotten(void **state)
{
	char *mem = mem_arena_new(LEN);

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		assert_int_equal(mem_ahead_start(), 0);
		for (unsigned i = 0; i < 1000; i++)
			mem_ahead(mem + i % 16 * PAGE, PAGE);
		if (round == 1)
			mem_ahead_wait();
		mem_ahead_stop();
	}
	mem_arena_free(mem, LEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_asked_for_is_there_before_it_is_touched),
		cmocka_unit_test(more_wishes_than_there_is_room_for_are_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
