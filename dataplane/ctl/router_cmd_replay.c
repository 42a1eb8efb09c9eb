// SPDX-License-Identifier: BSD-3-Clause
// `jerboactl mrt replay` and `mrt stop`; the row of a replay in `show mrt`.
#include "dataplane/ctl/router.h"
#include "dataplane/ctl/router_cmd.h"
#include "dataplane/ctl/router_replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// "asap", "1x", "2.5x", "10".
static int speed_parse(const char *text, double *speed)
{
	char *end;

	*speed = 0;
	if (strcmp(text, "asap") == 0)
		return 0;
	*speed = strtod(text, &end);
	if (end == text || (*end && strcmp(end, "x") != 0) || !(*speed >= 0.001 && *speed <= 1e6))
		return -EINVAL;
	return 0;
}

static int peer_parse(const char *text, struct conf_mrt *mrt)
{
	unsigned long asn;
	char *end;

	if (addr_parse(text, &mrt->peer_addr) == 0) {
		mrt->view = CONF_MRT_PEER_ADDR;
		return 0;
	}
	asn = strtoul(text, &end, 10);
	if (end == text || *end || asn > UINT32_MAX)
		return -EINVAL;
	mrt->peer_asn = (uint32_t)asn;
	mrt->view = CONF_MRT_PEER_ASN;
	return 0;
}

static int files_take(struct cmd_call *call, struct replay_conf *conf)
{
	const struct cmd_value *file;

	for (; (file = cmd_value(call, "file", conf->n_files)); conf->n_files++) {
		if (conf->n_files == REPLAY_FILES_MAX)
			return cmd_fail(call, EINVAL, "more than %d files", REPLAY_FILES_MAX);
		if (file->text[0] != '/')
			return cmd_fail(call, EINVAL,
					"file: found \"%s\", allowed is a whole path: the daemon "
					"does not know your folder",
					file->text);
		snprintf(conf->file[conf->n_files], CONF_PATH_MAX, "%s", file->text);
	}
	return 0;
}

// Gateways of the mrt block of the table, unless some are given.
static void gateways_take(struct cmd_call *call, struct replay_conf *conf)
{
	const struct router *r = call->arg;
	unsigned table = (unsigned)cmd_number(call, "table", 0);
	const struct cmd_value *via;

	for (unsigned i = 0; i < r->conf->n_mrt; i++)
		if (r->conf->mrt[i].table == table)
			conf->mrt = r->conf->mrt[i];
	conf->mrt.table = table;
	conf->mrt.view = CONF_MRT_BEST;
	snprintf(conf->mrt.file, sizeof(conf->mrt.file), "%s", conf->file[0]);
	for (unsigned i = 0; (via = cmd_value(call, "via", i)); i++) {
		struct conf_gateway *gw =
			via->addr.family == 4 ? &conf->mrt.default4 : &conf->mrt.default6;

		*gw = (struct conf_gateway){.addr = via->addr, .weight = 1};
	}
}

static int conf_take(struct cmd_call *call, struct replay_conf *conf)
{
	const char *speed = cmd_text(call, "speed"), *peer = cmd_text(call, "peer");
	int rc = files_take(call, conf);

	if (rc < 0)
		return rc;
	gateways_take(call, conf);
	if (speed && speed_parse(speed, &conf->speed) < 0)
		return cmd_fail(call, EINVAL,
				"speed: found \"%s\", allowed are asap and 0.001x to 1000000x",
				speed);
	if (peer && peer_parse(peer, &conf->mrt) < 0)
		return cmd_fail(call, EINVAL,
				"peer: found \"%s\", allowed are an address and an AS number",
				peer);
	if (!conf->mrt.n_map && !conf->mrt.default4.addr.family && !conf->mrt.default6.addr.family)
		return cmd_fail(call, EINVAL,
				"no gateway for its routes: give via ADDRESS (one a family), or "
				"an mrt block of table %u in the configuration",
				conf->mrt.table);
	return 0;
}

