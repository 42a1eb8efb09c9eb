// SPDX-License-Identifier: BSD-3-Clause
// jerboa-mrt convert: the same dump in another compression, or TABLE_DUMP as
// TABLE_DUMP_V2.
#pragma once

int convert_main(int argc, char **argv);
