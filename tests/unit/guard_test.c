// SPDX-License-Identifier: BSD-3-Clause
// One daemon a socket; rights that are given up stay given up; word to systemd.
#include "dataplane/ctl/guard.h"
#include "tests/unit/test.h"

#include <cap-ng.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/jerboa-guard-XXXXXX";
static char path[64], lock_path[80];

static int folder_new(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/sock", folder);
	snprintf(lock_path, sizeof(lock_path), "%s.lock", path);
	return 0;
}

static int folder_free(void **state)
{
	(void)state;
	unlink(lock_path);
	return rmdir(folder);
}

static void the_second_is_refused_and_told_by_whom(void **state)
{
	struct guard first, second;
	struct err err = {0};
	char pid[16];

	(void)state;
	assert_int_equal(guard_lock(&first, path, &err), 0);
	assert_int_equal(guard_lock(&second, path, &err), -EBUSY);
	snprintf(pid, sizeof(pid), "process %d", (int)getpid());
	assert_non_null(strstr(err.text, "running already"));
	assert_non_null(strstr(err.text, pid));
	guard_unlock(&second);
	guard_unlock(&first);
	assert_int_not_equal(access(lock_path, F_OK), 0);
	memset(&err, 0, sizeof(err));
	assert_int_equal(guard_lock(&second, path, &err), 0);
	guard_unlock(&second);
}

static void a_crash_leaves_nothing_that_stops_the_next(void **state)
{
	struct guard guard;
	struct err err = {0};
	pid_t child = fork();
	int status;

	(void)state;
	if (child == 0)
		_exit(guard_lock(&guard, path, &err) == 0 ? 7 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), 7);
	assert_int_equal(access(lock_path, F_OK), 0);
	assert_int_equal(guard_lock(&guard, path, &err), 0);
	guard_unlock(&guard);
}

static void a_folder_that_cannot_be_written_is_named(void **state)
{
	struct guard guard;
	struct err err = {0};

	(void)state;
	assert_true(guard_lock(&guard, "/proc/nosuch/sock", &err) < 0);
	assert_non_null(strstr(err.text, "/proc/nosuch/sock.lock"));
}

static bool has(int cap)
{
	return capng_have_capability(CAPNG_EFFECTIVE, (unsigned)cap) ||
	       capng_have_capability(CAPNG_PERMITTED, (unsigned)cap);
}

// In a child: what is gone is gone.
static int rights_child(void)
{
	struct err err = {0};

	if (guard_rights_limit(GUARD_START, &err) < 0)
		return 1;
	capng_get_caps_process();
	if (!has(CAP_NET_RAW) || !has(CAP_NET_ADMIN) || has(CAP_SYS_ADMIN) || has(CAP_SETUID))
		return 2;
	if (guard_rights_limit(GUARD_RUN, &err) < 0)
		return 3;
	capng_get_caps_process();
	if (!has(CAP_NET_ADMIN) || has(CAP_NET_RAW) || has(CAP_DAC_OVERRIDE) || has(CAP_SETPCAP))
		return 4;
	if (guard_rights_limit(GUARD_START, &err) < 0) // no way back
		return 5;
	capng_get_caps_process();
	if (has(CAP_NET_RAW) || socket(AF_PACKET, SOCK_RAW, 0) >= 0)
		return 6;
	if (capng_have_capability(CAPNG_BOUNDING_SET, CAP_SYS_ADMIN))
		return 7;
	return 0;
}

static void rights_given_up_do_not_come_back(void **state)
{
	pid_t child;
	int status;

	(void)state;
	capng_get_caps_process();
	if (!has(CAP_NET_RAW) || !has(CAP_SETPCAP))
		skip();
	child = fork();
	if (child == 0)
		_exit(rights_child());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void systemd_is_told(void **state)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	char text[32] = "";
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	(void)state;
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	setenv("NOTIFY_SOCKET", path, 1);
	guard_notify("READY=1");
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(recv(fd, text, sizeof(text), MSG_DONTWAIT), 7);
	assert_string_equal(text, "READY=1");
	guard_notify("READY=1"); // nobody listens: nothing happens
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_second_is_refused_and_told_by_whom),
		cmocka_unit_test(a_crash_leaves_nothing_that_stops_the_next),
		cmocka_unit_test(a_folder_that_cannot_be_written_is_named),
		cmocka_unit_test(rights_given_up_do_not_come_back),
		cmocka_unit_test(systemd_is_told),
	};

	return cmocka_run_group_tests(tests, folder_new, folder_free);
}
