// SPDX-License-Identifier: BSD-3-Clause
// Registers and descriptors of the Intel 82599 10 GbE controller.
//
// Section numbers and names are those of the 82599 datasheet, revision 3.3
// (March 2016). Shared by the driver (drivers/nic82599) and by the model of
// the card (drivers/vnic82599). Offsets are bytes into BAR0; NIC_X_Y is a bit
// or a mask of NIC_X, NIC_X_Y_SHIFT where a field starts.
#pragma once

#include <stdint.h>

#define NIC_BIT(n) (1u << (n))

#define NIC_VENDOR	     0x8086
#define NIC_DEVICE_82599_SFP 0x10fb // 82599ES, X520
#define NIC_DEVICE_82599_KX4 0x10f7
#define NIC_BAR0_LEN	     0x80000
#define NIC_QUEUES	     128

// §8.2.3.1 General control.
#define NIC_CTRL	      0x00000
#define NIC_CTRL_GIO_DIS      NIC_BIT(2)
#define NIC_CTRL_LRST	      NIC_BIT(3)
#define NIC_CTRL_RST	      NIC_BIT(26)
#define NIC_STATUS	      0x00008
#define NIC_STATUS_LINK_UP    NIC_BIT(7)
#define NIC_STATUS_GIO_MASTER NIC_BIT(19)
#define NIC_CTRL_EXT	      0x00018
#define NIC_CTRL_EXT_NS_DIS   NIC_BIT(16)
#define NIC_CTRL_EXT_DRV_LOAD NIC_BIT(28)
#define NIC_ESDP	      0x00020
#define NIC_ESDP_SDP2_DATA    NIC_BIT(2) // 1: a module is in the cage
#define NIC_ESDP_SDP3_DATA    NIC_BIT(3) // 1: the laser is off
#define NIC_I2CCTL	      0x00028
#define NIC_I2CCTL_CLK_IN     NIC_BIT(0)
#define NIC_I2CCTL_CLK_OUT    NIC_BIT(1)
#define NIC_I2CCTL_DATA_IN    NIC_BIT(2)
#define NIC_I2CCTL_DATA_OUT   NIC_BIT(3)
#define NIC_LEDCTL	      0x00200

// §8.2.3.2 EEPROM and flash.
#define NIC_EEC			 0x10010
#define NIC_EEC_DO		 NIC_BIT(3)
#define NIC_EEC_EE_REQ		 NIC_BIT(6)
#define NIC_EEC_EE_GNT		 NIC_BIT(7)
#define NIC_EEC_EE_PRES		 NIC_BIT(8)
#define NIC_EEC_AUTO_RD		 NIC_BIT(9)
#define NIC_EEC_EE_SIZE_SHIFT	 11 // words = 1 << (size + 6)
#define NIC_EERD		 0x10014
#define NIC_EEWR		 0x10018
#define NIC_EERD_START		 NIC_BIT(0)
#define NIC_EERD_DONE		 NIC_BIT(1)
#define NIC_EERD_ADDR_SHIFT	 2
#define NIC_EERD_DATA_SHIFT	 16
#define NIC_EEPROM_CHECKSUM_WORD 0x3f
#define NIC_EEPROM_CHECKSUM	 0xbaba // of words 0 to 0x3f and the sections

// §8.2.3.3 Flow control.
#define NIC_FCTTV(n) (0x03200 + 4 * (n))
#define NIC_FCRTL(n) (0x03220 + 4 * (n))
#define NIC_FCRTH(n) (0x03260 + 4 * (n))
#define NIC_FCRTV    0x032a0
#define NIC_FCCFG    0x03d00

