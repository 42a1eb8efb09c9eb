// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/ctl/server_socket.h"

#include <grp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

// A daemon that lives answers; the file of one that died refuses.
static bool is_alive(const struct sockaddr_un *sun)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool is_refused;

	if (fd < 0)
		return true;
	is_refused = connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) < 0 &&
		     (errno == ECONNREFUSED || errno == ENOENT);
	close(fd);
	return !is_refused;
}

static bool is_socket(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

static void folder_make(const char *path)
{
	char folder[sizeof(((struct server_socket *)NULL)->path)];
	char *slash;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (!slash || slash == folder)
		return;
	*slash = '\0';
	mkdir(folder, 0755); // bind() tells what is wrong with it
}

static int group_set(const char *path, const char *group, struct err *err)
{
	struct group entry, *found = NULL;
	char buf[4096];

	if (!group[0])
		return 0;
	if (getgrnam_r(group, &entry, buf, sizeof(buf), &found) != 0 || !found)
		return err_set(err, ENOENT,
			       "control.group: found \"%s\", allowed is a group of this "
			       "machine",
			       group);
	if (chown(path, (uid_t)-1, entry.gr_gid) < 0)
		return err_set(err, errno, "%s: cannot give it to group %s: %s", path, group,
			       strerror(errno));
	return 0;
}

static int bind_listen(int fd, const struct sockaddr_un *sun)
{
	mode_t old = umask(0117); // 0660 from the first moment
	int rc = bind(fd, (const struct sockaddr *)sun, sizeof(*sun));

	if (rc < 0)
		rc = -errno;
	umask(old);
	if (rc == 0 && listen(fd, 16) < 0)
		rc = -errno;
	return rc;
}

int server_socket_open(struct server_socket *sock, const char *path, const char *group,
		       struct err *err)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int rc;

	if (strlen(path) >= sizeof(sun.sun_path))
		return err_set(err, ENAMETOOLONG, "%s: allowed are at most %zu characters", path,
			       sizeof(sun.sun_path) - 1);
	memcpy(sun.sun_path, path, strlen(path) + 1);
	memcpy(sock->path, path, strlen(path) + 1);
	folder_make(path);
	if (is_socket(path)) {
		if (is_alive(&sun))
			return err_set(err, EADDRINUSE,
				       "%s: a jerboa that runs answers here; stop "
				       "it, or set another control.socket",
				       path);
		unlink(path);
	}
	sock->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock->fd < 0)
		return err_set(err, errno, "socket: %s", strerror(errno));
	rc = bind_listen(sock->fd, &sun);
	if (rc < 0) {
		close(sock->fd);
		sock->fd = -1;
		return err_set(err, -rc, "%s: cannot listen there: %s", path, strerror(-rc));
	}
	rc = group_set(path, group, err);
	if (rc < 0)
		server_socket_close(sock);
	return rc;
}

void server_socket_close(struct server_socket *sock)
{
	if (sock->fd < 0)
		return;
	close(sock->fd);
	sock->fd = -1;
	unlink(sock->path);
}
