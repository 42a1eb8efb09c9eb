// SPDX-License-Identifier: BSD-3-Clause
// jerboa-mrt filter and lookup: the routes that a condition wants, as text or as
// MRT again.
#pragma once

int filter_main(int argc, char **argv);
int lookup_main(int argc, char **argv);
