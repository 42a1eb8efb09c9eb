// SPDX-License-Identifier: BSD-3-Clause
// Scalars of the configuration: strict readers and their writers.
#include "dataplane/ctl/config.h"
#include "dataplane/ctl/config_schema.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void store(const struct conf_key *key, int64_t value, void *field)
{
	bool flag = value != 0;
	uint32_t word = (uint32_t)value;

	if (key->size == sizeof(bool))
		memcpy(field, &flag, sizeof(flag));
	else
		memcpy(field, &word, sizeof(word));
}

// Signed words (-1: automatic) and unsigned numbers share fields of 32 bits:
// a value that no word has is unsigned.
static int64_t fetch(const struct conf_key *key, const void *field)
{
	bool flag;
	uint32_t word;

	if (key->size == sizeof(bool)) {
		memcpy(&flag, field, sizeof(flag));
		return flag;
	}
	memcpy(&word, field, sizeof(word));
	return word;
}

static int word_parse(const struct conf_key *key, const char *text, void *field)
{
	for (const struct conf_word *word = key->words; word && word->text; word++)
		if (strcmp(word->text, text) == 0) {
			store(key, word->value, field);
			return 0;
		}
	return -EINVAL;
}

static void word_format(const struct conf_key *key, const void *field, char *text, size_t len)
{
	int64_t value = fetch(key, field);

	text[0] = '\0';
	for (const struct conf_word *word = key->words; word && word->text; word++)
		if ((uint32_t)word->value == (uint32_t)value) {
			snprintf(text, len, "%s", word->text);
			return;
		}
}

// Decimal digits only: no sign, no blanks, no octal. *end points behind them.
static int digits_parse(const char *text, int64_t *value, const char **end)
{
	size_t n = strspn(text, "0123456789");

	if (n == 0 || n > 15 || (n > 1 && text[0] == '0'))
		return -EINVAL;
	*value = strtoll(text, NULL, 10);
	*end = text + n;
	return 0;
}

static int number_parse(const struct conf_key *key, const char *text, void *field)
{
	const char *end;
	int64_t value;

	if (word_parse(key, text, field) == 0)
		return 0;
	if (digits_parse(text, &value, &end) < 0 || *end || value < key->min || value > key->max)
		return -EINVAL;
	store(key, value, field);
	return 0;
}

static void number_format(const struct conf_key *key, const void *field, char *text, size_t len)
{
	word_format(key, field, text, len);
	if (!text[0])
		snprintf(text, len, "%" PRIi64, fetch(key, field));
}

