// SPDX-License-Identifier: BSD-3-Clause
// jerboactl: asks and changes a running jerboa over its control socket.
//
// Knows no command by itself: words go to the daemon as they are, and what comes
// back says how to show it.
#include "apps/ctl/conn.h"
#include "apps/ctl/help.h"
#include "apps/ctl/table.h"
#include "dataplane/base/clock.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_REFUSED = 1, EXIT_NOT_ASKED = 2 };

struct options {
	const char *socket;
	bool is_json, is_help, is_complete;
	double watch_s;
	char **words;
	int n_words;
};

static int options_read(struct options *opt, int argc, char **argv)
{
	static const struct option names[] = {
		{"socket", required_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},
		{"watch", required_argument, NULL, 'w'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{"complete", no_argument, NULL, 'C'},
		{NULL, 0, NULL, 0},
	};
	char *end;
	int c;

	while ((c = getopt_long(argc, argv, "s:jw:hV", names, NULL)) != -1)
		switch (c) {
		case 's':
			opt->socket = optarg;
			break;
		case 'j':
			opt->is_json = true;
			break;
		case 'h':
			opt->is_help = true;
			break;
		case 'C':
			opt->is_complete = true;
			break;
		case 'w':
			opt->watch_s = strtod(optarg, &end);
			if (*end || end == optarg ||
			    !(opt->watch_s >= 0.1 && opt->watch_s <= 3600)) {
				fprintf(stderr,
					"jerboactl: --watch: found \"%s\", allowed is a "
					"number of seconds from 0.1 to 3600\n",
					optarg);
				return -EINVAL;
			}
			break;
		case 'V':
			printf("jerboactl %s\n", JERBOA_VERSION);
			exit(0);
		default:
			fprintf(stderr, "jerboactl --help says more\n");
			return -EINVAL;
		}
	opt->words = argv + optind;
	opt->n_words = argc - optind;
	return 0;
}

// Rows as they come: "[", a row a line, "]".
static int json_print(struct conn *conn, struct err *err)
{
	bool has_more = true, is_list = false, is_first = true;

	while (has_more) {
		json_t *page = conn_page(conn, NULL, &has_more, err), *row;
		size_t i;

		if (!page)
			return -err->code;
		if (!json_is_array(page)) {
			json_dumpf(page, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
		} else {
			fputs(is_list ? "" : "[", stdout);
			is_list = true;
			json_array_foreach(page, i, row)
			{
				fputs(is_first ? "\n" : ",\n", stdout);
				json_dumpf(row, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
				is_first = false;
			}
		}
		json_decref(page);
	}
	fputs(is_list ? "\n]\n" : "\n", stdout);
	return 0;
}

static int pages_print(struct conn *conn, struct err *err)
{
	json_t *columns = NULL, *page;
	struct table *table = NULL;
	bool has_more = true;

	while (has_more && (page = conn_page(conn, &columns, &has_more, err)) != NULL) {
		if (!json_is_array(page)) {
			table_object(stdout, page);
		} else {
			if (!table)
				table = table_new(stdout, columns);
			if (table)
				table_rows(table, page);
		}
		json_decref(page);
	}
	table_free(table);
	json_decref(columns);
	return -err->code;
}

// One sample of a live view, for programs.
static void json_line_print(const json_t *data)
{
	json_dumpf(data, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
	fputs("\n", stdout);
	fflush(stdout);
}

static volatile sig_atomic_t is_stopped;

static void on_signal(int sig)
{
	(void)sig;
	is_stopped = 1;
}

static void view_print(const struct options *opt, const json_t *data, const json_t *columns,
		       const json_t *before, double seconds)
{
	struct table *table = table_new(stdout, columns);
	char clock[16];
	time_t now = time(NULL);

	strftime(clock, sizeof(clock), "%H:%M:%S", localtime(&now));
	printf("%s%s every %gs:", isatty(1) ? "\033[H\033[J" : "", clock, opt->watch_s);
	for (int i = 0; i < opt->n_words; i++)
		printf(" %s", opt->words[i]);
	printf("\n\n");
	if (table && json_is_array(data)) {
		table_rates(table, before, seconds);
		table_rows(table, data);
	} else {
		table_object(stdout, data);
	}
	if (!isatty(1))
		printf("\n");
	fflush(stdout);
	table_free(table);
}

static void pause_for(double seconds)
{
	struct timespec ts = {(time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9)};

	nanosleep(&ts, NULL); // a signal cuts it short, as it should
}

static int watch(struct conn *conn, const struct options *opt, struct err *err)
{
	json_t *before = NULL, *data;
	uint64_t then = 0, now;

	sigaction(SIGINT, &(struct sigaction){.sa_handler = on_signal}, NULL);
	sigaction(SIGTERM, &(struct sigaction){.sa_handler = on_signal}, NULL);
	while (!is_stopped) {
		json_t *columns = NULL;

		data = conn_ask(conn, opt->words, opt->n_words, err) < 0
			       ? NULL
			       : conn_whole(conn, &columns, err);
		now = clock_ns();
		if (data && opt->is_json)
			json_line_print(data);
		else if (data)
			view_print(opt, data, columns, before,
				   (double)(now - then) / (double)CLOCK_NS_PER_S);
		json_decref(columns);
		json_decref(before);
		before = data;
		then = now;
		if (!data)
			break;
		pause_for(opt->watch_s);
	}
	json_decref(before);
	return is_stopped ? 0 : -err->code;
}

static int run(struct conn *conn, const struct options *opt, struct err *err)
{
	if (opt->is_complete)
		return help_complete(stdout, conn, opt->words, opt->n_words, err);
	if (opt->is_help || opt->n_words == 0)
		return help_print(stdout, conn, opt->words, opt->n_words, err);
	if (opt->watch_s > 0)
		return watch(conn, opt, err);
	if (conn_ask(conn, opt->words, opt->n_words, err) < 0)
		return -err->code;
	return opt->is_json ? json_print(conn, err) : pages_print(conn, err);
}

int main(int argc, char **argv)
{
	const char *socket = getenv("JERBOA_SOCKET");
	struct options opt = {.socket = socket ? socket : "/run/jerboa/jerboa.sock"};
	struct err err = {0};
	struct conn *conn;
	int rc;

	if (options_read(&opt, argc, argv) < 0)
		return EXIT_NOT_ASKED;
	conn = conn_open(opt.socket, &err);
	if (!conn && opt.n_words == 0 && !opt.is_complete)
		help_print(stdout, NULL, NULL, 0, NULL);
	rc = conn ? run(conn, &opt, &err) : -err.code;
	conn_close(conn);
	if (rc < 0 && !opt.is_complete)
		fprintf(stderr, "jerboactl: %s\n", err.text);
	if (!conn && opt.is_help && opt.n_words == 0)
		return 0;
	return rc == 0 ? 0 : err.code == EREMOTE ? EXIT_REFUSED : EXIT_NOT_ASKED;
}
