// SPDX-License-Identifier: BSD-3-Clause
#include "drivers/dpdk/dpdk.h"

#include "dataplane/base/log.h"
#include "dataplane/pkt/eth.h"
#include "drivers/dpdk/afpacket.h"
#include "drivers/dpdk/dpdk_priv.h"

#include <rte_mbuf.h>

#include <stdlib.h>
#include <string.h>

enum {
	MTU_MAX = 9500,
	L2_MAX = ETH_HDR_LEN + 2 * VLAN_TAG_LEN,
	RING_DEFAULT = 1024,
	RSS_KEY_MAX = 64,
};

unsigned dpdk_data_room(unsigned mtu)
{
	unsigned frame = mtu + L2_MAX + 4; // some NICs store the check sequence, too

	if (frame < RTE_MBUF_DEFAULT_DATAROOM)
		frame = RTE_MBUF_DEFAULT_DATAROOM;
	return RTE_PKTMBUF_HEADROOM + RTE_ALIGN_CEIL(frame, 64);
}

static int info_get(struct port *port, struct err *err)
{
	struct dpdk_port *dp = port->driver;
	struct rte_ether_addr mac;
	int rc = rte_eth_dev_info_get(dp->ethdev, &dp->info);

	if (rc == 0)
		rc = rte_eth_macaddr_get(dp->ethdev, &mac);
	if (rc < 0)
		return err_set(err, -rc, "ports.%s: device '%s': %s", port->name, port->device,
			       rte_strerror(-rc));
	dp->device = dp->info.device;
	memcpy(port->mac, mac.addr_bytes, sizeof(port->mac));
	port->max_rxq = RTE_MIN(dp->info.max_rx_queues, PORT_QUEUES_MAX);
	port->max_txq = RTE_MIN(dp->info.max_tx_queues, PORT_QUEUES_MAX);
	port->max_mtu = RTE_MIN(dp->info.max_mtu, MTU_MAX);
	return 0;
}

static bool is_afpacket(const char *device)
{
	return strncmp(device, "net_af_packet", 13) == 0 ||
	       strncmp(device, "eth_af_packet", 13) == 0;
}

static int dpdk_open(struct port *port, struct err *err)
{
	struct dpdk_port *dp;
	int rc;

	if (is_afpacket(port->device)) {
		port->ops = &afpacket_port_ops;
		return port->ops->open(port, err);
	}
	dp = calloc(1, sizeof(*dp));
	if (!dp)
		return err_set(err, ENOMEM, "ports.%s: no memory", port->name);
	rc = dpdk_probe(port->device, &dp->ethdev, err);
	if (rc < 0) {
		err_prefix(err, "ports.%s", port->name);
		free(dp);
		return rc;
	}
	port->driver = dp;
	rc = info_get(port, err);
	if (rc < 0)
		port->ops->close(port);
	return rc;
}

// A key of one repeated 16-bit word makes the Toeplitz hash symmetric: both
// directions of a flow reach the same queue, so the same worker.
static void rss_key_fill(uint8_t key[RSS_KEY_MAX])
{
	for (unsigned i = 0; i < RSS_KEY_MAX; i += 2) {
		key[i] = 0x6d;
		key[i + 1] = 0x5a;
	}
}

static void rss_choose(const struct dpdk_port *dp, unsigned n_rxq, struct rte_eth_conf *ec,
		       uint8_t key[RSS_KEY_MAX])
{
	uint64_t hash = dp->info.flow_type_rss_offloads &
			(RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP);

	if (n_rxq <= 1 || hash == 0)
		return;
	ec->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	ec->rx_adv_conf.rss_conf.rss_hf = hash;
	if (dp->info.hash_key_size > 0 && dp->info.hash_key_size <= RSS_KEY_MAX) {
		rss_key_fill(key);
		ec->rx_adv_conf.rss_conf.rss_key = key;
		ec->rx_adv_conf.rss_conf.rss_key_len = dp->info.hash_key_size;
	}
}

// No VLAN stripping: eth-input reads tags from the frame at no cost. No
// MBUF_FAST_FREE: replies and fragments may share buffers (refcnt > 1).
static void offloads_choose(const struct dpdk_port *dp, const struct port_conf *conf,
			    struct rte_eth_conf *ec)
{
	unsigned room = rte_pktmbuf_data_room_size(conf->pool) - RTE_PKTMBUF_HEADROOM;

	ec->rxmode.offloads = dp->info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_IPV4_CKSUM;
	if (conf->mtu + L2_MAX > room)
		ec->rxmode.offloads |= dp->info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER;
	ec->txmode.offloads = dp->info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
}

