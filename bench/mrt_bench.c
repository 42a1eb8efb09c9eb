// SPDX-License-Identifier: BSD-3-Clause
// How fast is a dump read? Decoding alone, by the thread's own CPU time; and
// compressed, against the library's decompressor alone in the same process.
#include "dataplane/base/clock.h"
#include "dataplane/bgp/attr.h"
#include "dataplane/ctl/mrt_file.h"

#include <bzlib.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

enum { PASSES = 7, PACKED_PASSES = 5, BUF_LEN = 256 << 10 };

static const char help[] =
	"Usage: mrt_bench [--quick] [--table FILE]\n"
	"\n"
	"Reads an MRT dump raw, gzipped and bzipped, and prints JSON lines. Without a FILE\n"
	"(raw or compressed) jerboa-mrt synth makes one of 21 million routes, in /dev/shm.\n"
	"\n"
	"  --quick  a tenth of that\n"
	"  --table  this dump\n";

struct work {
	const char *path;
	bool with_paths; // attributes too
	uint64_t n_routes, n_records, n_bytes;
	uint64_t n_faults;
};

static void die(const char *what)
{
	fprintf(stderr, "mrt_bench: %s\n", what);
	exit(1);
}

static void rib_read(struct mrt_rib *rib, struct work *w)
{
	struct bgp_attr_style style = {.family = rib->prefix.family, .as_bytes = 4};
	struct fault fault = {.code = FAULT_NONE};
	struct mrt_entry entry;
	struct bgp_path path;

	while (mrt_rib_next(rib, &entry)) {
		w->n_routes++;
		if (w->with_paths &&
		    bgp_path_decode(entry.attrs, entry.attrs_len, style, &path, &fault))
			w->n_faults++;
	}
}

static void record_read(const struct mrt_file_record *rec, struct work *w)
{
	struct fault fault = {.code = FAULT_NONE};
	struct mrt_route route;
	struct mrt_record record;

	w->n_records++;
	w->n_bytes += MRT_HDR_LEN + rec->hdr.len;
	if (mrt_decode(&rec->hdr, rec->body, &record, &fault))
		w->n_faults++;
	else if (record.kind == MRT_KIND_RIB)
		rib_read(&record.rib, w);
	else
		while (mrt_route_next(&record, &route))
			w->n_routes++;
}

static void file_read(struct work *w)
{
	static struct mrt_file_record rec;
	struct err err = {.code = 0};
	struct mrt_file *file = mrt_file_open(w->path, &err);
	enum mrt_file_event event;

	if (!file)
		die(err.text);
	w->n_routes = w->n_records = w->n_bytes = w->n_faults = 0;
	while ((event = mrt_file_next(file, &rec)) != MRT_FILE_END) {
		if (event == MRT_FILE_RECORD)
			record_read(&rec, w);
		else
			w->n_faults++;
	}
	mrt_file_close(file);
}

static double seconds_of(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *list, unsigned n)
{
	qsort(list, n, sizeof(*list), by_size);
	return list[n / 2];
}

// Peak memory of a process that reads the file and does nothing else.
static void memory_print(const char *path, const char *format)
{
	struct work w = {.path = path};
	struct rusage usage;
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		file_read(&w);
		_exit(0);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid || status)
		die("cannot measure in a child");
	printf("{\"bench\":\"mrt/memory\",\"format\":\"%s\",\"rss_kb\":%ld}\n", format,
	       usage.ru_maxrss);
}

static void decode_print(const char *path, bool with_paths)
{
	struct work w = {.path = path, .with_paths = with_paths};
	double s[PASSES], mid;

	for (unsigned i = 0; i < PASSES; i++) {
		double start = seconds_of(CLOCK_THREAD_CPUTIME_ID);

		file_read(&w);
		s[i] = seconds_of(CLOCK_THREAD_CPUTIME_ID) - start;
	}
	mid = median(s, PASSES);
	printf("{\"bench\":\"mrt/decode%s\",\"engine\":\"jerboa\",\"routes\":%lu,\"records\":%lu,"
	       "\"routes_per_s\":%.0f,\"mb_per_s\":%.0f,\"ns\":%.2f,\"p10\":%.2f,\"p90\":%.2f,"
	       "\"faults\":%lu}\n",
	       with_paths ? "-path" : "", (unsigned long)w.n_routes, (unsigned long)w.n_records,
	       (double)w.n_routes / mid, (double)w.n_bytes / mid / 1e6,
	       mid / (double)w.n_routes * 1e9, s[0] / (double)w.n_routes * 1e9,
	       s[PASSES - 1] / (double)w.n_routes * 1e9, (unsigned long)w.n_faults);
}

// --- the peers: the library alone, in one thread, into a buffer

static size_t inflate_alone(const char *path)
{
	static uint8_t in[BUF_LEN], out[BUF_LEN];
	z_stream z = {.next_in = in};
	FILE *f = fopen(path, "re");
	size_t sum = 0;
	int code = Z_OK;

	if (!f || inflateInit2(&z, 31) != Z_OK)
		die(path);
	while (code == Z_OK && (z.avail_in = (unsigned)fread(in, 1, sizeof(in), f)) > 0)
		for (z.next_in = in; code == Z_OK && z.avail_in > 0;) {
			z.next_out = out;
			z.avail_out = sizeof(out);
			code = inflate(&z, Z_NO_FLUSH);
			sum += sizeof(out) - z.avail_out;
		}
	inflateEnd(&z);
	fclose(f);
	return sum;
}

