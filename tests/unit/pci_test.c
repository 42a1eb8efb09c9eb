// SPDX-License-Identifier: BSD-3-Clause
// Which device is meant, and what is refused before anything is touched.
#include "drivers/pci/pci.h"
#include "tests/unit/test.h"

#include <string.h>

// D10: as lspci writes it, without a domain, and in the forms that ixy.ml took.
static void addresses_are_read_as_people_write_them(void **state)
{
	static const char *const good[][2] = {
		{"0000:ab:1d.6", "0000:ab:1d.6"}, {"ab:1d.6", "0000:ab:1d.6"},
		{"ab1d6", "0000:ab:1d.6"},	  {"0000.ab.1d.6", "0000:ab:1d.6"},
		{"0001ab1d6", "0001:ab:1d.6"},	  {"0000:AB:1D.6", "0000:ab:1d.6"},
		{"00:1f.7", "0000:00:1f.7"},	  {"ab.1d.6", "0000:ab:1d.6"},
	};
	static const char *const bad[] = {
		"",	   "0000:ab:1d",    "0000:ab:1d.8", "0000:ab:20.0",
		"ab:cd.e", "00000:ab:1d.6", "0000::ab1d.6", "0000:a:b1d.6",
		"eth0",	   "ab1d6,x=1",	    ":ab1d6",	    "ab1d6."};
	char full[PCI_NAME_MAX];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(good); i++) {
		if (!pci_addr_parse(good[i][0], full))
			fail_msg("%s is refused", good[i][0]);
		assert_string_equal(full, good[i][1]);
	}
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++)
		if (pci_addr_parse(bad[i], full))
			fail_msg("\"%s\" is taken for %s", bad[i], full);
}

static void what_cannot_be_is_refused_with_a_reason(void **state)
{
	static const struct {
		const char *device, *word;
		int code;
	} cases[] = {
		{"eth0", "neither a PCI address", EINVAL},
		{"ffff:ff:1f.7", "no such PCI device", ENODEV},
		{"/nonexistent/vnic.sock", "does jerboa-vnic", ENOENT},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct pci_dev dev;
		struct err err = {0};

		assert_int_equal(pci_open(&dev, cases[i].device, &err), -cases[i].code);
		if (!strstr(err.text, cases[i].word))
			fail_msg("\"%s\" does not say \"%s\"", err.text, cases[i].word);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_read_as_people_write_them),
		cmocka_unit_test(what_cannot_be_is_refused_with_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