static int mtu_check(const struct port *port, const struct port_conf *conf, struct err *err)
{
	if (conf->mtu > port->max_mtu)
		return err_set(err, EINVAL, "ports.%s.mtu: %u: device '%s' takes at most %u",
			       port->name, conf->mtu, port->device, port->max_mtu);
	return 0;
}

static int rings_setup(struct port *port, const struct port_conf *conf,
		       const struct rte_eth_conf *ec, uint16_t n_rx, uint16_t n_tx)
{
	struct dpdk_port *dp = port->driver;
	struct rte_eth_rxconf rxc = dp->info.default_rxconf;
	struct rte_eth_txconf txc = dp->info.default_txconf;
	int rc = 0;

	rxc.offloads = ec->rxmode.offloads;
	txc.offloads = ec->txmode.offloads;
	for (uint16_t q = 0; q < port->n_rxq && rc == 0; q++) {
		dp->rxq[q] = (struct dpdk_queue){dp->ethdev, q, conf->pool, 0};
		port->rxq[q] = &dp->rxq[q];
		rc = rte_eth_rx_queue_setup(dp->ethdev, q, n_rx, SOCKET_ID_ANY, &rxc, conf->pool);
	}
	for (uint16_t q = 0; q < port->n_txq && rc == 0; q++) {
		dp->txq[q] = (struct dpdk_queue){dp->ethdev, q, conf->pool, 0};
		port->txq[q] = &dp->txq[q];
		rc = rte_eth_tx_queue_setup(dp->ethdev, q, n_tx, SOCKET_ID_ANY, &txc);
	}
	return rc;
}

static uint16_t ring_len(unsigned wanted, uint16_t preferred)
{
	return (uint16_t)(wanted ? wanted : preferred ? preferred : RING_DEFAULT);
}

static int dpdk_configure(struct port *port, const struct port_conf *conf, struct err *err)
{
	struct dpdk_port *dp = port->driver;
	uint16_t n_rx = ring_len(conf->rx_ring, dp->info.default_rxportconf.ring_size);
	uint16_t n_tx = ring_len(conf->tx_ring, dp->info.default_txportconf.ring_size);
	struct rte_eth_conf ec = {.rxmode.mtu = conf->mtu};
	uint8_t key[RSS_KEY_MAX];
	int rc = mtu_check(port, conf, err);

	if (rc < 0)
		return rc;
	port->n_rxq = (uint16_t)RTE_MIN(conf->n_rxq, port->max_rxq);
	port->n_txq = (uint16_t)RTE_MIN(conf->n_txq, port->max_txq);
	port->mtu = conf->mtu;
	rss_choose(dp, port->n_rxq, &ec, key);
	offloads_choose(dp, conf, &ec);
	rc = rte_eth_dev_configure(dp->ethdev, port->n_rxq, port->n_txq, &ec);
	if (rc == 0)
		rc = rte_eth_dev_adjust_nb_rx_tx_desc(dp->ethdev, &n_rx, &n_tx);
	if (rc == 0)
		rc = rings_setup(port, conf, &ec, n_rx, n_tx);
	if (rc < 0)
		return err_set(err, -rc,
			       "ports.%s: device '%s' refuses %u receive and %u transmit queues of "
			       "%u and %u descriptors with MTU %u: %s",
			       port->name, port->device, port->n_rxq, port->n_txq, n_rx, n_tx,
			       conf->mtu, rte_strerror(-rc));
	port->rx_burst = dpdk_rx;
	port->tx_burst =
		ec.txmode.offloads & RTE_ETH_TX_OFFLOAD_MULTI_SEGS ? dpdk_tx : dpdk_tx_linear;
	rc = conf->promisc ? rte_eth_promiscuous_enable(dp->ethdev)
			   : rte_eth_promiscuous_disable(dp->ethdev);
	if (rc < 0 && rc != -ENOTSUP && conf->promisc) // virtual devices get every frame anyway
		return err_set(err, -rc, "ports.%s.promiscuous: device '%s': %s", port->name,
			       port->device, rte_strerror(-rc));
	return 0;
}

// Which groups are wanted nobody here can tell: solicited nodes of our addresses,
// and whatever daemons behind the TAPs have joined.
static int groups_take(struct port *port, const struct dpdk_port *dp, struct err *err)
{
	int rc = rte_eth_allmulticast_enable(dp->ethdev);

	if (rc == 0 || rc == -ENOTSUP) // virtual devices get every frame anyway
		return 0;
	return err_set(err, -rc, "ports.%s: device '%s' does not receive multicast: %s", port->name,
		       port->device, rte_strerror(-rc));
}

