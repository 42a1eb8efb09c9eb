// SPDX-License-Identifier: BSD-3-Clause
// Dumps that collectors really wrote, in ../shared/data/mrt (or where the
// variable JERBOA_SHARED says): decoded to the counts of their MANIFEST, and
// cut everywhere. Skipped where they are absent.
#include "dataplane/bgp/mrt_enc.h"
#include "dataplane/bgp/mrt_view.h"
#include "dataplane/bgp/msg.h"
#include "dataplane/bgp/update.h"
#include "dataplane/ctl/mrt_file.h"
#include "dataplane/ctl/unpack.h"
#include "tests/unit/mrt_make.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

// As the MANIFEST counts.
struct census {
	uint64_t by_type[64][16]; // records, by type and subtype
	uint64_t n_msgs[6];	  // by type of BGP message
	uint64_t n_bare;	  // messages without a session
	uint64_t n_states;
	uint64_t n_ribs[2], n_prefixes[2]; // IPv4, IPv6
	uint64_t n_routes[2][2];	   // of UPDATEs, unicast: IPv4, IPv6; announced, withdrawn
	uint64_t n_other_routes;	   // of UPDATEs, other families
	uint64_t n_cut, n_bad;
};

struct totals {
	uint64_t n_records, n_damages, n_errors;
	struct mrt_view_stats view;
	struct census census;
};

static char folder[512];

static void update_count(const struct mrt_message *message, struct census *c)
{
	struct bgp_session session = {.as4 = message->session.as_bytes == 4,
				      .add_path_all = message->add_path};
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_routes routes;
	struct bgp_update upd;
	struct bgp_nlri nlri;
	size_t hdr = message->has_hdr ? BGP_HDR_LEN : 0;

	if (bgp_update_decode(message->msg + hdr, message->len - hdr, &upd, &fault) ||
	    bgp_routes_start(&routes, &upd, &session, &fault)) {
		c->n_bad++;
		return;
	}
	while (bgp_routes_next(&routes, &nlri, &fault) > 0) {
		if (routes.safi == 1)
			c->n_routes[routes.afi == 2][routes.is_withdrawn]++;
		else
			c->n_other_routes++;
	}
	// The MANIFEST counts a prefix that is too long or cut by the message's end.
	if (fault.code == FAULT_NLRI_CUT || fault.code == FAULT_NLRI_LEN) {
		c->n_cut++;
		c->n_routes[routes.afi == 2][routes.is_withdrawn]++;
	} else {
		c->n_bad += fault.code != FAULT_NONE;
	}
}

static void message_count(const struct mrt_message *message, struct census *c)
{
	assert_true(message->type <= 5);
	if (message->session.is_bare) {
		c->n_bare++;
		return;
	}
	c->n_msgs[message->type]++;
	if (message->type == BGP_MSG_UPDATE)
		update_count(message, c);
}

static void routes_count(struct mrt_record *rec, struct census *c)
{
	struct mrt_route route;
	bool is_ip6 = false;

	while (mrt_route_next(rec, &route)) {
		is_ip6 = route.prefix.family == 6;
		c->n_ribs[is_ip6]++;
	}
	if (rec->kind == MRT_KIND_RIB)
		c->n_prefixes[rec->rib.prefix.family == 6]++;
}

// Every record that can be decoded is written again as the same bytes.
static void check_again(const struct mrt_hdr *hdr, const uint8_t *body,
			const struct mrt_record *rec)
{
	size_t want = MRT_HDR_LEN + hdr->len, len;
	uint8_t *buf = malloc(want);

	assert_int_equal(mrt_encode(hdr, rec, buf, want, &len), 0);
	assert_int_equal(len, want);
	assert_true(memcmp(buf + MRT_HDR_LEN, body, hdr->len) == 0);
	free(buf);
}

static void record_count(const struct mrt_hdr *hdr, const uint8_t *body, struct census *c)
{
	struct fault fault = {.code = FAULT_NONE};
	struct mrt_record rec;

	if (hdr->type < 64 && hdr->subtype < 16)
		c->by_type[hdr->type][hdr->subtype]++;
	if (mrt_decode(hdr, body, &rec, &fault)) {
		c->n_bad++;
		return;
	}
	if (rec.kind != MRT_KIND_OTHER)
		check_again(hdr, body, &rec);
	if (rec.kind == MRT_KIND_MESSAGE)
		message_count(&rec.message, c);
	else if (rec.kind == MRT_KIND_STATE)
		c->n_states++;
	else
		routes_count(&rec, c);
}

static struct totals read_dump(const char *path)
{
	static struct census census;
	static struct mrt_file_record rec;
	struct mrt_view_spec spec = {.kind = MRT_VIEW_BEST};
	struct mrt_view *view = mrt_view_new(&spec);
	struct mrt_file_stats stats;
	struct err err = {.code = 0};
	struct mrt_file *file = mrt_file_open(path, &err);
	enum mrt_file_event event;
	struct totals totals;

