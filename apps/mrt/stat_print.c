// SPDX-License-Identifier: BSD-3-Clause
// What stat found, as tables for people.
#include "apps/mrt/attrs.h"
#include "apps/mrt/digits.h"
#include "apps/mrt/stat.h"
#include "apps/mrt/text.h"

#include <inttypes.h>
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

const char *stat_addr_text(const struct bgp_addr *addr, char text[STAT_ADDR_MAX])
{
	*text_addr(text, addr) = '\0';
	return text;
}

const char *stat_id_text(uint32_t id, char text[STAT_ADDR_MAX])
{
	uint8_t bytes[4];

	wire_put32(bytes, id);
	*digits_ip4(text, bytes) = '\0';
	return text;
}

void stat_type_text(const struct stat_type *type, char text[80])
{
	const char *name = mrt_type_name(type->type);
	const char *sub = mrt_subtype_name(type->type, type->subtype);
	char number[2][16];

	snprintf(number[0], sizeof(number[0]), "type-%u", type->type);
	snprintf(number[1], sizeof(number[1]), "%u", type->subtype);
	snprintf(text, 80, "%s/%s", name ? name : number[0], sub ? sub : number[1]);
}

static void head_print(const struct stat *st)
{
	char first[32], last[32];

	printf("%s: %s, %" PRIu64 " records, %" PRIu64 " bytes, %.2f s\n", input_name(st->path),
	       st->in.file.format, st->in.file.n_records, st->in.file.n_bytes, st->in.seconds);
	printf("times: %s to %s UTC\n", time_format(st->first_s, first),
	       time_format(st->last_s, last));
}

static void types_print(const struct stat *st)
{
	char text[80], first[32], last[32];

	printf("\n%-44s %10s %13s %-19s %-19s\n", "record type", "records", "bytes", "first",
	       "last");
	for (unsigned i = 0; i < st->n_types; i++) {
		const struct stat_type *type = &st->type[i];

		stat_type_text(type, text);
		printf("%-44s %10" PRIu64 " %13" PRIu64 " %-19s %-19s\n", text, type->n_records,
		       type->n_bytes, time_format(type->first_s, first),
		       time_format(type->last_s, last));
	}
}

static bool has_updates(const struct stat *st)
{
	return st->n_states || st->n_messages[0] || st->n_messages[1] || st->n_messages[2] ||
	       st->n_messages[3] || st->n_messages[4] || st->n_messages[5];
}

static bool has_tables(const struct stat *st)
{
	return st->n_table || st->n_routes[0] + st->n_routes[1];
}

static void peer_print(const struct stat_peer *p, unsigned index, bool tables, bool updates)
{
	char addr[STAT_ADDR_MAX], id[STAT_ADDR_MAX];

	printf("%5u %10" PRIu32 " %-39s %-15s", index, p->peer.asn,
	       stat_addr_text(&p->peer.addr, addr),
	       p->peer.id ? stat_id_text(p->peer.id, id) : "-");
	if (tables)
		printf(" %10" PRIu64 " %10" PRIu64, p->n_routes[0], p->n_routes[1]);
	if (updates)
		printf(" %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %7" PRIu64, p->n_updates,
		       p->n_announced[0] + p->n_announced[1], p->n_withdrawn[0] + p->n_withdrawn[1],
		       p->n_states);
	putchar('\n');
}

static void peers_print(const struct stat *st)
{
	bool tables = has_tables(st), updates = has_updates(st);

	if (!st->peers.n)
		return;
	printf("\n%5s %10s %-39s %-15s", "peer", "AS", "address", "BGP id");
	if (tables)
		printf(" %10s %10s", "IPv4", "IPv6");
	if (updates)
		printf(" %10s %10s %10s %7s", "updates", "announced", "withdrawn", "states");
	putchar('\n');
	for (unsigned i = 0; i < st->peers.n; i++)
		peer_print(&st->peers.row[i], i, tables, updates);
}

static void pair_print(const char *name, const uint64_t n[2])
{
	if (n[0] + n[1])
		printf("%-10s %12" PRIu64 " %12" PRIu64 "\n", name, n[0], n[1]);
}

static void totals_print(const struct stat *st)
{
	printf("\n%-10s %12s %12s\n", "", "IPv4", "IPv6");
	pair_print("prefixes", st->n_prefixes);
	pair_print("routes", st->n_routes);
	pair_print("announced", st->n_announced);
	pair_print("withdrawn", st->n_withdrawn);
}

