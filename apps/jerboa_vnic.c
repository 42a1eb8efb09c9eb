// SPDX-License-Identifier: BSD-3-Clause
// jerboa-vnic: virtual Intel 82599 cards for QEMU, for jerboa, for anything that
// speaks vfio-user. One thread serves them all: sockets, registers, wires.
#include "apps/vnic/card.h"
#include "apps/vnic/control.h"
#include "dataplane/base/clock.h"
#include "dataplane/base/log.h"

#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, NAP_MAX_NS = 1000000, AWAKE_NS = 200000, LOOK_EVERY = 64 };

struct options {
	const char *control, *ask;
	bool is_polling;
};

static volatile sig_atomic_t is_over;

static void on_signal(int sig)
{
	(void)sig;
	is_over = 1;
}

static void usage(void)
{
	printf("usage: jerboa-vnic [--control SOCKET] [--poll] CARD...\n"
	       "       jerboa-vnic --ask SOCKET show | CARD COMMAND...\n\n"
	       "Virtual Intel 82599 (X520) cards, each at a vfio-user socket.\n\n"
	       "  -c, --control SOCKET  take commands there\n"
	       "  -a, --ask SOCKET      send a command to a running jerboa-vnic\n"
	       "  -p, --poll            never sleep: a core for the cards alone\n"
	       "  -v, --verbose         say more\n"
	       "  -h, --help  -V, --version\n\n"
	       "%s\nWires:\n%s\nCommands:\n%s\n"
	       "Example: two cards joined by a cable, for two machines\n"
	       "  jerboa-vnic /run/a.sock,wire=cable:x /run/b.sock,wire=cable:x\n"
	       "  qemu-system-x86_64 -machine q35,memory-backend=m \\\n"
	       "    -object memory-backend-memfd,id=m,size=1G,share=on -m 1G \\\n"
	       "    -device '{\"driver\":\"vfio-user-pci\",\n"
	       "              \"socket\":{\"type\":\"unix\",\"path\":\"/run/a.sock\"}}' ...\n",
	       card_help, wire_help, vnic_command_help);
}

static int options_read(struct options *opt, int argc, char **argv)
{
	static const struct option names[] = {
		{"control", required_argument, NULL, 'c'},
		{"ask", required_argument, NULL, 'a'},
		{"poll", no_argument, NULL, 'p'},
		{"verbose", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "+c:a:pvhV", names, NULL)) != -1)
		switch (c) {
		case 'c':
			opt->control = optarg;
			break;
		case 'a':
			opt->ask = optarg;
			break;
		case 'p':
			opt->is_polling = true;
			break;
		case 'v':
			log_level_set(LOG_DEBUG);
			break;
		case 'h':
			usage();
			exit(0);
		case 'V':
			printf("jerboa-vnic %s\n", JERBOA_VERSION);
			exit(0);
		default:
			fprintf(stderr, "jerboa-vnic --help says more\n");
			return -EINVAL;
		}
	if (optind < argc)
		return 0;
	fprintf(stderr, "jerboa-vnic: no %s given; --help says more\n",
		opt->ask ? "command" : "card");
	return -EINVAL;
}

static unsigned fds_fill(const struct cards *cards, int control, struct pollfd *fds)
{
	unsigned n = 0;

	for (unsigned i = 0; i < cards->n; i++) {
		struct vnic *nic = vfu_nic(cards->card[i].vfu);

		fds[n++] = (struct pollfd){.fd = vfu_fd(cards->card[i].vfu), .events = POLLIN};
		fds[n].fd = vnic_is_backlogged(nic) ? -1 : cards->card[i].wire->fd;
		fds[n++].events = POLLIN;
	}
	fds[n++] = (struct pollfd){.fd = control, .events = POLLIN};
	return n;
}

// How long nothing may happen that no file descriptor tells: until an interrupt
// is due, or, where doorbells or a generator have to be looked at, a nap.
static uint64_t nap_ns(const struct cards *cards, uint64_t now_ns)
{
	uint64_t nap = 1000 * (uint64_t)NAP_MAX_NS;

	for (unsigned i = 0; i < cards->n; i++) {
		const struct card *card = &cards->card[i];
		uint64_t due = vnic_due_ns(vfu_nic(card->vfu));
		bool is_looked_at = (vfu_has_client(card->vfu) && !card->is_trapped) ||
				    (card->wire->fd < 0 && card->wire->ops->poll);

		if (is_looked_at && nap > NAP_MAX_NS / 10)
			nap = NAP_MAX_NS / 10;
		if (due <= now_ns)
			return 0;
		if (due - now_ns < nap)
			nap = due - now_ns;
	}
	return nap;
}

static void sleep_until_news(struct cards *cards, int control, uint64_t now_ns)
{
	struct pollfd fds[2 * CARDS_MAX + 1];
	unsigned n = fds_fill(cards, control, fds);
	uint64_t nap = nap_ns(cards, now_ns);
	struct timespec limit = {.tv_sec = (time_t)(nap / CLOCK_NS_PER_S),
				 .tv_nsec = (long)(nap % CLOCK_NS_PER_S)};

	(void)ppoll(fds, n, &limit, NULL);
}

static unsigned serve(struct cards *cards, int control)
{
	unsigned n = 0;

	for (unsigned i = 0; i < cards->n; i++)
		n += vfu_serve(cards->card[i].vfu);
	if (control >= 0)
		control_serve(control, cards);
	return n;
}

// While there is work, sockets are looked at now and then only.
static void loop(struct cards *cards, int control, bool is_polling)
{
	uint64_t busy_ns = clock_ns();

	for (unsigned round = 0; !is_over; round++) {
		uint64_t now_ns = clock_ns();
		unsigned n = round % LOOK_EVERY ? 0 : serve(cards, control);

		for (unsigned i = 0; i < cards->n; i++)
			n += vnic_step(vfu_nic(cards->card[i].vfu), now_ns);
		if (n) {
			busy_ns = now_ns;
			continue;
		}
		n = serve(cards, control);
		if (n)
			busy_ns = now_ns;
		if (!is_polling && now_ns - busy_ns > AWAKE_NS)
			sleep_until_news(cards, control, now_ns);
	}
}

static int start(struct cards *cards, char **words, int n, struct err *err)
{
	int ret = vnic_dma_guard();

	for (int i = 0; i < n && ret == 0; i++)
		ret = card_add(cards, words[i], err);
	return ret;
}

int main(int argc, char **argv)
{
	struct options opt = {0};
	struct cards cards = {0};
	struct err err = {0};
	int control = -1, ret;

	if (options_read(&opt, argc, argv) < 0)
		return EXIT_USAGE;
	if (opt.ask)
		return control_ask(opt.ask, argv + optind, argc - optind);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	ret = start(&cards, argv + optind, argc - optind, &err);
	if (ret == 0 && opt.control) {
		control = control_open(opt.control, &err);
		ret = control < 0 ? -EINVAL : 0;
	}
	if (ret == 0) {
		log_info("%u cards ready", cards.n);
		loop(&cards, control, opt.is_polling);
	} else {
		fprintf(stderr, "jerboa-vnic: %s\n", err.text);
	}
	cards_close(&cards);
	if (control >= 0) {
		close(control);
		unlink(opt.control);
	}
	return ret == 0 ? 0 : EXIT_USAGE;
}
