// SPDX-License-Identifier: BSD-3-Clause
// jerboa-mrt diff: what came, went and changed between two tables.
#pragma once

int diff_main(int argc, char **argv);