// §8.2.3.4 PCIe; §10.5 the semaphores between software and firmware.
#define NIC_GCR			0x11000
#define NIC_GCR_EXT		0x11050
#define NIC_SWSM		0x10140
#define NIC_SWSM_SMBI		NIC_BIT(0) // reading takes it
#define NIC_SWSM_SWESMBI	NIC_BIT(1)
#define NIC_FWSM		0x10148
#define NIC_FWSM_FW_VALID	NIC_BIT(15)
#define NIC_SW_FW_SYNC		0x10160
#define NIC_SW_FW_SYNC_EEP	NIC_BIT(0)
#define NIC_SW_FW_SYNC_PHY0	NIC_BIT(1)
#define NIC_SW_FW_SYNC_MAC_CSR	NIC_BIT(3)
#define NIC_SW_FW_SYNC_FW_SHIFT 5 // where the firmware's bits stand

// §8.2.3.5 Interrupts.
#define NIC_EICR	       0x00800 // §8.2.3.5.1
#define NIC_EICR_RTXQ	       0x0000ffff
#define NIC_EICR_FLOW_DIRECTOR NIC_BIT(16)
#define NIC_EICR_LSC	       NIC_BIT(20)
#define NIC_EICR_OTHER	       NIC_BIT(31)
#define NIC_EICS	       0x00808
#define NIC_EIAC	       0x00810
#define NIC_EIMS	       0x00880
#define NIC_EIMC	       0x00888
#define NIC_EIAM	       0x00890
#define NIC_EICS_EX(n)	       (0x00a90 + 4 * (n)) // n: 0, 1
#define NIC_EIMS_EX(n)	       (0x00aa0 + 4 * (n))
#define NIC_EIMC_EX(n)	       (0x00ab0 + 4 * (n))
#define NIC_EIAM_EX(n)	       (0x00ad0 + 4 * (n))
#define NIC_EITR(n)	       ((n) < 24 ? 0x00820 + 4 * (n) : 0x12300 + 4 * ((n)-24))
#define NIC_EITR_ITR_INT       0x00000ff8 // units of 2.048 us / 8
#define NIC_EITR_CNT_WDIS      NIC_BIT(31)
#define NIC_GPIE	       0x00898
#define NIC_GPIE_MULTIPLE_MSIX NIC_BIT(4)
#define NIC_GPIE_OCD	       NIC_BIT(5)
#define NIC_GPIE_EIAME	       NIC_BIT(30)
#define NIC_GPIE_PBA_SUPPORT   NIC_BIT(31)
#define NIC_IVAR(n)	       (0x00900 + 4 * (n)) // byte 2 * (queue & 1) + is_tx of n = queue / 2
#define NIC_IVAR_ALLOC_VAL     0x80
#define NIC_IVAR_ALLOC	       0x3f
#define NIC_IVAR_MISC	       0x00a00 // §8.2.3.5.17: byte 0 TCP timer, byte 1 other causes

