// SPDX-License-Identifier: BSD-3-Clause
// jerboa: the daemon. Reads one YAML file, makes a router of it, runs until
// SIGTERM. Exit codes: 0 stopped, 1 could not run, 2 the configuration is wrong.
#include "dataplane/base/log.h"
#include "dataplane/ctl/config.h"
#include "dataplane/ctl/guard.h"
#include "dataplane/ctl/router.h"
#include "drivers/dpdk/dpdk.h"
#include "drivers/nic82599/nic82599.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
	"jerboa: a router in userspace\n"
	"\n"
	"  jerboa -c FILE            run with this configuration until SIGTERM\n"
	"  jerboa --check -c FILE    check the configuration, run nothing\n"
	"  jerboa --example          print a commented configuration\n"
	"  jerboa --version\n"
	"\n"
	"  -c, --config FILE   default: /etc/jerboa/jerboa.yaml\n"
	"  -v, --verbose       log more, whatever the file says\n"
	"\n"
	"SIGHUP reads the file again. Ask and change the running router by jerboactl.\n"
	"Exit codes: 0 stopped, 1 could not run, 2 the configuration is wrong.\n";

struct options {
	const char *file;
	bool check, verbose;
};

static const struct port_ops *const drivers[] = {
	&dpdk_port_ops,
	&nic82599_port_ops,
	NULL,
};

// -1: go on, else the exit code.
static int options_parse(int argc, char **argv, struct options *opt)
{
	static const struct option table[] = {
		{"config", required_argument, NULL, 'c'},
		{"check", no_argument, NULL, 'k'},
		{"example", no_argument, NULL, 'e'},
		{"verbose", no_argument, NULL, 'v'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c;

	opt->file = "/etc/jerboa/jerboa.yaml";
	while ((c = getopt_long(argc, argv, "c:vhV", table, NULL)) != -1) {
		switch (c) {
		case 'c':
			opt->file = optarg;
			break;
		case 'k':
			opt->check = true;
			break;
		case 'v':
			opt->verbose = true;
			break;
		case 'e':
			config_example_print(stdout);
			return 0;
		case 'V':
			printf("jerboa %s\n", JERBOA_VERSION);
			return 0;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "jerboa: \"%s\" is too much\n\n%s", argv[optind], usage);
		return 2;
	}
	return -1;
}

static int run_locked(struct config *conf, struct err *err)
{
	struct router *r = router_new(conf, drivers, err);
	int rc;

	if (!r)
		return -err->code;
	guard_notify("READY=1");
	rc = router_run(r, err);
	guard_notify("STOPPING=1");
	router_free(r);
	return rc;
}

static int run(struct config *conf)
{
	struct err err = {0};
	struct guard guard;
	int rc = guard_lock(&guard, conf->control.socket, &err);

	if (rc == 0) {
		rc = run_locked(conf, &err);
		guard_unlock(&guard);
	} else {
		config_free(conf);
	}
	if (rc < 0)
		log_error("%s", err.text);
	else
		log_info("stopped");
	return rc < 0;
}

int main(int argc, char **argv)
{
	struct options opt = {0};
	struct err err = {0};
	struct config *conf;
	int code = options_parse(argc, argv, &opt);

	if (code >= 0)
		return code;
	signal(SIGPIPE, SIG_IGN);
	conf = config_load(opt.file, &err);
	if (!conf) {
		fprintf(stderr, "%s\n", err.text);
		return 2;
	}
	if (opt.check) {
		printf("%s: good\n", opt.file);
		config_free(conf);
		return 0;
	}
	log_level_set(opt.verbose ? LOG_DEBUG : conf->log_level);
	return run(conf);
}
