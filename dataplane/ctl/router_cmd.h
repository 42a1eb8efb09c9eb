// SPDX-License-Identifier: BSD-3-Clause
// What the files of commands share.
#pragma once

#include "dataplane/ctl/router.h"

int router_route_cmds_add(struct router *r) must_check;
