// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/ctl/config.h"
#include "dataplane/ctl/config_schema.h"
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Every key, and each in another than its default value.
static const char full[] =
	"version: 1\n"
	"log: {level: debug}\n"
	"workers: {count: 2, cores: [1, 2], poll: busy, batch: 32}\n"
	"memory: {packets: 65536, hugepages: no}\n"
	"control: {socket: /tmp/j.sock, group: adm}\n"
	"host: {enable: true, rate: none}\n"
	"neighbours:\n"
	"  reachable: 20s\n"
	"  retransmit: 500ms\n"
	"  static: [{iface: lan, address: 10.0.1.5, mac: \"02:00:00:00:00:05\"}]\n"
	"ports:\n"
	"  - {name: p0, device: \"net_af_packet0,iface=a\", mtu: 9000}\n"
	"ifaces:\n"
	"  - {name: lan, port: p0, addresses: [10.0.1.254/24, \"2001:db8:1::1/64\"]}\n"
	"  - {name: wan, port: p0, vlan: 100, inner-vlan: 7, rpf: strict, addresses: "
	"10.0.2.254/24}\n"
	"  - {name: lo0, table: 3, addresses: [10.0.1.254/32]}\n"
	"routes:\n"
	"  - {prefix: 0.0.0.0/0, via: 10.0.2.1}\n"
	"  - {prefix: \"::/0\", via: {address: \"fe80::1\", iface: wan}}\n"
	"  - {prefix: 10.9.0.0/16, via: [{address: 10.0.2.1, weight: 2}, 10.0.2.2, {iface: lan}]}\n"
	"  - {prefix: 10.10.0.0/16, kind: prohibit, table: 3}\n"
	"mrt:\n"
	"  - file: rib.gz\n"
	"    peer: {asn: 64500}\n"
	"    gateways: [{next-hop: 198.51.100.0/24, via: 10.0.2.2}, {peer-asn: 1, via: {address: "
	"10.0.2.3}}]\n"
	"    default-gateway: {ip4: 10.0.2.1, ip6: {address: \"fe80::1\", iface: wan}}\n";

static struct config *parse(const char *text, struct err *err)
{
	return config_parse(text, strlen(text), "f.yaml", err);
}

static struct config *parse_good(const char *text)
{
	struct err err = {0};
	struct config *conf = parse(text, &err);

	if (!conf)
		fail_msg("%s", err.text);
	return conf;
}

static void config_smallest_file_has_the_defaults(void **state)
{
	struct config *conf = parse_good("version: 1\n");

	(void)state;
	assert_string_equal(conf->file, "f.yaml");
	assert_int_equal(conf->log_level, LOG_INFO);
	assert_int_equal(conf->workers.count, 1);
	assert_int_equal(conf->workers.core[0], -1);
	assert_int_equal(conf->workers.core[63], -1);
	assert_int_equal(conf->workers.batch, 64);
	assert_int_equal(conf->memory.packets, 0);
	assert_int_equal(conf->memory.hugepages, -1);
	assert_string_equal(conf->control.socket, "/run/jerboa/jerboa.sock");
	assert_true(conf->host.enable);
	assert_int_equal(conf->host.metric, 8192);
	assert_true(conf->ip.martians);
	assert_false(conf->ip.source_route);
	assert_int_equal(conf->neigh.reachable_s, 30);
	assert_int_equal(conf->neigh.retrans_ms, 1000);
	assert_int_equal(conf->n_ports + conf->n_ifaces + conf->n_routes + conf->n_mrt, 0);
	config_free(conf);
}

