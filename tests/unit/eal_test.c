// SPDX-License-Identifier: BSD-3-Clause
// The arguments that the daemon makes for EAL, and the size of the packet pool.
#include "dataplane/ctl/eal.h"
#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

static const char *const vdevs[] = {"net_af_packet0,iface=eth1", "net_ring0"};
static const char *const mixed[] = {"net_null0", "0000:03:00.0", "0000:03:00.1,foo=1"};

// The arguments in one line, each followed by a space.
static const char *line_of(const struct eal_args *args)
{
	static char line[EAL_TEXT_MAX];
	size_t len = 0;

	for (int i = 0; i < args->argc; i++)
		len += (size_t)snprintf(line + len, sizeof(line) - len, "%s ", args->argv[i]);
	assert_null(args->argv[args->argc]);
	return line;
}

static void plain_memory_is_sized_and_shares_nothing(void **state)
{
	struct eal_conf conf = {
		.mem_bytes = 100 << 20, .plain_bytes = 100 << 20, .device = vdevs, .n_devices = 2};
	struct eal_args args;
	const char *line;

	(void)state;
	assert_int_equal(eal_args_make(&args, &conf, false, 3), 0);
	line = line_of(&args);
	assert_non_null(strstr(line, " --no-huge --no-shconf -m 100 --iova-mode=va "));
	assert_non_null(strstr(line, " -l 3 "));
	assert_non_null(strstr(line, " --no-pci "));
	assert_non_null(strstr(line, " --no-telemetry "));
	assert_null(strstr(line, "--in-memory"));
}

static void hugepages_stay_in_memory(void **state)
{
	struct eal_conf conf = {
		.mem_bytes = 100 << 20, .plain_bytes = 100 << 20, .device = vdevs, .n_devices = 2};
	struct eal_args args;
	const char *line;

	(void)state;
	assert_int_equal(eal_args_make(&args, &conf, true, 0), 0);
	line = line_of(&args);
	assert_non_null(strstr(line, " --in-memory --single-file-segments --iova-mode=va "));
	assert_null(strstr(line, "--no-huge"));
	assert_null(strstr(line, "-m "));
}

static void only_configured_pci_devices_are_touched(void **state)
{
	struct eal_conf conf = {.mem_bytes = 1, .plain_bytes = 1, .device = mixed, .n_devices = 3};
	struct eal_args args;
	const char *line;

	(void)state;
	assert_int_equal(eal_args_make(&args, &conf, true, 0), 0);
	line = line_of(&args);
	assert_non_null(strstr(line, " -a 0000:03:00.0 -a 0000:03:00.1,foo=1 "));
	assert_null(strstr(line, "--no-pci"));
}

static void too_many_devices_are_refused_not_cut(void **state)
{
	const char *device[EAL_ARGS_MAX];
	struct eal_conf conf = {.device = device, .n_devices = EAL_ARGS_MAX};
	struct eal_args args;

	(void)state;
	for (unsigned i = 0; i < EAL_ARGS_MAX; i++)
		device[i] = "0000:03:00.0";
	assert_int_equal(eal_args_make(&args, &conf, true, 0), -E2BIG);
}

static void hugepages_that_must_be_but_are_not_stop_the_start(void **state)
{
	struct eal_conf conf = {.hugepages = 1, .mem_bytes = 1ull << 50};
	struct err err = {0};

	(void)state;
	assert_int_equal(eal_start(&conf, &err), -ENOMEM);
	assert_non_null(strstr(err.text, "memory.hugepages: yes, but only "));
	assert_non_null(strstr(err.text, "scripts/setup --hugepages "));
}

static void pci_addresses_are_told_from_names(void **state)
{
	(void)state;
	assert_true(eal_is_pci("0000:03:00.0"));
	assert_true(eal_is_pci("03:00.1"));
	assert_true(eal_is_pci("0000:03:00.0,representor=0"));
	assert_false(eal_is_pci("net_af_packet0,iface=eth1"));
	assert_false(eal_is_pci("0000:03:00"));
	assert_false(eal_is_pci("0000:03:00.0x"));
	assert_false(eal_is_pci(""));
}

static void the_pool_holds_every_place_a_packet_can_be(void **state)
{
	struct eal_need need = {.n_ports = 2,
				.rx_queues = 2,
				.tx_queues = 2,
				.rx_ring = 1024,
				.tx_ring = 512,
				.n_workers = 1,
				.hold = 100,
				.batch = 64};
	char text[1024];
	unsigned one = eal_pool_size(&need, text, sizeof(text));

	(void)state;
	assert_true(one > 2 * 1024 + 2 * 512 + 4 * 1024 + 100);
	assert_non_null(strstr(text, "2 receive queues x 1024 = 2048\n"));
	assert_non_null(strstr(text, "1 packets held for neighbours x 100 = 100\n"));
	need.n_workers = 4; // 12 rings between them
	assert_true(eal_pool_size(&need, NULL, 0) > one + 12 * 1024);
}

static void text_of_the_sum_never_overflows(void **state)
{
	struct eal_need need = {64, 4096, 4096, 32768, 32768, 64, 1 << 20, 256};
	char text[40];

	(void)state;
	for (size_t len = 0; len <= sizeof(text); len++) {
		memset(text, 'x', sizeof(text));
		assert_int_equal(eal_pool_size(&need, text, len), 1 << 24);
		if (len)
			assert_true(strlen(text) < len);
		for (size_t i = len; i < sizeof(text); i++)
			assert_int_equal(text[i], 'x');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_memory_is_sized_and_shares_nothing),
		cmocka_unit_test(hugepages_stay_in_memory),
		cmocka_unit_test(only_configured_pci_devices_are_touched),
		cmocka_unit_test(too_many_devices_are_refused_not_cut),
		cmocka_unit_test(hugepages_that_must_be_but_are_not_stop_the_start),
		cmocka_unit_test(pci_addresses_are_told_from_names),
		cmocka_unit_test(the_pool_holds_every_place_a_packet_can_be),
		cmocka_unit_test(text_of_the_sum_never_overflows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
