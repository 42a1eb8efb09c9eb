// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/ctl/server.h"

#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"
#include "dataplane/ctl/cmd.h"
#include "dataplane/ctl/server_socket.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

enum { WRITE_TIMEOUT_S = 30 };

struct client {
	struct server *server;
	LIST_ENTRY(client) link;
	int fd;
	struct bufferevent *bev;
	struct event *step; // a timer of 0 s: one step, then everyone else's turn
	struct cmd_call *call;
	bool is_closing; // nothing more is read; what was read is still answered
};

struct server {
	struct event_base *base;
	const struct cmds *cmds;
	struct evconnlistener *listener;
	struct event *rest; // listens again after an accept() that failed
	struct server_socket socket;
	LIST_HEAD(, client) clients;
	struct server_stats stats;
};

static void client_free(struct client *client)
{
	LIST_REMOVE(client, link);
	client->server->stats.n_clients--;
	cmd_call_free(client->call);
	event_free(client->step);
	bufferevent_free(client->bev);
	close(client->fd);
	free(client);
}

static void step_soon(struct client *client)
{
	const struct timeval now = {0, 0};

	event_add(client->step, &now);
}

static size_t unread(const struct client *client)
{
	return evbuffer_get_length(bufferevent_get_output(client->bev));
}

static void reply_send(struct client *client, json_t *reply)
{
	static const char none[] = "{\"ok\":false,\"error\":\"no memory\"}";
	char *text = reply ? json_dumps(reply, JSON_COMPACT) : NULL;

	json_decref(reply);
	bufferevent_write(client->bev, text ? text : none, strlen(text ? text : none));
	bufferevent_write(client->bev, "\n", 1);
	free(text);
}

static void fail_send(struct client *client, const char *text)
{
	reply_send(client, json_pack("{s:b, s:s}", "ok", 0, "error", text));
}

static void call_step(struct client *client)
{
	uint64_t start = clock_thread_ns(), took;
	bool has_more;
	json_t *reply = cmd_call_step(client->call, &has_more);

	reply_send(client, reply);
	took = clock_thread_ns() - start;
	if (took > client->server->stats.longest_ns)
		client->server->stats.longest_ns = took;
	if (reply && has_more)
		return;
	cmd_call_free(client->call);
	client->call = NULL;
}

static void call_start(struct client *client, const char *line, size_t len)
{
	struct err err = {0};
	json_error_t where;
	json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, &where);

	client->server->stats.n_requests++;
	if (!request) {
		err_set(&err, EINVAL, "not JSON: %s at byte %d", where.text, where.position);
	} else {
		client->call = cmd_call_new(client->server->cmds, request, &err);
		json_decref(request);
	}
	if (!client->call)
		fail_send(client, err.text);
}

// The next request that has arrived whole, if any.
static void line_take(struct client *client)
{
	struct evbuffer *in = bufferevent_get_input(client->bev);
	size_t len;
	char *line = evbuffer_readln(in, &len, EVBUFFER_EOL_LF);

	if (line && len <= SERVER_LINE_MAX) {
		call_start(client, line, len);
	} else if (line || evbuffer_get_length(in) > SERVER_LINE_MAX) {
		fail_send(client, "allowed are lines of up to 65536 bytes");
		evbuffer_drain(in, evbuffer_get_length(in));
		client->is_closing = true;
	}
	free(line);
}

static bool has_line(const struct client *client)
{
	struct evbuffer *in = bufferevent_get_input(client->bev);

	return evbuffer_get_length(in) > SERVER_LINE_MAX ||
	       evbuffer_search_eol(in, NULL, NULL, EVBUFFER_EOL_LF).pos >= 0;
}

// What comes next: a step now, or when the client has read, or the end. Nothing
// more is read meanwhile (a read watermark would do the same, but libevent 2.1
// spins while the buffer stands above it).
static void client_advance(struct client *client)
{
	bool has_work = client->call || has_line(client);

	if (has_work)
		bufferevent_disable(client->bev, EV_READ);
	else if (!client->is_closing)
		bufferevent_enable(client->bev, EV_READ);
	if (has_work && unread(client) < SERVER_OUT_HIGH)
		step_soon(client);
	else if (!has_work && client->is_closing && unread(client) == 0)
		client_free(client);
}