// §8.2.3.7 Receive.
#define NIC_FCTRL	      0x05080
#define NIC_FCTRL_SBP	      NIC_BIT(1)
#define NIC_FCTRL_MPE	      NIC_BIT(8)
#define NIC_FCTRL_UPE	      NIC_BIT(9)
#define NIC_FCTRL_BAM	      NIC_BIT(10)
#define NIC_VLNCTRL	      0x05088
#define NIC_VLNCTRL_VET	      0x0000ffff
#define NIC_VLNCTRL_VFE	      NIC_BIT(30)
#define NIC_MCSTCTRL	      0x05090
#define NIC_MCSTCTRL_MO	      0x00000003
#define NIC_MCSTCTRL_MFE      NIC_BIT(2)
#define NIC_PSRTYPE(n)	      (0x0ea00 + 4 * (n))
#define NIC_RXCSUM	      0x05000
#define NIC_RXCSUM_IPPCSE     NIC_BIT(12)
#define NIC_RXCSUM_PCSD	      NIC_BIT(13)
#define NIC_RFCTL	      0x05008
#define NIC_RFCTL_RSC_DIS     NIC_BIT(5)
#define NIC_MTA(n)	      (0x05200 + 4 * (n)) // n: 0 to 127
#define NIC_RAL(n)	      (0x0a200 + 8 * (n)) // n: 0 to 127
#define NIC_RAH(n)	      (0x0a204 + 8 * (n))
#define NIC_RAH_AV	      NIC_BIT(31)
#define NIC_RAL_ALIAS(n)      (0x05400 + 8 * (n)) // the first 16, also here
#define NIC_MPSAR(n)	      (0x0a600 + 4 * (n))
#define NIC_VFTA(n)	      (0x0a000 + 4 * (n)) // n: 0 to 127
#define NIC_MRQC	      0x05818
#define NIC_MRQC_MRQE	      0x0000000f
#define NIC_MRQC_MRQE_RSS     0x00000001
#define NIC_MRQC_TCP_IPV4     NIC_BIT(16)
#define NIC_MRQC_IPV4	      NIC_BIT(17)
#define NIC_MRQC_IPV6	      NIC_BIT(20)
#define NIC_MRQC_TCP_IPV6     NIC_BIT(21)
#define NIC_MRQC_UDP_IPV4     NIC_BIT(22)
#define NIC_MRQC_UDP_IPV6     NIC_BIT(23)
#define NIC_RETA(n)	      (0x05c00 + 4 * (n)) // n: 0 to 31, 4 entries of 4 bits in each
#define NIC_RSSRK(n)	      (0x05c80 + 4 * (n)) // n: 0 to 9
#define NIC_ETQF(n)	      (0x05128 + 4 * (n))
#define NIC_FTQF(n)	      (0x0e600 + 4 * (n)) // n: 0 to 127
#define NIC_FTQF_QUEUE_ENABLE NIC_BIT(31)

// §8.2.3.8 Receive DMA. Queues 64 to 127 stand in a page of their own.
#define NIC_RX_QUEUE(q)		((q) < 64 ? 0x01000 + 0x40 * (q) : 0x0d000 + 0x40 * ((q)-64))
#define NIC_RDBAL(q)		(NIC_RX_QUEUE(q) + 0x00)
#define NIC_RDBAH(q)		(NIC_RX_QUEUE(q) + 0x04)
#define NIC_RDLEN(q)		(NIC_RX_QUEUE(q) + 0x08) // bytes, a multiple of 128
#define NIC_DCA_RXCTRL(q)	(NIC_RX_QUEUE(q) + 0x0c)
#define NIC_RDH(q)		(NIC_RX_QUEUE(q) + 0x10)
#define NIC_SRRCTL(q)		(NIC_RX_QUEUE(q) + 0x14)
#define NIC_SRRCTL_ALIAS(q)	(0x02100 + 4 * (q)) // the first 16, also here
#define NIC_DCA_RXCTRL_ALIAS(q) (0x02200 + 4 * (q))
#define NIC_SRRCTL_BSIZEPACKET	0x0000001f // KB
#define NIC_SRRCTL_DESCTYPE	0x0e000000
#define NIC_SRRCTL_DESCTYPE_ADV 0x02000000 // advanced, one buffer
#define NIC_SRRCTL_DROP_EN	NIC_BIT(28)
#define NIC_RDT(q)		(NIC_RX_QUEUE(q) + 0x18)
#define NIC_RXDCTL(q)		(NIC_RX_QUEUE(q) + 0x28)
#define NIC_RXDCTL_ENABLE	NIC_BIT(25)
#define NIC_RXDCTL_VME		NIC_BIT(30)
#define NIC_RSCCTL(q)		(NIC_RX_QUEUE(q) + 0x2c)
#define NIC_RDRXCTL		0x02f00
#define NIC_RDRXCTL_CRCSTRIP	NIC_BIT(1)
#define NIC_RDRXCTL_DMAIDONE	NIC_BIT(3)
#define NIC_RXCTRL		0x03000
#define NIC_RXCTRL_RXEN		NIC_BIT(0)
#define NIC_RXPBSIZE(n)		(0x03c00 + 4 * (n)) // bytes in bits 19:10

