// SPDX-License-Identifier: BSD-3-Clause
// jerboa-mrt replay: the routes of a file told to a BGP peer.
#pragma once

int replay_main(int argc, char **argv);
