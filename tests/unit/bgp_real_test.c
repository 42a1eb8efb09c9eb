// SPDX-License-Identifier: BSD-3-Clause
// BGP messages that routers really sent, in the BGP4MP files of
// ../shared/data/mrt (or where JERBOA_SHARED says): as many of each as the
// MANIFEST counts, read to the last value and written again byte for byte.
// Skipped where the files are absent.
#include "dataplane/bgp/judge.h"
#include "dataplane/bgp/open.h"
#include "dataplane/bgp/value.h"
#include "dataplane/ctl/mrt_file.h"
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[512];

struct totals {
	uint64_t n_records, n_messages, n_types[8], n_attrs[256];
	uint64_t n_ann4, n_ann6, n_wd4, n_wd6;
	uint64_t n_other; // messages that could not be read whole
	uint64_t n_host_bits, n_bad_values, n_actions[5];
	uint64_t n_cut; // places whose routes end in the middle of one
};

struct message {
	const char *file;
	uint64_t number;
	bool is_bare;
	struct bgp_session s;
	struct bgp_msg msg;
	struct totals *t;
};

static void prefix_count(struct totals *t, uint16_t afi, uint8_t safi, bool is_withdrawn)
{
	if (safi != BGP_SAFI_UNICAST)
		return;
	if (afi == BGP_AFI_IP4)
		(*(is_withdrawn ? &t->n_wd4 : &t->n_ann4))++;
	else
		(*(is_withdrawn ? &t->n_wd6 : &t->n_ann6))++;
}

// Prefix by prefix into out. With host bits they cannot return as they were:
// then the bytes are taken as they are.
static void nlri_again(struct message *m, struct out *out, const uint8_t *bytes, size_t len,
		       uint16_t afi, uint8_t safi, bool is_withdrawn)
{
	struct fault fault = {.code = FAULT_NONE};
	bool has_ids = bgp_session_has_path_ids(&m->s, afi, safi), had_host_bits = false;
	struct out copy = *out;
	struct bgp_nlri_iter it;
	struct bgp_nlri nlri;
	int more = -1;

	if (bgp_nlri_is_known(afi, safi)) {
		bgp_nlri_start(&it, bytes, len, afi, safi, has_ids);
		while ((more = bgp_nlri_next(&it, &nlri, &fault)) > 0) {
			prefix_count(m->t, afi, safi, is_withdrawn);
			had_host_bits |= nlri.had_host_bits;
			bgp_nlri_put(&copy, &nlri, has_ids);
		}
	}
	m->t->n_host_bits += had_host_bits;
	m->t->n_cut += more < 0 && bgp_nlri_is_known(afi, safi);
	if (more == 0 && !had_host_bits)
		*out = copy;
	else
		out_put(out, bytes, len);
}

static void mp_again(struct message *m, struct out *out, struct bgp_value *v)
{
	bool is_reach = v->form == BGP_FORM_MP_REACH;
	const uint8_t *nlri = is_reach ? v->reach.nlri : v->unreach.nlri;
	size_t len = is_reach ? v->reach.nlri_len : v->unreach.nlri_len;
	uint16_t afi = is_reach ? v->reach.afi : v->unreach.afi;
	uint8_t safi = is_reach ? v->reach.safi : v->unreach.safi;

	nlri_again(m, out, nlri, len, afi, safi, !is_reach);
	if (is_reach)
		v->reach.nlri = out->buf;
	else
		v->unreach.nlri = out->buf;
}

// Every attribute by its value.
static void attrs_again(struct message *m, struct out *out, const struct bgp_update *upd)
{
	static uint8_t routes[65536];
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_attr attr;
	size_t at = 0;
	int more;

	while ((more = bgp_attr_next(upd->attrs, upd->attrs_len, &at, &attr, &fault)) > 0) {
		struct fault inner = {.code = FAULT_NONE};
		struct out mp = {routes, sizeof(routes), 0};
		struct bgp_value v;

		m->t->n_attrs[attr.type]++;
		if (bgp_value_decode(&attr, &m->s, &v, &inner)) {
			print_message("%s: record %lu: %s: %s at %u\n", m->file,
				      (unsigned long)m->number, bgp_attr_name(attr.type),
				      fault_text(inner.code), inner.at);
			m->t->n_bad_values++;
		}
		if (v.form == BGP_FORM_MP_REACH || v.form == BGP_FORM_MP_UNREACH)
			mp_again(m, &mp, &v);
		bgp_value_put(out, attr.flags, &v, &m->s);
	}
	assert_int_equal(more, 0);
}

