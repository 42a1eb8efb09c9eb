// SPDX-License-Identifier: BSD-3-Clause
#include "apps/mrt/replay.h"

#include "apps/mrt/input.h"
#include "apps/mrt/speaker.h"
#include "apps/mrt/updates.h"
#include "apps/mrt/where.h"
#include "dataplane/base/clock.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <inttypes.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"Usage: jerboa-mrt replay --to ADDRESS[:PORT] --local-as AS [options] FILE...\n"
	"\n"
	"Speaks BGP to a router and tells it the routes of MRT files: tables as they are, then\n"
	"updates when their time has come. A file has the routes of many peers, a session those\n"
	"of one: --view chooses whose (else the first that the files have routes of).\n"
	"What the router says is not kept.\n"
	"\n"
	"  --to ADDRESS[:PORT]   whom; [2001:db8::1]:1179 for IPv6 with a port (default 179)\n"
	"  --local-as AS         who we are; the peer's own AS makes it an internal session\n"
	"  --router-id ADDRESS   our BGP identifier (default 192.0.2.1)\n"
	"  --from ADDRESS        our end of the connection\n"
	"  --hold SECONDS        hold time we offer, 0 or 3 to 65535 (default 90)\n"
	"  --view PEER           an address or an AS number in the files; all: everybody's\n"
	"  --speed SPEED         asap (default), 1x as it was, 10x ten times as fast\n"
	"  --next-hop self|ADDR  instead of that in the file; may be given once a family\n"
	"  --keep-path           do not put the local AS in front of the path\n"
	"  --where CONDITION     only what it wants; jerboa-mrt filter --help has the language\n"
	"  --exit                end the session when all is told; else it stays, with its "
	"routes,\n"
	"                        until it is interrupted\n"
	"  -q                    say nothing but errors\n"
	"\n"
	"Exit status: 0 all was told, 1 the same but something is wrong with a file, 2 no "
	"session,\n"
	"or it ended before.\n"
	"\n"
	"Examples\n"
	"  jerboa-mrt replay --to 10.0.0.1 --local-as 65001 --next-hop self --view 3356 rib.gz\n"
	"  jerboa-mrt replay --to [2001:db8::1]:1179 --local-as 65001 --speed 10x --exit \\\n"
	"        --where ip6 rib.gz updates.0000.gz updates.0005.gz\n"
	"  jerboa-mrt synth --peers 1 - | jerboa-mrt replay --to 10.0.0.1 --local-as 65001 -\n";

static volatile sig_atomic_t interrupted;

struct replay {
	struct speaker_conf sc;
	struct updates_conf uc;
	struct speaker *speaker;
	struct updates *updates;
	struct where *where;
	const char *where_text;
	bool nexthop_self, exits, is_quiet;
	double speed;

	bool views_all, has_view;
	struct mrt_peer view; // addr.family 0: any of this AS
	bool is_told;	      // whom we chose

	bool is_first;
	uint64_t first_us, first_ns;
	int code; // not 0: over
	struct err err;
};

static void on_signal(int number)
{
	interrupted = number;
}

static int message_send(void *arg, const void *msg, size_t len)
{
	struct replay *r = arg;

	return speaker_send(r->speaker, msg, len, &r->err);
}

static void peer_tell(const struct replay *r, const struct mrt_peer *peer)
{
	struct addr addr = {.family = peer->addr.family};
	char text[ADDR_TEXT_MAX];

	memcpy(addr.bytes, peer->addr.bytes, sizeof(addr.bytes));
	if (!r->is_quiet)
		fprintf(stderr, "routes of peer %s, AS %" PRIu32 " (--view chooses another)\n",
			addr_format(&addr, text), peer->asn);
}

static bool is_viewed(struct replay *r, const struct mrt_peer *peer)
{
	if (r->views_all)
		return true;
	if (!r->has_view) {
		r->has_view = true;
		r->view = *peer;
		peer_tell(r, peer);
	}
	if (!r->view.addr.family)
		return peer->asn == r->view.asn;
	return memcmp(&peer->addr, &r->view.addr, sizeof(peer->addr)) == 0;
}

