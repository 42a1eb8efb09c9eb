// SPDX-License-Identifier: BSD-3-Clause
// A dump of any bytes: read to its end, every record decoded from a buffer of
// exactly its size, every byte accounted for.
#include "dataplane/bgp/mrt_enc.h"
#include "dataplane/bgp/mrt_view.h"
#include "dataplane/ctl/mrt_file.h"
#include "dataplane/ctl/unpack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static const char *file_of(const uint8_t *data, size_t size)
{
	static char path[64];
	static int fd = -1;

	if (fd < 0) {
		fd = memfd_create("fuzz", 0);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	check(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
	return path;
}

// A few hundred bytes of bzip2 become 45 MB: correct, and a waste of the
// fuzzer's time.
static bool is_bomb(const char *path)
{
	enum { UNPACKED_MAX = 1 << 20 };
	static uint8_t data[64 << 10];
	struct err err = {.code = 0};
	struct unpack *src = unpack_open_threads(path, 0, &err);
	ssize_t got, sum = 0;

	check(src);
	while (sum <= UNPACKED_MAX && (got = unpack_read(src, data, sizeof(data), &err)) > 0)
		sum += got;
	unpack_close(src);
	return sum > UNPACKED_MAX;
}

// What can be decoded is written again as the same bytes.
static void round_trip(const struct mrt_hdr *hdr, const uint8_t *body)
{
	struct fault fault = {.code = FAULT_NONE};
	struct mrt_record record;
	uint8_t *buf;
	size_t len;

	if (mrt_decode(hdr, body, &record, &fault) || record.kind == MRT_KIND_OTHER)
		return;
	buf = malloc(MRT_HDR_LEN + hdr->len);
	check(mrt_encode(hdr, &record, buf, MRT_HDR_LEN + hdr->len, &len) == 0);
	check(len == MRT_HDR_LEN + hdr->len);
	check(memcmp(buf + MRT_HDR_LEN, body, hdr->len) == 0);
	free(buf);
}

static void decode(struct mrt_view *view, const struct mrt_file_record *rec)
{
	struct fault fault = {.code = FAULT_NONE};
	uint8_t *exact = malloc(rec->hdr.len ? rec->hdr.len : 1);
	struct mrt_view_route route;
	int code;

	memcpy(exact, rec->body, rec->hdr.len);
	round_trip(&rec->hdr, exact);
	code = mrt_view_record(view, &rec->hdr, exact, &route, &fault);
	check(code >= 0 || fault.code != FAULT_NONE);
	check(fault.code == FAULT_NONE || fault.at <= rec->hdr.len);
	for (; code > 0; code = mrt_view_more(view, &route, &fault))
		check(route.prefix.len <= (route.prefix.family == 4 ? 32 : 128));
	free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct mrt_view_spec spec = {.kind = MRT_VIEW_BEST};
	const char *path = file_of(data, size);
	static struct mrt_file_record rec;
	struct err err = {.code = 0};
	enum mrt_file_event event;
	struct mrt_view *view;
	struct mrt_file *file;
	uint64_t sum = 0;

	if (is_bomb(path))
		return -1;
	view = mrt_view_new(&spec);
	file = mrt_file_open(path, &err);
	check(view && file);
	while ((event = mrt_file_next(file, &rec)) != MRT_FILE_END) {
		check(rec.offset == sum);
		if (event == MRT_FILE_RECORD) {
			decode(view, &rec);
			sum += MRT_HDR_LEN + rec.hdr.len;
		} else {
			check(rec.text[0]);
			sum += event == MRT_FILE_DAMAGE ? rec.skipped : 0;
		}
	}
	mrt_file_close(file);
	mrt_view_free(view);
	return 0;
}
