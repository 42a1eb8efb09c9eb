// SPDX-License-Identifier: BSD-3-Clause
// DPDK's log lines become ours: its errors are warnings here (who decides logs
// the error), its warnings and below are debug.
//
// Any thread may write. The last error is kept to explain a failed call.
#pragma once

void eal_log_open(void);
void eal_log_close(void);

// The last line DPDK wrote at level error; "" if none.
const char *eal_log_last(void);