static void config_full_file_says_what_it_says(void **state)
{
	struct config *conf = parse_good(full);
	const struct conf_mrt *mrt = conf->mrt;
	char text[PREFIX_TEXT_MAX];

	(void)state;
	assert_int_equal(conf->log_level, LOG_DEBUG);
	assert_int_equal(conf->workers.core[1], 2);
	assert_int_equal(conf->workers.core[2], -1);
	assert_int_equal(conf->workers.poll, CONF_POLL_BUSY);
	assert_int_equal(conf->memory.hugepages, 0);
	assert_int_equal(conf->host.rate, 0);
	assert_int_equal(conf->neigh.reachable_s, 20);
	assert_int_equal(conf->neigh.retrans_ms, 500);
	assert_int_equal(conf->neighbour[0].mac[5], 5);
	assert_string_equal(conf->port[0].device, "net_af_packet0,iface=a");
	assert_string_equal(conf->port[0].driver, "dpdk");
	assert_int_equal(conf->port[0].mtu, 9000);
	assert_int_equal(conf->n_ifaces, 3);
	assert_int_equal(conf->iface[0].n_addr, 2);
	assert_string_equal(addr_format(&conf->iface[0].addr[1].addr, text), "2001:db8:1::1");
	assert_string_equal(prefix_format(&conf->iface[0].addr[1].net, text), "2001:db8:1::/64");
	assert_int_equal(conf->iface[1].vlan, 100);
	assert_int_equal(conf->iface[1].inner_vlan, 7);
	assert_int_equal(conf->iface[1].rpf, CONF_RPF_STRICT);
	assert_string_equal(conf->iface[2].port, "");
	assert_int_equal(conf->route[2].n_via, 3);
	assert_int_equal(conf->route[2].via[0].weight, 2);
	assert_int_equal(conf->route[2].via[1].weight, 1);
	assert_int_equal(conf->route[2].via[2].addr.family, 0);
	assert_string_equal(conf->route[2].via[2].iface, "lan");
	assert_int_equal(conf->route[3].kind, CONF_ROUTE_PROHIBIT);
	assert_int_equal(conf->route[3].table, 3);
	assert_int_equal(mrt->view, CONF_MRT_PEER_ASN);
	assert_int_equal(mrt->peer_asn, 64500);
	assert_int_equal(mrt->n_map, 2);
	assert_int_equal(mrt->map[0].nexthop.len, 24);
	assert_int_equal(mrt->map[1].peer_asn, 1);
	assert_int_equal(mrt->default4.addr.family, 4);
	assert_string_equal(mrt->default6.iface, "wan");
	config_free(conf);
}

static void config_entries_know_their_lines(void **state)
{
	struct config *conf = parse_good("version: 1\n"
					 "ports:\n"
					 "  - name: p0\n"
					 "    device: d\n"
					 "ifaces:\n"
					 "  - name: a\n"
					 "    port: p0\n"
					 "    addresses:\n"
					 "      - 10.0.0.1/24\n"
					 "routes:\n"
					 "  - {prefix: 10.1.0.0/16, kind: blackhole}\n");

	(void)state;
	assert_int_equal(conf->port[0].line, 3);
	assert_int_equal(conf->iface[0].line, 6);
	assert_int_equal(conf->iface[0].addr[0].line, 9);
	assert_int_equal(conf->route[0].line, 11);
	config_free(conf);
}

static void config_block_with_nothing_in_it_is_left_out(void **state)
{
	(void)state;
	config_free(parse_good("version: 1\nlog:\nroutes:\n  # none yet\nports: []\nip: {}\n"));
}

static void config_largest_values_are_read(void **state)
{
	struct config *conf = parse_good("version: 1\n"
					 "neighbours: {reachable: 1h, retransmit: 1m}\n"
					 "host: {metric: 2147483647}\n"
					 "mrt: [{file: a, peer: {asn: 4294967295}}]\n");

	(void)state;
	assert_int_equal(conf->neigh.reachable_s, 3600);
	assert_int_equal(conf->neigh.retrans_ms, 60000);
	assert_int_equal(conf->host.metric, 2147483647);
	assert_true(conf->mrt[0].peer_asn == UINT32_MAX);
	config_free(conf);
}

static char *printed(void (*print)(void *file), size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	assert_non_null(out);
	print(out);
	fclose(out);
	return text;
}

static void config_example_loads_and_changes_only_lists(void **state)
{
	struct config *none = parse_good("version: 1\n"), *conf;
	struct err err = {0};
	size_t len;
	char *text = printed(config_example_print, &len);

	(void)state;
	conf = config_parse(text, len, "example", &err);
	if (!conf)
		fail_msg("%s", err.text);
	// 2 ports, 3 ifaces, 4 routes: the rest are the defaults.
	assert_int_equal(config_diff(none, conf, NULL, NULL), 9);
	config_free(conf);
	config_free(none);
	free(text);
}

