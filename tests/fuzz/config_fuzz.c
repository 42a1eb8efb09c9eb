// SPDX-License-Identifier: BSD-3-Clause
// Any bytes are a configuration or an error; what loads equals itself.
#include "dataplane/ctl/config.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {0};
	struct config *conf = config_parse((const char *)data, size, "fuzz", &err);

	if (!conf && !err.code)
		abort();
	if (conf && config_diff(conf, conf, NULL, NULL) != 0)
		abort();
	config_free(conf);
	return 0;
}
