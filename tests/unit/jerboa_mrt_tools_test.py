#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""jerboa-mrt filter, lookup, convert, diff from outside: jerboa_mrt_tools_test.py PROGRAM

What they say is compared with what Python makes of the lines of dump -j, which
has a test of its own. The data are made here, and real files where they are.
"""

import bz2
import gzip
import ipaddress
import json
import lzma
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM = sys.argv.pop(1)
REAL = ["miragebgp__updates.20171111.0005", "bgpkit__rrc15_2010.02_updates.20100227.1610.gz",
        "bgpstream__ris.rrc06.updates.1427846400.gz", "bgpdump__bview.ipv6_unicast_add_path.gz",
        "bgpkit__rrc00_2000.01_updates.20000102.2014.gz", "mrtparse__quagga_rib"]


def real_folder():
    root = Path(os.environ.get("SOURCE_ROOT", "."))
    for place in (os.environ.get("JERBOA_SHARED"), root.parent / "shared",
                  root.parent.parent / "shared"):
        if place and (Path(place) / "data/mrt/real").is_dir():
            return Path(place) / "data/mrt/real"
    return None


def run(*args, **options):
    return subprocess.run([PROGRAM, *map(str, args)], capture_output=True, timeout=170,
                          check=False, **options)


def out(*args, want=(0,), **options):
    done = run(*args, **options)
    assert done.returncode in want, (args, done.returncode, done.stderr[-2000:])
    return done.stdout


# Writing ---------------------------------------------------------------------

def record(kind, subtype, body, when=1000):
    return struct.pack(">IHHI", when, kind, subtype, len(body)) + body


def attribute(kind, value, flags=0x40):
    return bytes([flags | 0x10, kind]) + struct.pack(">H", len(value)) + value


def path_of(segments, wide=4):
    """[701, {1, 2}, 3] as segments; a tuple is a confederation sequence."""
    made, run_of = b"", []

    def flush():
        nonlocal made, run_of
        if run_of:
            made += bytes([2, len(run_of)]) + b"".join(n.to_bytes(wide, "big") for n in run_of)
        run_of = []
    for part in segments:
        if isinstance(part, int):
            run_of.append(part)
            continue
        flush()
        kind = 1 if isinstance(part, (set, frozenset)) else 3
        made += bytes([kind, len(part)]) + b"".join(n.to_bytes(wide, "big") for n in sorted(part))
    flush()
    return made


class Route:
    """What a made file has of one route; equal to what the conditions judge."""

    def __init__(self, **have):
        self.__dict__.update({"path": [], "communities": [], "large": [], "ext": [],
                              "peer": 0, "when": 1000, "med": 0, "nexthop": "192.0.2.9"}, **have)

    def attrs(self):
        made = attribute(1, b"\0") + attribute(2, path_of(self.path))
        made += attribute(3, ipaddress.ip_address(self.nexthop).packed)
        made += attribute(4, struct.pack(">I", self.med), 0x80)
        if self.communities:
            made += attribute(8, b"".join(struct.pack(">HH", *c) for c in self.communities), 0xc0)
        if self.ext:
            made += attribute(16, b"".join(self.ext), 0xc0)
        if self.large:
            made += attribute(32, b"".join(struct.pack(">III", *c) for c in self.large), 0xc0)
        return made


PEERS = [("192.0.2.1", 64500), ("192.0.2.2", 64501), ("2001:db8::3", 64502)]


def peer_table(peers=tuple(PEERS)):
    body = struct.pack(">IHH", 1, 0, len(peers))
    for i, (address, asn) in enumerate(peers):
        packed = ipaddress.ip_address(address).packed
        body += bytes([2 | (len(packed) == 16)]) + struct.pack(">I", 100 + i) + packed
        body += struct.pack(">I", asn)
    return record(13, 1, body)


def nlri(net):
    return bytes([net.prefixlen]) + net.network_address.packed[:(net.prefixlen + 7) // 8]


def rib(seq, net, routes):
    body = struct.pack(">I", seq) + nlri(net) + struct.pack(">H", len(routes))
    for route in routes:
        attrs = route.attrs()
        body += struct.pack(">HIH", route.peer, route.when, len(attrs)) + attrs
    return record(13, 2 if net.version == 4 else 4, body)


def table(routes, peers=tuple(PEERS)):
    """A dump of {network: [Route]} in order of the networks."""
    made = peer_table(peers)
    for i, net in enumerate(sorted(routes, key=lambda n: (n.version, n))):
        made += rib(i, net, routes[net])
    return made


# Conditions ------------------------------------------------------------------

def numbers(row):
    """All AS numbers of a row's path."""
    for part in row.get("as_path", []):
        if isinstance(part, int):
            yield part
        else:
            yield from (part if isinstance(part, list) else next(iter(part.values())))