	assert_non_null(file);
	memset(&census, 0, sizeof(census));
	while ((event = mrt_file_next(file, &rec)) != MRT_FILE_END) {
		struct mrt_view_route route;
		struct fault fault = {.code = FAULT_NONE};

		if (event != MRT_FILE_RECORD)
			continue;
		record_count(&rec.hdr, rec.body, &census);
		if (mrt_view_record(view, &rec.hdr, rec.body, &route, &fault) < 0)
			assert_true(fault.code != FAULT_NONE);
		assert_true(fault.code == FAULT_NONE || fault.at <= rec.hdr.len);
	}
	mrt_file_stats_get(file, &stats);
	totals = (struct totals){stats.n_records, stats.n_damages, stats.n_errors,
				 *mrt_view_stats(view), census};
	mrt_view_free(view);
	mrt_file_close(file);
	return totals;
}

// The number behind "key" in text; 0 without.
static uint64_t count_in(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

// One line of the MANIFEST.
struct sample {
	char path[768];
	const char *name, *types, *note, *detail;
	uint64_t n_records, n_routes;
};

static bool sample_next(FILE *manifest, struct sample *s)
{
	static char line[8192];
	char *field[16] = {NULL}, *rest = line;

	if (!fgets(line, sizeof(line), manifest))
		return false;
	line[strcspn(line, "\n")] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(field) && rest; i++)
		field[i] = strsep(&rest, "\t");
	assert_non_null(field[11]);
	s->name = field[0];
	s->n_records = strtoull(field[3], NULL, 10);
	s->types = field[4];
	s->n_routes = strtoull(field[5], NULL, 10);
	s->note = field[7];
	s->detail = field[11];
	snprintf(s->path, sizeof(s->path), "%s/%s", folder, s->name);
	return true;
}