// Walks the schema; obj is large enough for every struct of it.
static void check_defaults(const struct conf_block *block)
{
	static _Alignas(16) char obj[1 << 16];

	assert_true(block->n_keys <= CONF_KEYS_MAX);
	for (unsigned i = 0; i < block->n_keys; i++) {
		const struct conf_key *key = &block->keys[i];
		char text[512];

		assert_true(key->block || key->help);
		assert_true(!key->type != !key->block);
		if (key->block)
			check_defaults(key->block);
		if (!key->def)
			continue;
		assert_int_equal(key->type->parse(key, key->def, obj), 0);
		key->type->format(key, obj, text, sizeof(text));
		assert_string_equal(text, key->def);
	}
}

static void config_defaults_are_allowed_and_written_as_read(void **state)
{
	(void)state;
	check_defaults(&conf_root);
}

static void config_examples_in_comments_load_too(void **state)
{
	char text[8192] = "version: 1\n";

	(void)state;
	for (unsigned i = 0; i < conf_root.n_keys; i++) {
		const struct conf_key *key = &conf_root.keys[i];

		if (key->shape == CONF_VECTOR)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s:\n%s",
				 key->name, key->block->example);
		if (strcmp(key->name, "neighbours") != 0)
			continue;
		key = &key->block->keys[key->block->n_keys - 1];
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "neighbours:\n  static:\n%s", key->block->example);
	}
	config_free(parse_good(text));
}

struct changes {
	char text[4096];
};

static void note_change(const char *path, const char *from, const char *to, bool needs_restart,
			void *arg)
{
	struct changes *changes = arg;
	size_t at = strlen(changes->text);

	snprintf(changes->text + at, sizeof(changes->text) - at, "%s: %s -> %s%s\n", path, from, to,
		 needs_restart ? " (restart)" : "");
}

static void config_diff_names_each_change(void **state)
{
	struct config *old = parse_good("version: 1\n"
					"ports: [{name: p0, device: d0}]\n"
					"ifaces:\n"
					"  - {name: wan, port: p0, addresses: [10.0.0.1/24]}\n"
					"  - {name: lan, port: p0, vlan: 5}\n"
					"routes:\n"
					"  - {prefix: 10.1.0.0/16, via: 10.0.0.2}\n"
					"  - {prefix: 10.2.0.0/16, kind: blackhole}\n");
	struct config *new =
		parse_good("version: 1\n"
			   "log: {level: debug}\n"
			   "workers: {count: 2}\n"
			   "ports: [{name: p0, device: d0}, {name: p1, device: d1}]\n"
			   "ifaces:\n"
			   "  - {name: lan, port: p0, vlan: 5, mtu: 1400}\n"
			   "  - {name: wan, port: p0, addresses: [10.0.0.9/24]}\n"
			   "routes:\n"
			   "  - {prefix: 10.1.0.0/16, via: {address: 10.0.0.2, weight: 3}}\n"
			   "  - {prefix: 10.2.0.0/16, kind: blackhole, table: 1}\n");
	struct changes changes = {""};

	(void)state;
	assert_int_equal(config_diff(old, new, note_change, &changes), 8);
	assert_string_equal(
		changes.text,
		"log.level: info -> debug\n"
		"workers.count: 1 -> 2 (restart)\n"
		"ports.p1: none -> {name: p1, device: d1} (restart)\n"
		"ifaces.lan.mtu: auto -> 1400\n"
		"ifaces.wan.addresses: [10.0.0.1/24] -> [10.0.0.9/24]\n"
		"routes.10.1.0.0/16.via: [10.0.0.2] -> [{address: 10.0.0.2, weight: 3}]\n"
		"routes.10.2.0.0/16: {prefix: 10.2.0.0/16, kind: blackhole} -> none\n"
		"routes.10.2.0.0/16@1: none -> {prefix: 10.2.0.0/16, kind: blackhole, table: 1}\n");
	assert_int_equal(config_diff(new, new, note_change, &changes), 0);
	config_free(old);
	config_free(new);
}