static int mrt_replay(struct cmd_call *call)
{
	struct router *r = call->arg;
	struct replay_conf *conf = calloc(1, sizeof(*conf));
	struct err err = {0};
	int rc;

	if (!conf)
		return cmd_fail(call, ENOMEM, "no memory");
	rc = conf_take(call, conf);
	if (rc == 0 && router_replay_start(r->replay, conf, &err) < 0)
		rc = cmd_fail(call, err.code, "%s", err.text);
	free(conf);
	return rc;
}

static int mrt_stop(struct cmd_call *call)
{
	struct router *r = call->arg;
	const char *routes = cmd_text(call, "routes");
	struct err err = {0};

	if (router_replay_stop(r->replay, routes && strcmp(routes, "keep") == 0, &err) < 0)
		return cmd_fail(call, err.code, "%s", err.text);
	return 0;
}

int router_replay_row(struct cmd_call *call)
{
	struct router *r = call->arg;
	struct router_replay_state state;
	const struct replay_progress *now = &state.progress;
	const struct replay_result *res = &now->result;
	bool is_playing;

	if (!router_replay_state_get(r->replay, &state))
		return 0;
	is_playing = now->is_busy;
	return cmd_row(
		call, "{s:s, s:i, s:s, s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:i, s:f, s:I, s:s}",
		"file", now->file, "table", (int)state.conf->mrt.table, "state", state.name,
		"percent",
		is_playing && now->size ? (int)(now->pos * 100 / now->size)
		: is_playing		? 0
					: 100,
		"announced", (json_int_t)res->n_announced, "withdrawn",
		(json_int_t)res->n_withdrawn, "downs", (json_int_t)res->n_downs, "records",
		(json_int_t)res->n_records, "bad_records", (json_int_t)res->n_bad, "no_gateway",
		(json_int_t)res->n_no_gateway, "refused", (json_int_t)state.n_refused, "peers",
		(int)state.n_peers, "seconds", res->seconds, "time", (json_int_t)now->time_s,
		"error", state.last.error[0] ? state.last.error : res->error);
}

static const struct cmd_arg replay_args[] = {
	{.name = "file",
	 .help = "MRT files by their whole paths, in order: a table, then updates",
	 .type = CMD_TEXT,
	 .required = true,
	 .many = true},
	{.name = "speed",
	 .help = "asap (as fast as it goes, the default), 1x as it was, 10x ten times as fast",
	 .type = CMD_TEXT,
	 .is_keyword = true},
	{.name = "peer",
	 .help = "only its routes: an address or an AS number",
	 .type = CMD_TEXT,
	 .is_keyword = true},
	{.name = "via",
	 .help = "gateway of all routes of its family, instead of those of the configuration",
	 .type = CMD_ADDR,
	 .is_keyword = true,
	 .many = true},
	{.name = "table",
	 .help = "routing table, default 0",
	 .type = CMD_NUMBER,
	 .is_keyword = true,
	 .min = 0,
	 .max = TABLE_MAX - 1},
};
static const struct cmd_arg stop_args[] = {
	{.name = "routes",
	 .help = "what becomes of the replayed routes, default withdraw",
	 .type = CMD_CHOICE,
	 .is_keyword = true,
	 .choices = "withdraw|keep"},
};

static const struct cmd commands[] = {
	{.words = "mrt replay",
	 .help = "play the routes and updates of MRT files, each peer's path beside the others'",
	 .fn = mrt_replay,
	 .args = replay_args,
	 .n_args = ARRAY_LEN(replay_args)},
	{.words = "mrt stop",
	 .help = "end the replay and withdraw its routes",
	 .fn = mrt_stop,
	 .args = stop_args,
	 .n_args = ARRAY_LEN(stop_args)},
};

int router_replay_cmds_add(struct router *r)
{
	return cmds_add(r->cmds, commands, ARRAY_LEN(commands), r);
}
