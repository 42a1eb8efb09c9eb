#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""jerboa-mrt dump against the installed bgpdump: jerboa_mrt_dump_test.py PROGRAM

Byte for byte the same for what collectors really wrote (../shared/data/mrt, or
where JERBOA_SHARED says). Where bgpdump loses something, its lines must come in
its order, and the lines between them are spelled out here.
"""

import csv
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from mrt_records import Maker, peer_table

PROGRAM = sys.argv.pop(1)
ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("JERBOA_SHARED", ROOT.parent / "shared")) / "data/mrt"
BGPDUMP = shutil.which("bgpdump")
SEEDS = int(os.environ.get("SEEDS", "4"))
# Headers whose lengths are wrong: bgpdump stops there, we find the way back.
DAMAGED = {"bgpkit__rrc00_2000.01_bview.20000111.0032.gz": 1,
           "bgpkit__rrc00_2000.03_updates.20000325.0345.gz": 2046}


def dump(*args, **options):
    return subprocess.run([PROGRAM, "dump", *map(str, args)], capture_output=True, timeout=120,
                          check=False, **options)


def bgpdump(*args):
    done = subprocess.run([BGPDUMP, "-v", "-q", *map(str, args)], capture_output=True,
                          timeout=120, check=True)
    return done.stdout


def samples():
    with open(SHARED / "MANIFEST.tsv", encoding="utf-8") as manifest:
        for row in csv.DictReader(manifest, delimiter="\t"):
            yield SHARED / row["file"], row


def added(theirs, ours):
    """Lines of ours between those of theirs; None when one of theirs is missing."""
    rest, at = [], 0
    for line in ours:
        if at < len(theirs) and line == theirs[at]:
            at += 1
        else:
            rest.append(line)
    return rest if at == len(theirs) else None


@unittest.skipUnless(BGPDUMP, "bgpdump is not installed")
@unittest.skipUnless((SHARED / "MANIFEST.tsv").exists(), "no dumps of collectors are here")
class RealDumps(unittest.TestCase):
    def compare(self, *form, at_most=1 << 30):
        n = 0
        for path, row in samples():
            is_whole = row["file_note"] or not int(row["bgpdump_stderr_lines"])
            if path.name in DAMAGED or not is_whole or int(row["bgpdump_lines"]) > at_most:
                continue
            if form == ("-H",) and "zebra,type5)/5" in row["record_types"]:
                continue  # an OPEN, which bgpdump does not know in these
            with self.subTest(path.name):
                self.assertTrue(dump(*form, path).stdout == bgpdump(*form, path), path.name)
                n += 1
        self.assertGreater(n, 12)

    def test_lines_are_those_of_bgpdump_m(self):
        self.compare("-m")

    def test_lines_with_dates_are_those_of_bgpdump_M(self):
        self.compare("-M", at_most=12000)

    def test_blocks_of_lines_are_those_of_bgpdump_H(self):
        self.compare("-H", at_most=12000)

    def test_options_of_lines_are_those_of_bgpdump(self):
        small = ["bgpstream__ris.rrc06.updates.1427846400.gz", "mrtparse__quagga_rib",
                 "bgpdump__bview.ipv6_unicast_add_path.gz", "mrtparse__openbgpd_rib_table"]
        runs = [(options, name) for name in small for options in (
            ["-m", "-p"], ["-m", "-l"], ["-m", "-u"], ["-m", "-l", "-u", "-p"], ["-M", "-p"])]
        runs += [(["-m", "-l", "-u"], "dnas__rrc23.updates.20220421.0200.gz"),
                 (["-m", "-t", "change"], "bgpdump__bview.20020722.2337.gz"),
                 (["-M", "-t", "change"], "mrtparse__openbgpd_rib_table")]
        for options, name in runs:
            path = SHARED / "real" / name
            with self.subTest(f"{options} {name}"):
                self.assertTrue(dump(*options, path).stdout == bgpdump(*options, path))

    def test_time_of_last_change_is_right_where_bgpdump_says_1970(self):
        """bgpdump 1.6.2 keeps a pointer to a variable that is gone (TABLE_DUMP_V2)."""
        path = SHARED / "real/mrtparse__quagga_rib"
        theirs = bgpdump("-M", "-t", "change", path).decode().splitlines()
        ours = dump("-M", "-t", "change", path).stdout.decode().splitlines()
        times = re.findall("ORIGINATED: (.*)", bgpdump("-H", path).decode())
        self.assertEqual([line.split("|")[1] for line in ours], times)
        for one, other in zip(theirs, ours):
            self.assertEqual(one.split("|")[2:], other.split("|")[2:])

    def test_what_bgpdump_loses_is_added_and_nothing_else(self):
        wanted = {"mrtparse__openbgpd_bgp": 6, "mrtparse__openbgpd_rib_table-mp": 31,
                  "mrtparse__quagga_bgp": 16, "pyasn__bview.20140112.1600_3samples.bz2": 3,
                  "bgpkit__rrc01_2000.11_updates.20001104.0124.gz": 0,
                  "mrtparse__bird-mrtdump_bgp": 0, "mrtparse__bird6-mrtdump_bgp": 0}
        for name, n in wanted.items():
            path = SHARED / "real" / name
            with self.subTest(name):
                extra = added(bgpdump("-m", path).splitlines(),
                              dump("-m", path).stdout.splitlines())
                self.assertEqual(len(extra), n)

    def test_vpn_routes_carry_their_distinguisher(self):
        for name, wanted in (("openbgpd_bgp", {b"65010:15:192.168.0.0/16", b"65010:15:192.168.7.0/24"}),
                             ("quagga_bgp", {b"172.16.0.1:11:10.0.0.1/32", b"172.16.0.2:14:10.2.0.0/24"})):
            path = SHARED / "real" / f"mrtparse__{name}"
            extra = added(bgpdump("-m", path).splitlines(), dump("-m", path).stdout.splitlines())
            self.assertLessEqual(wanted, {line.split(b"|")[5] for line in extra})


@unittest.skipUnless(BGPDUMP, "bgpdump is not installed")
class MadeDumps(unittest.TestCase):
    """Records of every type from random values: what collectors may write some day."""

    def compare(self, name, data):
        with tempfile.NamedTemporaryFile(suffix=".mrt") as file:
            file.write(data)
            file.flush()
            for form in (["-m"], ["-M"], ["-H"], ["-m", "-l", "-u"], ["-M", "-p"]):
                theirs, done = bgpdump(*form, file.name), dump("-q", *form, file.name)
                if theirs != done.stdout:
                    lines = zip(theirs.splitlines(), done.stdout.splitlines())
                    first = next((pair for pair in lines if pair[0] != pair[1]), "the end")
                    kept = shutil.copy(file.name, f"{tempfile.gettempdir()}/{name}.mrt")
                    self.fail(f"{name} {form} {kept}: {first}")

    def test_tables(self):
        for seed in range(SEEDS):
            maker = Maker(seed)
            for family in 4, 6:
                self.compare(f"dump{family}-{seed}",
                             b"".join(maker.table_dump(family) for _ in range(60)))
                for add_path in False, True:
                    data = peer_table(maker.peers(7)) + b"".join(
                        maker.rib(family, 7, add_path) for _ in range(30))
                    self.compare(f"rib{family}-{seed}", data)

    def test_sessions(self):
        for seed in range(SEEDS):
            maker = Maker(1000 + seed)
            for subtype in (0, 1, 4, 5, 6, 7, 8, 9, 10, 11):
                for micros in False, True:
                    self.compare(f"mp{subtype}-{seed}",
                                 b"".join(maker.bgp4mp(subtype, micros) for _ in range(40)))

    def test_sessions_of_1999(self):
        for seed in range(SEEDS):
            maker = Maker(2000 + seed)
            self.compare(f"old-{seed}", b"".join(maker.old_bgp() for _ in range(60)))


class Damage(unittest.TestCase):
    @unittest.skipUnless((SHARED / "MANIFEST.tsv").exists(), "no dumps of collectors are here")
    def test_reading_goes_on_behind_damaged_boundaries(self):
        for name, theirs in DAMAGED.items():
            done = dump(SHARED / "real" / name)
            self.assertGreater(len(done.stdout.splitlines()), 2 * theirs)

    @unittest.skipUnless((SHARED / "MANIFEST.tsv").exists(), "no dumps of collectors are here")
    def test_routes_without_a_peer_table_are_shown_and_told(self):
        done = dump(SHARED / "real/pyasn__bview.20140112.1600_3samples.bz2")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(done.stdout.splitlines()), 3)
        self.assertTrue(done.stdout.startswith(b"TABLE_DUMP2|1389542400|B|0.0.0.0|0|1.0.0.0/24|"))
        self.assertIn(b"record 1 at offset 0", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
