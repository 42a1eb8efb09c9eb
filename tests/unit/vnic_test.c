// SPDX-License-Identifier: BSD-3-Clause
// The model's registers: reset, EEPROM, module, semaphores, interrupts. Section
// numbers are those of the 82599 datasheet.
#include "tests/unit/vnic_rig.h"

static uint16_t eeprom(struct rig *rig, unsigned word)
{
	uint32_t value;

	vnic_write(rig->nic, NIC_EERD, word << NIC_EERD_ADDR_SHIFT | NIC_EERD_START);
	value = vnic_read(rig->nic, NIC_EERD);
	assert_true(value & NIC_EERD_DONE);
	return (uint16_t)(value >> NIC_EERD_DATA_SHIFT);
}

static void the_eeprom_sums_to_baba_and_holds_the_mac(void **state)
{
	struct rig *rig = *state;
	uint16_t sum = 0;

	for (unsigned i = 0; i <= NIC_EEPROM_CHECKSUM_WORD; i++)
		sum = (uint16_t)(sum + eeprom(rig, i));
	// Sections that words 3 to 0xe point to would be added: there are none.
	for (unsigned i = 3; i < 0xf; i++)
		assert_int_equal(eeprom(rig, i), 0);
	assert_int_equal(sum, NIC_EEPROM_CHECKSUM);
	assert_int_equal(eeprom(rig, 0), 0x8202);
	assert_int_equal(vnic_read(rig->nic, NIC_RAL(0)), 0x9e598202);
	assert_int_equal(vnic_read(rig->nic, NIC_RAH(0)), 0x80000100);
	assert_int_equal(vnic_read(rig->nic, NIC_RAL_ALIAS(0)), 0x9e598202);
}

static void reset_restores_what_drivers_rely_on(void **state)
{
	struct rig *rig = *state;

	vnic_write(rig->nic, NIC_HLREG0, 0);
	vnic_write(rig->nic, NIC_SW_FW_SYNC, 5);
	vnic_write(rig->nic, NIC_EIMS, 0xffffffff);
	vnic_write(rig->nic, NIC_CTRL, NIC_CTRL_RST);
	assert_int_equal(vnic_read(rig->nic, NIC_CTRL), 0);
	assert_int_equal(vnic_read(rig->nic, NIC_HLREG0), 0x403);
	assert_int_equal(vnic_read(rig->nic, NIC_EIMS), 0);
	assert_int_equal(vnic_read(rig->nic, NIC_SW_FW_SYNC), 5); // survives
	assert_true(vnic_read(rig->nic, NIC_RDRXCTL) & NIC_RDRXCTL_DMAIDONE);
	assert_true(vnic_read(rig->nic, NIC_EEC) & NIC_EEC_AUTO_RD);
	assert_int_equal(vnic_read(rig->nic, NIC_AUTOC), 0xc09c6004);
	assert_int_equal(vnic_read(rig->nic, NIC_LINKS) >> 28, 7);
}

static void the_semaphore_is_taken_by_reading_it(void **state)
{
	struct rig *rig = *state;

	assert_false(vnic_read(rig->nic, NIC_SWSM) & NIC_SWSM_SMBI);
	assert_true(vnic_read(rig->nic, NIC_SWSM) & NIC_SWSM_SMBI);
	vnic_write(rig->nic, NIC_SWSM, NIC_SWSM_SWESMBI);
	assert_int_equal(vnic_read(rig->nic, NIC_SWSM), NIC_SWSM_SWESMBI);
}

static void the_eeprom_pins_are_granted_and_read_ready(void **state)
{
	struct rig *rig = *state;

	vnic_write(rig->nic, NIC_EEC, NIC_EEC_EE_REQ);
	assert_int_equal(vnic_read(rig->nic, NIC_EEC) & (NIC_EEC_EE_GNT | NIC_EEC_DO),
			 NIC_EEC_EE_GNT);
	vnic_write(rig->nic, NIC_EEC, 0);
	assert_false(vnic_read(rig->nic, NIC_EEC) & NIC_EEC_EE_GNT);
}

