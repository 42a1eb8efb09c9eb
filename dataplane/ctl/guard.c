// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/ctl/guard.h"

#include "dataplane/base/log.h"

#include <cap-ng.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static void folder_make(const char *path)
{
	char folder[sizeof(((struct guard *)NULL)->path)];
	char *slash;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (!slash || slash == folder)
		return;
	*slash = '\0';
	mkdir(folder, 0755); // open() tells what is wrong with it
}

static int refused(int fd, const char *path, const char *socket, struct err *err)
{
	char pid[16] = "";
	ssize_t len = pread(fd, pid, sizeof(pid) - 1, 0);

	pid[len > 0 ? len : 0] = '\0';
	pid[strcspn(pid, "\n")] = '\0';
	return err_set(err, EBUSY,
		       "jerboa is running already: process %s holds %s; stop it, or set another "
		       "control.socket than %s",
		       pid[0] ? pid : "?", path, socket);
}

// Whether the file we locked is still the one of that name: its last owner may
// have removed it in between.
static bool is_current(int fd, const char *path)
{
	struct stat ours, there;

	return fstat(fd, &ours) == 0 && stat(path, &there) == 0 && ours.st_ino == there.st_ino &&
	       ours.st_dev == there.st_dev;
}

static int lock_once(struct guard *guard, const char *socket, struct err *err)
{
	char pid[16];
	int len = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());

	guard->fd = open(guard->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (guard->fd < 0)
		return err_set(err, errno, "control.socket: %s: %s", guard->path, strerror(errno));
	if (flock(guard->fd, LOCK_EX | LOCK_NB) < 0) {
		refused(guard->fd, guard->path, socket, err);
		close(guard->fd);
		guard->fd = -1;
		return -EBUSY;
	}
	if (!is_current(guard->fd, guard->path)) {
		close(guard->fd);
		guard->fd = -1;
		return -EAGAIN;
	}
	if (ftruncate(guard->fd, 0) < 0 || pwrite(guard->fd, pid, (size_t)len, 0) < 0)
		log_debug("%s: %s", guard->path, strerror(errno)); // only the name is missing
	return 0;
}

int guard_lock(struct guard *guard, const char *socket, struct err *err)
{
	int rc;

	guard->fd = -1;
	if ((size_t)snprintf(guard->path, sizeof(guard->path), "%s.lock", socket) >=
	    sizeof(guard->path))
		return err_set(err, ENAMETOOLONG, "control.socket: %s: too long", socket);
	folder_make(guard->path);
	do
		rc = lock_once(guard, socket, err);
	while (rc == -EAGAIN);
	return rc;
}

void guard_unlock(struct guard *guard)
{
	if (guard->fd < 0)
		return;
	unlink(guard->path); // while it is locked: nobody else's
	close(guard->fd);
	guard->fd = -1;
}

static const struct {
	int cap;
	unsigned rights; // bit: enum guard_rights
} kept[] = {
	{CAP_NET_ADMIN,
	 1u << GUARD_START | 1u << GUARD_START_PCI | 1u << GUARD_RUN | 1u << GUARD_RUN_PCI},
	{CAP_DAC_READ_SEARCH,
	 1u << GUARD_START | 1u << GUARD_START_PCI | 1u << GUARD_RUN | 1u << GUARD_RUN_PCI},
	{CAP_NET_RAW, 1u << GUARD_START | 1u << GUARD_START_PCI | 1u << GUARD_RUN_PCI},
	{CAP_IPC_LOCK, 1u << GUARD_START | 1u << GUARD_START_PCI | 1u << GUARD_RUN_PCI},
	{CAP_DAC_OVERRIDE, 1u << GUARD_START | 1u << GUARD_START_PCI},
	{CAP_CHOWN, 1u << GUARD_START | 1u << GUARD_START_PCI},
	{CAP_SETPCAP, 1u << GUARD_START | 1u << GUARD_START_PCI},
	{CAP_SYS_RAWIO, 1u << GUARD_START_PCI},
	{CAP_SYS_ADMIN, 1u << GUARD_START_PCI},
};

int guard_rights_limit(enum guard_rights rights, struct err *err)
{
	bool has_setpcap;

	capng_get_caps_process();
	has_setpcap = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
	for (int cap = 0; cap <= CAP_LAST_CAP; cap++) {
		bool keep = false;

		for (unsigned i = 0; i < ARRAY_LEN(kept); i++)
			keep |= kept[i].cap == cap && kept[i].rights & 1u << rights;
		if (!keep)
			capng_update(CAPNG_DROP,
				     CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_INHERITABLE |
					     CAPNG_BOUNDING_SET,
				     (unsigned)cap);
	}
	if (capng_apply(has_setpcap ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS) != 0)
		return err_set(err, EPERM, "cannot give up capabilities: %s", strerror(errno));
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return 0;
}

void guard_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	size_t len = path ? strlen(path) : 0;
	int fd;

	if (len == 0 || len >= sizeof(sun.sun_path))
		return;
	memcpy(sun.sun_path, path, len);
	if (sun.sun_path[0] == '@') // the abstract namespace
		sun.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&sun,
		   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		log_debug("%s: %s", path, strerror(errno));
	close(fd);
}
