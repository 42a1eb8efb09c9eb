// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/ctl/host_netlink.h"

#include "dataplane/graph/iface_tbl.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

// Who installed a route (ip route's "proto"): above the numbers that have names.
enum { ROUTE_PROTOCOL = 106, REPLY_LEN = 8192, REQUEST_LEN = 1024 };

struct host_netlink {
	struct mnl_socket *sock;
	unsigned seq, port;
	char request[REQUEST_LEN], reply[REPLY_LEN];
};

// Addresses of link scope that no configuration has (RFC 3927 §2.1, RFC 4291 §2.5.6).
static const uint8_t gateway4[4] = {169, 254, 106, 98};
static const uint8_t gateway6[16] = {0xfe, 0x80, [14] = 0x6a, [15] = 0x62};

struct host_netlink *host_netlink_new(struct err *err)
{
	struct host_netlink *nl = calloc(1, sizeof(*nl));

	if (!nl)
		return NULL;
	nl->sock = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (nl->sock && mnl_socket_bind(nl->sock, 0, MNL_SOCKET_AUTOPID) == 0) {
		nl->port = mnl_socket_get_portid(nl->sock);
		return nl;
	}
	err_set(err, errno, "host: no rtnetlink socket: %s", strerror(errno));
	host_netlink_free(nl);
	return NULL;
}

void host_netlink_free(struct host_netlink *nl)
{
	if (!nl)
		return;
	if (nl->sock)
		mnl_socket_close(nl->sock);
	free(nl);
}

static struct nlmsghdr *begin(struct host_netlink *nl, uint16_t type, unsigned flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(nl->request);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	nlh->nlmsg_seq = ++nl->seq;
	return nlh;
}

static int commit(struct host_netlink *nl, struct nlmsghdr *nlh)
{
	ssize_t len;

	if (mnl_socket_sendto(nl->sock, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	do {
		len = mnl_socket_recvfrom(nl->sock, nl->reply, sizeof(nl->reply));
		if (len < 0)
			return -errno;
		len = mnl_cb_run(nl->reply, (size_t)len, nl->seq, nl->port, NULL, NULL);
	} while (len > 0);
	return len < 0 ? -errno : 0;
}

int host_netlink_link(struct host_netlink *nl, int ifindex, unsigned mtu, const uint8_t mac[6],
		      bool is_up)
{
	struct nlmsghdr *nlh = begin(nl, RTM_NEWLINK, 0);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(nlh, sizeof(*info));

	info->ifi_family = AF_UNSPEC;
	info->ifi_index = ifindex;
	info->ifi_change = IFF_UP;
	info->ifi_flags = is_up ? IFF_UP : 0;
	mnl_attr_put_u32(nlh, IFLA_MTU, mtu);
	mnl_attr_put(nlh, IFLA_ADDRESS, 6, mac);
	return commit(nl, nlh);
}

static uint8_t af_of(unsigned family)
{
	return family == 4 ? AF_INET : AF_INET6;
}

static size_t len_of(unsigned family)
{
	return family == 4 ? 4 : 16;
}

int host_netlink_addr(struct host_netlink *nl, int ifindex, const struct iface_addr *addr, bool add)
{
	struct nlmsghdr *nlh =
		begin(nl, add ? RTM_NEWADDR : RTM_DELADDR, add ? NLM_F_CREATE | NLM_F_REPLACE : 0);
	struct ifaddrmsg *msg = mnl_nlmsg_put_extra_header(nlh, sizeof(*msg));
	size_t len = len_of(addr->family);

	msg->ifa_family = af_of(addr->family);
	msg->ifa_prefixlen = addr->plen;
	msg->ifa_scope = addr->is_link_local ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	msg->ifa_index = (unsigned)ifindex;
	mnl_attr_put(nlh, IFA_LOCAL, len, addr->bytes);
	mnl_attr_put(nlh, IFA_ADDRESS, len, addr->bytes);
	if (addr->family == 6)
		mnl_attr_put_u32(nlh, IFA_FLAGS, IFA_F_NODAD | IFA_F_PERMANENT);
	if (addr->family == 4 && addr->plen < 31) {
		uint32_t all;

		memcpy(&all, addr->bytes, 4);
		mnl_attr_put_u32(nlh, IFA_BROADCAST, all | htonl(0xffffffffu >> addr->plen));
	}
	return commit(nl, nlh);
}

static const uint8_t *gateway_of(unsigned family)
{
	return family == 4 ? gateway4 : gateway6;
}

static int neighbour_put(struct host_netlink *nl, const struct host_gateway *gw)
{
	struct nlmsghdr *nlh = begin(nl, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
	struct ndmsg *msg = mnl_nlmsg_put_extra_header(nlh, sizeof(*msg));

	msg->ndm_family = af_of(gw->family);
	msg->ndm_ifindex = gw->ifindex;
	msg->ndm_state = NUD_PERMANENT;
	mnl_attr_put(nlh, NDA_DST, len_of(gw->family), gateway_of(gw->family));
	mnl_attr_put(nlh, NDA_LLADDR, 6, gw->mac);
	return commit(nl, nlh);
}

int host_netlink_default(struct host_netlink *nl, const struct host_gateway *gw, bool add)
{
	struct nlmsghdr *nlh;
	struct rtmsg *msg;
	int rc = add ? neighbour_put(nl, gw) : 0;

	if (rc < 0)
		return rc;
	nlh = begin(nl, add ? RTM_NEWROUTE : RTM_DELROUTE, add ? NLM_F_CREATE | NLM_F_REPLACE : 0);
	msg = mnl_nlmsg_put_extra_header(nlh, sizeof(*msg));
	msg->rtm_family = af_of(gw->family);
	msg->rtm_table = RT_TABLE_MAIN;
	msg->rtm_protocol = ROUTE_PROTOCOL;
	msg->rtm_scope = RT_SCOPE_UNIVERSE;
	msg->rtm_type = RTN_UNICAST;
	msg->rtm_flags = RTNH_F_ONLINK;
	mnl_attr_put(nlh, RTA_GATEWAY, len_of(gw->family), gateway_of(gw->family));
	mnl_attr_put_u32(nlh, RTA_OIF, (uint32_t)gw->ifindex);
	mnl_attr_put_u32(nlh, RTA_PRIORITY, gw->metric);
	if (add)
		mnl_attr_put(nlh, RTA_PREFSRC, len_of(gw->family), gw->source);
	return commit(nl, nlh);
}