static void on_step(evutil_socket_t fd, short what, void *arg)
{
	struct client *client = arg;

	if (!client->call)
		line_take(client);
	if (client->call)
		call_step(client);
	client_advance(client);
}

static void on_read(struct bufferevent *bev, void *arg)
{
	client_advance(arg);
}

static void on_written(struct bufferevent *bev, void *arg)
{
	client_advance(arg);
}

// A client that shuts down its sending side still gets its answers.
static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct client *client = arg;

	if (!(what & BEV_EVENT_EOF)) {
		client_free(client);
		return;
	}
	client->is_closing = true;
	client_advance(client);
}

static int client_init(struct client *client, struct server *server, int fd)
{
	const struct timeval patience = {WRITE_TIMEOUT_S, 0};

	client->server = server;
	client->fd = fd;
	client->step = evtimer_new(server->base, on_step, client);
	client->bev = bufferevent_socket_new(server->base, fd, 0);
	if (!client->step || !client->bev)
		return -ENOMEM;
	bufferevent_setcb(client->bev, on_read, on_written, on_event, client);
	bufferevent_setwatermark(client->bev, EV_WRITE, SERVER_OUT_HIGH / 2, 0);
	bufferevent_set_timeouts(client->bev, NULL, &patience);
	return bufferevent_enable(client->bev, EV_READ | EV_WRITE) < 0 ? -ENOMEM : 0;
}

int server_client_add(struct server *server, int fd)
{
	struct client *client;

	if (server->stats.n_clients >= SERVER_CLIENTS_MAX) {
		server->stats.n_refused++;
		return -EUSERS;
	}
	client = calloc(1, sizeof(*client));
	if (!client || evutil_make_socket_nonblocking(fd) < 0 ||
	    client_init(client, server, fd) < 0)
		goto free_client;
	// From here on client_free() closes fd.
	LIST_INSERT_HEAD(&server->clients, client, link);
	server->stats.n_clients++;
	return 0;

free_client:
	if (client && client->bev)
		bufferevent_free(client->bev);
	if (client && client->step)
		event_free(client->step);
	free(client);
	return -ENOMEM;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *addr,
		      int len, void *arg)
{
	static const char full[] =
		"{\"ok\":false,\"error\":\"too many clients, allowed are 64\"}\n";
	int rc = server_client_add(arg, fd);

	if (rc == 0)
		return;
	if (rc == -EUSERS && write(fd, full, sizeof(full) - 1) < 0)
		log_debug("control: a refused client did not wait for the answer");
	close(fd);
}

// Out of descriptors: whoever waits must wait on, without a busy loop.
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
	const struct timeval pause = {1, 0};
	struct server *server = arg;

	log_warn("control: cannot accept a client: %s", strerror(errno));
	evconnlistener_disable(listener);
	event_add(server->rest, &pause);
}

static void on_rest(evutil_socket_t fd, short what, void *arg)
{
	struct server *server = arg;

	evconnlistener_enable(server->listener);
}

struct server *server_new(struct event_base *base, const struct cmds *cmds)
{
	struct server *server = calloc(1, sizeof(*server));

	if (!server)
		return NULL;
	signal(SIGPIPE, SIG_IGN); // a client that went is an error of its writes
	server->base = base;
	server->cmds = cmds;
	server->socket.fd = -1;
	LIST_INIT(&server->clients);
	return server;
}

void server_free(struct server *server)
{
	if (!server)
		return;
	while (!LIST_EMPTY(&server->clients))
		client_free(LIST_FIRST(&server->clients));
	if (server->rest)
		event_free(server->rest);
	if (server->listener)
		evconnlistener_free(server->listener);
	server_socket_close(&server->socket);
	free(server);
}

int server_open(struct server *server, const char *path, const char *group, struct err *err)
{
	int rc = server_socket_open(&server->socket, path, group, err);

	if (rc < 0)
		return rc;
	server->listener = evconnlistener_new(server->base, on_accept, server,
					      LEV_OPT_CLOSE_ON_EXEC, 0, server->socket.fd);
	server->rest = evtimer_new(server->base, on_rest, server);
	if (server->listener && server->rest) {
		evconnlistener_set_error_cb(server->listener, on_accept_error);
		return 0;
	}
	server_socket_close(&server->socket);
	return err_set(err, ENOMEM, "%s: no memory", path);
}

void server_stats_get(const struct server *server, struct server_stats *stats)
{
	*stats = server->stats;
}