def net_of(row):
    return ipaddress.ip_network(row["prefix"]) if "prefix" in row else None


def inside(row, text):
    net, wide = net_of(row), ipaddress.ip_network(text)
    return bool(net) and net.version == wide.version and net.subnet_of(wide)


def around(row, text):
    net, small = net_of(row), ipaddress.ip_network(text)
    return bool(net) and net.version == small.version and small.subnet_of(net)


def has(row, key, pattern):
    return any(re.fullmatch(pattern, c) for c in row.get(key, []))


def has_path(row):
    return row["kind"] in ("rib", "announce")


def origin(row):
    return list(numbers({"as_path": row.get("as_path", [])[-1:]}))


def plain(row):
    """The path as text; None when it has more than sequences."""
    parts = row.get("as_path", [])
    return " ".join(map(str, parts)) if all(isinstance(p, int) for p in parts) else None


CASES = [
    ("", lambda r: True),
    ("ip4", lambda r: ":" not in r.get("prefix", ":")),
    ("ip6", lambda r: ":" in r.get("prefix", "")),
    ("announce", lambda r: r["kind"] == "announce"),
    ("withdraw or state", lambda r: r["kind"] in ("withdraw", "state")),
    ("rib", lambda r: r["kind"] == "rib"),
    ("message", lambda r: r["kind"] not in ("rib", "announce", "withdraw", "state")),
    ("length 24,48", lambda r: "prefix" in r and net_of(r).prefixlen in (24, 48)),
    ("length 9-16", lambda r: "prefix" in r and 9 <= net_of(r).prefixlen <= 16),
    ("sub 192.0.0.0/3", lambda r: inside(r, "192.0.0.0/3")),
    ("sub 10.0.0.0/8,2a00::/12,61.0.0.0/8",
     lambda r: inside(r, "10.0.0.0/8") or inside(r, "2a00::/12") or inside(r, "61.0.0.0/8")),
    ("not sub 0.0.0.0/1", lambda r: not inside(r, "0.0.0.0/1")),
    ("super 61.0.1.1,4.2.2.1,2a00:1450::1",
     lambda r: around(r, "61.0.1.1") or around(r, "4.2.2.1") or around(r, "2a00:1450::1")),
    ("as 3356", lambda r: has_path(r) and 3356 in numbers(r)),
    ("as 3356,AS1299 ip4", lambda r: has_path(r) and {3356, 1299} & set(numbers(r))
     and ":" not in r["prefix"]),
    ("origin 1000-20000", lambda r: has_path(r) and any(1000 <= n <= 20000
                                                        for n in origin(r))),
    ("as 3356 and not as 174 or withdraw",
     lambda r: (has_path(r) and 3356 in numbers(r) and 174 not in numbers(r))
     or r["kind"] == "withdraw"),
    ("as 3356 and not (as 174 or withdraw)",
     lambda r: has_path(r) and 3356 in numbers(r) and 174 not in numbers(r)),
    ("peer 3356,7018,12859", lambda r: r.get("peer_as") in (3356, 7018, 12859)),
    ("community 3356:*", lambda r: has(r, "communities", r"3356:\d+")),
    ("community *:100 or community *:200",
     lambda r: has(r, "communities", r"\d+:[12]00")),
    ("community no-export", lambda r: has(r, "communities", "65535:65281|no-export")),
    ("community 24115:1000:*", lambda r: has(r, "large_communities", r"24115:1000:\d+")),
    ("community rt:*:*", lambda r: has(r, "ext_communities", "rt:.*")),
]
PATTERNS = ["_3356_", "^3356 ", "^[0-9]+$", "_174$", "_(701|3356|1299)_.*_(174|2914)_",
            "^7[0-9]*_[^ ]+_", r"_\d\d\d$", "_3356_3356_"]


