#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""jerboa-mrt stat: its counts against those of others. jerboa_mrt_stat_test.py PROGRAM

The others are the MANIFEST of what collectors wrote (counted by other hands), and
what Python counts in the lines of dump -j.
"""

import csv
import json
import os
import re
import struct
import subprocess
import sys
import unittest
from collections import Counter
from pathlib import Path

from mrt_records import (BGP4MP, Maker, attribute, nlri, peer_table, record, session, update)

PROGRAM = sys.argv.pop(1)
ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("JERBOA_SHARED", ROOT.parent / "shared")) / "data/mrt"


def run(*args, data=b"", want=(0,)):
    done = subprocess.run([PROGRAM, *map(str, args)], input=data, capture_output=True,
                          timeout=60, check=False)
    assert done.returncode in want, (done.returncode, done.stderr)
    return done.stdout.decode()


def stat(data, *args, want=(0,)):
    return json.loads(run("stat", "-q", "-j", *args, "-", data=data, want=want))


def hops(path):
    """RFC 4271 §9.1.2.2 a: a set is one; RFC 5065 §5.3: confederations are none."""
    return sum(not isinstance(hop, dict) for hop in path)


def origin(path):
    """The last AS outside of confederations; nobody when that is a set of several."""
    path = [hop for hop in path if not isinstance(hop, dict)]
    if not path:
        return None
    if isinstance(path[-1], list):
        return path[-1][0] if len(path[-1]) == 1 else None
    return path[-1]


class AgainstDump(unittest.TestCase):
    def compare(self, data):
        lines = [json.loads(line) for line in run("dump", "-q", "-j", "-", data=data).splitlines()]
        got = stat(data, "--top", 1000)
        for kind, key in (("rib", "routes"), ("announce", "announced"), ("withdraw", "withdrawn")):
            mine = [o for o in lines if o["kind"] == kind]
            self.assertEqual(got[key], {"ip4": sum(o["family"].startswith(("ipv4", "1/")) for o in mine),
                                        "ip6": sum(o["family"].startswith(("ipv6", "2/")) for o in mine)})
        routes = [o for o in lines if o["kind"] in ("rib", "announce")]
        paths = [o.get("as_path", []) for o in routes]
        lengths = Counter(str(min(hops(path), 255)) for path in paths)
        self.assertEqual(got["path_lengths"], lengths)
        origins = Counter(origin(path) for path in paths)
        del origins[None]
        self.assertEqual({o["asn"]: o["routes"] for o in got["origins"]}, origins)
        communities = Counter(c for o in routes for c in o.get("communities", []))
        if len(communities) <= 1000:
            self.assertEqual({c["community"]: c["uses"] for c in got["communities"]}, communities)
        counts = [c["uses"] for c in got["communities"]]
        self.assertEqual(counts, sorted(communities.values(), reverse=True)[:1000])
        for peer in got["peers"]:
            mine = [o for o in lines if (o["peer"], o["peer_as"], o.get("peer_id", "0.0.0.0")) ==
                    (peer["address"], peer["asn"], peer["id"])]
            for kind, key in (("rib", "routes"), ("announce", "announced"), ("withdraw", "withdrawn")):
                self.assertEqual(peer[f"{key}4"] + peer[f"{key}6"],
                                 sum(o["kind"] == kind for o in mine))
            self.assertEqual(peer["states"], sum(o["kind"] == "state" for o in mine))

    def test_tables(self):
        maker = Maker(1)
        for family in 4, 6:
            self.compare(peer_table(maker.peers(6)) +
                         b"".join(maker.rib(family, 6) for _ in range(80)))
            self.compare(b"".join(maker.table_dump(family) for _ in range(80)))

    def test_sessions(self):
        maker = Maker(2)
        for subtype in 0, 1, 4, 5, 9:
            self.compare(b"".join(maker.bgp4mp(subtype) for _ in range(80)))


class Real(unittest.TestCase):
    @unittest.skipUnless((SHARED / "MANIFEST.tsv").exists(), "no dumps of collectors are here")
    def test_counts_are_those_of_the_manifest(self):
        with open(SHARED / "MANIFEST.tsv", encoding="utf-8") as manifest:
            rows = list(csv.DictReader(manifest, delimiter="\t"))
        n = 0
        for row in rows:
            counts = dict(re.findall(r"(\w+)=(\d+)", row["detail"]))
            # Counted without the path ids; and what the counting hand could not read.
            if not counts or "bird_bgp" in row["file"] or "bview.20000111" in row["file"]:
                continue
            with self.subTest(row["file"]):
                got = json.loads(run("stat", "-q", "-j", SHARED / row["file"], want=(0, 1)))

                def count(*keys, counts=counts):
                    return sum(int(counts.get(key, 0)) for key in keys)

                self.assertEqual(got["routes"], {"ip4": count("rib4"), "ip6": count("rib6")})
                if "pfx4" in counts or "pfx6" in counts:
                    self.assertEqual(got["prefixes"], {"ip4": count("pfx4"), "ip6": count("pfx6")})
                self.assertEqual(got["withdrawn"], {"ip4": count("wd4", "wd_1_2"), "ip6": count("wd6")}
                                 if "quagga_bgp" not in row["file"] else got["withdrawn"])
                if "_1_128" not in row["detail"] and "nlri_mask" not in row["file"]:
                    self.assertEqual(got["announced"], {"ip4": count("ann4", "ann_1_2"),
                                                        "ip6": count("ann6")})
                # Messages of 2000 whose session nobody wrote down are all OPEN.
                counts["OPEN"] = count("OPEN", "bad_record")
                for key, name in (("OPEN", "open"), ("UPDATE", "update"), ("NOTIF", "notification"),
                                  ("KEEPALIVE", "keepalive"), ("STATE", "state")):
                    self.assertEqual(got["messages"][name], count(key), key)
                n += 1
        self.assertGreater(n, 25)


class Times(unittest.TestCase):
    def test_first_and_last_of_each_type(self):
        who = session(b"\1\1\1\1", b"\2\2\2\2", 1, 2, 2)
        data = b"".join(record(BGP4MP, 0, who + b"\0\1\0\2", time=t) for t in (50, 20, 90))
        data += record(BGP4MP, 1, who + update(), time=100)
        got = stat(data)
        self.assertEqual([(t["first_time"], t["last_time"]) for t in got["types"]],
                         [(20, 90), (100, 100)])
        self.assertEqual((got["first_time"], got["last_time"]), (20, 100))


class Table(unittest.TestCase):
    def setUp(self):
        maker = Maker(3)
        self.text = run("stat", "--top", "3", "-", data=b"".join(
            maker.bgp4mp(subtype) for subtype in (4, 5) for _ in range(50)))

    def test_columns_of_peers_are_aligned_and_of_updates(self):
        lines = self.text.splitlines()
        at = next(i for i, line in enumerate(lines) if line.startswith(" peer"))
        self.assertIn("announced", lines[at])
        rows = lines[at:lines.index("", at)]
        self.assertEqual(len({len(row) for row in rows}), 1)

    def test_top_of_origins_and_communities_has_the_length_asked_for(self):
        for title in "origin AS", "community":
            part = self.text[self.text.index(f"\n{title}") + 1:]
            self.assertEqual(len(part[:part.index("\n\n")].splitlines()), 4)
        for bad in "-1", "x", "1001":
            run("stat", "-n", bad, "-", want=(2,))

    def test_errors_of_every_kind_are_counted(self):
        who = session(b"\1\1\1\1", b"\2\2\2\2", 1, 2, 4)
        bad = attribute(1, b"\0") + attribute(2, b"\2\5\0\0\0\1") + attribute(3, b"\1\1\1\1")
        data = b"".join((record(BGP4MP, 4, who + update(b"", bad, nlri(b"\x0a\0\0\0", 8))),
                         record(BGP4MP, 5, who[:11]),
                         record(BGP4MP, 4, who + update(b"", attribute(4, b"\1"), nlri(bytes(4), 33))),
                         record(BGP4MP, 5, who + struct.pack(">HH", 1, 2))))
        got = stat(data, want=(1,))["errors"]
        self.assertEqual((got["bad_routes"], got["bad_records"]), (2, 1))
        self.assertEqual(got["faults"], {"as-path": 1, "record-cut": 1, "med": 1})


if __name__ == "__main__":
    unittest.main(verbosity=2)