static void update_again(struct message *m, struct out *out)
{
	static uint8_t withdrawn[65536], attrs[65536], nlri[65536];
	struct out w = {withdrawn, sizeof(withdrawn), 0}, a = {attrs, sizeof(attrs), 0};
	struct out n = {nlri, sizeof(nlri), 0};
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_update upd, copy;

	assert_int_equal(bgp_update_decode(m->msg.body, m->msg.body_len, &upd, &fault), 0);
	nlri_again(m, &w, upd.withdrawn, upd.withdrawn_len, BGP_AFI_IP4, BGP_SAFI_UNICAST, true);
	attrs_again(m, &a, &upd);
	nlri_again(m, &n, upd.nlri, upd.nlri_len, BGP_AFI_IP4, BGP_SAFI_UNICAST, false);
	copy = (struct bgp_update){.withdrawn = withdrawn,
				   .withdrawn_len = (uint16_t)w.len,
				   .attrs = attrs,
				   .attrs_len = (uint16_t)a.len,
				   .nlri = nlri,
				   .nlri_len = (uint16_t)n.len};
	bgp_update_put(out, &copy);
}

static void open_again(struct message *m, struct out *out)
{
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_open open;
	struct bgp_caps caps;

	if (bgp_open_decode(m->msg.body, m->msg.body_len, &open, &fault) ||
	    bgp_caps_decode(&open, &caps, &fault))
		fail_msg("%s: record %lu: OPEN: %s at %u", m->file, (unsigned long)m->number,
			 fault_text(fault.code), fault.at);
	bgp_open_put(out, &open);
}

static void body_again(struct message *m, struct out *out)
{
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_notification n;
	struct bgp_refresh refresh;

	switch (m->msg.type) {
	case BGP_MSG_OPEN:
		return open_again(m, out);
	case BGP_MSG_UPDATE:
		return update_again(m, out);
	case BGP_MSG_NOTIFICATION:
		assert_int_equal(bgp_notification_decode(m->msg.body, m->msg.body_len, &n, &fault),
				 0);
		return bgp_notification_put(out, &n);
	case BGP_MSG_REFRESH:
		assert_int_equal(bgp_refresh_decode(m->msg.body, m->msg.body_len, &refresh, &fault),
				 0);
		return bgp_refresh_put(out, &refresh);
	default:
		return out_put(out, m->msg.body, m->msg.body_len);
	}
}

static void message_check(struct message *m, const uint8_t *bytes)
{
	static const struct bgp_session wide = {.extended_msg = true};
	static uint8_t buf[70000];
	struct out out = {buf, sizeof(buf), 0};
	struct bgp_verdict verdict;
	size_t at = bgp_msg_start(&out, m->msg.type);

	body_again(m, &out);
	assert_int_equal(bgp_msg_end(&out, at, &wide), 0);
	if (out.len != m->msg.len ||
	    memcmp(buf + BGP_MARKER_LEN, bytes + BGP_MARKER_LEN, out.len - BGP_MARKER_LEN) != 0)
		fail_msg("%s: record %lu: %s of %u bytes returns as %zu others", m->file,
			 (unsigned long)m->number, bgp_msg_name(m->msg.type), m->msg.len, out.len);
	bgp_msg_judge(&m->msg, &m->s, &verdict);
	m->t->n_actions[verdict.action]++;
	// The MANIFEST leaves those out that Zebra wrote without a session.
	m->t->n_types[m->msg.type] += !m->is_bare;
}