def python_pattern(pattern):
    return re.compile(pattern.replace("[^ ]", "\0").replace("_", r"(?:^|$|[ ,{}()])")
                      .replace("\0", "[^ ]"))


class Files(unittest.TestCase):
    """With a folder of its own."""

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="jerboa-mrt-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def write(self, data, name="a.mrt"):
        path = self.folder / name
        path.write_bytes(data)
        return path


class FilterReal(Files):
    def judge(self, path, rows, lines, condition, holds):
        got = out("filter", "-q", "-j", condition, path, want=(0, 1)).splitlines()
        want = [line for line, row in zip(lines, rows) if holds(row)]
        self.assertEqual(got, want, (path.name, condition))
        return len(want)

    @unittest.skipUnless(real_folder(), "../shared/data/mrt is not here")
    def test_conditions_choose_what_python_chooses(self):
        for name in REAL:
            path = real_folder() / name
            lines = out("dump", "-q", "-j", path, want=(0, 1)).splitlines()
            rows = [json.loads(line) for line in lines]
            total = 0
            for condition, holds in CASES:
                total += self.judge(path, rows, lines, condition, holds)
            self.assertGreater(total, len(rows), name)
            for pattern in PATTERNS:
                like = python_pattern(pattern)
                if all(plain(row) is not None for row in rows):
                    self.judge(path, rows, lines, f'path "{pattern}"',
                               lambda r: has_path(r) and like.search(plain(r)))

    @unittest.skipUnless(real_folder(), "../shared/data/mrt is not here")
    def test_mrt_again_has_the_same_routes(self):
        for name in REAL:
            path, to = real_folder() / name, self.folder / "out.mrt.gz"
            for condition in ("", "as 3356,174", "ip6", "withdraw", "length 24", "not length 24",
                              "sub 128.0.0.0/2 or state"):
                want = out("filter", "-q", "-m", condition, path, want=(0, 1))
                out("filter", "-q", "-w", to, condition, path, want=(0, 1))
                got = run("dump", "-q", "-m", to)
                if want:
                    self.assertEqual(got.returncode, 0, (name, condition, got.stderr[:500]))
                self.assertEqual(got.stdout, want, (name, condition))

    @unittest.skipUnless(real_folder() and shutil.which("bgpdump"), "no real files or bgpdump")
    def test_bgpdump_reads_what_was_filtered(self):
        for name in REAL[:4]:
            path, to = real_folder() / name, self.folder / "out.mrt"
            out("filter", "-q", "-w", to, "as 3356", path, want=(0, 1))
            lines = subprocess.run(["bgpdump", "-m", to], capture_output=True, check=True,
                                   timeout=60).stdout
            self.assertEqual(lines, out("filter", "-q", "-m", "as 3356", path, want=(0, 1)))


