// SPDX-License-Identifier: BSD-3-Clause
#include "apps/mrt/stat.h"

#include "apps/mrt/digits.h"
#include "apps/mrt/text.h"
#include "dataplane/bgp/aspath.h"
#include "dataplane/bgp/msg.h"
#include "dataplane/bgp/session.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"Usage: jerboa-mrt stat [-j] [-n N] FILE...\n"
	"\n"
	"Reads MRT dumps (raw or compressed, told apart by content; - is standard input) and\n"
	"says what is in them: record types and their times, peers with their routes and\n"
	"updates, prefixes by length, AS paths by length, the most frequent origins and\n"
	"communities, and everything that is wrong. Broken records are counted, located by\n"
	"their offset in the decompressed stream, and skipped.\n"
	"\n"
	"  -j, --json   one JSON object a file\n"
	"  -n, --top N  so many of the most frequent (default 10)\n"
	"  -q, --quiet  count errors, do not tell them one by one\n"
	"\n"
	"Exit status: 0 clean, 1 something is wrong (all of it counted), 2 unusable.\n"
	"\n"
	"Examples\n"
	"  jerboa-mrt stat rib.20260101.0000.bz2\n"
	"  curl -s URL | jerboa-mrt stat -\n"
	"  jerboa-mrt stat -j rib.gz | jq .prefixes\n"
	"  jerboa-mrt stat -j updates.gz | jq '.peers | max_by(.announced4)'\n";

static struct stat_type *type_find(struct stat *st, const struct mrt_hdr *hdr)
{
	for (unsigned i = 0; i < st->n_types; i++)
		if (st->type[i].type == hdr->type && st->type[i].subtype == hdr->subtype)
			return &st->type[i];
	if (st->n_types == ARRAY_LEN(st->type))
		return &st->type[st->n_types - 1];
	st->type[st->n_types] = (struct stat_type){
		.type = hdr->type, .subtype = hdr->subtype, .first_s = UINT32_MAX};
	return &st->type[st->n_types++];
}

static bool record_take(void *arg, const struct mrt_file_record *rec)
{
	struct stat *st = arg;
	struct stat_type *type = type_find(st, &rec->hdr);
	uint32_t time_s = rec->hdr.time_s;

	type->n_records++;
	type->n_bytes += MRT_HDR_LEN + rec->hdr.len;
	if (time_s < type->first_s)
		type->first_s = time_s;
	if (time_s > type->last_s)
		type->last_s = time_s;
	if (time_s < st->first_s)
		st->first_s = time_s;
	if (time_s > st->last_s)
		st->last_s = time_s;
	return true;
}

static void peers_take(void *arg, const struct mrt_peer *peer, unsigned n)
{
	struct stat *st = arg;
	unsigned *table = realloc(st->table, (n + 1u) * sizeof(*table));

	if (!table) {
		st->code = -ENOMEM;
		return;
	}
	st->table = table;
	st->n_table = n;
	for (unsigned i = 0; i < n; i++)
		table[i] = stat_peer_row(&st->peers, &peer[i], &st->code);
}

static struct stat_peer *peer_of(struct stat *st, const struct event *ev)
{
	unsigned row;

	if (ev->peer_index >= 0 && (unsigned)ev->peer_index < st->n_table)
		return &st->peers.row[st->table[ev->peer_index]];
	row = stat_peer_row(&st->peers, ev->peer, &st->code);
	return st->peers.n ? &st->peers.row[row] : NULL;
}

// Hops, and the last AS, from which the route comes.
static void path_take(struct stat *st, const struct attrs *a)
{
	struct attrs_segment seg;
	struct attrs_path path;
	unsigned n = 0;
	uint32_t origin = 0;

	attrs_path_start(a, &path);
	while (attrs_path_next(&path, &seg) > 0) {
		if (seg.kind != BGP_SEG_SEQUENCE && seg.kind != BGP_SEG_SET)
			continue; // RFC 5065 §5.3: confederations count nothing
		n += seg.kind == BGP_SEG_SET ? 1 : seg.n;
		if (seg.n)
			origin = attrs_as(seg.as, seg.n - 1u, seg.as_bytes);
		if (seg.kind == BGP_SEG_SET && seg.n != 1)
			origin = 0;
	}
	st->by_hops[n < STAT_HOPS_MAX ? n : STAT_HOPS_MAX]++;
	st->n_hops += n;
	if (origin && tally_add(&st->origins, origin))
		st->code = -ENOMEM;
}

static void attrs_take(struct stat *st, const struct event *ev)
{
	const struct bgp_attr *attr = &ev->attrs->at[BGP_ATTR_COMMUNITIES];
	struct bgp_addr addr[2];

	path_take(st, ev->attrs);
	if (attrs_has(ev->attrs, BGP_ATTR_COMMUNITIES))
		for (unsigned at = 0; at + 4 <= attr->len; at += 4)
			if (tally_add(&st->communities, wire_get32(attr->value + at)))
				st->code = -ENOMEM;
	st->n_without_nexthop += text_nexthops(ev, addr) == 0;
}

