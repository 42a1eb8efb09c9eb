// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/ctl/mrt_gateway.h"

#include <string.h>

static bool map_fits(const struct conf_mrt_map *map, const struct bgp_addr *nexthop,
		     uint32_t peer_as)
{
	struct addr addr = {.family = nexthop->family};

	if (map->nexthop.family == 0)
		return map->peer_asn == peer_as;
	memcpy(addr.bytes, nexthop->bytes, sizeof(addr.bytes));
	return addr.family == map->nexthop.family && prefix_has_addr(&map->nexthop, &addr);
}

int mrt_gateway(const struct conf_mrt *conf, uint8_t family, const struct bgp_addr *nexthop,
		uint32_t peer_as)
{
	for (unsigned i = 0; i < conf->n_map; i++)
		if (conf->map[i].via.addr.family == family &&
		    map_fits(&conf->map[i], nexthop, peer_as))
			return (int)i;
	if (family == 4 && conf->default4.addr.family == 4)
		return (int)conf->n_map;
	if (family == 6 && conf->default6.addr.family == 6)
		return (int)conf->n_map + 1;
	return -1;
}
