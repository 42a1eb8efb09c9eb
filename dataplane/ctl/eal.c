// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/ctl/eal.h"

#include "dataplane/base/log.h"
#include "dataplane/ctl/eal_log.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_mbuf.h>
#include <rte_mbuf_pool_ops.h>
#include <rte_version.h>

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	MB = 1 << 20,
	POOL_CACHE = 512,	 // measured: fewer trips to the shared ring
	MBUF_OVERHEAD = 320,	 // struct rte_mbuf, mempool header, padding, ring slot
	EAL_OWN_BYTES = 48 * MB, // rings of workers, device state, EAL's heap
	PACKETS_MAX = 1 << 24,
};

static bool is_huge;

bool eal_is_huge(void)
{
	return is_huge;
}

bool eal_is_pci(const char *device)
{
	unsigned domain, bus, dev, func;
	int len = 0;

	if (sscanf(device, "%4x:%2x:%2x.%1x%n", &domain, &bus, &dev, &func, &len) == 4)
		return device[len] == '\0' || device[len] == ',';
	if (sscanf(device, "%2x:%2x.%1x%n", &bus, &dev, &func, &len) == 3)
		return device[len] == '\0' || device[len] == ',';
	return false;
}

bool eal_is_uio(const char *device)
{
	char path[96], target[256] = "";
	const char *domain = strchr(device, ':') == strrchr(device, ':') ? "0000:" : "";

	if (!eal_is_pci(device))
		return false;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s%.*s/driver", domain,
		 (int)strcspn(device, ","), device);
	if (readlink(path, target, sizeof(target) - 1) < 0)
		return false;
	return strstr(target, "/uio_pci_generic") || strstr(target, "/igb_uio");
}

// Where the next argument's text goes.
struct writer {
	struct eal_args *args;
	size_t used;
	int rc;
};

static void add(struct writer *w, const char *fmt, ...) format_fn(2, 3);

static void add(struct writer *w, const char *fmt, ...)
{
	size_t room = sizeof(w->args->text) - w->used;
	char *text = w->args->text + w->used;
	va_list list;
	int len;

	if (w->rc)
		return;
	va_start(list, fmt);
	len = vsnprintf(text, room, fmt, list);
	va_end(list);
	if (len < 0 || (size_t)len >= room || w->args->argc == EAL_ARGS_MAX) {
		w->rc = -E2BIG;
		return;
	}
	w->args->argv[w->args->argc++] = text;
	w->args->argv[w->args->argc] = NULL;
	w->used += (size_t)len + 1;
}

static void add_memory(struct writer *w, const struct eal_conf *conf, bool use_huge)
{
	if (use_huge) {
		add(w, "--in-memory");
		add(w, "--single-file-segments");
	} else {
		add(w, "--no-huge");
		add(w, "--no-shconf");
		add(w, "-m");
		add(w, "%llu", (unsigned long long)(conf->plain_bytes + MB - 1) / MB);
	}
	add(w, "--iova-mode=%s", conf->is_physical ? "pa" : "va");
}

static void add_devices(struct writer *w, const struct eal_conf *conf)
{
	unsigned n_pci = 0;

	for (unsigned i = 0; i < conf->n_devices; i++)
		if (eal_is_pci(conf->device[i])) {
			add(w, "-a");
			add(w, "%s", conf->device[i]);
			n_pci++;
		}
	if (n_pci == 0)
		add(w, "--no-pci");
}

int eal_args_make(struct eal_args *args, const struct eal_conf *conf, bool use_huge, unsigned core)
{
	struct writer w = {.args = args};

	memset(args, 0, sizeof(*args));
	add(&w, "jerboa");
	add(&w, "-l");
	add(&w, "%u", core); // workers are threads of our own: no thread a core of EAL's
	add_memory(&w, conf, use_huge);
	add_devices(&w, conf);
	add(&w, "--no-telemetry");
	add(&w, "--file-prefix=jerboa-%d", (int)getpid());
	return w.rc;
}

static uint64_t page_count(unsigned page_kb, const char *what)
{
	char path[96];
	unsigned long n = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%ukB/%s", page_kb, what);
	file = fopen(path, "r");
	if (!file)
		return 0;
	if (fscanf(file, "%lu", &n) != 1)
		n = 0;
	fclose(file);
	return n;
}

