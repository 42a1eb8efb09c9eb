// SPDX-License-Identifier: BSD-3-Clause
// jerboa-mrt dump: everything in a dump, as text.
#pragma once

int dump_main(int argc, char **argv);
