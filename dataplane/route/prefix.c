// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/route/prefix.h"

#include "dataplane/base/err.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static unsigned bits_of(uint8_t family)
{
	return family == 4 ? 32 : 128;
}

static int af_of(uint8_t family)
{
	return family == 4 ? AF_INET : AF_INET6;
}

int addr_parse(const char *text, struct addr *addr)
{
	uint8_t family = strchr(text, ':') ? 6 : 4;

	memset(addr, 0, sizeof(*addr));
	if (inet_pton(af_of(family), text, addr->bytes) != 1)
		return -EINVAL;
	addr->family = family;
	return 0;
}

char *addr_format(const struct addr *addr, char text[ADDR_TEXT_MAX])
{
	if (addr->family != 4 && addr->family != 6)
		strcpy(text, "none");
	else
		inet_ntop(af_of(addr->family), addr->bytes, text, ADDR_TEXT_MAX);
	return text;
}

bool addr_is_equal(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

// Decimal digits only, at most three: no sign, no space, no "0x".
static int len_parse(const char *text, unsigned max, uint8_t *len)
{
	unsigned n = 0;
	size_t digits = strspn(text, "0123456789");

	if (digits < 1 || digits > 3 || text[digits])
		return -EINVAL;
	for (size_t i = 0; i < digits; i++)
		n = n * 10 + (unsigned)(text[i] - '0');
	if (n > max)
		return -EINVAL;
	*len = (uint8_t)n;
	return 0;
}

int prefix_parse(const char *text, struct prefix *prefix)
{
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	char host[ADDR_TEXT_MAX];
	struct prefix masked;
	struct addr addr;

	memset(prefix, 0, sizeof(*prefix));
	if (n >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, n);
	host[n] = '\0';
	if (addr_parse(host, &addr))
		return -EINVAL;
	prefix->len = (uint8_t)bits_of(addr.family);
	if (slash && len_parse(slash + 1, prefix->len, &prefix->len))
		return -EINVAL;
	prefix->family = addr.family;
	memcpy(prefix->bytes, addr.bytes, sizeof(prefix->bytes));
	masked = *prefix;
	prefix_mask(&masked);
	return prefix_is_equal(prefix, &masked) ? 0 : -EDOM;
}

char *prefix_format(const struct prefix *prefix, char text[PREFIX_TEXT_MAX])
{
	struct addr addr = {.family = prefix->family};
	size_t n;

	memcpy(addr.bytes, prefix->bytes, sizeof(addr.bytes));
	addr_format(&addr, text);
	n = strlen(text);
	snprintf(text + n, PREFIX_TEXT_MAX - n, "/%u", prefix->len);
	return text;
}

void prefix_mask(struct prefix *prefix)
{
	unsigned whole = prefix->len / 8, rest = prefix->len % 8;

	if (whole >= sizeof(prefix->bytes))
		return;
	prefix->bytes[whole] &= (uint8_t)(0xff00 >> rest);
	memset(prefix->bytes + whole + 1, 0, sizeof(prefix->bytes) - whole - 1);
}

bool prefix_is_equal(const struct prefix *a, const struct prefix *b)
{
	return a->family == b->family && a->len == b->len &&
	       !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool prefix_has_addr(const struct prefix *prefix, const struct addr *addr)
{
	unsigned whole = prefix->len / 8, rest = prefix->len % 8;

	if (prefix->family != addr->family || memcmp(prefix->bytes, addr->bytes, whole))
		return false;
	return !rest || !((prefix->bytes[whole] ^ addr->bytes[whole]) & (0xff00 >> rest) & 0xff);
}