// ---- I2C as a driver drives it: two pins, open drain

static void pins(struct rig *rig, bool clk, bool data)
{
	vnic_write(rig->nic, NIC_I2CCTL,
		   (clk ? NIC_I2CCTL_CLK_OUT : 0) | (data ? NIC_I2CCTL_DATA_OUT : 0));
}

static bool data_in(struct rig *rig)
{
	return vnic_read(rig->nic, NIC_I2CCTL) & NIC_I2CCTL_DATA_IN;
}

static void i2c_start(struct rig *rig)
{
	pins(rig, false, true);
	pins(rig, true, true);
	pins(rig, true, false);
	pins(rig, false, false);
}

// True: acknowledged.
static bool i2c_put(struct rig *rig, uint8_t byte)
{
	bool ack;

	for (unsigned i = 0; i < 8; i++) {
		bool bit = byte & (0x80 >> i);

		pins(rig, false, bit);
		pins(rig, true, bit);
		pins(rig, false, bit);
	}
	pins(rig, false, true);
	pins(rig, true, true);
	ack = !data_in(rig);
	pins(rig, false, true);
	return ack;
}

static uint8_t i2c_get(struct rig *rig, bool ack)
{
	uint8_t byte = 0;

	for (unsigned i = 0; i < 8; i++) {
		pins(rig, false, true);
		pins(rig, true, true);
		byte = (uint8_t)(byte << 1 | data_in(rig));
		pins(rig, false, true);
	}
	pins(rig, false, !ack);
	pins(rig, true, !ack);
	pins(rig, false, true);
	return byte;
}

static void sfp_read(struct rig *rig, uint8_t dev, uint8_t off, uint8_t *to, unsigned n)
{
	i2c_start(rig);
	assert_true(i2c_put(rig, dev));
	assert_true(i2c_put(rig, off));
	i2c_start(rig);
	assert_true(i2c_put(rig, dev | 1));
	for (unsigned i = 0; i < n; i++)
		to[i] = i2c_get(rig, i + 1 < n);
	pins(rig, false, false);
	pins(rig, true, false);
	pins(rig, true, true);
}

static void the_module_is_read_bit_by_bit(void **state)
{
	struct rig *rig = *state;
	uint8_t id[128], sum = 0, dom[2];

	sfp_read(rig, 0xa0, 0, id, sizeof(id));
	assert_int_equal(id[0], 3);
	assert_int_equal(id[3], 0x10);
	assert_memory_equal(id + 20, "jerboa          ", 16);
	for (unsigned i = 0; i < 63; i++)
		sum = (uint8_t)(sum + id[i]);
	assert_int_equal(sum, id[63]);
	sfp_read(rig, 0xa0, 37, id, 3);
	assert_memory_equal(id, "\x00\x1b\x21", 3);
	sfp_read(rig, 0xa2, 96, dom, 2);
	assert_int_equal(dom[0], 35);
}

static void nobody_else_answers_on_i2c(void **state)
{
	struct rig *rig = *state;

	i2c_start(rig);
	assert_false(i2c_put(rig, 0xf8));
	i2c_start(rig);
	assert_true(i2c_put(rig, 0xa0));
}

// ---- interrupts

static void a_cause_waits_for_its_mask(void **state)
{
	struct rig *rig = *state;

	vnic_write(rig->nic, NIC_GPIE, NIC_GPIE_MULTIPLE_MSIX | NIC_GPIE_EIAME);
	vnic_write(rig->nic, NIC_EIAC, 0xffff);
	vnic_write(rig->nic, NIC_EIAM, 0xffff);
	vnic_write(rig->nic, NIC_EICS_EX(0), 1 << 3);
	rig_step(rig);
	assert_int_equal(rig->irqs[3], 0);
	vnic_write(rig->nic, NIC_EIMS_EX(0), 1 << 3);
	rig_step(rig);
	assert_int_equal(rig->irqs[3], 1);
	assert_int_equal(vnic_read(rig->nic, NIC_EICS) & 8, 0); // cleared by sending
	assert_int_equal(vnic_read(rig->nic, NIC_EIMS), 0);	// mask closed by sending
	vnic_write(rig->nic, NIC_EICS_EX(0), 1 << 3);
	rig_step(rig);
	assert_int_equal(rig->irqs[3], 1);
	vnic_write(rig->nic, NIC_EIMS, 1 << 3);
	rig_step(rig);
	assert_int_equal(rig->irqs[3], 2);
}

