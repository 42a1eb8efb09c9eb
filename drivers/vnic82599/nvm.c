// SPDX-License-Identifier: BSD-3-Clause
// EEPROM and SFP+ module. Section numbers are those of the 82599 datasheet: §6
// the EEPROM's map. The module's pages are those of SFF-8472: A0 says what it
// is, A2 how it fares.
#include "drivers/vnic82599/priv.h"

enum { SFP_LIST = 0x80, SFP_DATA = 0xa0, FIRMWARE = 0xc0 };

// §6.3.17 and what drivers make of it: which core settings go with which module.
static void eeprom_sfp(uint16_t *word)
{
	static const uint16_t list[] = {4, 5, SFP_DATA, 3, SFP_DATA, 0xffff};
	static const uint16_t data[] = {2, 0x1014, 0x1014, 0xffff};

	word[0x2b] = SFP_LIST;
	memcpy(word + SFP_LIST, list, sizeof(list));
	memcpy(word + SFP_DATA, data, sizeof(data));
}

// A firmware section with a version that no driver finds too old.
static void eeprom_firmware(uint16_t *word)
{
	word[0x0f] = FIRMWARE;
	word[FIRMWARE + 4] = FIRMWARE + 0x10;
	word[FIRMWARE + 0x10 + 7] = 6;
}

static void eeprom_init(struct vnic *v)
{
	uint16_t *word = v->eeprom, sum = 0;

	for (unsigned i = 0; i < 3; i++)
		word[i] = (uint16_t)(v->conf.mac[2 * i] | v->conf.mac[2 * i + 1] << 8);
	word[0x15] = 0xe657; // part number, in the old form
	word[0x16] = 0x8800;
	word[0x2c] = 0x1; // any module may be plugged in
	word[0x2d] = 0x0001;
	word[0x2e] = 0x8000;
	eeprom_sfp(word);
	eeprom_firmware(word);
	for (unsigned i = 0; i < NIC_EEPROM_CHECKSUM_WORD; i++)
		sum = (uint16_t)(sum + word[i]);
	word[NIC_EEPROM_CHECKSUM_WORD] = (uint16_t)(NIC_EEPROM_CHECKSUM - sum);
}

static void text(uint8_t *page, unsigned at, unsigned len, const char *value)
{
	memset(page + at, ' ', len);
	memcpy(page + at, value, strlen(value));
}

static uint8_t sum_of(const uint8_t *page, unsigned from, unsigned to)
{
	uint8_t sum = 0;

	while (from < to)
		sum = (uint8_t)(sum + page[from++]);
	return sum;
}

// SFF-8472, tables 4-1 and 9-x.
static void sfp_init(struct vnic *v)
{
	uint8_t *id = v->sfp[0], *dom = v->sfp[1];
	static const uint8_t intel[] = {0x00, 0x1b, 0x21};

	id[0] = 3; // SFP
	id[1] = 4;
	id[2] = v->conf.is_copper_da ? 0x21 : 7;    // connector: pigtail, LC
	id[3] = v->conf.is_copper_da ? 0x00 : 0x10; // 10GBASE-SR
	id[8] = v->conf.is_copper_da ? 0x04 : 0x00; // passive cable
	id[11] = 6;				    // 64B/66B
	id[12] = 103;				    // units of 100 Mbit/s
	id[16] = v->conf.is_copper_da ? 0 : 8;	    // metres / 10 over OM2
	text(id, 20, 16, "jerboa");
	memcpy(id + 37, intel, sizeof(intel));
	text(id, 40, 16, "vnic82599");
	text(id, 56, 4, "1");
	text(id, 68, 16, "0");
	text(id, 84, 8, "261120");
	id[92] = v->conf.is_copper_da ? 0 : 0x68; // diagnostics, internally calibrated
	id[94] = v->conf.is_copper_da ? 0 : 5;
	id[63] = sum_of(id, 0, 63);
	id[95] = sum_of(id, 64, 95);
	dom[96] = 35;	// degrees C
	dom[98] = 0x80; // 3.3 V in units of 100 uV: 0x80e8
	dom[99] = 0xe8;
	dom[101] = 0xfa; // bias, 2 uA
	dom[102] = 0x17; // 0.6 mW each way, 0.1 uW
	dom[103] = 0x70;
	dom[104] = 0x17;
	dom[105] = 0x70;
	dom[95] = sum_of(dom, 0, 95);
}

