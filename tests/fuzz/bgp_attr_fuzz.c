// SPDX-License-Identifier: BSD-3-Clause
// Path attributes of any bytes, as an IPv4 and an IPv6 prefix would have them;
// the first byte chooses.
#include "dataplane/bgp/attr.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fault fault = {.code = FAULT_NONE};
	struct bgp_attr_style style;
	struct bgp_path path;
	uint8_t *exact;
	int code;

	if (size == 0)
		return 0;
	style.family = data[0] & 1 ? 6 : 4;
	style.as_bytes = data[0] & 2 ? 2 : 4;
	exact = malloc(size);
	memcpy(exact, data + 1, size - 1);
	exact = realloc(exact, size - 1 ? size - 1 : 1);
	code = bgp_path_decode(exact, size - 1, style, &path, &fault);
	if (code ? fault.code == FAULT_NONE || fault.at > size - 1 : fault.code != FAULT_NONE)
		abort();
	free(exact);
	return 0;
}