class Filter(Files):
    def setUp(self):
        super().setUp()
        net = ipaddress.ip_network
        self.routes = {
            net("10.0.0.0/8"): [Route(path=[64500, 701, {1, 2}], communities=[(65535, 0xff01)])],
            net("10.1.0.0/16"): [Route(path=[64500, 3], large=[(1, 2, 3)], nexthop="198.51.100.7"),
                                 Route(path=[64501, (65001, 65002), 4], peer=1)],
            net("192.0.2.0/24"): [Route(path=[64501, 70000], peer=1, communities=[(701, 5)],
                                        ext=[bytes([0, 2, 2, 189, 0, 0, 0, 7]),
                                             bytes([1, 3, 192, 0, 2, 1, 0, 9])])],
            net("203.0.113.0/24"): [Route(path=[], peer=2)],
        }
        self.path = self.write(table(self.routes))

    def prefixes(self, condition):
        rows = map(json.loads, out("filter", "-j", condition, self.path).splitlines())
        return [(row["prefix"], row["peer_as"]) for row in rows]

    def test_each_condition_alone(self):
        ten, sixteen, doc, last = (str(net) for net in self.routes)
        for condition, want in (
                ("prefix 10.0.0.0/8", [(ten, 64500)]),
                ("prefix 10.0.0.0/9", []),
                ("sub 10.0.0.0/8", [(ten, 64500), (sixteen, 64500), (sixteen, 64501)]),
                ("super 10.1.0.0/16", [(ten, 64500), (sixteen, 64500), (sixteen, 64501)]),
                ("super 10.1.2.3", [(ten, 64500), (sixteen, 64500), (sixteen, 64501)]),
                ("super 10.0.0.0/7", []),
                ("origin 2", [(ten, 64500)]), ("origin 701", []),
                ("origin 4", [(sixteen, 64501)]), ("as 65002", [(sixteen, 64501)]),
                ('path "701 {1,2}$"', [(ten, 64500)]), ("path ^$", [(last, 64502)]),
                (r'path "\(65001 65002\)"', [(sixteen, 64501)]),
                ("community no-export", [(ten, 64500)]), ("community 65535:*", [(ten, 64500)]),
                ("community 1:2:3", [(sixteen, 64500)]), ("community 1:*:4", []),
                ("community rt:701:7", [(doc, 64501)]), ("community rt:*:8", []),
                ("community soo:192.0.2.1:9", [(doc, 64501)]),
                ("community ext:0002", [(doc, 64501)]), ("community ext:0003", []),
                ("nexthop 198.51.100.0/24", [(sixteen, 64500)]),
                ("peer 192.0.2.2", [(sixteen, 64501), (doc, 64501)]),
                ("peer 2001:db8::3", [(last, 64502)]),
                ("type table_dump_v2 and peer 64502", [(last, 64502)]),
                ("type bgp4mp", []), ("after 1001", []), ("before 1000", []),
                ("after 1970-01-01T00:16:40 before 1970-01-01T00:16:41 peer 64502",
                 [(last, 64502)])):
            self.assertEqual(self.prefixes(condition), want, condition)

    def test_values_come_from_files(self):
        listed = self.folder / "list"
        listed.write_text("# ours\n10.0.0.0/8\n\n203.0.113.0/24 # theirs\n")
        self.assertEqual(len(self.prefixes(f"prefix @{listed}")), 2)
        listed.write_text("10.0.0.0/8\n10.0.0.1/8\n")
        done = run("filter", f"prefix @{listed}", self.path)
        self.assertEqual(done.returncode, 2)
        self.assertIn(f"{listed}:2: \"10.0.0.1/8\" is no prefix", done.stderr.decode())

    def test_errors_say_what_where_and_what_is_allowed(self):
        for condition, word in (
                ("asn 1", 'character 1, at "asn 1": a condition must stand here: prefix'),
                ("origin", "a value must stand here"), ("origin x", "allowed are 701"),
                ("(origin 1", '")" must stand here'), ("origin 1)", "ended before this"),
                ("as 1 and", "a condition must stand here"), ('path "(1"', 'has no ")"'),
                ('path "x', "the quote has no end"), ("community 1", "65000:100"),
                ("community 70000:1", "65000:100"), ("after noon", "2026-01-31"),
                ("type x", "table_dump"), ("(" * 100, "nested deeper than 64"),
                ("not " * 100 + "ip4", "nested deeper than 64"),
                ("ip4 or " * 5000 + "ip4", "too many conditions"),
                ("origin @/nonexistent", "/nonexistent: cannot open")):
            done = run("filter", condition, self.path)
            self.assertEqual((done.returncode, done.stdout), (2, b""), condition)
            self.assertIn(word, done.stderr.decode(), condition)

    def test_count_and_no_file(self):
        self.assertEqual(out("filter", "-c", "ip4", self.path), b"5\n")
        self.assertEqual(run("filter", "ip4").returncode, 2)
        self.assertEqual(run("filter", "ip4", "/nonexistent").returncode, 2)

    def test_input_is_never_overwritten(self):
        before = self.path.read_bytes()
        os.link(self.path, self.folder / "same")
        for option in ("-w", "-o"):
            for name in (self.path, self.folder / "same"):
                done = run("filter", option, name, "ip4", self.path)
                self.assertEqual(done.returncode, 2)
                self.assertIn("would be overwritten", done.stderr.decode())
        self.assertEqual(self.path.read_bytes(), before)

    def test_damage_is_status_1_and_the_rest_is_there(self):
        data = bytearray(self.path.read_bytes())
        at = data.index(bytes([192, 0, 2, 0, 1])) - 1
        data[at] = 77  # the length of 192.0.2.0/24
        done = run("filter", "", self.write(data))
        self.assertEqual(done.returncode, 1)
        self.assertIn("record 4 at offset", done.stderr.decode())
        self.assertEqual(len(done.stdout.splitlines()), 4)