static void config_file_that_cannot_be_read_is_an_error(void **state)
{
	struct err err = {0}, dir = {0};

	(void)state;
	assert_null(config_load("/nowhere/jerboa.yaml", &err));
	assert_string_equal(err.text, "/nowhere/jerboa.yaml: No such file or directory");
	assert_null(config_load("/", &dir));
	assert_string_equal(dir.text, "/: Is a directory");
}

static void config_file_is_loaded_and_named(void **state)
{
	char name[] = "/tmp/config_test.XXXXXX"; // mkstemp's pattern
	struct err err = {0};
	int fd = mkstemp(name);
	struct config *conf;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, full, sizeof(full) - 1), sizeof(full) - 1);
	close(fd);
	conf = config_load(name, &err);
	unlink(name);
	if (!conf)
		fail_msg("%s", err.text);
	assert_string_equal(conf->file, name);
	config_free(conf);
}

// Damaged files are refused or read; nothing else (run under ASan, too).
static void config_survives_damaged_files(void **state)
{
	static const char alphabet[] = "{}[],:-\n \"'&*!|>%@#?0a\\\t";
	uint64_t seed = 1;

	(void)state;
	for (unsigned round = 0; round < 5000; round++) {
		char text[sizeof(full)];
		size_t len = sizeof(full) - 1;
		struct err err = {0};
		struct config *conf;

		memcpy(text, full, sizeof(full));
		for (unsigned i = test_rand(&seed) % 8; i < 8; i++)
			text[test_rand(&seed) % len] =
				i % 4 ? alphabet[test_rand(&seed) % (sizeof(alphabet) - 1)]
				      : (char)test_rand(&seed);
		if (round % 3 == 0)
			len = test_rand(&seed) % len;
		conf = config_parse(text, len, "f.yaml", &err);
		assert_true(conf || err.code);
		config_free(conf);
	}
}

// Ten thousand routes are read in a fraction of a second, twins found among them.
static void config_reads_many_routes(void **state)
{
	size_t len = 0, max = 1 << 20;
	char *text = malloc(max);
	struct config *conf;
	struct err err = {0};

	(void)state;
	assert_non_null(text);
	len += (size_t)snprintf(text, max, "version: 1\nroutes:\n");
	for (unsigned i = 0; i < 10000; i++)
		len += (size_t)snprintf(text + len, max - len,
					"- {prefix: 10.%u.%u.0/24, kind: blackhole}\n", i / 256,
					i % 256);
	conf = config_parse(text, len, "f.yaml", &err);
	assert_non_null(conf);
	assert_int_equal(conf->n_routes, 10000);
	config_free(conf);
	len += (size_t)snprintf(text + len, max - len, "- {prefix: 10.3.7.0/24, kind: prohibit}\n");
	assert_null(config_parse(text, len, "f.yaml", &err));
	assert_string_equal(err.text,
			    "f.yaml:10003: routes.10.3.7.0/24.prefix: found the same prefix "
			    "as on line 778");
	free(text);
}

static void config_counts_ports_before_it_reads_them(void **state)
{
	char text[8192] = "version: 1\nports:\n";
	struct err err = {0};

	(void)state;
	for (unsigned i = 0; i < 65; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "- {name: p%u, device: d%u}\n", i, i);
	assert_null(parse(text, &err));
	assert_string_equal(err.text, "f.yaml:3: ports: found 65 entries, allowed are at most 64");
	*strstr(text, "- {name: p64") = '\0';
	config_free(parse_good(text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_smallest_file_has_the_defaults),
		cmocka_unit_test(config_full_file_says_what_it_says),
		cmocka_unit_test(config_entries_know_their_lines),
		cmocka_unit_test(config_block_with_nothing_in_it_is_left_out),
		cmocka_unit_test(config_largest_values_are_read),
		cmocka_unit_test(config_example_loads_and_changes_only_lists),
		cmocka_unit_test(config_defaults_are_allowed_and_written_as_read),
		cmocka_unit_test(config_examples_in_comments_load_too),
		cmocka_unit_test(config_diff_names_each_change),
		cmocka_unit_test(config_file_that_cannot_be_read_is_an_error),
		cmocka_unit_test(config_file_is_loaded_and_named),
		cmocka_unit_test(config_survives_damaged_files),
		cmocka_unit_test(config_reads_many_routes),
		cmocka_unit_test(config_counts_ports_before_it_reads_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