static const struct conf_word units[] = {
	{"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}, {NULL, 0},
};

static int unit_parse(const char *text, int64_t *ms)
{
	for (const struct conf_word *unit = units; unit->text; unit++)
		if (strcmp(unit->text, text) == 0) {
			*ms = unit->value;
			return 0;
		}
	return -EINVAL;
}

static int duration_parse(const struct conf_key *key, const char *text, void *field)
{
	int64_t value, unit;
	const char *end;

	if (digits_parse(text, &value, &end) < 0 || value > UINT32_MAX ||
	    unit_parse(end, &unit) < 0)
		return -EINVAL;
	value *= unit;
	if (value % key->unit_ms || value / key->unit_ms < key->min ||
	    value / key->unit_ms > key->max)
		return -EINVAL;
	store(key, value / key->unit_ms, field);
	return 0;
}

// The largest unit that says it whole: 1000ms is 1s, 90s stays 90s.
static void ms_format(int64_t ms, char *text, size_t len)
{
	const struct conf_word *unit = units;

	while (ms % unit->value || (ms == 0 && unit[1].text))
		unit++;
	snprintf(text, len, "%" PRIi64 "%s", ms / unit->value, unit->text);
}

static void duration_format(const struct conf_key *key, const void *field, char *text, size_t len)
{
	ms_format(fetch(key, field) * key->unit_ms, text, len);
}

// Names become Linux interfaces: at most 15 characters, and none that the
// kernel, a path in /proc or a shell would read differently.
static int name_parse(const struct conf_key *key, const char *text, void *field)
{
	static const char *const taken[] = {".", "..", "lo", "all", "default", "none"};
	size_t n =
		strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

	if (n == 0 || n >= CONF_NAME_MAX || text[n] || text[0] == '-')
		return -EINVAL;
	for (unsigned i = 0; i < ARRAY_LEN(taken); i++)
		if (strcmp(text, taken[i]) == 0)
			return -EINVAL;
	memcpy(field, text, n + 1);
	return 0;
}

static void text_format(const struct conf_key *key, const void *field, char *text, size_t len)
{
	snprintf(text, len, "%s", (const char *)field);
}

static bool is_printable(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

static int text_parse(const struct conf_key *key, const char *text, void *field)
{
	size_t len = strlen(text);

	if (key->words) {
		const struct conf_word *word = key->words;

		while (word->text && strcmp(word->text, text) != 0)
			word++;
		if (!word->text)
			return -EINVAL;
	}
	if ((int64_t)len < key->min || len >= key->size || (key->max && (int64_t)len > key->max) ||
	    !is_printable(text))
		return -EINVAL;
	memcpy(field, text, len + 1);
	return 0;
}

static int address_parse(const struct conf_key *key, const char *text, void *field)
{
	return addr_parse(text, field);
}

static void address_format(const struct conf_key *key, const void *field, char *text, size_t len)
{
	char buf[ADDR_TEXT_MAX] = "";

	if (((const struct addr *)field)->family)
		addr_format(field, buf);
	snprintf(text, len, "%s", buf);
}

static int net_parse(const struct conf_key *key, const char *text, void *field)
{
	return strchr(text, '/') ? prefix_parse(text, field) : -EINVAL;
}

static void net_format(const struct conf_key *key, const void *field, char *text, size_t len)
{
	char buf[PREFIX_TEXT_MAX] = "";

	if (((const struct prefix *)field)->family)
		prefix_format(field, buf);
	snprintf(text, len, "%s", buf);
}

// An address of the router with the length of its network: 10.0.1.254/24.
static int ifaddr_parse(const struct conf_key *key, const char *text, void *field)
{
	struct conf_addr *addr = field;
	int rc;

	if (!strchr(text, '/'))
		return -EINVAL;
	rc = prefix_parse(text, &addr->net);
	if (rc < 0 && rc != -EDOM)
		return -EINVAL;
	addr->addr = (struct addr){.family = addr->net.family};
	memcpy(addr->addr.bytes, addr->net.bytes, sizeof(addr->addr.bytes));
	prefix_mask(&addr->net);
	return addr->net.len ? 0 : -EINVAL;
}

static void ifaddr_format(const struct conf_key *key, const void *field, char *text, size_t len)
{
	const struct conf_addr *addr = field;
	char buf[ADDR_TEXT_MAX];

	snprintf(text, len, "%s/%u", addr_format(&addr->addr, buf), addr->net.len);
}

static int mac_parse(const struct conf_key *key, const char *text, void *field)
{
	static const char zero[6];
	uint8_t *mac = field;

	if (strlen(text) != 17 || strspn(text, "0123456789abcdefABCDEF:") != 17)
		return -EINVAL;
	for (unsigned i = 0; i < 6; i++) {
		const char *octet = text + i * 3;

		if (octet[0] == ':' || octet[1] == ':' || (i < 5 && octet[2] != ':'))
			return -EINVAL;
		mac[i] = (uint8_t)strtoul(octet, NULL, 16);
	}
	// One station: neither a group address nor nobody's.
	return mac[0] & 1 || memcmp(mac, zero, 6) == 0 ? -EINVAL : 0;
}

static void mac_format(const struct conf_key *key, const void *field, char *text, size_t len)
{
	const uint8_t *mac = field;

	snprintf(text, len, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
		 mac[5]);
}

const struct conf_type conf_type_bool = {"switch", NULL, word_parse, word_format};
const struct conf_type conf_type_word = {"word", NULL, word_parse, word_format};
const struct conf_type conf_type_number = {"number", NULL, number_parse, number_format};
const struct conf_type conf_type_duration = {"duration", NULL, duration_parse, duration_format};
const struct conf_type conf_type_name = {
	"name",
	"a name of 1 to 15 letters, digits, '.', '_' or '-' (not lo, all, default, none)",
	name_parse,
	text_format,
};
const struct conf_type conf_type_text = {"text", NULL, text_parse, text_format};
const struct conf_type conf_type_addr = {
	"address",
	"an IPv4 or IPv6 address",
	address_parse,
	address_format,
};
const struct conf_type conf_type_prefix = {
	"prefix",
	"a network such as 10.0.0.0/8 or 2001:db8::/32, its host bits zero",
	net_parse,
	net_format,
};
const struct conf_type conf_type_ifaddr = {
	"address/length",
	"an address with the length of its network, such as 10.0.1.254/24 or 2001:db8::1/64",
	ifaddr_parse,
	ifaddr_format,
};
const struct conf_type conf_type_mac = {
	"Ethernet address",
	"the Ethernet address of one station, such as 02:00:00:00:00:01",
	mac_parse,
	mac_format,
};

// "a, b or c"
static void words_join(const struct conf_word *word, char *text, size_t len)
{
	size_t at = 0;

	text[0] = '\0';
	for (; word && word->text; word++) {
		const char *glue = at == 0 ? "" : word[1].text ? ", " : " or ";

		at = text_append(text, len, at, "%s%s", glue, word->text);
	}
}

void conf_allowed(const struct conf_key *key, char *text, size_t len)
{
	char words[128], from[32], to[32];

	words_join(key->words, words, sizeof(words));
	if (key->type->allowed) {
		snprintf(text, len, "%s", key->type->allowed);
	} else if (key->type == &conf_type_duration) {
		ms_format(key->min * key->unit_ms, from, sizeof(from));
		ms_format(key->max * key->unit_ms, to, sizeof(to));
		snprintf(text, len, "a time from %s to %s, with its unit (ms, s, m, h)", from, to);
	} else if (key->type == &conf_type_number && key->min == key->max) {
		snprintf(text, len, "%" PRIi64, key->min);
	} else if (key->type == &conf_type_number) {
		snprintf(text, len, "%s%sa number from %" PRIi64 " to %" PRIi64, words,
			 words[0] ? " or " : "", key->min, key->max);
	} else if (key->type == &conf_type_text && !key->words) {
		snprintf(text, len, "a text of %" PRIi64 " to %zu characters", key->min,
			 key->max ? (size_t)key->max : key->size - 1);
	} else {
		snprintf(text, len, "%s", words);
	}
}
