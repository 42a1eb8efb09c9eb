// SPDX-License-Identifier: BSD-3-Clause
#include "apps/mrt/stat.h"
#include "dataplane/route/prefix.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *time_format(uint32_t time_s, char text[32])
{
	time_t t = (time_t)time_s;
	struct tm tm;

	strftime(text, 32, "%Y-%m-%d %H:%M:%S", gmtime_r(&t, &tm));
	return text;
}

static const char *addr_text(const struct bgp_addr *from, char text[ADDR_TEXT_MAX])
{
	struct addr addr = {.family = from->family};

	memcpy(addr.bytes, from->bytes, sizeof(addr.bytes));
	return addr_format(&addr, text);
}

static const char *id_text(uint32_t id, char text[ADDR_TEXT_MAX])
{
	struct addr addr = {.family = 4};

	wire_put32(addr.bytes, id);
	return addr_format(&addr, text);
}

static const char *type_text(const struct stat_type *type, char text[80])
{
	const char *name = mrt_type_name(type->type);
	const char *sub = mrt_subtype_name(type->type, type->subtype);
	char number[2][16];

	snprintf(number[0], sizeof(number[0]), "type-%u", type->type);
	snprintf(number[1], sizeof(number[1]), "%u", type->subtype);
	snprintf(text, 80, "%s/%s", name ? name : number[0], sub ? sub : number[1]);
	return text;
}

static void head_print(const struct stat *st)
{
	char first[32], last[32];

	printf("%s: %s, %" PRIu64 " records, %" PRIu64 " bytes, %.2f s\n", st->path,
	       st->file.format, st->file.n_records, st->file.n_bytes, st->seconds);
	printf("times: %s to %s UTC\n", time_format(st->first_s, first),
	       time_format(st->last_s, last));
}

static void types_print(const struct stat *st)
{
	char text[80];

	printf("\n%-44s %12s %14s\n", "record type", "records", "bytes");
	for (unsigned i = 0; i < st->n_types; i++)
		printf("%-44s %12" PRIu64 " %14" PRIu64 "\n", type_text(&st->type[i], text),
		       st->type[i].n_records, st->type[i].n_bytes);
}

static void peers_print(const struct stat *st)
{
	char addr[ADDR_TEXT_MAX], id[ADDR_TEXT_MAX];

	if (!st->n_peers)
		return;
	printf("\n%5s %10s %-39s %-15s %10s %10s\n", "peer", "AS", "address", "BGP id", "IPv4",
	       "IPv6");
	for (unsigned i = 0; i < st->n_peers; i++) {
		const struct stat_peer *p = &st->peer[i];

		printf("%5u %10" PRIu32 " %-39s %-15s %10" PRIu64 " %10" PRIu64 "\n", i,
		       p->peer.asn, addr_text(&p->peer.addr, addr), id_text(p->peer.id, id),
		       p->n_routes4, p->n_routes6);
	}
}

static void lengths_print(const char *name, const uint64_t by_len[], unsigned n)
{
	unsigned column = 0;

	printf("\n%s prefixes by length\n", name);
	for (unsigned len = 0; len < n; len++)
		if (by_len[len]) {
			printf("  /%-3u %9" PRIu64 "%s", len, by_len[len],
			       column % 5 == 4 ? "\n" : "");
			column++;
		}
	if (column % 5)
		putchar('\n');
}

static void problem_print(const char *name, uint64_t n)
{
	if (n)
		printf("  %-52s %12" PRIu64 "\n", name, n);
}

static void problems_print(const struct stat *st)
{
	puts(stat_is_clean(st) ? "\nno errors" : "\nerrors");
	problem_print("damaged record boundaries", st->file.n_damages);
	problem_print("bytes skipped there", st->file.n_skipped_bytes);
	problem_print("file cut or unreadable at its end", st->file.n_errors);
	problem_print("broken records, skipped", st->n_bad_records);
	problem_print("broken routes, skipped", st->n_bad_entries);
	problem_print("routes before any peer table", st->n_without_peers);
	for (unsigned i = 1; i < FAULT_N_CODES; i++)
		problem_print(fault_text((enum fault_code)i), st->n_faults[i]);
	if (st->n_mislabelled + st->n_host_bits + st->n_without_nexthop)
		puts("notes");
	problem_print("records with or without path ids against their type", st->n_mislabelled);
	problem_print("prefixes with bits behind their length", st->n_host_bits);
	problem_print("routes without a next hop", st->n_without_nexthop);
}

