// SPDX-License-Identifier: BSD-3-Clause
#include "apps/mrt/stat.h"

#include "apps/mrt/progress.h"
#include "dataplane/bgp/attr.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TELL_MAX = 20 };

static const char help[] =
	"Usage: jerboa-mrt stat [-j] FILE...\n"
	"\n"
	"Reads MRT dumps (raw, gzip or bzip2, told apart by content; - is standard input)\n"
	"and says what is in them: record types, peers and their routes, prefixes by length,\n"
	"and everything that is wrong. Broken records are counted, located by their offset\n"
	"in the decompressed stream, and skipped.\n"
	"\n"
	"  -j, --json  one JSON object a file\n"
	"\n"
	"Exit status: 0 clean, 1 something is wrong (all of it counted), 2 unusable.\n"
	"\n"
	"Examples\n"
	"  jerboa-mrt stat rib.20260101.0000.bz2\n"
	"  curl -s URL | jerboa-mrt stat -\n"
	"  jerboa-mrt stat -j rib.gz | jq .prefixes\n";

static struct stat_type *type_find(struct stat *st, const struct mrt_hdr *hdr)
{
	for (unsigned i = 0; i < st->n_types; i++)
		if (st->type[i].type == hdr->type && st->type[i].subtype == hdr->subtype)
			return &st->type[i];
	if (st->n_types == ARRAY_LEN(st->type))
		return &st->type[st->n_types - 1];
	st->type[st->n_types] = (struct stat_type){.type = hdr->type, .subtype = hdr->subtype};
	return &st->type[st->n_types++];
}

static void tell(struct stat *st, const char *text)
{
	if (st->n_told < TELL_MAX)
		fprintf(stderr, "%s\n", text);
	else if (st->n_told == TELL_MAX)
		fprintf(stderr, "%s: more errors are only counted\n", st->path);
	st->n_told++;
}

static void fault_tell(struct stat *st, const struct mrt_file_record *rec,
		       const struct fault *fault)
{
	char text[512];

	st->n_faults[fault->code]++;
	snprintf(text, sizeof(text), "%s: record %" PRIu64 " at offset %" PRIu64 ", byte %u: %s",
		 st->path, rec->number, rec->offset, MRT_HDR_LEN + fault->at,
		 fault_text(fault->code));
	tell(st, text);
}

static bool entry_decode(const struct stat *st, const struct mrt_rib *rib,
			 const struct mrt_entry *entry, struct bgp_path *path, struct fault *fault)
{
	struct bgp_attr_style style = {.family = rib->prefix.family, .as_bytes = 4};
	uint32_t at = (uint32_t)(entry->attrs - rib->body);

	if (st->n_peer_tables && entry->peer_index >= st->n_rows) {
		fault_set(fault, FAULT_PEER_INDEX, at);
		return false;
	}
	if (bgp_path_decode(entry->attrs, entry->attrs_len, style, path, fault)) {
		fault->at += at;
		return false;
	}
	return true;
}

static void entry_take(struct stat *st, const struct mrt_file_record *rec,
		       const struct mrt_rib *rib, const struct mrt_entry *entry)
{
	struct fault fault = {.code = FAULT_NONE};
	bool is_ip4 = rib->prefix.family == 4;
	struct stat_peer *peer;
	struct bgp_path path;

	st->n_routes4 += is_ip4;
	st->n_routes6 += !is_ip4;
	if (!entry_decode(st, rib, entry, &path, &fault)) {
		st->n_bad_entries++;
		fault_tell(st, rec, &fault);
		return;
	}
	st->n_without_nexthop += path.nexthop.family == 0;
	if (st->n_peer_tables == 0) {
		st->n_without_peers++;
		return;
	}
	peer = &st->peer[st->row[entry->peer_index]];
	peer->n_routes4 += is_ip4;
	peer->n_routes6 += !is_ip4;
}

static int rib_take(struct stat *st, const struct mrt_file_record *rec, struct fault *fault)
{
	struct mrt_entry entry;
	struct mrt_rib rib;

	if (mrt_rib_decode(&rec->hdr, rec->body, &rib, fault))
		return -EBADMSG;
	if (rib.prefix.family == 0 || rib.safi != MRT_SAFI_UNICAST)
		return 0;
	if (rib.prefix.family == 4) {
		st->n_prefixes4++;
		st->by_len4[rib.prefix.len]++;
	} else {
		st->n_prefixes6++;
		st->by_len6[rib.prefix.len]++;
	}
	st->n_mislabelled += rib.is_mislabelled;
	st->n_host_bits += rib.had_host_bits;
	while (mrt_rib_next(&rib, &entry))
		entry_take(st, rec, &rib, &entry);
	return 0;
}