static int dpdk_start(struct port *port, struct err *err)
{
	struct dpdk_port *dp = port->driver;
	int rc = rte_eth_dev_start(dp->ethdev);

	if (rc < 0)
		return err_set(err, -rc, "ports.%s: device '%s' does not start: %s", port->name,
			       port->device, rte_strerror(-rc));
	dp->is_started = true;
	if (groups_take(port, dp, err) < 0)
		return -err->code;
	log_debug("%s: %s, %u rx queues, %u tx queues%s", port->name, dp->info.driver_name,
		  port->n_rxq, port->n_txq,
		  port->tx_burst == dpdk_tx ? "" : ", packets in one segment");
	return 0;
}

static void dpdk_stop(struct port *port)
{
	struct dpdk_port *dp = port->driver;

	if (dp->is_started)
		rte_eth_dev_stop(dp->ethdev);
	dp->is_started = false;
}

static void dpdk_close(struct port *port)
{
	struct dpdk_port *dp = port->driver;

	if (!dp)
		return;
	dpdk_stop(port);
	rte_eth_dev_close(dp->ethdev);
	if (dp->device && rte_dev_remove(dp->device) < 0)
		log_debug("%s: device '%s' stays plugged in", port->name, port->device);
	free(dp);
	port->driver = NULL;
}

static void dpdk_link_get(struct port *port, struct port_link *link)
{
	struct dpdk_port *dp = port->driver;
	struct rte_eth_link l = {0};

	*link = (struct port_link){0};
	if (rte_eth_link_get_nowait(dp->ethdev, &l) < 0)
		return;
	link->is_up = l.link_status == RTE_ETH_LINK_UP;
	link->mbit_s = l.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN ? 0 : l.link_speed;
	link->full_duplex = l.link_duplex == RTE_ETH_LINK_FULL_DUPLEX;
}

static void dpdk_stats_get(struct port *port, struct port_stats *stats)
{
	struct dpdk_port *dp = port->driver;
	struct rte_eth_stats s = {0};

	if (rte_eth_stats_get(dp->ethdev, &s) < 0)
		memset(&s, 0, sizeof(s));
	*stats = (struct port_stats){
		.rx_packets = s.ipackets,
		.rx_bytes = s.ibytes,
		.rx_errors = s.ierrors,
		.rx_missed = s.imissed,
		.rx_no_mbuf = s.rx_nombuf,
		.tx_packets = s.opackets,
		.tx_bytes = s.obytes,
		.tx_errors = s.oerrors,
	};
	for (unsigned q = 0; q < port->n_txq; q++)
		stats->tx_errors += dp->txq[q].n_no_mbuf;
}

static unsigned mc_find(const struct dpdk_port *dp, const uint8_t mac[6])
{
	unsigned i = 0;

	while (i < dp->n_mc && memcmp(&dp->mc[i], mac, 6) != 0)
		i++;
	return i;
}

// The device's own list; what it cannot hold it gets by receiving all groups.
static int mc_list_set(struct dpdk_port *dp, bool is_full)
{
	int rc = is_full ? -ENOSPC : rte_eth_dev_set_mc_addr_list(dp->ethdev, dp->mc, dp->n_mc);

	if (rc == 0)
		return 0;
	rc = rte_eth_allmulticast_enable(dp->ethdev);
	return rc == -ENOTSUP ? 0 : rc; // virtual devices get every frame anyway
}

static int dpdk_mac_filter(struct port *port, const uint8_t mac[6], bool add)
{
	struct dpdk_port *dp = port->driver;
	unsigned i = mc_find(dp, mac);
	struct rte_ether_addr addr;

	memcpy(&addr, mac, sizeof(addr));
	if (!(mac[0] & 1))
		return add ? rte_eth_dev_mac_addr_add(dp->ethdev, &addr, 0)
			   : rte_eth_dev_mac_addr_remove(dp->ethdev, &addr);
	if (add == (i < dp->n_mc))
		return 0;
	if (add && dp->n_mc == MC_MAX)
		return mc_list_set(dp, true);
	if (add)
		dp->mc[dp->n_mc++] = addr;
	else
		dp->mc[i] = dp->mc[--dp->n_mc];
	return mc_list_set(dp, false);
}

const struct port_ops dpdk_port_ops = {
	.name = "dpdk",
	.data_room = dpdk_data_room,
	.open = dpdk_open,
	.configure = dpdk_configure,
	.start = dpdk_start,
	.stop = dpdk_stop,
	.close = dpdk_close,
	.link_get = dpdk_link_get,
	.stats_get = dpdk_stats_get,
	.mac_filter = dpdk_mac_filter,
};