void stat_print(const struct stat *st)
{
	head_print(st);
	types_print(st);
	peers_print(st);
	if (st->n_prefixes4 + st->n_prefixes6) {
		printf("\n%-10s %12s %12s\n", "", "IPv4", "IPv6");
		printf("%-10s %12" PRIu64 " %12" PRIu64 "\n", "prefixes", st->n_prefixes4,
		       st->n_prefixes6);
		printf("%-10s %12" PRIu64 " %12" PRIu64 "\n", "routes", st->n_routes4,
		       st->n_routes6);
	}
	if (st->n_prefixes4)
		lengths_print("IPv4", st->by_len4, ARRAY_LEN(st->by_len4));
	if (st->n_prefixes6)
		lengths_print("IPv6", st->by_len6, ARRAY_LEN(st->by_len6));
	problems_print(st);
}

static json_t *types_json(const struct stat *st)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < st->n_types; i++) {
		const struct stat_type *type = &st->type[i];
		char text[80];

		json_array_append_new(list, json_pack("{s:i, s:i, s:s, s:I, s:I}", "type",
						      type->type, "subtype", type->subtype, "name",
						      type_text(type, text), "records",
						      (json_int_t)type->n_records, "bytes",
						      (json_int_t)type->n_bytes));
	}
	return list;
}

static json_t *peers_json(const struct stat *st)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < st->n_peers; i++) {
		const struct stat_peer *p = &st->peer[i];
		char addr[ADDR_TEXT_MAX], id[ADDR_TEXT_MAX];

		json_array_append_new(list, json_pack("{s:i, s:I, s:s, s:s, s:I, s:I}", "index",
						      (int)i, "asn", (json_int_t)p->peer.asn,
						      "address", addr_text(&p->peer.addr, addr),
						      "id", id_text(p->peer.id, id), "routes4",
						      (json_int_t)p->n_routes4, "routes6",
						      (json_int_t)p->n_routes6));
	}
	return list;
}

static json_t *lengths_json(const uint64_t by_len[], unsigned n)
{
	json_t *object = json_object();

	for (unsigned len = 0; len < n; len++) {
		char key[8];

		if (!by_len[len])
			continue;
		snprintf(key, sizeof(key), "%u", len);
		json_object_set_new(object, key, json_integer((json_int_t)by_len[len]));
	}
	return object;
}

static json_t *problems_json(const struct stat *st)
{
	json_t *faults = json_object();

	for (unsigned i = 1; i < FAULT_N_CODES; i++)
		if (st->n_faults[i])
			json_object_set_new(faults, fault_name((enum fault_code)i),
					    json_integer((json_int_t)st->n_faults[i]));
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "damages",
			 (json_int_t)st->file.n_damages, "skipped_bytes",
			 (json_int_t)st->file.n_skipped_bytes, "file_errors",
			 (json_int_t)st->file.n_errors, "bad_records",
			 (json_int_t)st->n_bad_records, "bad_routes", (json_int_t)st->n_bad_entries,
			 "without_peer_table", (json_int_t)st->n_without_peers, "mislabelled",
			 (json_int_t)st->n_mislabelled, "host_bits", (json_int_t)st->n_host_bits,
			 "without_nexthop", (json_int_t)st->n_without_nexthop, "faults", faults);
}

int stat_print_json(const struct stat *st)
{
	json_t *root =
		json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:b}", "file", st->path, "format",
			  st->file.format, "records", (json_int_t)st->file.n_records, "bytes",
			  (json_int_t)st->file.n_bytes, "first_time", (json_int_t)st->first_s,
			  "last_time", (json_int_t)st->last_s, "clean", stat_is_clean(st));
	int code;

	if (!root)
		return -ENOMEM;
	json_object_set_new(root, "types", types_json(st));
	json_object_set_new(root, "peers", peers_json(st));
	json_object_set_new(root, "prefixes",
			    json_pack("{s:I, s:I}", "ip4", (json_int_t)st->n_prefixes4, "ip6",
				      (json_int_t)st->n_prefixes6));
	json_object_set_new(root, "routes",
			    json_pack("{s:I, s:I}", "ip4", (json_int_t)st->n_routes4, "ip6",
				      (json_int_t)st->n_routes6));
	json_object_set_new(root, "lengths4", lengths_json(st->by_len4, ARRAY_LEN(st->by_len4)));
	json_object_set_new(root, "lengths6", lengths_json(st->by_len6, ARRAY_LEN(st->by_len6)));
	json_object_set_new(root, "errors", problems_json(st));
	code = json_dumpf(root, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(root);
	return code ? -EIO : 0;
}