static void an_interval_holds_interrupts_back(void **state)
{
	struct rig *rig = *state;

	vnic_write(rig->nic, NIC_GPIE, NIC_GPIE_MULTIPLE_MSIX);
	vnic_write(rig->nic, NIC_EIAC, 0xffff);
	vnic_write(rig->nic, NIC_EIMS, 1);
	vnic_write(rig->nic, NIC_EITR(0), 10 << 3); // 20.48 us
	for (unsigned i = 0; i < 100; i++) {	    // 100 us
		vnic_write(rig->nic, NIC_EICS, 1);
		rig_step(rig);
	}
	assert_int_equal(rig->irqs[0], 5);
	assert_true(vnic_due_ns(rig->nic) > rig->now_ns);
}

static void vectors_above_15_have_registers_of_their_own(void **state)
{
	struct rig *rig = *state;

	vnic_write(rig->nic, NIC_GPIE, NIC_GPIE_MULTIPLE_MSIX);
	vnic_write(rig->nic, NIC_EIMS_EX(1), 1u << 31);
	vnic_write(rig->nic, NIC_EICS_EX(1), 1u << 31);
	rig_step(rig);
	assert_int_equal(rig->irqs[63], 1);
	vnic_write(rig->nic, NIC_EIMC_EX(1), 1u << 31);
	assert_int_equal(vnic_read(rig->nic, NIC_EIMS_EX(1)), 0);
}

static void a_link_change_is_told_through_the_misc_vector(void **state)
{
	struct rig *rig = *state;
	char out[256];

	rig_step(rig);
	vnic_read(rig->nic, NIC_EICR);
	vnic_write(rig->nic, NIC_GPIE, NIC_GPIE_MULTIPLE_MSIX);
	vnic_write(rig->nic, NIC_IVAR_MISC, (NIC_IVAR_ALLOC_VAL | 5) << 8);
	vnic_write(rig->nic, NIC_EIMS, NIC_EICR_LSC);
	assert_int_equal(vnic_command(rig->nic, "link down", out, sizeof(out)), 0);
	rig_step(rig);
	assert_int_equal(rig->irqs[5], 1);
	assert_int_equal(vnic_read(rig->nic, NIC_LINKS) & NIC_LINKS_UP, 0);
	assert_int_equal(vnic_read(rig->nic, NIC_EICS), NIC_EICR_LSC); // does not clear
	assert_int_equal(vnic_read(rig->nic, NIC_EICR), NIC_EICR_LSC); // clears
	assert_int_equal(vnic_read(rig->nic, NIC_EICR), 0);
	assert_int_equal(vnic_command(rig->nic, "link up", out, sizeof(out)), 0);
	assert_int_equal(vnic_command(rig->nic, "speed 1000", out, sizeof(out)), 0);
	rig_step(rig);
	assert_int_equal(rig->irqs[5], 2);
	assert_int_equal(vnic_read(rig->nic, NIC_LINKS) & NIC_LINKS_SPEED, NIC_LINKS_SPEED_1G);
}

static void one_vector_serves_drivers_without_msix_mode(void **state)
{
	struct rig *rig = *state;

	vnic_write(rig->nic, NIC_IVAR(0), NIC_IVAR_ALLOC_VAL | 2);
	vnic_write(rig->nic, NIC_EIAM, 0xffff);
	vnic_write(rig->nic, NIC_EIMS, 0xffff);
	vnic_write(rig->nic, NIC_EICS, 4);
	rig_step(rig);
	assert_int_equal(rig->irqs[0], 1);
	rig_step(rig);
	assert_int_equal(rig->irqs[0], 1); // pending, but said
	assert_int_equal(vnic_read(rig->nic, NIC_EICR) & 4, 4);
	assert_int_equal(vnic_read(rig->nic, NIC_EIMS) & 0xffff, 0); // §7.3.1.3: EIAM
}