static void record_check(const char *file, const struct mrt_file_record *rec, struct totals *t)
{
	struct message m = {.file = file, .number = rec->number, .t = t};
	struct fault fault = {.code = FAULT_NONE};
	struct mrt_record record;

	t->n_records++;
	if (mrt_decode(&rec->hdr, rec->body, &record, &fault) || record.kind != MRT_KIND_MESSAGE ||
	    !record.message.has_hdr)
		return;
	t->n_messages++;
	m.is_bare = record.message.session.is_bare;
	m.s.as4 = record.message.session.as_bytes == 4;
	m.s.add_path_all = record.message.add_path;
	if (bgp_msg_find_lax(record.message.msg, record.message.len, &m.msg, &fault) < 0 ||
	    !bgp_msg_name(m.msg.type)) {
		t->n_other++;
		return;
	}
	message_check(&m, record.message.msg);
}

static struct totals file_check(const char *path)
{
	static struct mrt_file_record rec;
	struct totals t = {.n_records = 0};
	struct err err = {.code = 0};
	struct mrt_file *file = mrt_file_open(path, &err);
	enum mrt_file_event event;

	assert_non_null(file);
	while ((event = mrt_file_next(file, &rec)) != MRT_FILE_END)
		if (event == MRT_FILE_RECORD)
			record_check(path, &rec, &t);
	mrt_file_close(file);
	return t;
}

// The number behind " key=" in the MANIFEST's detail; 0 without.
static uint64_t count_in(const char *detail, const char *key)
{
	char word[32];
	const char *at;

	snprintf(word, sizeof(word), " %s=", key);
	at = strstr(detail, word);
	return at ? strtoull(at + strlen(word), NULL, 10) : 0;
}

static void counts_check(const char *detail, const struct totals *t)
{
	static const char *const types[] = {NULL,    "OPEN",	  "UPDATE",
					    "NOTIF", "KEEPALIVE", "REFRESH"};

	for (unsigned i = 1; i < ARRAY_LEN(types); i++)
		assert_int_equal(t->n_types[i], count_in(detail, types[i]));
	for (unsigned i = 1; i < 256; i++) {
		char key[16];

		snprintf(key, sizeof(key), "attr%u", i);
		if (t->n_attrs[i] != count_in(detail, key))
			fail_msg("%s: %lu", key, (unsigned long)t->n_attrs[i]);
	}
	// The MANIFEST counts the route that was cut, too.
	assert_int_equal(t->n_ann4 + t->n_cut, count_in(detail, "ann4"));
	// Collectors store what routers accepted: only what cannot be read resets.
	assert_int_equal(t->n_actions[BGP_RESET], t->n_cut);
	assert_int_equal(t->n_bad_values + t->n_other, 0);
	assert_int_equal(t->n_ann6, count_in(detail, "ann6"));
	assert_int_equal(t->n_wd4, count_in(detail, "wd4"));
	assert_int_equal(t->n_wd6, count_in(detail, "wd6"));
}

static void real_messages_return_byte_for_byte(void **state)
{
	char line[8192], path[1200], detail[8192];
	FILE *manifest;
	unsigned n = 0;

	(void)state;
	snprintf(path, sizeof(path), "%s/MANIFEST.tsv", folder);
	manifest = fopen(path, "r");
	assert_non_null(manifest);
	assert_non_null(fgets(line, sizeof(line), manifest));
	while (fgets(line, sizeof(line), manifest)) {
		char *field[16] = {NULL}, *rest = line;
		struct totals t;

		line[strcspn(line, "\n")] = '\0';
		for (size_t i = 0; i < ARRAY_LEN(field) && rest; i++)
			field[i] = strsep(&rest, "\t");
		if (strncmp(field[4], "BGP4MP", 6) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, field[0]);
		snprintf(detail, sizeof(detail), " %s", field[11]);
		t = file_check(path);
		print_message("%s: %lu messages\n", field[0], (unsigned long)t.n_messages);
		counts_check(detail, &t);
		n++;
	}
	fclose(manifest);
	assert_true(n >= 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_messages_return_byte_for_byte),
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