// §8.2.3.9 Transmit.
#define NIC_DTXMXSZRQ	      0x08100
#define NIC_DMATXCTL	      0x04a80
#define NIC_DMATXCTL_TE	      NIC_BIT(0)
#define NIC_TX_QUEUE(q)	      (0x06000 + 0x40 * (q))
#define NIC_TDBAL(q)	      (NIC_TX_QUEUE(q) + 0x00)
#define NIC_TDBAH(q)	      (NIC_TX_QUEUE(q) + 0x04)
#define NIC_TDLEN(q)	      (NIC_TX_QUEUE(q) + 0x08)
#define NIC_TDH(q)	      (NIC_TX_QUEUE(q) + 0x10)
#define NIC_TDT(q)	      (NIC_TX_QUEUE(q) + 0x18)
#define NIC_TXDCTL(q)	      (NIC_TX_QUEUE(q) + 0x28)
#define NIC_TXDCTL_ENABLE     NIC_BIT(25)
#define NIC_TDWBAL(q)	      (NIC_TX_QUEUE(q) + 0x38)
#define NIC_TDWBAH(q)	      (NIC_TX_QUEUE(q) + 0x3c)
#define NIC_TDWBAL_HEAD_WB_EN NIC_BIT(0)
#define NIC_TXPBSIZE(n)	      (0x0cc00 + 4 * (n))
#define NIC_TXPBTHRESH(n)     (0x04950 + 4 * (n))
#define NIC_MTQC	      0x08120
#define NIC_RTTDCS	      0x04900
#define NIC_RTTDCS_ARBDIS     NIC_BIT(6)

// §8.2.3.12 Security blocks in the data path: ready when idle.
#define NIC_SECTXSTAT	     0x08804
#define NIC_SECRXCTRL	     0x08d00
#define NIC_SECRXCTRL_RX_DIS NIC_BIT(1)
#define NIC_SECRXSTAT	     0x08d04
#define NIC_SECSTAT_RDY	     NIC_BIT(0)

// §8.2.3.21 Flow director.
#define NIC_FDIRCTRL		   0x0ee00
#define NIC_FDIRCTRL_PBALLOC	   0x00000003
#define NIC_FDIRCTRL_INIT_DONE	   NIC_BIT(3)
#define NIC_FDIRCTRL_PERFECT_MATCH NIC_BIT(4)
#define NIC_FDIRCTRL_REPORT_STATUS NIC_BIT(5)
#define NIC_FDIRCTRL_DROP_QUEUE	   0x00007f00
#define NIC_FDIRIPSA		   0x0ee18
#define NIC_FDIRIPDA		   0x0ee1c
#define NIC_FDIRPORT		   0x0ee20 // destination port in the upper half
#define NIC_FDIRVLAN		   0x0ee24 // flexible bytes in the upper half
#define NIC_FDIRHASH		   0x0ee28 // bucket, bit 15 valid, software index above
#define NIC_FDIRCMD		   0x0ee2c
#define NIC_FDIRCMD_CMD		   0x00000003
#define NIC_FDIRCMD_CMD_ADD	   0x00000001
#define NIC_FDIRCMD_CMD_REMOVE	   0x00000002
#define NIC_FDIRCMD_CMD_QUERY	   0x00000003
#define NIC_FDIRCMD_FILTER_VALID   NIC_BIT(2)
#define NIC_FDIRCMD_L4TYPE	   0x00000060 // 1 UDP, 2 TCP, 3 SCTP
#define NIC_FDIRCMD_IPV6	   NIC_BIT(7)
#define NIC_FDIRCMD_DROP	   NIC_BIT(9)
#define NIC_FDIRCMD_QUEUE_EN	   NIC_BIT(15)
#define NIC_FDIRCMD_RX_QUEUE_SHIFT 16
#define NIC_FDIRFREE		   0x0ee38
#define NIC_FDIRDIP4M		   0x0ee3c // in masks a 1 is a bit that does not matter
#define NIC_FDIRSIP4M		   0x0ee40
#define NIC_FDIRTCPM		   0x0ee44
#define NIC_FDIRUDPM		   0x0ee48
#define NIC_FDIRUSTAT		   0x0ee50
#define NIC_FDIRFSTAT		   0x0ee54
#define NIC_FDIRMATCH		   0x0ee58
#define NIC_FDIRMISS		   0x0ee5c
#define NIC_FDIRM		   0x0ee70
#define NIC_FDIRM_VLANID	   NIC_BIT(0)
#define NIC_FDIRM_VLANP		   NIC_BIT(1)
#define NIC_FDIRM_L4P		   NIC_BIT(3)
#define NIC_FDIRM_FLEX		   NIC_BIT(4)