// Pages of one size that can be had: those nobody has or is promised, and when
// it must be, those the kernel may make (it need not succeed).
static uint64_t free_bytes(unsigned page_kb, bool must)
{
	uint64_t n = page_count(page_kb, "free_hugepages");
	uint64_t promised = page_count(page_kb, "resv_hugepages");
	uint64_t more = page_count(page_kb, "nr_overcommit_hugepages");
	uint64_t made = page_count(page_kb, "surplus_hugepages");

	n = n > promised ? n - promised : 0;
	if (must && more > made)
		n += more - made;
	return n * page_kb * 1024;
}

// Hugepages if they suffice; an error only when the configuration insists.
static int huge_decide(const struct eal_conf *conf, bool *use_huge, struct err *err)
{
	bool must = conf->hugepages > 0 || conf->is_physical;
	uint64_t small = free_bytes(2048, must), big = free_bytes(1048576, must);

	*use_huge = (conf->hugepages != 0 || conf->is_physical) &&
		    (small >= conf->mem_bytes || big >= conf->mem_bytes);
	if (*use_huge)
		return 0;
	if (conf->is_physical)
		return err_set(err, ENOMEM,
			       "a port without IOMMU (UIO) needs packets in hugepages, and %llu MB "
			       "of %llu MB are free: run scripts/setup --hugepages %llu",
			       (unsigned long long)small / MB,
			       (unsigned long long)conf->mem_bytes / MB,
			       (unsigned long long)(conf->mem_bytes / (2 * MB) + 1));
	if (conf->hugepages == 0)
		return 0;
	if (conf->hugepages > 0)
		return err_set(
			err, ENOMEM,
			"memory.hugepages: yes, but only %llu MB of the %llu MB that packets "
			"need are free in pages of 2 MB: run scripts/setup --hugepages %llu, "
			"or write 'auto'",
			(unsigned long long)small / MB, (unsigned long long)conf->mem_bytes / MB,
			(unsigned long long)(conf->mem_bytes / (2 * MB) + 1));
	log_info("packets live in plain memory: %llu MB are needed, %llu MB are free as hugepages "
		 "(faster: scripts/setup --hugepages %llu)",
		 (unsigned long long)conf->mem_bytes / MB,
		 (unsigned long long)(small > big ? small : big) / MB,
		 (unsigned long long)(conf->mem_bytes / (2 * MB) + 1));
	return 0;
}

static unsigned first_core(const cpu_set_t *set)
{
	for (unsigned core = 0; core < CPU_SETSIZE; core++)
		if (CPU_ISSET(core, set))
			return core;
	return 0;
}

static void args_log(const struct eal_args *args)
{
	char line[512];
	size_t len = 0;

	for (int i = 0; i < args->argc && len < sizeof(line) - 1; i++)
		len += (size_t)snprintf(line + len, sizeof(line) - len, " %s", args->argv[i]);
	log_debug("eal:%s", line);
}

int eal_start(const struct eal_conf *conf, struct err *err)
{
	struct eal_args args;
	cpu_set_t before;
	bool use_huge;
	int rc;

	CPU_ZERO(&before);
	if (pthread_getaffinity_np(pthread_self(), sizeof(before), &before) != 0)
		CPU_SET(0, &before);
	rc = huge_decide(conf, &use_huge, err);
	if (rc < 0)
		return rc;
	if (eal_args_make(&args, conf, use_huge, first_core(&before)) < 0)
		return err_set(err, E2BIG, "ports: too many PCI devices for DPDK's arguments");
	args_log(&args);
	eal_log_open();
	if (rte_eal_init(args.argc, args.argv) < 0)
		return err_set(err, rte_errno ? rte_errno : EIO,
			       "DPDK %d.%02d does not start: %s%s%s", RTE_VER_YEAR, RTE_VER_MONTH,
			       rte_strerror(rte_errno), eal_log_last()[0] ? ": " : "",
			       eal_log_last());
	rmdir(rte_eal_get_runtime_dir()); // empty, as nothing is shared
	// EAL pinned this thread to the core above; the control thread may run anywhere.
	pthread_setaffinity_np(pthread_self(), sizeof(before), &before);
	is_huge = use_huge;
	return 0;
}

void eal_stop(void)
{
	rte_eal_cleanup();
	eal_log_close();
}