// Until the event's time has come; the session lives on meanwhile.
static int time_wait(struct replay *r, const struct event *ev)
{
	uint64_t us = ev->time_s * 1000000ull + ev->time_us, until_ns;

	if (r->speed <= 0 || ev->kind == EVENT_RIB)
		return 0;
	if (r->is_first) {
		r->is_first = false;
		r->first_us = us;
		r->first_ns = clock_ns();
	}
	if (us <= r->first_us)
		return 0;
	until_ns = r->first_ns + (uint64_t)((double)(us - r->first_us) * 1000.0 / r->speed);
	if (until_ns <= clock_ns())
		return 0;
	if (updates_flush(r->updates) < 0)
		return -1;
	return speaker_run(r->speaker, until_ns, false, &r->err);
}

static void event_take(void *arg, const struct event *ev)
{
	struct replay *r = arg;

	if (r->code || ev->is_local ||
	    (ev->kind != EVENT_RIB && ev->kind != EVENT_ANNOUNCE && ev->kind != EVENT_WITHDRAW))
		return;
	if (!where_matches(r->where, ev) || !is_viewed(r, ev->peer))
		return;
	if (time_wait(r, ev) < 0 || updates_add(r->updates, ev) < 0)
		r->code = r->err.code ? -r->err.code : -EIO;
	if (interrupted)
		r->code = -EINTR;
}

// Keeps the session alive where a file has nothing to say for long.
static bool record_take(void *arg, const struct mrt_file_record *rec)
{
	struct replay *r = arg;

	if (rec->number % 64 == 0 && speaker_run(r->speaker, 0, false, &r->err) < 0)
		r->code = -r->err.code;
	if (interrupted)
		r->code = -EINTR;
	return true;
}

static int files_read(struct replay *r, char **paths, int n)
{
	int worst = 0;

	for (int i = 0; i < n && !r->code; i++) {
		struct input in = {.path = paths[i],
				   .fn = event_take,
				   .record_fn = record_take,
				   .arg = r,
				   .stop = &r->code,
				   .is_quiet = r->is_quiet};
		struct err err = {.code = 0};
		int status = 2;

		if (input_read(&in, &err))
			fprintf(stderr, "jerboa-mrt: %s\n", err.text);
		else
			status = input_status(&in);
		worst = status > worst ? status : worst;
	}
	return worst;
}

static void figures_tell(const struct replay *r, double seconds)
{
	const struct updates_stats *st = updates_stats(r->updates);

	if (r->is_quiet)
		return;
	fprintf(stderr,
		"%" PRIu64 " routes announced, %" PRIu64 " withdrawn, in %" PRIu64
		" updates and %.1f s\n",
		st->n_announced, st->n_withdrawn, st->n_messages, seconds);
	if (st->n_left_out)
		fprintf(stderr,
			"%" PRIu64 " left out: of families the session has not, or without a "
			"next hop\n",
			st->n_left_out);
}

static void session_tell(const struct replay *r)
{
	const struct bgp_session *s = speaker_session(r->speaker);

	if (r->is_quiet)
		return;
	fprintf(stderr, "session with AS %" PRIu32 " stands:", s->peer_as);
	for (unsigned i = 0; i < s->n_families; i++)
		fprintf(stderr, " %s", bgp_family_name(s->family[i].afi, s->family[i].safi));
	fputs(s->extended_msg ? ", long messages\n" : "\n", stderr);
}

// "self": our end of the connection, for its family.
static int nexthop_self(struct replay *r)
{
	const struct addr *local = speaker_local_addr(r->speaker);

	if (!r->nexthop_self)
		return 0;
	if (local->family == 4)
		r->uc.nexthop4 = *local;
	else
		r->uc.nexthop6 = *local;
	return 0;
}

static int session_start(struct replay *r)
{
	r->speaker = speaker_open(&r->sc, &r->err);
	if (!r->speaker)
		return -r->err.code;
	session_tell(r);
	nexthop_self(r);
	r->uc.session = speaker_session(r->speaker);
	r->uc.fn = message_send;
	r->uc.arg = r;
	r->updates = updates_new(&r->uc);
	return r->updates ? 0 : err_set(&r->err, ENOMEM, "no memory");
}