// §8.2.3.22 MAC.
#define NIC_HLREG0	      0x04240 // §8.2.3.22.8
#define NIC_HLREG0_TXCRCEN    NIC_BIT(0)
#define NIC_HLREG0_RXCRCSTRP  NIC_BIT(1)
#define NIC_HLREG0_JUMBOEN    NIC_BIT(2)
#define NIC_HLREG0_TXPADEN    NIC_BIT(10)
#define NIC_HLREG0_LPBK	      NIC_BIT(15)
#define NIC_MSCA	      0x0425c
#define NIC_MSCA_MDI_CMD      NIC_BIT(30)
#define NIC_MSRWD	      0x04260
#define NIC_MAXFRS	      0x04268 // §8.2.3.22.13: bytes with CRC in bits 31:16
#define NIC_MFLCN	      0x04294 // §8.2.3.22.34
#define NIC_AUTOC	      0x042a0 // §8.2.3.22.19
#define NIC_AUTOC_RESTART_AN  NIC_BIT(12)
#define NIC_AUTOC_LMS_SHIFT   13
#define NIC_AUTOC_LMS_10G_SFI 0x3
#define NIC_LINKS	      0x042a4
#define NIC_LINKS_UP	      NIC_BIT(30)
#define NIC_LINKS_SPEED	      0x30000000
#define NIC_LINKS_SPEED_10G   0x30000000
#define NIC_LINKS_SPEED_1G    0x20000000
#define NIC_LINKS_SPEED_100M  0x10000000
#define NIC_AUTOC2	      0x042a8
#define NIC_ANLP1	      0x042b0

#define NIC_CORECTL 0x14f00 // analog core, as the EEPROM says for a module

// §8.2.3.23 Statistics: cleared by reading.
#define NIC_CRCERRS   0x04000
#define NIC_ILLERRC   0x04004
#define NIC_ERRBC     0x04008
#define NIC_MPC(n)    (0x03fa0 + 4 * (n))
#define NIC_MLFC      0x04034
#define NIC_MRFC      0x04038
#define NIC_RLEC      0x04040
#define NIC_PRC64     0x0405c // then 127, 255, 511, 1023, 1522
#define NIC_GPRC      0x04074
#define NIC_BPRC      0x04078
#define NIC_MPRC      0x0407c
#define NIC_GPTC      0x04080
#define NIC_GORCL     0x04088 // GORCH follows: 36 bits
#define NIC_GOTCL     0x04090
#define NIC_RUC	      0x040a4
#define NIC_ROC	      0x040ac
#define NIC_TORL      0x040c0
#define NIC_TPR	      0x040d0 // §8.2.3.23.59
#define NIC_TPT	      0x040d4
#define NIC_PTC64     0x040d8
#define NIC_MPTC      0x040f0
#define NIC_BPTC      0x040f4
#define NIC_XEC	      0x04120
#define NIC_RQSMR(n)  (0x02300 + 4 * (n))    // §8.2.3.23.71: a byte a queue
#define NIC_QPRC(n)   (0x01030 + 0x40 * (n)) // n: 0 to 15
#define NIC_QBRC_L(n) (0x01034 + 0x40 * (n))
#define NIC_QPRDC(n)  (0x01430 + 0x40 * (n)) // §8.2.3.23.75
#define NIC_TQSM(n)   (0x08600 + 4 * (n))    // §8.2.3.23.73
#define NIC_QPTC(n)   (0x08680 + 4 * (n))
#define NIC_QBTC_L(n) (0x08700 + 8 * (n))

