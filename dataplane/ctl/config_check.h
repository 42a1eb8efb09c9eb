// SPDX-License-Identifier: BSD-3-Clause
// What the files of rules between keys share.
#pragma once

#include "dataplane/ctl/config.h"

struct conf_ctx;

// What makes two entries of a list the same, which is an error.
struct conf_twins {
	size_t size;  // of an entry
	size_t field; // that the error names
	int (*order)(const void *a, const void *b);
	const char *what; // "name"
};
void conf_check_twins(struct conf_ctx *ctx, const void *list, unsigned n, struct conf_twins twins);

const struct conf_iface *conf_iface_find(const struct config *conf, const char *name);
bool conf_is_link_local(const struct addr *addr);
bool conf_is_station(const struct addr *addr);

void config_check_neighbours(struct conf_ctx *ctx, const struct config *conf);
void config_check_routes(struct conf_ctx *ctx, const struct config *conf);
