// SPDX-License-Identifier: BSD-3-Clause
#include "apps/mrt/speaker.h"

#include "dataplane/base/clock.h"
#include "dataplane/bgp/notify.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { IN_MAX = 2 * BGP_MSG_EXTENDED_MAX, OUT_MAX = 1 << 20, OPEN_WAIT_S = 30 };
#define POLL_NS (100ull * CLOCK_NS_PER_MS)

struct speaker {
	struct speaker_conf conf;
	int fd;
	struct bgp_session session;
	struct bgp_caps caps; // what we offer
	struct addr local;
	unsigned hold_s;
	uint64_t heard_ns, said_ns;
	bool is_open, is_up, is_lost; // OPEN came, the session stands, it has ended
	size_t in_len, out_at, out_len;
	uint8_t in[IN_MAX], out[OUT_MAX];
};

static void caps_make(struct speaker *sp)
{
	sp->caps = (struct bgp_caps){
		.refresh = true,
		.extended_msg = true,
		.as4 = true,
		.as = sp->conf.local_as,
		.n_families = 2,
		.family = {{.afi = BGP_AFI_IP4, .safi = BGP_SAFI_UNICAST, .is_offered = true},
			   {.afi = BGP_AFI_IP6, .safi = BGP_SAFI_UNICAST, .is_offered = true}},
	};
}

// Appends to what goes out; there is room for a message of control.
static int message_put(struct speaker *sp, const void *msg, size_t len)
{
	if (sp->out_at && sp->out_len + len > OUT_MAX) {
		memmove(sp->out, sp->out + sp->out_at, sp->out_len - sp->out_at);
		sp->out_len -= sp->out_at;
		sp->out_at = 0;
	}
	if (sp->out_len + len > OUT_MAX)
		return -EAGAIN;
	memcpy(sp->out + sp->out_len, msg, len);
	sp->out_len += len;
	sp->said_ns = clock_ns();
	return 0;
}

// A message of this type whose body is already behind its header's place.
typedef void body_fn(struct out *out, const void *arg);

static int control_put(struct speaker *sp, uint8_t type, body_fn *fn, const void *arg)
{
	uint8_t buf[BGP_MSG_MAX];
	struct out out = {.buf = buf, .size = sizeof(buf)};
	size_t at = bgp_msg_start(&out, type);

	if (fn)
		fn(&out, arg);
	if (bgp_msg_end(&out, at, &sp->session) < 0)
		return -EMSGSIZE;
	return message_put(sp, buf, out.len);
}

static void open_body(struct out *out, const void *arg)
{
	const struct speaker *sp = arg;

	bgp_open_put_caps(out, sp->conf.local_as, (uint16_t)sp->conf.hold_s, sp->conf.router_id,
			  &sp->caps);
}

static void notification_body(struct out *out, const void *arg)
{
	bgp_notification_put(out, arg);
}