class Lookup(Files):
    def setUp(self):
        super().setUp()
        dice = random.Random(7)
        self.routes = {}
        for _ in range(3000):
            length = dice.choice([0, 8, 12, 16, 20, 24, 32])
            address = dice.getrandbits(32) & 0x0f0f0f0f | 0x0a000000
            net = ipaddress.ip_network((address >> (32 - length) << (32 - length), length)) \
                if length else ipaddress.ip_network("0.0.0.0/0")
            self.routes[net] = [Route(path=[64500 + p, 9], peer=p)
                                for p in sorted(dice.sample(range(3), dice.randint(1, 3)))]
        self.path = self.write(table(self.routes))
        self.dice = dice

    def said(self, *args, want=(0,)):
        rows = map(json.loads, out("lookup", "-j", *args, self.path, want=want).splitlines())
        return [(row["prefix"], row["peer_as"] - 64500) for row in rows]

    def wanted(self, holds):
        return [(str(net), route.peer) for net in sorted(self.routes) if holds(net)
                for route in self.routes[net]]

    def test_longest_match_of_an_address(self):
        for _ in range(60):
            address = ipaddress.ip_address(self.dice.getrandbits(32) & 0x0f0f0f0f | 0x0a000000)
            fits = [net for net in self.routes if address in net]
            best = max(fits, key=lambda net: net.prefixlen) if fits else None
            self.assertEqual(self.said(address), self.wanted(lambda net: net == best))

    def test_exact_more_and_less(self):
        for _ in range(20):
            asked = self.dice.choice(list(self.routes))
            self.assertEqual(self.said(asked), self.wanted(lambda net: net == asked))
            self.assertEqual(self.said("--more", asked), self.wanted(asked.supernet_of))
            self.assertEqual(self.said("--less", asked), self.wanted(asked.subnet_of))
            self.assertEqual(self.said("--longest", asked), self.wanted(lambda net: net == asked))

    def test_a_condition_comes_first(self):
        asked = ipaddress.ip_address("10.1.2.3")
        fits = [net for net in self.routes if asked in net
                and any(r.peer == 2 for r in self.routes[net])]
        best = max(fits, key=lambda net: net.prefixlen)
        self.assertEqual(self.said("--where", "peer 64502", asked), [(str(best), 2)])

    def test_nothing_found_is_said_and_no_error(self):
        done = run("lookup", "2001:db8::1", self.path)
        self.assertEqual((done.returncode, done.stdout), (0, b""))
        self.assertIn(b"no route to 2001:db8::1", done.stderr)

    def test_wrong_words(self):
        for args, word in ((["10.0.0.1/8"], "bits behind its length"), (["x"], "no prefix"),
                           (["-w", "/dev/null", "10.1.2.3"], "known at the end")):
            done = run("lookup", *args, self.path)
            self.assertEqual(done.returncode, 2)
            self.assertIn(word, done.stderr.decode())

    def test_mrt_again(self):
        to = self.folder / "out.mrt"
        out("lookup", "--more", "-w", to, "10.0.0.0/12", self.path)
        self.assertEqual(out("dump", to), out("lookup", "-m", "--more", "10.0.0.0/12", self.path))


