// SPDX-License-Identifier: BSD-3-Clause
// What the files of commands share.
#pragma once

#include "dataplane/ctl/router.h"

int router_route_cmds_add(struct router *r) must_check;
int router_replay_cmds_add(struct router *r) must_check;
int router_replay_row(struct cmd_call *call); // of show mrt, if there is a replay

int router_show_memory(struct cmd_call *call); // router_cmd_memory.c