// §7.1.5, §7.1.6 Receive descriptors, 16 bytes, little endian. Read: lo is the
// buffer's address, hi the header buffer's (0 unless split). Written back,
// advanced: lo is RSS type and packet type below the RSS hash, hi is status
// and errors (20 + 12 bits) below the length and the VLAN tag.
struct nic_desc {
	uint64_t lo, hi;
};
#define NIC_RXD_RSS_SHIFT  0
#define NIC_RXD_PTYPE	   0x0001fff0
#define NIC_RXD_HASH_SHIFT 32
#define NIC_RXD_DD	   NIC_BIT(0)
#define NIC_RXD_EOP	   NIC_BIT(1)
#define NIC_RXD_FLM	   NIC_BIT(2)
#define NIC_RXD_VP	   NIC_BIT(3)
#define NIC_RXD_UDPCS	   NIC_BIT(4)
#define NIC_RXD_L4I	   NIC_BIT(5)
#define NIC_RXD_IPCS	   NIC_BIT(6)
#define NIC_RXD_RXE	   NIC_BIT(29)
#define NIC_RXD_L4E	   NIC_BIT(30)
#define NIC_RXD_IPE	   NIC_BIT(31)
#define NIC_RXD_LEN_SHIFT  32
#define NIC_RXD_VLAN_SHIFT 48
#define NIC_PTYPE_IPV4	   NIC_BIT(4)
#define NIC_PTYPE_IPV4E	   NIC_BIT(5) // with options
#define NIC_PTYPE_IPV6	   NIC_BIT(6)
#define NIC_PTYPE_IPV6E	   NIC_BIT(7)
#define NIC_PTYPE_TCP	   NIC_BIT(8)
#define NIC_PTYPE_UDP	   NIC_BIT(9)
#define NIC_PTYPE_SCTP	   NIC_BIT(10)
#define NIC_RSS_TCP_IPV4   1 // §7.1.2.8, table of RSS types
#define NIC_RSS_IPV4	   2
#define NIC_RSS_TCP_IPV6   3
#define NIC_RSS_IPV6	   5
#define NIC_RSS_UDP_IPV4   7
#define NIC_RSS_UDP_IPV6   8

// §7.2.3.2.4 Advanced transmit data descriptor: lo is the buffer's address; hi:
#define NIC_TXD_DTALEN	     0x0000ffffull
#define NIC_TXD_DTYP_CTXT    (2ull << 20)
#define NIC_TXD_DTYP_DATA    (3ull << 20)
#define NIC_TXD_DTYP	     (15ull << 20)
#define NIC_TXD_EOP	     (1ull << 24)
#define NIC_TXD_IFCS	     (1ull << 25)
#define NIC_TXD_IC	     (1ull << 26) // legacy only
#define NIC_TXD_RS	     (1ull << 27)
#define NIC_TXD_DEXT	     (1ull << 29)
#define NIC_TXD_VLE	     (1ull << 30)
#define NIC_TXD_TSE	     (1ull << 31)
#define NIC_TXD_DD	     (1ull << 32)
#define NIC_TXD_IDX_SHIFT    36
#define NIC_TXD_CC	     (1ull << 39)
#define NIC_TXD_IXSM	     (1ull << 40)
#define NIC_TXD_TXSM	     (1ull << 41)
#define NIC_TXD_PAYLEN_SHIFT 46
// §7.2.3.2.3 Context descriptor: lo is IPLEN (9), MACLEN (7), VLAN (16); hi:
#define NIC_TXC_MACLEN_SHIFT 9
#define NIC_TXC_VLAN_SHIFT   16
#define NIC_TXC_IPV4	     (1ull << 10)
#define NIC_TXC_L4T_SHIFT    11 // 0 UDP, 1 TCP, 2 SCTP
#define NIC_TXC_IDX_SHIFT    36
#define NIC_TXC_L4LEN_SHIFT  40
#define NIC_TXC_MSS_SHIFT    48
