// SPDX-License-Identifier: BSD-3-Clause
#include "apps/mrt/digits.h"

struct digits digits;

void digits_init(void)
{
	for (unsigned i = 0; i < 1000; i++) {
		char text[3] = {(char)('0' + i / 100), (char)('0' + i / 10 % 10),
				(char)('0' + i % 10)};
		unsigned zeros = i < 10 ? 2 : i < 100 ? 1 : 0;

		memcpy(digits.full[i], text, 3);
		memcpy(digits.left[i], text + zeros, 3 - zeros);
		digits.left[i][3] = (char)(3 - zeros);
	}
	for (unsigned i = 0; i < 256; i++) {
		digits.hex[i][0] = "0123456789abcdef"[i >> 4];
		digits.hex[i][1] = "0123456789abcdef"[i & 15];
	}
}

char *digits_big(char *p, uint32_t value)
{
	uint32_t millions = value / 1000000, rest = value % 1000000;

	p = millions < 1000 ? digits_small(p, millions)
			    : digits_triple(digits_small(p, millions / 1000), millions % 1000);
	return digits_triple(digits_triple(p, rest / 1000), rest % 1000);
}

// The longest run of zero fields, the first of several: its start, 8 for none.
static unsigned run_find(const uint16_t field[8], unsigned *len)
{
	unsigned best = 8;

	*len = 0;
	for (unsigned i = 0; i < 8; i++) {
		unsigned end = i;

		while (end < 8 && field[end] == 0)
			end++;
		if (end - i > *len) {
			best = i;
			*len = end - i;
		}
		i = end;
	}
	return best;
}

static char *field_put(char *p, unsigned value)
{
	char text[4];
	unsigned zeros = value < 0x10 ? 3 : value < 0x100 ? 2 : value < 0x1000 ? 1 : 0;

	memcpy(text, digits.hex[value >> 8], 2);
	memcpy(text + 2, digits.hex[value & 0xff], 2);
	memcpy(p, text + zeros, 4 - zeros);
	return p + 4 - zeros;
}

// ::ffff:192.0.2.1, and ::192.0.2.1 but for :: and ::1.
static bool has_ip4(const uint16_t field[8])
{
	for (unsigned i = 0; i < 5; i++)
		if (field[i])
			return false;
	if (field[5])
		return field[5] == 0xffff;
	return field[6] || field[7] > 1;
}

char *digits_ip6(char *p, const uint8_t bytes[16])
{
	uint16_t field[8];
	unsigned run, run_len;

	for (unsigned i = 0; i < 8; i++)
		field[i] = (uint16_t)(bytes[2 * i] << 8 | bytes[2 * i + 1]);
	if (unlikely(field[0] == 0 && has_ip4(field))) {
		p = field[5] ? digits_text(p, "::ffff:") : digits_text(p, "::");
		return digits_ip4(p, bytes + 12);
	}
	run = run_find(field, &run_len);
	if (run == 0)
		*p++ = ':';
	for (unsigned i = 0; i < 8; i++) {
		if (i == run) {
			*p++ = ':';
			i += run_len - 1;
			continue;
		}
		p = field_put(p, field[i]);
		if (i < 7)
			*p++ = ':';
	}
	return p;
}

char *digits_hex(char *p, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++, p += 2)
		memcpy(p, digits.hex[bytes[i]], 2);
	return p;
}