static int record_take(struct stat *st, const struct mrt_file_record *rec)
{
	struct stat_type *type = type_find(st, &rec->hdr);
	struct fault fault = {.code = FAULT_NONE};
	int code = 0;

	type->n_records++;
	type->n_bytes += MRT_HDR_LEN + rec->hdr.len;
	if (!st->first_s || rec->hdr.time_s < st->first_s)
		st->first_s = rec->hdr.time_s;
	if (rec->hdr.time_s > st->last_s)
		st->last_s = rec->hdr.time_s;
	switch (mrt_hdr_kind(&rec->hdr)) {
	case MRT_KIND_PEERS:
		code = stat_peers_take(st, rec->body, rec->hdr.len, &fault);
		break;
	case MRT_KIND_RIB:
		code = rib_take(st, rec, &fault);
		break;
	default:
		break;
	}
	if (code != -EBADMSG)
		return code;
	st->n_bad_records++;
	fault_tell(st, rec, &fault);
	return 0;
}

static int records_read(struct mrt_file *file, struct stat *st, struct progress *progress)
{
	static struct mrt_file_record rec;
	enum mrt_file_event event;
	int code = 0;

	while (!code && (event = mrt_file_next(file, &rec)) != MRT_FILE_END) {
		if (event == MRT_FILE_RECORD)
			code = record_take(st, &rec);
		else
			tell(st, rec.text);
		if (rec.number % 1024 == 0) {
			mrt_file_stats_get(file, &st->file);
			progress_step(progress, st->file.pos, st->file.size,
				      st->n_routes4 + st->n_routes6);
		}
	}
	return code;
}

int stat_read(const char *path, struct stat *st, struct err *err)
{
	struct progress progress;
	struct mrt_file *file;
	int code;

	memset(st, 0, sizeof(*st));
	st->path = path;
	file = mrt_file_open(path, err);
	if (!file)
		return -err->code;
	progress_start(&progress, path, "routes");
	code = records_read(file, st, &progress);
	progress_stop(&progress);
	st->seconds = progress_seconds(&progress);
	mrt_file_stats_get(file, &st->file);
	mrt_file_close(file);
	if (code)
		err_set(err, -code, "%s: out of memory", path);
	return code;
}

void stat_fini(struct stat *st)
{
	free(st->peer);
	free(st->row);
	st->peer = NULL;
	st->row = NULL;
}

bool stat_is_clean(const struct stat *st)
{
	return !st->file.n_damages && !st->file.n_errors && !st->n_bad_records &&
	       !st->n_bad_entries && !st->n_without_peers;
}

// 0, 1 or 2: the exit status of one file.
static int run(const char *path, bool json)
{
	static struct stat st;
	struct err err = {.code = 0};
	int status = 2;

	if (stat_read(path, &st, &err)) {
		fprintf(stderr, "jerboa-mrt: %s\n", err.text);
	} else if (st.file.n_records > 0) {
		status = stat_is_clean(&st) ? 0 : 1;
		if (json && stat_print_json(&st))
			status = 2;
		if (!json)
			stat_print(&st);
	}
	stat_fini(&st);
	return status;
}

int stat_main(int argc, char **argv)
{
	static const struct option list[] = {
		{"json", 0, NULL, 'j'}, {"help", 0, NULL, 'h'}, {NULL, 0, NULL, 0}};
	bool json = false;
	int c, worst = 0;

	while ((c = getopt_long(argc, argv, "jh", list, NULL)) != -1) {
		if (c == 'h') {
			fputs(help, stdout);
			return 0;
		}
		if (c != 'j')
			return 2;
		json = true;
	}
	if (optind == argc) {
		fputs("jerboa-mrt: stat needs a file; see jerboa-mrt stat --help\n", stderr);
		return 2;
	}
	for (int i = optind; i < argc; i++) {
		int status = run(argv[i], json);

		worst = status > worst ? status : worst;
		if (!json && i + 1 < argc)
			putchar('\n');
	}
	return worst;
}