static void rib_take(struct stat *st, const struct event *ev, struct stat_peer *peer)
{
	unsigned v6 = ev->prefix.family == 6;
	bool is_new = ev->is_first;

	// TABLE_DUMP has a record for every peer of a prefix, one behind the other.
	if (ev->rec->kind == MRT_KIND_DUMP) {
		is_new = memcmp(&st->last_prefix, &ev->prefix, sizeof(ev->prefix)) != 0;
		st->last_prefix = ev->prefix;
	}
	if (is_new) {
		st->n_prefixes[v6]++;
		(v6 ? st->by_len6 : st->by_len4)[ev->prefix.len]++;
		st->n_host_bits += ev->had_host_bits;
	}
	st->n_routes[v6]++;
	if (ev->rec->kind == MRT_KIND_RIB && ev->peer_index < 0)
		st->n_without_peers++;
	else
		peer->n_routes[v6]++;
	attrs_take(st, ev);
}

static void update_take(struct stat *st, const struct event *ev, struct stat_peer *peer)
{
	unsigned v6 = ev->prefix.family == 6;

	st->n_host_bits += ev->had_host_bits;
	if (ev->kind == EVENT_WITHDRAW) {
		st->n_withdrawn[v6]++;
		peer->n_withdrawn[v6]++;
		return;
	}
	st->n_announced[v6]++;
	peer->n_announced[v6]++;
	(v6 ? st->announced_len6 : st->announced_len4)[ev->prefix.len]++;
	attrs_take(st, ev);
}

static void event_take(void *arg, const struct event *ev)
{
	struct stat *st = arg;
	struct stat_peer *peer = peer_of(st, ev);

	if (!peer)
		return;
	if (ev->is_first) {
		st->n_mislabelled += ev->is_mislabelled;
		if (ev->message) {
			unsigned type = ev->message_type <= BGP_MSG_REFRESH ? ev->message_type : 0;

			st->n_messages[type]++;
			peer->n_messages++;
			peer->n_updates += type == BGP_MSG_UPDATE;
		}
	}
	if (ev->kind == EVENT_STATE) {
		st->n_states++;
		peer->n_states++;
	} else if (ev->kind != EVENT_MESSAGE && !ev->prefix.family) {
		st->n_other_routes++;
	} else if (ev->kind == EVENT_RIB) {
		rib_take(st, ev, peer);
	} else if (ev->kind != EVENT_MESSAGE) {
		update_take(st, ev, peer);
	}
}

int stat_read(const char *path, struct stat *st, struct err *err)
{
	struct input in = {.path = path,
			   .fn = event_take,
			   .record_fn = record_take,
			   .peers_fn = peers_take,
			   .arg = st,
			   .stop = &st->code,
			   .is_quiet = st->in.is_quiet};
	unsigned n_top = st->n_top;
	int code;

	memset(st, 0, sizeof(*st));
	st->path = path;
	st->n_top = n_top;
	st->first_s = UINT32_MAX;
	code = input_read(&in, err);
	st->in = in;
	if (!code && st->code)
		code = err_set(err, ENOMEM, "%s: out of memory", path);
	return code;
}

void stat_fini(struct stat *st)
{
	stat_peers_fini(&st->peers);
	tally_fini(&st->origins);
	tally_fini(&st->communities);
	free(st->table);
	st->table = NULL;
}

bool stat_is_clean(const struct stat *st)
{
	return input_status(&st->in) == 0;
}

// 0, 1 or 2: the exit status of one file.
static int run(struct stat *st, const char *path, bool json)
{
	struct err err = {.code = 0};
	int status = 2;

	if (stat_read(path, st, &err)) {
		fprintf(stderr, "jerboa-mrt: %s\n", err.text);
	} else if (st->in.file.n_records > 0) {
		status = input_status(&st->in);
		if (json && stat_print_json(st))
			status = 2;
		if (!json)
			stat_print(st);
	}
	stat_fini(st);
	return status;
}

static int top_parse(unsigned *n)
{
	char *end;
	unsigned long value = strtoul(optarg, &end, 10);

	*n = (unsigned)value;
	if (*end == '\0' && optarg[0] >= '0' && optarg[0] <= '9' && value <= STAT_TOP_MAX)
		return 0;
	fprintf(stderr, "jerboa-mrt: --top: '%s' is not a number from 0 to %d\n", optarg,
		STAT_TOP_MAX);
	return -EINVAL;
}

int stat_main(int argc, char **argv)
{
	static const struct option list[] = {{"json", 0, NULL, 'j'},
					     {"top", 1, NULL, 'n'},
					     {"quiet", 0, NULL, 'q'},
					     {"help", 0, NULL, 'h'},
					     {NULL, 0, NULL, 0}};
	static struct stat st = {.n_top = 10};
	bool json = false, is_quiet = false;
	int c, worst = 0;

	digits_init();
	while ((c = getopt_long(argc, argv, "jn:qh", list, NULL)) != -1) {
		if (c == 'h') {
			fputs(help, stdout);
			return 0;
		}
		if (c == '?' || (c == 'n' && top_parse(&st.n_top)))
			return 2;
		json |= c == 'j';
		is_quiet |= c == 'q';
	}
	if (optind == argc) {
		fputs("jerboa-mrt: stat needs a file; see jerboa-mrt stat --help\n", stderr);
		return 2;
	}
	for (int i = optind; i < argc; i++) {
		int status;

		st.in.is_quiet = is_quiet;
		status = run(&st, argv[i], json);
		worst = status > worst ? status : worst;
		if (!json && i + 1 < argc)
			putchar('\n');
	}
	return worst;
}
