// SPDX-License-Identifier: BSD-3-Clause
#include "apps/vnic/card.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char card_help[] =
	"A card is SOCKET[,KEY=VALUE...][,wire=WIRE], wire last:\n"
	"  name=NAME           in commands (default: nic0, nic1, ...)\n"
	"  mac=MAC             (default: 02:82:59:9e:00:01, ...02, ...)\n"
	"  doorbells=mmap|trap ring registers are mapped by the client and polled\n"
	"                      here (default), or every write is a message\n"
	"  module=sr|da        optics or a direct-attach cable in the cage\n"
	"  device=10fb|10f7    PCI device id\n"
	"  wire=WIRE           (default: sink)\n";

static int set_mac(struct vnic_conf *conf, const char *value, struct err *err)
{
	uint8_t *m = conf->mac;
	int end = 0;

	if (sscanf(value, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx%n", m, m + 1, m + 2, m + 3, m + 4, m + 5,
		   &end) != 6 ||
	    value[end] || (m[0] & 1))
		return err_set(err, EINVAL, "mac: found \"%s\", allowed is a unicast MAC", value);
	return 0;
}

static int set_choice(bool *is_second, const char *key, const char *value, const char *first,
		      const char *second, struct err *err)
{
	if (strcmp(value, first) && strcmp(value, second))
		return err_set(err, EINVAL, "%s: found \"%s\", allowed are %s and %s", key, value,
			       first, second);
	*is_second = !strcmp(value, second);
	return 0;
}

static int set_device(struct vnic_conf *conf, const char *value, struct err *err)
{
	if (strcmp(value, "10fb") && strcmp(value, "10f7"))
		return err_set(err, EINVAL, "device: found \"%s\", allowed are 10fb and 10f7",
			       value);
	conf->device = (uint16_t)strtoul(value, NULL, 16);
	return 0;
}

static int set_name(struct card *card, const char *value, struct err *err)
{
	if (!*value || strlen(value) >= sizeof(card->name))
		return err_set(err, EINVAL, "name: found \"%s\", allowed are 1 to 31 characters",
			       value);
	strcpy(card->name, value);
	return 0;
}

static int set(struct card *card, struct vnic_conf *conf, char *option, struct err *err)
{
	char *value = strchr(option, '=');

	if (!value)
		return err_set(err, EINVAL, "found \"%s\", allowed is KEY=VALUE", option);
	*value++ = 0;
	if (!strcmp(option, "name"))
		return set_name(card, value, err);
	if (!strcmp(option, "mac"))
		return set_mac(conf, value, err);
	if (!strcmp(option, "device"))
		return set_device(conf, value, err);
	if (!strcmp(option, "doorbells"))
		return set_choice(&conf->is_trapped, option, value, "mmap", "trap", err);
	if (!strcmp(option, "module"))
		return set_choice(&conf->is_copper_da, option, value, "sr", "da", err);
	return err_set(err, EINVAL, "no key \"%s\". %s", option, card_help);
}

// Options up to wire=, which takes the rest of the text, commas and all.
static int parse(struct card *card, struct vnic_conf *conf, char *text, const char **wire,
		 struct err *err)
{
	char *next = strchr(text, ',');
	int ret = 0;

	while (next && ret == 0) {
		char *option = next + 1;

		*next = 0;
		if (!strncmp(option, "wire=", 5)) {
			*wire = option + 5;
			return 0;
		}
		next = strchr(option, ',');
		if (next)
			*next = 0;
		ret = set(card, conf, option, err);
	}
	return ret;
}

static int start(struct card *card, const struct vnic_conf *conf, const char *path,
		 const char *wire, struct err *err)
{
	card->vfu = vfu_open(path, conf, err);
	if (!card->vfu)
		return -EINVAL;
	card->wire = wire_open(wire, err);
	if (!card->wire) {
		vfu_close(card->vfu);
		return -EINVAL;
	}
	card->is_trapped = conf->is_trapped;
	vnic_wire_set(vfu_nic(card->vfu), card->wire);
	return 0;
}

int card_add(struct cards *cards, const char *spec, struct err *err)
{
	struct card *card = &cards->card[cards->n];
	struct vnic_conf conf = {.mac = {2, 0x82, 0x59, 0x9e, 0, (uint8_t)(cards->n + 1)}};
	const char *wire = "sink";
	char *text;
	int ret;

	if (cards->n == CARDS_MAX)
		return err_set(err, ENOSPC, "%s: at most %d cards", spec, CARDS_MAX);
	text = strdup(spec);
	if (!text)
		return err_set(err, ENOMEM, "no memory");
	snprintf(card->name, sizeof(card->name), "nic%u", cards->n);
	ret = parse(card, &conf, text, &wire, err);
	if (ret == 0)
		ret = start(card, &conf, text, wire, err);
	if (ret == 0)
		cards->n++;
	else
		err_prefix(err, "card \"%s\"", spec);
	free(text);
	return ret;
}

void cards_close(struct cards *cards)
{
	while (cards->n)
		vfu_close(cards->card[--cards->n].vfu);
}

struct card *card_find(struct cards *cards, const char *name)
{
	for (unsigned i = 0; i < cards->n; i++)
		if (!strcmp(cards->card[i].name, name))
			return &cards->card[i];
	return NULL;
}