class Convert(Files):
    UNPACK = {"gz": gzip.decompress, "bz2": bz2.decompress, "xz": lzma.decompress}

    def synth(self):
        path = self.folder / "in.mrt"
        out("synth", "--prefixes", 40000, path)
        return path

    def test_every_compression_and_any_number_of_threads(self):
        path = self.synth()
        for suffix in ("gz", "bz2", "xz", "zst"):
            for threads in (1, 3):
                to = self.folder / f"out.{suffix}"
                out("convert", "-j", threads, path, to)
                self.assertLess(to.stat().st_size, path.stat().st_size / 2)
                if suffix in self.UNPACK:
                    self.assertEqual(self.UNPACK[suffix](to.read_bytes()), path.read_bytes())
                elif shutil.which("zstdcat"):
                    made = subprocess.run(["zstdcat", to], capture_output=True, check=True).stdout
                    self.assertEqual(made, path.read_bytes())

    def test_several_files_become_one(self):
        path, to = self.synth(), self.folder / "out"
        out("convert", path, path, "-f", "raw", to)
        self.assertEqual(to.read_bytes(), 2 * path.read_bytes())
        self.assertEqual(out("convert", "-", "-", input=path.read_bytes()), path.read_bytes())

    def test_input_stays_and_nothing_half_made_is_left(self):
        path = self.synth()
        done = run("convert", path, path)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"would be overwritten", done.stderr)
        self.assertEqual(run("convert", "/nonexistent", self.folder / "x").returncode, 2)
        self.assertEqual(run("convert", path, "/nonexistent/x").returncode, 2)
        self.assertEqual(run("convert", "--v2", "-", self.folder / "x", input=b"").returncode, 2)
        self.assertEqual(os.listdir(self.folder), ["in.mrt"])
        for option in (["-f", "rar"], ["-l", "0"], ["-j", "0"], ["-j", "x"]):
            self.assertEqual(run("convert", *option, path, self.folder / "x").returncode, 2)

    def test_full_disk_is_an_error(self):
        path = self.synth()
        with open("/dev/full", "wb") as full:
            for form in ("raw", "gz"):
                done = subprocess.run([PROGRAM, "convert", "-f", form, path, "-"], stdout=full,
                                      stderr=subprocess.PIPE, timeout=60, check=False)
                self.assertEqual(done.returncode, 2)
                self.assertIn(b"No space left", done.stderr)

    def test_damage_is_left_out_and_counted(self):
        data = bytearray(self.synth().read_bytes())
        at = 12 + struct.unpack_from(">I", data, 8)[0]  # of the second record
        data[at:at + 12] = b"\xff" * 12
        to = self.folder / "out"
        done = run("convert", self.write(data), to)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(run("stat", to).returncode, 0)

    @unittest.skipUnless(real_folder(), "../shared/data/mrt is not here")
    def test_old_tables_become_new_ones_with_the_same_routes(self):
        for name in ("bgpdump__bview.20020722.2337.gz", "pyasn__rib.20080501.0644_firstMB.bz2",
                     "mrtparse__openbgpd_rib_table"):
            path, to = real_folder() / name, self.folder / "v2"
            out("convert", "--v2", path, to, want=(0, 1))
            old, new = ([line.split(b"|", 1)[1] for line in
                         out("dump", "-t", "change", "--correct", "-q", file,
                             want=(0, 1)).splitlines()] for file in (path, to))
            self.assertEqual(len(old), len(new), name)
            self.assertEqual(sorted(old), sorted(new), name)
            self.assertIn(b'"subtype":1', out("stat", "-j", to))

    def test_as4_path_takes_its_place(self):
        """RFC 6793 §4.2.3: the older part from AS_PATH, the rest from AS4_PATH."""
        attrs = (attribute(1, b"\0") + attribute(2, path_of([64500, 23456, 23456], 2))
                 + attribute(3, bytes([192, 0, 2, 9])) + attribute(7, struct.pack(">HI", 23456, 1))
                 + attribute(17, path_of([70000, 80000]), 0xc0)
                 + attribute(18, struct.pack(">II", 90000, 1), 0xc0))
        body = (struct.pack(">HH", 0, 0) + bytes([10, 0, 0, 0, 8, 1]) + struct.pack(">I", 77)
                + bytes([192, 0, 2, 1]) + struct.pack(">HH", 64500, len(attrs)) + attrs)
        made = out("convert", "--v2", self.write(record(12, 1, body)), "-")
        row = json.loads(out("dump", "-j", "-", input=made))
        self.assertEqual(row["as_path"], [64500, 70000, 80000])
        self.assertIn(b"90000", out("dump", "-m", "-", input=made))
        self.assertNotIn(attribute(17, b"", 0xc0)[:2], made)