static void messages_print(const struct stat *st)
{
	static const char *const names[] = {"unknown",	    "OPEN",	 "UPDATE",
					    "NOTIFICATION", "KEEPALIVE", "ROUTE-REFRESH"};
	const char *comma = "";

	if (!has_updates(st))
		return;
	fputs("\nmessages: ", stdout);
	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		if (st->n_messages[i]) {
			printf("%s%" PRIu64 " %s", comma, st->n_messages[i], names[i]);
			comma = ", ";
		}
	printf("%s%" PRIu64 " changes of state\n", comma, st->n_states);
}

// Counts in five columns; nothing when there are none.
static void counts_print(const char *name, const char *mark, const uint64_t count[], unsigned n)
{
	unsigned column = 0;

	for (unsigned i = 0; i < n; i++)
		if (count[i]) {
			if (column == 0)
				printf("\n%s\n", name);
			printf("  %s%-3u %9" PRIu64 "%s", mark, i, count[i],
			       column % 5 == 4 ? "\n" : "");
			column++;
		}
	if (column % 5)
		putchar('\n');
}

static void paths_print(const struct stat *st)
{
	char name[80];
	uint64_t n = 0;

	for (unsigned i = 0; i <= STAT_HOPS_MAX; i++)
		n += st->by_hops[i];
	if (!n)
		return;
	snprintf(name, sizeof(name), "AS paths by length (%.2f hops on average)",
		 (double)st->n_hops / (double)n);
	counts_print(name, " ", st->by_hops, STAT_HOPS_MAX + 1);
}

static void share_print(uint64_t count, uint64_t total)
{
	printf(" %12" PRIu64 " %6.2f %%\n", count, 100.0 * (double)count / (double)total);
}

static void origins_print(const struct stat *st)
{
	struct tally_item top[STAT_TOP_MAX];
	unsigned n = tally_top(&st->origins, top, st->n_top);

	if (!n)
		return;
	printf("\n%-24s %12s    (%u in all)\n", "origin AS", "routes", st->origins.n);
	for (unsigned i = 0; i < n; i++) {
		printf("%-24" PRIu32, top[i].key);
		share_print(top[i].count, st->origins.total);
	}
}

static void communities_print(const struct stat *st)
{
	struct tally_item top[STAT_TOP_MAX];
	unsigned n = tally_top(&st->communities, top, st->n_top);

	if (!n)
		return;
	printf("\n%-24s %12s    (%u in all)\n", "community", "uses", st->communities.n);
	for (unsigned i = 0; i < n; i++) {
		char text[32 + DIGITS_SLACK];
		uint8_t bytes[4];

		wire_put32(bytes, top[i].key);
		*attrs_community_text(text, bytes) = '\0';
		printf("%-24s", text);
		share_print(top[i].count, st->communities.total);
	}
}

static void problem_print(const char *name, uint64_t n)
{
	if (n)
		printf("  %-60s %12" PRIu64 "\n", name, n);
}

static void problems_print(const struct stat *st)
{
	puts(stat_is_clean(st) ? "\nno errors" : "\nerrors");
	problem_print("damaged record boundaries", st->in.file.n_damages);
	problem_print("bytes skipped there", st->in.file.n_skipped_bytes);
	problem_print("file cut or unreadable at its end", st->in.file.n_errors);
	problem_print("broken records, skipped", st->in.n_bad_records);
	problem_print("records with broken routes or attributes", st->in.n_bad_routes);
	problem_print("routes without a peer of the peer table", st->n_without_peers);
	for (unsigned i = 1; i < FAULT_N_CODES; i++)
		problem_print(fault_text((enum fault_code)i), st->in.n_faults[i]);
	if (st->n_mislabelled + st->n_host_bits + st->n_without_nexthop + st->n_other_routes)
		puts("notes");
	problem_print("records with or without path ids against their type", st->n_mislabelled);
	problem_print("prefixes with bits behind their length", st->n_host_bits);
	problem_print("routes without a next hop", st->n_without_nexthop);
	problem_print("groups of routes of other families", st->n_other_routes);
}

void stat_print(const struct stat *st)
{
	head_print(st);
	types_print(st);
	peers_print(st);
	totals_print(st);
	messages_print(st);
	counts_print("IPv4 prefixes by length", "/", st->by_len4, ARRAY_LEN(st->by_len4));
	counts_print("IPv6 prefixes by length", "/", st->by_len6, ARRAY_LEN(st->by_len6));
	counts_print("IPv4 announcements by length", "/", st->announced_len4,
		     ARRAY_LEN(st->announced_len4));
	counts_print("IPv6 announcements by length", "/", st->announced_len6,
		     ARRAY_LEN(st->announced_len6));
	paths_print(st);
	origins_print(st);
	communities_print(st);
	problems_print(st);
}
