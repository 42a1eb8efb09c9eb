// SPDX-License-Identifier: BSD-3-Clause
// The sending half of a BGP speaker (RFC 4271): a session to one peer, whose
// routes are read and forgotten.
//
// One thread. Nothing blocks longer than asked for: call speaker_run() often, at
// least every few seconds.
#pragma once

#include "dataplane/base/err.h"
#include "dataplane/bgp/open.h"
#include "dataplane/route/prefix.h"

#include <netinet/in.h>
#include <signal.h>

struct speaker;

struct speaker_conf {
	struct sockaddr_storage to;
	struct addr from; // family 0: the kernel's choice
	uint32_t local_as, router_id;
	unsigned hold_s;
	const volatile sig_atomic_t *stop; // not 0: give up waiting
};

// Connects and waits until the session stands; NULL with err: refused, no answer,
// NOTIFICATION (what it says), a session that cannot be.
struct speaker *speaker_open(const struct speaker_conf *conf, struct err *err) must_check;
// Says Cease (RFC 4486 §3: administrative shutdown) if the session still stands.
void speaker_close(struct speaker *sp);

const struct bgp_session *speaker_session(const struct speaker *sp);
const struct addr *speaker_local_addr(const struct speaker *sp); // of the connection
// A whole message; waits while too much is on its way. -errno with err.
int speaker_send(struct speaker *sp, const void *msg, size_t len, struct err *err) must_check;
// Reads, writes and keeps the session alive until then or, with until_sent, until
// everything is on the wire. -errno with err: the session has ended, and why.
int speaker_run(struct speaker *sp, uint64_t until_ns, bool until_sent, struct err *err) must_check;