// ---- configuration space

static void the_card_looks_like_an_82599_on_pci(void **state)
{
	struct rig *rig = *state;
	uint8_t cfg[VNIC_CFG_LEN], at;
	uint32_t bar = 0xffffffff, got;
	unsigned seen = 0;

	vnic_cfg_read(rig->nic, 0, cfg, sizeof(cfg));
	assert_memory_equal(cfg, "\x86\x80\xfb\x10", 4);
	for (at = cfg[0x34]; at; at = cfg[at + 1])
		seen = seen << 8 | cfg[at];
	assert_int_equal(seen, 0x01051110); // PM, MSI, MSI-X, PCIe
	vnic_cfg_write(rig->nic, 0x10, &bar, 4);
	vnic_cfg_read(rig->nic, 0x10, &got, 4);
	assert_int_equal(got, ~(VNIC_BAR0_LEN - 1u) | 0xc);
	vnic_cfg_read(rig->nic, VNIC_CFG_LEN - 2, cfg, 4); // beyond the end
	assert_memory_equal(cfg, "\xff\xff\xff\xff", 4);
	bar = 0;
	vnic_cfg_write(rig->nic, 0, &bar, 4); // read-only
	vnic_cfg_read(rig->nic, 0, &got, 4);
	assert_int_equal(got, 0x10fb8086);
}

static void accesses_outside_the_bar_read_ones(void **state)
{
	struct rig *rig = *state;
	uint8_t bytes[8];

	assert_int_equal(vnic_read(rig->nic, NIC_BAR0_LEN), UINT32_MAX);
	assert_int_equal(vnic_read(rig->nic, UINT32_MAX - 3), UINT32_MAX);
	vnic_write(rig->nic, NIC_BAR0_LEN, 1);
	vnic_bar_write(rig->nic, NIC_BAR0_LEN - 2, bytes, 8);
	vnic_bar_read(rig->nic, NIC_BAR0_LEN - 4, bytes, 8);
	assert_memory_equal(bytes + 4, "\xff\xff\xff\xff", 4);
}

static void a_removed_card_reads_ones(void **state)
{
	struct rig *rig = *state;
	char out[64];

	assert_int_equal(vnic_command(rig->nic, "remove", out, sizeof(out)), 0);
	assert_int_equal(vnic_read(rig->nic, NIC_STATUS), UINT32_MAX);
	rig_step(rig);
	assert_int_equal(vnic_command(rig->nic, "insert", out, sizeof(out)), 0);
	assert_true(vnic_read(rig->nic, NIC_STATUS) & NIC_STATUS_GIO_MASTER);
	assert_int_equal(vnic_command(rig->nic, "explode", out, sizeof(out)), -EINVAL);
	assert_non_null(strstr(out, "explode"));
}

static int setup(void **state)
{
	*state = rig_new(false);
	return 0;
}

static int teardown(void **state)
{
	rig_free(*state);
	return 0;
}

#define t(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		t(the_eeprom_sums_to_baba_and_holds_the_mac),
		t(reset_restores_what_drivers_rely_on),
		t(the_semaphore_is_taken_by_reading_it),
		t(the_eeprom_pins_are_granted_and_read_ready),
		t(the_module_is_read_bit_by_bit),
		t(nobody_else_answers_on_i2c),
		t(a_cause_waits_for_its_mask),
		t(an_interval_holds_interrupts_back),
		t(vectors_above_15_have_registers_of_their_own),
		t(a_link_change_is_told_through_the_misc_vector),
		t(one_vector_serves_drivers_without_msix_mode),
		t(the_card_looks_like_an_82599_on_pci),
		t(accesses_outside_the_bar_read_ones),
		t(a_removed_card_reads_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