// Ends the session for this reason.
static int give_up(struct speaker *sp, uint8_t code, uint8_t subcode, struct err *err,
		   const char *why)
{
	struct bgp_notification n = {.code = code, .subcode = subcode};

	(void)control_put(sp, BGP_MSG_NOTIFICATION, notification_body, &n);
	if (send(sp->fd, sp->out + sp->out_at, sp->out_len - sp->out_at,
		 MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		sp->out_len = 0; // nobody listens: there is nobody to tell
	sp->is_lost = true;
	return err_set(err, EPROTO, "the session was ended: %s", why);
}

static int notification_take(struct speaker *sp, const struct bgp_msg *msg, struct err *err)
{
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_notification n;
	const char *name, *sub, *text = "";
	size_t len = 0;

	sp->is_lost = true;
	if (bgp_notification_decode(msg->body, msg->body_len, &n, &fault) < 0)
		return err_set(err, ECONNRESET,
			       "the peer ended the session by a NOTIFICATION "
			       "that says nothing");
	name = bgp_error_name(n.code);
	sub = bgp_error_subname(n.code, n.subcode);
	if (bgp_shutdown_text(&n, &text, &len, &fault) <= 0)
		len = 0;
	return err_set(err, ECONNRESET,
		       "the peer ended the session: NOTIFICATION %u/%u, %s%s%s%s%.*s", n.code,
		       n.subcode, name ? name : "unknown", sub ? ", " : "", sub ? sub : "",
		       len ? ": " : "", (int)len, text);
}

static int open_take(struct speaker *sp, const struct bgp_msg *msg, struct err *err)
{
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_caps theirs;
	struct bgp_open open;

	if (sp->is_open)
		return give_up(sp, BGP_ERR_FSM, 0, err, "a second OPEN came");
	if (bgp_open_decode(msg->body, msg->body_len, &open, &fault) < 0 ||
	    bgp_caps_decode(&open, &theirs, &fault) < 0)
		return give_up(sp, BGP_ERR_OPEN, 0, err, fault_text(fault.code));
	if (open.version != BGP_VERSION)
		return give_up(sp, BGP_ERR_OPEN, BGP_ERR_VERSION, err,
			       "the peer speaks another version of BGP");
	if (open.hold_s == 1 || open.hold_s == 2)
		return give_up(sp, BGP_ERR_OPEN, BGP_ERR_HOLD_TIME, err,
			       "the peer wants a hold time below 3 s");
	sp->session.local_as = sp->conf.local_as;
	sp->session.peer_as = bgp_open_as(&open, &theirs);
	sp->session.kind =
		sp->session.peer_as == sp->conf.local_as ? BGP_PEER_INTERNAL : BGP_PEER_EXTERNAL;
	bgp_session_agree(&sp->session, &sp->caps, &theirs);
	sp->hold_s = open.hold_s < sp->conf.hold_s ? open.hold_s : sp->conf.hold_s;
	sp->is_open = true;
	return control_put(sp, BGP_MSG_KEEPALIVE, NULL, NULL);
}

static int message_take(struct speaker *sp, const struct bgp_msg *msg, struct err *err)
{
	sp->heard_ns = clock_ns();
	switch (msg->type) {
	case BGP_MSG_NOTIFICATION:
		return notification_take(sp, msg, err);
	case BGP_MSG_OPEN:
		return open_take(sp, msg, err);
	case BGP_MSG_KEEPALIVE:
		sp->is_up = sp->is_open;
		return 0;
	default:
		return sp->is_up ? 0
				 : give_up(sp, BGP_ERR_FSM, 0, err,
					   "a message came before the session stood");
	}
}

static int messages_take(struct speaker *sp, struct err *err)
{
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_msg msg;
	size_t at = 0;
	ssize_t n;
	int code;

	while ((n = bgp_msg_find(sp->in + at, sp->in_len - at, &sp->session, &msg, &fault)) > 0) {
		code = message_take(sp, &msg, err);
		if (code < 0)
			return code;
		at += (size_t)n;
	}
	if (n < 0)
		return give_up(sp, BGP_ERR_HEADER, 0, err, fault_text(fault.code));
	memmove(sp->in, sp->in + at, sp->in_len - at);
	sp->in_len -= at;
	return 0;
}

static int lost(struct speaker *sp, int code, struct err *err)
{
	sp->is_lost = true;
	return err_set(err, code, "the connection was lost: %s",
		       code == ENOTCONN ? "the peer closed it" : strerror(code));
}

static int read_some(struct speaker *sp, struct err *err)
{
	ssize_t n = recv(sp->fd, sp->in + sp->in_len, IN_MAX - sp->in_len, MSG_DONTWAIT);

	if (n == 0)
		return lost(sp, ENOTCONN, err);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : lost(sp, errno, err);
	sp->in_len += (size_t)n;
	return messages_take(sp, err);
}

static int write_some(struct speaker *sp, struct err *err)
{
	ssize_t n = send(sp->fd, sp->out + sp->out_at, sp->out_len - sp->out_at,
			 MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		int code = errno;

		// what the peer said last tells more than the broken pipe
		if (read_some(sp, err) < 0)
			return -err->code;
		return lost(sp, code, err);
	}
	if (n > 0)
		sp->out_at += (size_t)n;
	if (sp->out_at == sp->out_len)
		sp->out_at = sp->out_len = 0;
	return 0;
}

// RFC 4271 §4.4: a third of the hold time; 0: no timers at all.
static int timers_check(struct speaker *sp, struct err *err)
{
	uint64_t now = clock_ns(), hold_ns = sp->hold_s * CLOCK_NS_PER_S;

	if (!sp->is_up || !hold_ns)
		return 0;
	if (now - sp->heard_ns > hold_ns)
		return give_up(sp, BGP_ERR_HOLD_TIMER, 0, err,
			       "the peer was silent for the hold time");
	if (now - sp->said_ns > hold_ns / 3)
		return control_put(sp, BGP_MSG_KEEPALIVE, NULL, NULL);
	return 0;
}

// One turn of at most so long.
static int turn(struct speaker *sp, uint64_t wait_ns, struct err *err)
{
	struct pollfd p = {.fd = sp->fd, .events = POLLIN};
	struct timespec wait = {.tv_nsec = (long)(wait_ns < POLL_NS ? wait_ns : POLL_NS)};
	int code = timers_check(sp, err);

	if (code < 0)
		return code;
	if (sp->out_len > sp->out_at)
		p.events |= POLLOUT;
	if (ppoll(&p, 1, &wait, NULL) < 0 && errno != EINTR)
		return err_set(err, errno, "poll: %s", strerror(errno));
	if (p.revents & (POLLIN | POLLHUP | POLLERR))
		code = read_some(sp, err);
	if (code == 0 && p.revents & POLLOUT)
		code = write_some(sp, err);
	return code;
}

int speaker_run(struct speaker *sp, uint64_t until_ns, bool until_sent, struct err *err)
{
	int code;

	do {
		uint64_t now = clock_ns();

		code = turn(sp, now < until_ns ? until_ns - now : 0, err);
		if (code < 0 || (until_sent && sp->out_at == sp->out_len))
			break;
	} while (clock_ns() < until_ns && !*sp->conf.stop);
	return code;
}

int speaker_send(struct speaker *sp, const void *msg, size_t len, struct err *err)
{
	int code = 0;

	while (code == 0 && (code = message_put(sp, msg, len)) == -EAGAIN) {
		code = *sp->conf.stop ? err_set(err, EINTR, "interrupted") : turn(sp, POLL_NS, err);
		if (code < 0)
			return code;
	}
	return code;
}

static socklen_t sockaddr_len(const struct sockaddr_storage *sa)
{
	return sa->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

static int from_bind(struct speaker *sp, struct err *err)
{
	struct sockaddr_storage sa = {.ss_family = sp->conf.to.ss_family};
	const struct addr *from = &sp->conf.from;
	char text[ADDR_TEXT_MAX];

	if (!from->family)
		return 0;
	if ((from->family == 4) != (sa.ss_family == AF_INET))
		return err_set(err, EINVAL, "--from: %s is of the other family than the peer",
			       addr_format(from, text));
	if (from->family == 4)
		memcpy(&((struct sockaddr_in *)&sa)->sin_addr, from->bytes, 4);
	else
		memcpy(&((struct sockaddr_in6 *)&sa)->sin6_addr, from->bytes, 16);
	if (bind(sp->fd, (struct sockaddr *)&sa, sockaddr_len(&sa)) < 0)
		return err_set(err, errno, "--from %s: %s", addr_format(from, text),
			       strerror(errno));
	return 0;
}

static void local_get(struct speaker *sp)
{
	struct sockaddr_storage sa = {.ss_family = 0};
	socklen_t len = sizeof(sa);

	if (getsockname(sp->fd, (struct sockaddr *)&sa, &len) < 0)
		return;
	sp->local.family = sa.ss_family == AF_INET ? 4 : 6;
	if (sp->local.family == 4)
		memcpy(sp->local.bytes, &((struct sockaddr_in *)&sa)->sin_addr, 4);
	else
		memcpy(sp->local.bytes, &((struct sockaddr_in6 *)&sa)->sin6_addr, 16);
}

// Connects within OPEN_WAIT_S.
static int peer_connect(struct speaker *sp, struct err *err)
{
	struct pollfd p = {.events = POLLOUT};
	int code, one = 1;
	socklen_t len = sizeof(code);

	sp->fd = socket(sp->conf.to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sp->fd < 0)
		return err_set(err, errno, "no socket: %s", strerror(errno));
	if (from_bind(sp, err) < 0)
		return -err->code;
	if (setsockopt(sp->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0)
		return err_set(err, errno, "TCP_NODELAY: %s", strerror(errno));
	if (connect(sp->fd, (struct sockaddr *)&sp->conf.to, sockaddr_len(&sp->conf.to)) < 0 &&
	    errno != EINPROGRESS)
		return err_set(err, errno, "cannot connect: %s", strerror(errno));
	p.fd = sp->fd;
	code = ETIMEDOUT;
	if (poll(&p, 1, OPEN_WAIT_S * 1000) > 0 &&
	    getsockopt(sp->fd, SOL_SOCKET, SO_ERROR, &code, &len) < 0)
		code = errno;
	if (code)
		return err_set(err, code, "cannot connect: %s", strerror(code));
	local_get(sp);
	return 0;
}

static int session_wait(struct speaker *sp, struct err *err)
{
	uint64_t until_ns = clock_ns() + OPEN_WAIT_S * CLOCK_NS_PER_S;
	int code = control_put(sp, BGP_MSG_OPEN, open_body, sp);

	while (code == 0 && !sp->is_up) {
		if (*sp->conf.stop)
			return err_set(err, EINTR, "interrupted");
		if (clock_ns() > until_ns)
			return give_up(sp, BGP_ERR_HOLD_TIMER, 0, err,
				       sp->is_open ? "no KEEPALIVE came in 30 s"
						   : "no OPEN came in 30 s");
		code = turn(sp, POLL_NS, err);
	}
	return code;
}

struct speaker *speaker_open(const struct speaker_conf *conf, struct err *err)
{
	struct speaker *sp = calloc(1, sizeof(*sp));

	if (!sp) {
		err_set(err, ENOMEM, "no memory");
		return err_null(ENOMEM);
	}
	sp->conf = *conf;
	sp->fd = -1;
	sp->session.as4 = true;
	caps_make(sp);
	if (peer_connect(sp, err) < 0 || session_wait(sp, err) < 0) {
		speaker_close(sp);
		return err_null(err->code);
	}
	return sp;
}

void speaker_close(struct speaker *sp)
{
	struct err ignored = {.code = 0};

	if (!sp)
		return;
	if (sp->is_up && !sp->is_lost)
		(void)give_up(sp, BGP_ERR_CEASE, BGP_CEASE_SHUTDOWN, &ignored, "at its end");
	if (sp->fd >= 0)
		close(sp->fd);
	free(sp);
}

const struct bgp_session *speaker_session(const struct speaker *sp)
{
	return &sp->session;
}

const struct addr *speaker_local_addr(const struct speaker *sp)
{
	return &sp->local;
}
