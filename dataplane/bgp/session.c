// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/bgp/session.h"

const struct bgp_family *bgp_session_family(const struct bgp_session *s, uint16_t afi, uint8_t safi)
{
	for (unsigned i = 0; i < s->n_families; i++)
		if (s->family[i].afi == afi && s->family[i].safi == safi)
			return &s->family[i];
	return NULL;
}

bool bgp_session_has_path_ids(const struct bgp_session *s, uint16_t afi, uint8_t safi)
{
	const struct bgp_family *family = bgp_session_family(s, afi, safi);

	return s->add_path_all || (family && family->add_path);
}

bool bgp_session_has_labels(const struct bgp_session *s, uint16_t afi, uint8_t safi)
{
	const struct bgp_family *family = bgp_session_family(s, afi, safi);

	return family && family->multi_labels;
}

static const struct {
	uint16_t afi;
	uint8_t safi;
	const char *name;
} families[] = {
	{BGP_AFI_IP4, BGP_SAFI_UNICAST, "ipv4-unicast"},
	{BGP_AFI_IP4, BGP_SAFI_MULTICAST, "ipv4-multicast"},
	{BGP_AFI_IP4, BGP_SAFI_LABELLED, "ipv4-labelled"},
	{BGP_AFI_IP4, BGP_SAFI_MCAST_VPN, "ipv4-mcast-vpn"},
	{BGP_AFI_IP4, BGP_SAFI_VPN, "ipv4-vpn"},
	{BGP_AFI_IP4, BGP_SAFI_MULTICAST_VPN, "ipv4-multicast-vpn"},
	{BGP_AFI_IP4, BGP_SAFI_RT, "ipv4-rt"},
	{BGP_AFI_IP4, BGP_SAFI_FLOW, "ipv4-flow"},
	{BGP_AFI_IP4, BGP_SAFI_FLOW_VPN, "ipv4-flow-vpn"},
	{BGP_AFI_IP6, BGP_SAFI_UNICAST, "ipv6-unicast"},
	{BGP_AFI_IP6, BGP_SAFI_MULTICAST, "ipv6-multicast"},
	{BGP_AFI_IP6, BGP_SAFI_LABELLED, "ipv6-labelled"},
	{BGP_AFI_IP6, BGP_SAFI_MCAST_VPN, "ipv6-mcast-vpn"},
	{BGP_AFI_IP6, BGP_SAFI_VPN, "ipv6-vpn"},
	{BGP_AFI_IP6, BGP_SAFI_MULTICAST_VPN, "ipv6-multicast-vpn"},
	{BGP_AFI_IP6, BGP_SAFI_FLOW, "ipv6-flow"},
	{BGP_AFI_IP6, BGP_SAFI_FLOW_VPN, "ipv6-flow-vpn"},
	{BGP_AFI_L2VPN, BGP_SAFI_VPLS, "l2vpn-vpls"},
	{BGP_AFI_L2VPN, BGP_SAFI_EVPN, "l2vpn-evpn"},
	{BGP_AFI_LS, BGP_SAFI_LS, "link-state"},
};

const char *bgp_family_name(uint16_t afi, uint8_t safi)
{
	for (size_t i = 0; i < ARRAY_LEN(families); i++)
		if (families[i].afi == afi && families[i].safi == safi)
			return families[i].name;
	return NULL;
}