static size_t bunzip_alone(const char *path)
{
	static char in[BUF_LEN], out[BUF_LEN];
	bz_stream bz = {.next_in = in};
	FILE *f = fopen(path, "re");
	size_t sum = 0;
	int code = BZ_OK;

	if (!f || BZ2_bzDecompressInit(&bz, 0, 0) != BZ_OK)
		die(path);
	while (code == BZ_OK && (bz.avail_in = (unsigned)fread(in, 1, sizeof(in), f)) > 0)
		for (bz.next_in = in; code == BZ_OK && bz.avail_in > 0;) {
			bz.next_out = out;
			bz.avail_out = sizeof(out);
			code = BZ2_bzDecompress(&bz);
			sum += sizeof(out) - bz.avail_out;
		}
	BZ2_bzDecompressEnd(&bz);
	fclose(f);
	return sum;
}

static void packed_print(const char *format, const char *path, size_t (*alone)(const char *))
{
	double wall[2][PACKED_PASSES], cpu[2][PACKED_PASSES], ratio[PACKED_PASSES], mid, ours;
	struct work w = {.path = path, .with_paths = true};

	for (unsigned i = 0; i < PACKED_PASSES; i++)
		for (unsigned who = 0; who < 2; who++) {
			double start = seconds_of(CLOCK_MONOTONIC);
			double cpu_start = seconds_of(CLOCK_PROCESS_CPUTIME_ID);

			if (who == 0)
				alone(path);
			else
				file_read(&w);
			wall[who][i] = seconds_of(CLOCK_MONOTONIC) - start;
			cpu[who][i] = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu_start;
		}
	for (unsigned i = 0; i < PACKED_PASSES; i++)
		ratio[i] = wall[0][i] / wall[1][i];
	mid = median(ratio, PACKED_PASSES);
	ours = median(wall[1], PACKED_PASSES);
	printf("{\"bench\":\"mrt/"
	       "%s\",\"engine\":\"jerboa\",\"routes_per_s\":%.0f,\"mb_per_s\":%.0f,"
	       "\"cores\":%ld,\"faults\":%lu}\n",
	       format, (double)w.n_routes / ours, (double)w.n_bytes / ours / 1e6,
	       sysconf(_SC_NPROCESSORS_ONLN), (unsigned long)w.n_faults);
	printf("{\"bench\":\"mrt/%s\",\"peer\":\"library-alone\",\"ratio\":%.2f,\"p10\":%.2f,"
	       "\"p90\":%.2f,\"cpu_ratio\":%.2f}\n",
	       format, mid, ratio[0], ratio[PACKED_PASSES - 1],
	       median(cpu[0], PACKED_PASSES) / median(cpu[1], PACKED_PASSES));
}

// --- input

// The first bytes of the dump, packed by the library, for as long as it is asked.
static void pack(const char *from, const char *to, size_t max, bool bzip2)
{
	static char buf[BUF_LEN];
	FILE *in = fopen(from, "re"), *out = fopen(to, "we");
	gzFile gz = bzip2 ? NULL : gzopen(to, "wb6");
	int code = BZ_OK;
	BZFILE *bz = bzip2 && out ? BZ2_bzWriteOpen(&code, out, 9, 0, 0) : NULL;
	size_t n;

	if (!in || !out || (!gz && !bz))
		die(to);
	while (max > 0 && (n = fread(buf, 1, max < sizeof(buf) ? max : sizeof(buf), in)) > 0) {
		if (bz)
			BZ2_bzWrite(&code, bz, buf, (int)n);
		else
			gzwrite(gz, buf, (unsigned)n);
		max -= n;
	}
	if (bz)
		BZ2_bzWriteClose(&code, bz, 0, NULL, NULL);
	else
		gzclose(gz);
	fclose(out);
	fclose(in);
}

static void synth(const char *argv0, const char *path, bool quick)
{
	char exe[PATH_MAX], command[2 * PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	exe[n > 0 ? n : 0] = '\0';
	snprintf(command, sizeof(command), "%.2000s/../apps/jerboa-mrt synth --peers 20 %s %s 2>&1",
		 n > 0 ? dirname(exe) : dirname(strdup(argv0)), quick ? "--prefixes 100000" : "",
		 path);
	if (system(command))
		die("jerboa-mrt synth failed");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"quick", 0, NULL, 'q'},
						{"table", 1, NULL, 't'},
						{"help", 0, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	char raw[64], gz[80], bz[80];
	const char *table = NULL;
	bool quick = false;
	int c;

	while ((c = getopt_long(argc, argv, "qt:h", options, NULL)) != -1) {
		if (c == 'h') {
			fputs(help, stdout);
			return 0;
		}
		if (c == '?')
			return 2;
		quick |= c == 'q';
		table = c == 't' ? optarg : table;
	}
	snprintf(raw, sizeof(raw), "%s/mrt_bench.%d.mrt",
		 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm", (int)getpid());
	snprintf(gz, sizeof(gz), "%s.gz", raw);
	snprintf(bz, sizeof(bz), "%s.bz2", raw);
	if (!table)
		synth(argv[0], raw, quick);
	memory_print(table ? table : raw, table ? "table" : "raw");
	decode_print(table ? table : raw, false);
	decode_print(table ? table : raw, true);
	if (!table) {
		pack(raw, gz, quick ? 32 << 20 : 128 << 20, false);
		pack(raw, bz, quick ? 16 << 20 : 64 << 20, true);
		memory_print(gz, "gzip");
		memory_print(bz, "bzip2");
		packed_print("gzip", gz, inflate_alone);
		packed_print("bzip2", bz, bunzip_alone);
		unlink(raw);
		unlink(gz);
		unlink(bz);
	}
	return 0;
}
