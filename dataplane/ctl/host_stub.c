// SPDX-License-Identifier: BSD-3-Clause
// Stands in for ctl/host.c until it lands; the TAPs are missing.
#include "dataplane/ctl/host.h"
void host_iface_from(struct host_iface *to, const struct iface *from)
{
}
struct host *host_start(const struct host_conf *conf, struct err *err)
{
	static int none;
	return (struct host *)&none;
}
void host_stop(struct host *host)
{
}
int host_name_check(const char *name, struct err *err)
{
	return 0;
}
int host_iface_add(struct host *host, const struct host_iface *iface)
{
	return 0;
}
int host_iface_update(struct host *host, const struct host_iface *iface)
{
	return 0;
}
int host_iface_del(struct host *host, unsigned id)
{
	return 0;
}
int host_sync(struct host *host, unsigned t, struct err *err)
{
	return 0;
}
void host_give(struct host *host, struct rte_mbuf *pkt, unsigned iface)
{
}
unsigned host_counters(const struct host *host, struct host_counter out[], unsigned max)
{
	return 0;
}
void host_stats_get(const struct host *host, struct host_stats *stats)
{
}