static int all_sent(struct replay *r)
{
	if (updates_end_of_rib(r->updates) < 0)
		return -1;
	return speaker_run(r->speaker, UINT64_MAX, true, &r->err);
}

// The exit status.
static int run(struct replay *r, char **paths, int n)
{
	uint64_t start_ns;
	int status;

	if (session_start(r) < 0)
		return 2;
	start_ns = clock_ns();
	r->is_first = true;
	status = files_read(r, paths, n);
	if (!r->code && all_sent(r) < 0)
		r->code = -r->err.code;
	figures_tell(r, (double)(clock_ns() - start_ns) / 1e9);
	if (r->code == -EINTR)
		return status;
	if (r->code)
		return 2;
	if (!r->exits && !r->is_quiet)
		fputs("the session stays until it is interrupted\n", stderr);
	while (!r->exits && !interrupted)
		if (speaker_run(r->speaker, clock_ns() + CLOCK_NS_PER_S, false, &r->err) < 0)
			return 2;
	return status;
}

static int to_parse(struct replay *r, const char *text, struct err *err)
{
	char host[256], port[16] = "179";
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
				 .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV},
			*found;
	const char *colon = strrchr(text, ':');
	size_t len = strlen(text);

	if (text[0] == '[') {
		const char *end = strchr(text, ']');

		len = end ? (size_t)(end - ++text) : 0;
		colon = end && end[1] == ':' ? end + 1 : NULL;
	} else if (colon && strchr(text, ':') == colon) {
		len = (size_t)(colon - text);
	} else {
		colon = NULL;
	}
	snprintf(host, sizeof(host), "%.*s", (int)(len < 255 ? len : 255), text);
	if (colon)
		snprintf(port, sizeof(port), "%.15s", colon + 1);
	if (getaddrinfo(host, port, &hints, &found) != 0)
		return err_set(err, EINVAL,
			       "--to: '%s' is no address; allowed are 192.0.2.1, 192.0.2.1:1179, "
			       "2001:db8::1, [2001:db8::1]:1179",
			       optarg);
	memcpy(&r->sc.to, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return 0;
}

static int number_option(const char *key, uint32_t lowest, uint32_t highest, uint32_t *number,
			 struct err *err)
{
	char *end;
	unsigned long long n = strtoull(optarg, &end, 10);

	if (optarg[0] < '0' || optarg[0] > '9' || *end || n < lowest || n > highest)
		return err_set(err, EINVAL, "%s: '%s' is not %" PRIu32 " to %" PRIu32, key, optarg,
			       lowest, highest);
	*number = (uint32_t)n;
	return 0;
}

static int speed_option(struct replay *r, struct err *err)
{
	char *end;

	r->speed = 0;
	if (strcmp(optarg, "asap") == 0)
		return 0;
	r->speed = strtod(optarg, &end);
	if (end != optarg && (!*end || strcmp(end, "x") == 0) && r->speed >= 0.001 &&
	    r->speed <= 1e6)
		return 0;
	return err_set(err, EINVAL, "--speed: '%s'; allowed are asap and 0.001x to 1000000x",
		       optarg);
}

static int view_option(struct replay *r, struct err *err)
{
	struct addr addr;

	r->has_view = true;
	r->views_all = strcmp(optarg, "all") == 0;
	if (r->views_all)
		return 0;
	if (addr_parse(optarg, &addr) < 0)
		return number_option("--view", 0, UINT32_MAX, &r->view.asn, err);
	r->view.addr.family = addr.family;
	memcpy(r->view.addr.bytes, addr.bytes, sizeof(addr.bytes));
	return 0;
}

static int nexthop_option(struct replay *r, struct err *err)
{
	struct addr addr;

	if (strcmp(optarg, "self") == 0) {
		r->nexthop_self = true;
		return 0;
	}
	if (addr_parse(optarg, &addr) < 0)
		return err_set(err, EINVAL, "--next-hop: '%s' is neither self nor an address",
			       optarg);
	if (addr.family == 4)
		r->uc.nexthop4 = addr;
	else
		r->uc.nexthop6 = addr;
	return 0;
}

