// SPDX-License-Identifier: BSD-3-Clause
#include "apps/vnic/control.h"

#include "dataplane/base/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { LINE_MAX_LEN = 256, ANSWER_MAX = 8192 };

static int unix_socket(const char *path, struct sockaddr_un *addr)
{
	if (strlen(path) >= sizeof(addr->sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	*addr = (struct sockaddr_un){.sun_family = AF_UNIX};
	strcpy(addr->sun_path, path);
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

int control_open(const char *path, struct err *err)
{
	struct sockaddr_un addr;
	int fd = unix_socket(path, &addr);

	if (fd >= 0) {
		unlink(path);
		if (!bind(fd, (struct sockaddr *)&addr, sizeof(addr)) && !chmod(path, 0660) &&
		    !fcntl(fd, F_SETFL, O_NONBLOCK) && !listen(fd, 4))
			return fd;
	}
	err_set(err, errno, "--control %s: %m", path);
	if (fd >= 0)
		close(fd);
	return -1;
}

// "NAME COMMAND...", or "show" for all.
static void run(struct cards *cards, char *line, char *out, size_t len)
{
	char *rest = strchr(line, ' ');
	struct card *card;
	size_t at = 0;

	line[strcspn(line, "\n")] = 0;
	if (!strcmp(line, "show")) {
		for (unsigned i = 0; i < cards->n && at + 1 < len; i++) {
			at = text_append(out, len, at, "card %s\nclient %s\n", cards->card[i].name,
					 vfu_has_client(cards->card[i].vfu) ? "yes" : "no");
			if (at + 1 >= len)
				break;
			vfu_command(cards->card[i].vfu, "show", out + at, len - at);
			at += strlen(out + at);
		}
		return;
	}
	if (rest)
		*rest++ = 0;
	card = card_find(cards, line);
	if (!card || !rest)
		text_append(out, len, 0, "error: allowed are \"show\" and \"CARD COMMAND\"\n%s",
			    vnic_command_help);
	else if (vfu_command(card->vfu, rest, out + 7, len - 7) < 0)
		memcpy(out, "error: ", 7);
	else
		memmove(out, out + 7, strlen(out + 7) + 1);
}

void control_serve(int listener, struct cards *cards)
{
	static char answer[ANSWER_MAX];
	struct timeval limit = {.tv_usec = 100000};
	char line[LINE_MAX_LEN];
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	n = recv(fd, line, sizeof(line) - 1, 0);
	if (n > 0) {
		line[n] = 0;
		answer[0] = 0;
		run(cards, line, answer, sizeof(answer));
		(void)send(fd, answer, strlen(answer), MSG_NOSIGNAL);
	}
	close(fd);
}

int control_ask(const char *path, char **words, int n_words)
{
	struct sockaddr_un addr;
	char line[LINE_MAX_LEN] = "", answer[ANSWER_MAX];
	int fd = unix_socket(path, &addr), status = 0;
	size_t at = 0, got = 0;
	ssize_t n;

	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		fprintf(stderr, "jerboa-vnic: --ask %s: %s\n", path, strerror(errno));
		return 1;
	}
	for (int i = 0; i < n_words; i++)
		at = text_append(line, sizeof(line), at, "%s%s", i ? " " : "", words[i]);
	(void)send(fd, line, strlen(line), MSG_NOSIGNAL);
	while (got + 1 < sizeof(answer) &&
	       (n = recv(fd, answer + got, sizeof(answer) - 1 - got, 0)) > 0)
		got += (size_t)n;
	answer[got] = 0;
	status = !strncmp(answer, "error: ", 7);
	fputs(answer, status ? stderr : stdout);
	close(fd);
	return status;
}
