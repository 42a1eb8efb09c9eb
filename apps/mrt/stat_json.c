// SPDX-License-Identifier: BSD-3-Clause
// What stat found, as one JSON object.
#include "apps/mrt/attrs.h"
#include "apps/mrt/digits.h"
#include "apps/mrt/stat.h"
#include "apps/mrt/text.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *types_json(const struct stat *st)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < st->n_types; i++) {
		const struct stat_type *type = &st->type[i];
		char text[80];

		stat_type_text(type, text);
		json_array_append_new(list, json_pack("{s:i, s:i, s:s, s:o, s:o, s:o, s:o}", "type",
						      type->type, "subtype", type->subtype, "name",
						      text, "records", number(type->n_records),
						      "bytes", number(type->n_bytes), "first_time",
						      number(type->first_s), "last_time",
						      number(type->last_s)));
	}
	return list;
}

static json_t *peer_json(const struct stat_peer *p, unsigned index)
{
	char addr[STAT_ADDR_MAX], id[STAT_ADDR_MAX];
	json_t *object = json_pack(
		"{s:i, s:o, s:s, s:s}", "index", (int)index, "asn", number(p->peer.asn), "address",
		stat_addr_text(&p->peer.addr, addr), "id", stat_id_text(p->peer.id, id));

	json_object_set_new(object, "routes4", number(p->n_routes[0]));
	json_object_set_new(object, "routes6", number(p->n_routes[1]));
	json_object_set_new(object, "updates", number(p->n_updates));
	json_object_set_new(object, "messages", number(p->n_messages));
	json_object_set_new(object, "announced4", number(p->n_announced[0]));
	json_object_set_new(object, "announced6", number(p->n_announced[1]));
	json_object_set_new(object, "withdrawn4", number(p->n_withdrawn[0]));
	json_object_set_new(object, "withdrawn6", number(p->n_withdrawn[1]));
	json_object_set_new(object, "states", number(p->n_states));
	return object;
}

static json_t *peers_json(const struct stat *st)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < st->peers.n; i++)
		json_array_append_new(list, peer_json(&st->peers.row[i], i));
	return list;
}

static json_t *counts_json(const uint64_t count[], unsigned n)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < n; i++) {
		char key[8];

		if (!count[i])
			continue;
		snprintf(key, sizeof(key), "%u", i);
		json_object_set_new(object, key, number(count[i]));
	}
	return object;
}

static json_t *families_json(const uint64_t n[2])
{
	return json_pack("{s:o, s:o}", "ip4", number(n[0]), "ip6", number(n[1]));
}

static json_t *origins_json(const struct stat *st)
{
	struct tally_item top[STAT_TOP_MAX];
	unsigned n = tally_top(&st->origins, top, st->n_top);
	json_t *list = json_array();

	for (unsigned i = 0; i < n; i++)
		json_array_append_new(list, json_pack("{s:o, s:o}", "asn", number(top[i].key),
						      "routes", number(top[i].count)));
	return list;
}

static json_t *communities_json(const struct stat *st)
{
	struct tally_item top[STAT_TOP_MAX];
	unsigned n = tally_top(&st->communities, top, st->n_top);
	json_t *list = json_array();

	for (unsigned i = 0; i < n; i++) {
		char text[32 + DIGITS_SLACK];
		uint8_t bytes[4];

		wire_put32(bytes, top[i].key);
		*attrs_community_text(text, bytes) = '\0';
		json_array_append_new(list, json_pack("{s:s, s:o}", "community", text, "uses",
						      number(top[i].count)));
	}
	return list;
}

static json_t *messages_json(const struct stat *st)
{
	static const char *const names[] = {"unknown",	    "open",	 "update",
					    "notification", "keepalive", "route-refresh"};
	json_t *object = json_object();

	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		json_object_set_new(object, names[i], number(st->n_messages[i]));
	json_object_set_new(object, "state", number(st->n_states));
	return object;
}

static json_t *problems_json(const struct stat *st)
{
	json_t *faults = json_object(), *object = json_object();

	for (unsigned i = 1; i < FAULT_N_CODES; i++)
		if (st->in.n_faults[i])
			json_object_set_new(faults, fault_name((enum fault_code)i),
					    number(st->in.n_faults[i]));
	json_object_set_new(object, "damages", number(st->in.file.n_damages));
	json_object_set_new(object, "skipped_bytes", number(st->in.file.n_skipped_bytes));
	json_object_set_new(object, "file_errors", number(st->in.file.n_errors));
	json_object_set_new(object, "bad_records", number(st->in.n_bad_records));
	json_object_set_new(object, "bad_routes", number(st->in.n_bad_routes));
	json_object_set_new(object, "without_peer_table", number(st->n_without_peers));
	json_object_set_new(object, "mislabelled", number(st->n_mislabelled));
	json_object_set_new(object, "host_bits", number(st->n_host_bits));
	json_object_set_new(object, "without_nexthop", number(st->n_without_nexthop));
	json_object_set_new(object, "other_families", number(st->n_other_routes));
	json_object_set_new(object, "faults", faults);
	return object;
}

static void lengths_put(json_t *root, const struct stat *st)
{
	json_object_set_new(root, "lengths4", counts_json(st->by_len4, ARRAY_LEN(st->by_len4)));
	json_object_set_new(root, "lengths6", counts_json(st->by_len6, ARRAY_LEN(st->by_len6)));
	json_object_set_new(root, "announced_lengths4",
			    counts_json(st->announced_len4, ARRAY_LEN(st->announced_len4)));
	json_object_set_new(root, "announced_lengths6",
			    counts_json(st->announced_len6, ARRAY_LEN(st->announced_len6)));
	json_object_set_new(root, "path_lengths", counts_json(st->by_hops, ARRAY_LEN(st->by_hops)));
}

int stat_print_json(const struct stat *st)
{
	json_t *root =
		json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:b}", "file", st->path, "format",
			  st->in.file.format, "records", number(st->in.file.n_records), "bytes",
			  number(st->in.file.n_bytes), "first_time", number(st->first_s),
			  "last_time", number(st->last_s), "clean", stat_is_clean(st));
	int code;

	if (!root)
		return -ENOMEM;
	json_object_set_new(root, "types", types_json(st));
	json_object_set_new(root, "peers", peers_json(st));
	json_object_set_new(root, "prefixes", families_json(st->n_prefixes));
	json_object_set_new(root, "routes", families_json(st->n_routes));
	json_object_set_new(root, "announced", families_json(st->n_announced));
	json_object_set_new(root, "withdrawn", families_json(st->n_withdrawn));
	json_object_set_new(root, "messages", messages_json(st));
	lengths_put(root, st);
	json_object_set_new(root, "origins", origins_json(st));
	json_object_set_new(root, "communities", communities_json(st));
	json_object_set_new(root, "errors", problems_json(st));
	code = json_dumpf(root, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(root);
	return code ? -EIO : 0;
}