static int id_option(struct replay *r, struct err *err)
{
	struct addr addr;

	if (addr_parse(optarg, &addr) < 0 || addr.family != 4 || !wire_get32(addr.bytes))
		return err_set(err, EINVAL, "--router-id: '%s' is no IPv4 address", optarg);
	r->sc.router_id = wire_get32(addr.bytes);
	return 0;
}

enum {
	OPT_TO = 256,
	OPT_AS,
	OPT_ID,
	OPT_FROM,
	OPT_HOLD,
	OPT_VIEW,
	OPT_SPEED,
	OPT_NEXTHOP,
	OPT_PATH,
	OPT_WHERE,
	OPT_EXIT
};

static int option_take(struct replay *r, int c, struct err *err)
{
	switch (c) {
	case OPT_TO:
		return to_parse(r, optarg, err);
	case OPT_AS:
		return number_option("--local-as", 1, UINT32_MAX - 1, &r->sc.local_as, err);
	case OPT_ID:
		return id_option(r, err);
	case OPT_FROM:
		return addr_parse(optarg, &r->sc.from) < 0
			       ? err_set(err, EINVAL, "--from: '%s' is no address", optarg)
			       : 0;
	case OPT_HOLD:
		if (number_option("--hold", 0, 65535, &r->sc.hold_s, err) < 0)
			return -err->code;
		return r->sc.hold_s == 1 || r->sc.hold_s == 2
			       ? err_set(err, EINVAL, "--hold: 1 and 2 are not allowed")
			       : 0;
	case OPT_VIEW:
		return view_option(r, err);
	case OPT_SPEED:
		return speed_option(r, err);
	case OPT_NEXTHOP:
		return nexthop_option(r, err);
	case OPT_PATH:
		r->uc.keeps_path = true;
		return 0;
	case OPT_WHERE:
		r->where_text = optarg;
		return 0;
	case OPT_EXIT:
		r->exits = true;
		return 0;
	case 'q':
		r->is_quiet = true;
		return 0;
	default:
		return err_set(err, EINVAL, "see jerboa-mrt replay --help");
	}
}

static int options_parse(struct replay *r, int argc, char **argv, struct err *err)
{
	static const struct option list[] = {
		{"to", 1, NULL, OPT_TO},	  {"local-as", 1, NULL, OPT_AS},
		{"router-id", 1, NULL, OPT_ID},	  {"from", 1, NULL, OPT_FROM},
		{"hold", 1, NULL, OPT_HOLD},	  {"view", 1, NULL, OPT_VIEW},
		{"speed", 1, NULL, OPT_SPEED},	  {"next-hop", 1, NULL, OPT_NEXTHOP},
		{"keep-path", 0, NULL, OPT_PATH}, {"where", 1, NULL, OPT_WHERE},
		{"exit", 0, NULL, OPT_EXIT},	  {"quiet", 0, NULL, 'q'},
		{"help", 0, NULL, 'h'},		  {NULL, 0, NULL, 0}};
	int c, code = 0;

	while (!code && (c = getopt_long(argc, argv, "qh", list, NULL)) != -1) {
		if (c == 'h') {
			fputs(help, stdout);
			return 1;
		}
		code = option_take(r, c, err);
	}
	if (!code && (!r->sc.to.ss_family || !r->sc.local_as || optind == argc))
		return err_set(err, EINVAL,
			       "replay needs --to, --local-as and a file; see "
			       "jerboa-mrt replay --help");
	return code;
}

int replay_main(int argc, char **argv)
{
	static struct replay r = {
		.sc = {.router_id = 0xc0000201, .hold_s = 90, .stop = &interrupted}};
	struct sigaction on = {.sa_handler = on_signal};
	int status = 2, code = options_parse(&r, argc, argv, &r.err);

	if (code > 0)
		return 0;
	sigaction(SIGINT, &on, NULL);
	sigaction(SIGTERM, &on, NULL);
	if (!code)
		r.where = where_new(r.where_text ? r.where_text : "", &r.err);
	if (r.where)
		status = run(&r, argv + optind, argc - optind);
	updates_free(r.updates);
	speaker_close(r.speaker);
	where_free(r.where);
	if (status == 2 && r.err.code)
		fprintf(stderr, "jerboa-mrt: %s\n", r.err.text);
	return status;
}