void nvm_init(struct vnic *v)
{
	eeprom_init(v);
	sfp_init(v);
	v->i2c.clk = v->i2c.data = true;
}

enum { I2C_IDLE, I2C_ADDRESS, I2C_OFFSET, I2C_WRITE, I2C_READ_NEXT, I2C_READ };

static uint8_t *page_of(struct vnic *v)
{
	uint8_t address = v->i2c.address & 0xfe;

	return address == 0xa0 ? v->sfp[0] : address == 0xa2 && v->sfp[0][92] ? v->sfp[1] : NULL;
}

static bool next_bit(struct vnic *v)
{
	struct i2c *i2c = &v->i2c;
	const uint8_t *page = page_of(v);
	uint8_t value = page ? page[i2c->offset] : 0xff;

	return value >> (7 - i2c->n_bits) & 1;
}

// Nine clocks a byte: in the ninth the receiver acknowledges by pulling low.
static void byte_received(struct vnic *v)
{
	struct i2c *i2c = &v->i2c;

	switch (i2c->state) {
	case I2C_ADDRESS:
		i2c->address = i2c->shift;
		i2c->state = !page_of(v) ? I2C_IDLE : i2c->shift & 1 ? I2C_READ_NEXT : I2C_OFFSET;
		break;
	case I2C_OFFSET:
		i2c->offset = i2c->shift;
		i2c->state = I2C_WRITE;
		break;
	default: // contents are read-only
		i2c->offset++;
		break;
	}
	i2c->slave_low = i2c->state != I2C_IDLE;
}

// The clock falls: time to change data.
static void clock_low(struct vnic *v)
{
	struct i2c *i2c = &v->i2c;

	i2c->slave_low = false;
	if (i2c->state == I2C_IDLE)
		return;
	if (i2c->n_bits == 8 && i2c->state != I2C_READ) {
		byte_received(v);
		return;
	}
	if (i2c->n_bits == 9) {
		i2c->n_bits = 0;
		if (i2c->state == I2C_READ_NEXT)
			i2c->state = I2C_READ;
	}
	if (i2c->state == I2C_READ && i2c->n_bits < 8)
		i2c->slave_low = !next_bit(v);
}

// The clock rises: data counts.
static void clock_high(struct vnic *v, bool data)
{
	struct i2c *i2c = &v->i2c;

	if (i2c->state == I2C_IDLE)
		return;
	if (i2c->n_bits < 8)
		i2c->shift = (uint8_t)(i2c->shift << 1 | data);
	i2c->n_bits++;
	if (i2c->state == I2C_READ && i2c->n_bits == 9) {
		i2c->offset++;
		if (data) // not acknowledged: the master has read enough
			i2c->state = I2C_IDLE;
	}
}

void nvm_pins_write(struct vnic *v, uint32_t value)
{
	struct i2c *i2c = &v->i2c;
	bool clk = value & NIC_I2CCTL_CLK_OUT, data = value & NIC_I2CCTL_DATA_OUT;

	if (i2c->clk && clk && i2c->data != data) { // start and stop
		i2c->state = data ? I2C_IDLE : I2C_ADDRESS;
		i2c->n_bits = 0;
		i2c->slave_low = false;
	} else if (i2c->clk && !clk) {
		clock_low(v);
	} else if (!i2c->clk && clk) {
		clock_high(v, data && !i2c->slave_low);
	}
	i2c->clk = clk;
	i2c->data = data;
	reg_set(v, NIC_I2CCTL, value);
}

// Open drain: a line is high when nobody pulls it.
uint32_t nvm_pins_read(struct vnic *v)
{
	uint32_t out = reg_get(v, NIC_I2CCTL) & (NIC_I2CCTL_CLK_OUT | NIC_I2CCTL_DATA_OUT);

	return out | (v->i2c.clk ? NIC_I2CCTL_CLK_IN : 0) |
	       (v->i2c.data && !v->i2c.slave_low ? NIC_I2CCTL_DATA_IN : 0);
}