class Diff(Files):
    def setUp(self):
        super().setUp()
        self.dice = dice = random.Random(11)
        nets = {ipaddress.ip_network((dice.getrandbits(32) >> 12 << 12, 20)) for _ in range(2000)}
        nets |= {ipaddress.ip_network((dice.getrandbits(128) >> 80 << 80, 48)) for _ in range(100)}
        self.a, self.b = {}, {}
        for net in nets:
            for side in (self.a, self.b):
                side[net] = [Route(path=[64500 + p, 9], peer=p) for p in range(3)
                             if dice.random() < 0.9]
            for route in self.b[net]:
                change = dice.randrange(12)
                if change == 0:
                    route.path = route.path + [7]
                elif change == 1:
                    route.med = 5
                elif change == 2:
                    route.communities, route.med = [(1, 2)], 6
        self.a = {net: routes for net, routes in self.a.items() if routes}
        self.b = {net: routes for net, routes in self.b.items() if routes}

    def want(self, ignored=()):
        """(change, prefix, peer): names of the attributes"""
        one, two = ({(str(net), r.peer): r for net, routes in side.items() for r in routes}
                    for side in (self.a, self.b))
        found = {("-", *key): () for key in one.keys() - two.keys()}
        found |= {("+", *key): () for key in two.keys() - one.keys()}
        for key in one.keys() & two.keys():
            names = [name for name, field in (("AS_PATH", "path"), ("MULTI_EXIT_DISC", "med"),
                                              ("COMMUNITIES", "communities"))
                     if name not in ignored
                     and getattr(one[key], field) != getattr(two[key], field)]
            if names:
                found["~", *key] = tuple(names)
        return found, len(one), len(two)

    def said(self, *args, **options):
        rows = [json.loads(line) for line in out("diff", "-j", *args, **options).splitlines()]
        return {(r["change"], r["prefix"], r["peer_as"] - 64500): tuple(r.get("attributes", ()))
                for r in rows[:-1]}, rows[-1]["summary"]

    def test_every_difference_is_found_and_summed_up(self):
        paths = self.write(table(self.a)), self.write(table(self.b), "b.mrt")
        for ignored, option in (((), ()), (("MULTI_EXIT_DISC",), ("--ignore", "med"))):
            want, n_a, n_b = self.want(ignored)
            got, summary = self.said(*option, *paths)
            self.assertEqual(got, want)
            self.assertEqual(summary["routes"], [n_a, n_b])
            for name, change in (("came", "+"), ("went", "-"), ("changed", "~")):
                self.assertEqual(summary[name], sum(key[0] == change for key in want))
            self.assertEqual(summary["same"] + summary["changed"] + summary["went"], n_a)
            for name, count in summary["attributes"].items():
                self.assertEqual(count, sum(name in names for names in want.values()))

    def shuffled(self, side):
        nets = list(side)
        self.dice.shuffle(nets)
        return peer_table() + b"".join(rib(i, net, side[net]) for i, net in enumerate(nets))

    def test_unsorted_files_are_compared_too_and_told(self):
        want = self.want()[0]
        sorted_a, sorted_b = table(self.a), table(self.b)
        for a, b in ((self.shuffled(self.a), sorted_b), (sorted_a, self.shuffled(self.b)),
                     (self.shuffled(self.a), self.shuffled(self.b))):
            paths = self.write(a), self.write(b, "b.mrt")
            self.assertEqual(self.said(*paths)[0], want)
            self.assertIn(b"not sorted by prefix", run("diff", *paths).stderr)
        done = run("diff", "-", self.write(sorted_a), input=self.shuffled(self.a))
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertIn(b"give a file", done.stderr)

    def test_peers_are_known_by_address_not_by_place(self):
        other = [PEERS[2], PEERS[0], PEERS[1]]
        paths = [self.write(table(self.a))]
        for routes in self.a.values():
            for route in routes:
                route.peer = other.index(PEERS[route.peer])
        paths.append(self.write(table(self.a, other), "b.mrt"))
        self.assertEqual(self.said(*paths)[0], {})

    def test_lines_for_people(self):
        net = ipaddress.ip_network("10.0.0.0/8")
        paths = (self.write(table({net: [Route(path=[64500, 1])]})),
                 self.write(table({net: [Route(path=[64500, 2], med=3)]}), "b.mrt"))
        self.assertEqual(out("diff", *paths).decode().splitlines()[0],
                         "~|192.0.2.1|64500|10.0.0.0/8|AS_PATH|64500 1|64500 2|"
                         "MULTI_EXIT_DISC|0|3")
        none = self.write(table({}), "c.mrt")
        self.assertEqual(out("diff", none, paths[0]).decode().splitlines()[0],
                         "+|192.0.2.1|64500|10.0.0.0/8|64500 1|192.0.2.9")
        self.assertEqual(len(out("diff", "-s", *paths).splitlines()), 4)

    def test_a_condition_chooses_what_is_compared(self):
        paths = self.write(table(self.a)), self.write(table(self.b), "b.mrt")
        want = {key: names for key, names in self.want()[0].items() if key[2] == 1}
        self.assertEqual(self.said("--where", "peer 64501", *paths)[0], want)

    @unittest.skipUnless(real_folder(), "../shared/data/mrt is not here")
    def test_a_converted_table_is_the_same(self):
        path, to = real_folder() / "bgpdump__bview.20020722.2337.gz", self.folder / "v2"
        out("convert", "--v2", path, to)
        got, summary = self.said(path, to)
        self.assertEqual((got, summary["same"]), ({}, 115521))

    def test_errors(self):
        path = self.write(table(self.a))
        self.assertEqual(run("diff", path).returncode, 2)
        self.assertEqual(run("diff", path, "/nonexistent").returncode, 2)
        self.assertIn(b"no attribute", run("diff", "--ignore", "x", path, path).stderr)
        before = path.read_bytes()
        self.assertEqual(run("diff", "-o", path, path, path).returncode, 2)
        self.assertEqual(path.read_bytes(), before)
        done = run("diff", self.write(before[:-20], "cut.mrt"), path)
        self.assertEqual(done.returncode, 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
