#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""scripts/bind on a tree of files shaped like /sys: bind_test.py SCRIPT"""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = sys.argv.pop(1)


class Bind(unittest.TestCase):
    def setUp(self):
        keep = tempfile.TemporaryDirectory()
        self.addCleanup(keep.cleanup)
        self.pci = Path(keep.name) / "bus/pci"
        self.tree = keep.name
        (self.pci / "drivers_probe").parent.mkdir(parents=True)
        (self.pci / "drivers_probe").touch()
        for driver in ("ixgbe", "vfio-pci", "uio_pci_generic", "mpt3sas"):
            (self.pci / "drivers" / driver).mkdir(parents=True)
            for name in ("bind", "unbind"):
                (self.pci / "drivers" / driver / name).touch()
        self.card("0000:03:00.0", "0x020000", "ixgbe", net="eth7", group="12")
        self.card("0000:03:00.1", "0x020000", None, group=None)
        self.card("0000:04:00.0", "0x010700", "mpt3sas", group="13")

    def card(self, address, code, driver, net=None, group=None):
        folder = self.pci / "devices" / address
        folder.mkdir(parents=True)
        (folder / "class").write_text(code + "\n")
        (folder / "vendor").write_text("0x8086\n")
        (folder / "device").write_text("0x10fb\n")
        (folder / "driver_override").touch()
        if driver:
            (folder / "driver").symlink_to(self.pci / "drivers" / driver)
        if net:
            (folder / "net" / net).mkdir(parents=True)
        if group:
            path = Path(self.tree) / "iommu_groups" / group / "devices"
            path.mkdir(parents=True, exist_ok=True)
            (path / address).symlink_to(folder)
            (folder / "iommu_group").symlink_to(path.parent)

    def run_it(self, *args):
        done = subprocess.run([SCRIPT, *args], capture_output=True, text=True, timeout=20,
                              check=False, env={**os.environ, "SYSFS": self.tree})
        return done.returncode, done.stdout + done.stderr

    def read(self, path):
        return (self.pci / path).read_text().strip()

    def untouched(self):
        self.assertEqual(self.read("drivers/ixgbe/unbind"), "")
        self.assertEqual(self.read("drivers/vfio-pci/bind"), "")

    def test_cards_are_listed_with_their_drivers(self):
        code, text = self.run_it()
        self.assertEqual(code, 0)
        self.assertRegex(text, r"0000:03:00.0 +8086:10fb +ixgbe +eth7 +12")
        self.assertRegex(text, r"0000:03:00.1 +8086:10fb +- +- +-")
        self.assertNotIn("0000:04:00.0", text)

    def test_a_card_is_taken_from_its_driver(self):
        code, text = self.run_it("03:00.0", "vfio-pci")
        self.assertEqual(code, 0, text)
        self.assertEqual(self.read("drivers/ixgbe/unbind"), "0000:03:00.0")
        self.assertEqual(self.read("devices/0000:03:00.0/driver_override"), "vfio-pci")
        self.assertEqual(self.read("drivers/vfio-pci/bind"), "0000:03:00.0")

    def test_a_card_is_given_back(self):
        code, text = self.run_it("0000:03:00.0", "kernel")
        self.assertEqual(code, 0, text)
        self.assertEqual(self.read("devices/0000:03:00.0/driver_override"), "")
        self.assertEqual(self.read("drivers_probe"), "0000:03:00.0")

    def test_what_is_no_network_card_is_left_alone(self):
        code, text = self.run_it("0000:04:00.0", "vfio-pci")
        self.assertEqual(code, 1)
        self.assertIn("no network card", text)
        self.assertEqual(self.read("drivers/mpt3sas/unbind"), "")

    def test_without_an_iommu_vfio_is_refused(self):
        code, text = self.run_it("0000:03:00.1", "vfio-pci")
        self.assertEqual(code, 1)
        self.assertIn("uio_pci_generic", text)
        self.untouched()

    def test_a_driver_that_is_not_there_is_refused(self):
        code, text = self.run_it("0000:03:00.0", "igb_uio")
        self.assertEqual(code, 1)
        self.assertIn("igb_uio", text)
        self.untouched()

    def test_an_interface_in_use_is_refused(self):
        self.card("0000:05:00.0", "0x020000", "ixgbe", net="lo", group="14")
        # lo is up, but its addresses are of scope host: a stand-in for one that is not in use
        self.assertEqual(self.run_it("0000:05:00.0", "vfio-pci")[0], 0)
        used = subprocess.run(["ip", "-o", "addr", "show", "up", "scope", "global"], text=True,
                              capture_output=True, check=False).stdout.split()
        if len(used) < 2:
            self.skipTest("no interface here has an address")
        self.card("0000:06:00.0", "0x020000", "ixgbe", net=used[1].split("@")[0], group="15")
        code, text = self.run_it("0000:06:00.0", "vfio-pci")
        self.assertEqual(code, 1)
        self.assertIn("--force", text)

    def test_nonsense_is_refused(self):
        for args in (("eth0", "vfio-pci"), ("0000:03:00.0", "e1000"), ("0000:03:00.0",),
                     ("0000:ff:1f.7", "kernel")):
            self.assertEqual(self.run_it(*args)[0], 1, args)
        self.untouched()


if __name__ == "__main__":
    unittest.main()