// One term of the sum: adds to *total and says so in words.
static void term(char **text, size_t *len, unsigned *total, const char *what, unsigned n,
		 unsigned each)
{
	unsigned long long sum = (unsigned long long)n * each;
	int used;

	*total = sum + *total > PACKETS_MAX ? PACKETS_MAX : *total + (unsigned)sum;
	if (sum == 0 || *len == 0)
		return;
	used = snprintf(*text, *len, "%u %s x %u = %llu\n", n, what, each, sum);
	used = used < 0 ? 0 : used < (int)*len ? used : (int)*len - 1;
	*text += used;
	*len -= (size_t)used;
}

unsigned eal_pool_size(const struct eal_need *need, char *text, size_t len)
{
	enum { RING = 1024, GRAPH_BATCHES = 24, TAP_BURST = 256 }; // graph/worker.h, graph/runner.h
	unsigned total = 0, w = need->n_workers;

	if (len)
		text[0] = '\0';
	term(&text, &len, &total, "receive queues", need->rx_queues, need->rx_ring);
	term(&text, &len, &total, "transmit queues", need->tx_queues, need->tx_ring);
	term(&text, &len, &total, "rings of workers to control and host, and back", 4 * w, RING);
	term(&text, &len, &total, "rings between workers", w * (w - 1), RING);
	term(&text, &len, &total, "batches in the graphs", w * GRAPH_BATCHES, need->batch);
	term(&text, &len, &total, "transmit buffers", w * need->n_ports, 256);
	term(&text, &len, &total, "mempool caches", w + 2, POOL_CACHE * 3 / 2);
	term(&text, &len, &total, "packets held for neighbours", 1, need->hold);
	term(&text, &len, &total, "packets of the host path", 2, RING + TAP_BURST);
	return total;
}

uint64_t eal_mem_need(unsigned n_mbufs, unsigned data_room)
{
	return (uint64_t)n_mbufs * (data_room + MBUF_OVERHEAD) + EAL_OWN_BYTES;
}

// A pool that knows no addresses for devices: in plain memory they are ours.
static void iova_set(struct rte_mempool *pool, void *arg, void *obj, unsigned i)
{
	struct rte_mbuf *m = obj;

	(void)pool;
	(void)arg;
	(void)i;
	rte_mbuf_iova_set(m, (uintptr_t)m->buf_addr);
}

// DPDK would let no buffer cross a page of plain memory: each would begin a page,
// and all first lines fall into one set of every cache (measured: a forwarded
// packet costs 106 cycles so, and 45 with buffers side by side). Where nobody
// needs physical addresses they may cross.
static struct rte_mempool *plain_pool_new(unsigned n_mbufs, uint16_t data_room)
{
	struct rte_pktmbuf_pool_private priv = {.mbuf_data_room_size = data_room};
	struct rte_mempool *pool = rte_mempool_create_empty(
		"packets", n_mbufs, (unsigned)sizeof(struct rte_mbuf) + data_room, POOL_CACHE,
		sizeof(priv), SOCKET_ID_ANY, RTE_MEMPOOL_F_NO_IOVA_CONTIG);

	if (!pool)
		return NULL;
	if (rte_mempool_set_ops_byname(pool, rte_mbuf_best_mempool_ops(), NULL) < 0)
		goto free_pool;
	rte_pktmbuf_pool_init(pool, &priv);
	if (rte_mempool_populate_default(pool) < 0)
		goto free_pool;
	rte_mempool_obj_iter(pool, rte_pktmbuf_init, NULL);
	rte_mempool_obj_iter(pool, iova_set, NULL);
	return pool;

free_pool:
	rte_mempool_free(pool);
	return NULL;
}

struct rte_mempool *eal_pool_new(unsigned n_mbufs, unsigned data_room, struct err *err)
{
	struct rte_mempool *pool;

	if (data_room > UINT16_MAX) {
		err_set(err, EINVAL, "packet buffers of %u bytes: at most 65535", data_room);
		return err_null(EINVAL);
	}
	if (is_huge)
		pool = rte_pktmbuf_pool_create("packets", n_mbufs, POOL_CACHE, 0,
					       (uint16_t)data_room, SOCKET_ID_ANY);
	else
		pool = plain_pool_new(n_mbufs, (uint16_t)data_room);
	if (!pool)
		err_set(err, ENOMEM,
			"no memory for %u packet buffers of %u bytes (%llu MB, %s): fewer or "
			"shorter "
			"rings, or a smaller memory.packets",
			n_mbufs, data_room,
			(unsigned long long)eal_mem_need(n_mbufs, data_room) / MB,
			is_huge ? "hugepages" : "plain memory");
	return pool;
}