// "TDV2/V4U": the MANIFEST's names.
static void check_types(const struct sample *s, const struct census *c)
{
	static const struct {
		uint8_t type, subtype;
		const char *name;
	} names[] = {
		{12, 1, "TABLE_DUMP/AFI_IPv4:"},
		{12, 2, "TABLE_DUMP/AFI_IPv6:"},
		{13, 1, "TDV2/PEER_INDEX:"},
		{13, 2, "TDV2/V4U:"},
		{13, 4, "TDV2/V6U:"},
		{13, 8, "TDV2/V4U_AP:"},
		{13, 10, "TDV2/V6U_AP:"},
		{16, 0, "BGP4MP/STATE:"},
		{16, 1, "BGP4MP/MSG:"},
		{16, 2, "BGP4MP/ENTRY:"},
		{16, 4, "BGP4MP/MSG_AS4:"},
		{16, 5, "BGP4MP/STATE_AS4:"},
		{16, 9, "BGP4MP/AS4_AP:"},
		{5, 1, "BGP(zebra,type5)/1:"},
		{5, 3, "BGP(zebra,type5)/3:"},
		{5, 5, "BGP(zebra,type5)/5:"},
		{5, 7, "BGP(zebra,type5)/7:"},
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_int_equal(c->by_type[names[i].type][names[i].subtype],
				 count_in(s->types, names[i].name));
}

// What BGP4MP holds; type 5 has no census in the MANIFEST.
static void check_events(const struct sample *s, const struct census *c)
{
	static const char *const msgs[] = {
		NULL, "OPEN=", "UPDATE=", "NOTIF=", "KEEPALIVE=", "REFRESH="};
	static const char *const routes[2][2] = {{"ann4=", "wd4="}, {"ann6=", "wd6="}};

	for (unsigned i = 1; i < 6; i++)
		assert_int_equal(c->n_msgs[i], count_in(s->detail, msgs[i]));
	assert_int_equal(c->n_states, count_in(s->detail, "STATE="));
	assert_int_equal(c->n_bare, count_in(s->detail, "bad_record="));
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(c->n_routes[i / 2][i % 2],
				 count_in(s->detail, routes[i / 2][i % 2]));
}

static void check_tables(const struct sample *s, const struct census *c)
{
	assert_int_equal(c->n_ribs[0] + c->n_ribs[1], s->n_routes + c->by_type[16][2]);
	if (c->by_type[16][2])
		return; // the MANIFEST does not count ENTRY
	assert_int_equal(c->n_ribs[0], count_in(s->detail, "rib4="));
	assert_int_equal(c->n_ribs[1], count_in(s->detail, "rib6="));
	assert_int_equal(c->n_prefixes[0], count_in(s->detail, "pfx4="));
	assert_int_equal(c->n_prefixes[1], count_in(s->detail, "pfx6="));
}

// A prefix that ends behind its message; and path ids under a subtype that has
// none, which read as prefixes until they do not.
static unsigned n_cut(const char *name)
{
	if (strstr(name, "nlri_mask_trailing_bits"))
		return 1;
	return strstr(name, "mrtparse__bird_bgp") ? 6 : 0;
}

static void check_census(const struct sample *s, const struct census *c)
{
	check_types(s, c);
	assert_int_equal(c->n_bad, 0);
	assert_int_equal(c->n_cut, n_cut(s->name));
	if (c->n_msgs[2] && !c->by_type[5][1])
		check_events(s, c);
	else if (!c->by_type[5][1])
		check_tables(s, c);
}

static FILE *manifest_open(void)
{
	char path[600], line[1024];
	FILE *manifest;

	snprintf(path, sizeof(path), "%s/MANIFEST.tsv", folder);
	manifest = fopen(path, "r");
	assert_non_null(manifest);
	assert_non_null(fgets(line, sizeof(line), manifest));
	return manifest;
}

static void check_rib(const struct sample *s, const struct totals *t)
{
	assert_int_equal(t->view.n_entries, s->n_routes);
	assert_int_equal(t->view.n_prefixes4, count_in(s->detail, "pfx4="));
	assert_int_equal(t->view.n_prefixes6, count_in(s->detail, "pfx6="));
	assert_int_equal(t->view.n_routes, t->view.n_prefixes4 + t->view.n_prefixes6);
	assert_int_equal(t->view.n_bad_records + t->view.n_bad_entries, 0);
}

// Every dump, of any type: all records found; damage only where the MANIFEST
// knows some (there, more is read than its own reader could).
static void samples_have_the_counts_of_their_manifest(void **state)
{
	FILE *manifest = manifest_open();
	unsigned n = 0, n_ribs = 0;
	struct sample s;

	(void)state;
	while (sample_next(manifest, &s)) {
		struct totals t = read_dump(s.path);
		bool is_cut = strstr(s.note, "bz2 truncated");

		print_message("%s\n", s.name);
		if (s.note[0] && !is_cut)
			assert_true(t.n_records > s.n_records);
		else
			assert_int_equal(t.n_records, s.n_records);
		assert_int_equal(t.n_errors, is_cut ? 1 : 0);
		assert_true(t.n_damages == 0 || s.note[0]);
		if (!s.note[0] || is_cut)
			check_census(&s, &t.census);
		if (strncmp(s.types, "TDV2", 4) == 0) {
			check_rib(&s, &t);
			n_ribs++;
		}
		n++;
	}
	fclose(manifest);
	assert_true(n >= 30 && n_ribs >= 8);
}

static size_t unpack_all(const char *path, uint8_t *data, size_t max)
{
	struct err err = {.code = 0};
	struct unpack *src = unpack_open(path, &err);
	size_t len = 0;
	ssize_t got;

	assert_non_null(src);
	while (len < max && (got = unpack_read(src, data + len, max - len, &err)) > 0)
		len += (size_t)got;
	unpack_close(src);
	return len;
}

// A small dump, cut at every offset: no record is lost before the cut, and what
// is missing is told.
static void small_samples_cut_anywhere_are_read_up_to_the_cut(void **state)
{
	enum { SMALL_MAX = 6000 };
	static uint8_t data[SMALL_MAX + 1];
	FILE *manifest = manifest_open();
	unsigned n = 0;
	struct sample s;

	(void)state;
	while (sample_next(manifest, &s)) {
		size_t len = unpack_all(s.path, data, sizeof(data));
		uint64_t n_before = 0;

		if (len > SMALL_MAX)
			continue;
		for (size_t cut = 1; cut < len; cut++) {
			int fd = memfd_create("cut", 0);
			struct totals t;
			char path[64];

			assert_int_equal(write(fd, data, cut), (ssize_t)cut);
			snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
			t = read_dump(path);
			close(fd);
			if (t.n_records == n_before ? t.n_errors != 1 : t.n_records != n_before + 1)
				fail_msg("%s, cut at %zu: %lu records, before %lu, %lu errors",
					 s.name, cut, (unsigned long)t.n_records,
					 (unsigned long)n_before, (unsigned long)t.n_errors);
			n_before = t.n_records;
		}
		n++;
	}
	fclose(manifest);
	assert_true(n >= 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_have_the_counts_of_their_manifest),
		cmocka_unit_test(small_samples_cut_anywhere_are_read_up_to_the_cut),
	};
	const char *shared = getenv("JERBOA_SHARED"), *root = getenv("SOURCE_ROOT");

	if (shared)
		snprintf(folder, sizeof(folder), "%s/data/mrt", shared);
	else
		snprintf(folder, sizeof(folder), "%s/../shared/data/mrt", root ? root : ".");
	if (access(folder, R_OK)) {
		printf("no ../shared/data/mrt beside the sources\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
