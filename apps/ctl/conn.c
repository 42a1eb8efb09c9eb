// SPDX-License-Identifier: BSD-3-Clause
#include "apps/ctl/conn.h"

#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct conn {
	FILE *in;
	int fd; // of in
	char *line;
	size_t line_max;
};

// Who may: the group, by its name if it has one.
static int fail_access(const char *path, struct err *err)
{
	const struct group *group;
	struct stat st;

	if (stat(path, &st) < 0)
		return err_set(err, EACCES, "you may not use %s: try sudo", path);
	group = st.st_gid ? getgrgid(st.st_gid) : NULL;
	if (group)
		return err_set(err, EACCES, "you may not use %s: try sudo, or join group %s", path,
			       group->gr_name);
	return err_set(err, EACCES,
		       "you may not use %s: try sudo, or name a group in jerboa.yaml "
		       "(control: {group: NAME})",
		       path);
}

static int fail_connect(const char *path, int code, struct err *err)
{
	switch (code) {
	case EACCES:
	case EPERM:
		return fail_access(path, err);
	case ENOENT:
		return err_set(err, code,
			       "there is no socket %s: does jerboa run? (systemctl status jerboa; "
			       "another socket: -s PATH)",
			       path);
	case ECONNREFUSED:
		return err_set(err, code,
			       "nobody listens at %s: jerboa has stopped (journalctl -u jerboa "
			       "tells why)",
			       path);
	default:
		return err_set(err, code, "%s: %s", path, strerror(code));
	}
}

struct conn *conn_open(const char *path, struct err *err)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct conn *conn = calloc(1, sizeof(*conn));

	if (!conn || strlen(path) >= sizeof(sun.sun_path)) {
		err_set(err, ENAMETOOLONG, "%s: allowed are at most %zu characters", path,
			sizeof(sun.sun_path) - 1);
		goto free_conn;
	}
	memcpy(sun.sun_path, path, strlen(path) + 1);
	conn->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (conn->fd < 0) {
		err_set(err, errno, "socket: %s", strerror(errno));
		goto free_conn;
	}
	if (connect(conn->fd, (struct sockaddr *)&sun, sizeof(sun)) < 0) {
		fail_connect(path, errno, err);
		goto close_fd;
	}
	conn->in = fdopen(conn->fd, "r");
	if (conn->in)
		return conn;
	err_set(err, ENOMEM, "no memory");

close_fd:
	close(conn->fd);
free_conn:
	free(conn);
	return NULL;
}

void conn_close(struct conn *conn)
{
	if (!conn)
		return;
	fclose(conn->in);
	free(conn->line);
	free(conn);
}

static int send_all(int fd, const char *text, size_t len, struct err *err)
{
	while (len > 0) {
		ssize_t sent = send(fd, text, len, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return err_set(err, errno, "jerboa went away: %s", strerror(errno));
		text += sent;
		len -= (size_t)sent;
	}
	return 0;
}

int conn_ask(struct conn *conn, char *const words[], int n, struct err *err)
{
	json_t *list = json_array();
	json_t *request = json_pack("{s:o, s:b}", "cmd", list, "columns", 1);
	char *text;
	int rc;

	for (int i = 0; i < n; i++)
		if (json_array_append_new(list, json_string(words[i])) < 0) {
			json_decref(request);
			return err_set(err, EINVAL, "word %d is not UTF-8", i + 1);
		}
	text = json_dumps(request, JSON_COMPACT);
	json_decref(request);
	if (!text)
		return err_set(err, ENOMEM, "no memory");
	rc = send_all(conn->fd, text, strlen(text), err);
	if (rc == 0)
		rc = send_all(conn->fd, "\n", 1, err);
	free(text);
	return rc;
}

json_t *conn_page(struct conn *conn, json_t **columns, bool *has_more, struct err *err)
{
	ssize_t len = getline(&conn->line, &conn->line_max, conn->in);
	json_t *reply, *data, *error;

	if (len < 0) {
		err_set(err, EPIPE, "jerboa closed the connection");
		return NULL;
	}
	reply = json_loadb(conn->line, (size_t)len, JSON_DECODE_ANY, NULL);
	data = json_incref(json_object_get(reply, "data"));
	error = json_object_get(reply, "error");
	*has_more = json_is_true(json_object_get(reply, "more"));
	if (columns && json_object_get(reply, "columns"))
		*columns = json_incref(json_object_get(reply, "columns"));
	if (!data)
		err_set(err, error ? EREMOTE : EPROTO, "%s",
			error ? json_string_value(error) : "jerboa's answer makes no sense");
	json_decref(reply);
	return data;
}

json_t *conn_whole(struct conn *conn, json_t **columns, struct err *err)
{
	json_t *whole = NULL, *page;
	bool has_more = true;

	while (has_more) {
		page = conn_page(conn, columns, &has_more, err);
		if (!page) {
			json_decref(whole);
			return NULL;
		}
		if (!whole) {
			whole = page;
		} else {
			json_array_extend(whole, page);
			json_decref(page);
		}
	}
	return whole;
}
