#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The program jerboa-mrt, from outside: jerboa_mrt_test.py PROGRAM

A decoder of its own, 30 lines of Python, judges what synth writes and what
stat counts.
"""

import bz2
import gzip
import ipaddress
import json
import os
import pty
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

PROGRAM = sys.argv.pop(1)
FULL = {4: 901899, 6: 160147}


def run(*args, **options):
    return subprocess.run([PROGRAM, *map(str, args)], capture_output=True, timeout=120,
                          check=False, **options)


def synth(*args):
    """The bytes that synth writes for these options."""
    done = run("synth", *args, "-")
    assert done.returncode == 0, done.stderr
    return done.stdout


def stat(data, want=0):
    done = run("stat", "-j", "-", input=data)
    assert done.returncode == want, (done.returncode, done.stderr)
    return json.loads(done.stdout)


def records(data):
    at = 0
    while at < len(data):
        _, kind, subtype, size = struct.unpack_from(">IHHI", data, at)
        yield kind, subtype, data[at + 12:at + 12 + size]
        at += 12 + size


def attributes(data):
    at, found = 0, {}
    while at < len(data):
        size = data[at + 2]
        found[data[at + 1]] = data[at + 3:at + 3 + size]
        at += 3 + size
    return found


def routes(data):
    """(network, {peer: attributes}) of every RIB record, in file order."""
    for kind, subtype, body in records(data):
        if (kind, subtype) == (13, 1):
            continue
        size = (body[4] + 7) // 8
        address = body[5:5 + size].ljust(4 if subtype == 2 else 16, b"\0")
        peers, at = {}, 7 + size
        for _ in range(struct.unpack_from(">H", body, 5 + size)[0]):
            peer, _, length = struct.unpack_from(">HIH", body, at)
            peers[peer] = attributes(body[at + 8:at + 8 + length])
            at += 8 + length
        assert at == len(body)
        yield ipaddress.ip_network((address, body[4])), peers


class Synth(unittest.TestCase):
    def test_same_options_give_the_same_bytes(self):
        first = synth("--prefixes", 5000)
        self.assertEqual(first, synth("--prefixes", 5000))
        self.assertNotEqual(first, synth("--prefixes", 5000, "--seed", 2))

    def test_full_table_has_the_shape_of_the_internet(self):
        got = stat(synth("--peers", 1))
        self.assertEqual(got["prefixes"], {"ip4": FULL[4], "ip6": FULL[6]})
        self.assertEqual(got["routes"], got["prefixes"])
        self.assertEqual(got["lengths4"]["24"], 537698)
        self.assertEqual(got["lengths4"]["8"], 16)
        self.assertEqual(got["lengths6"]["48"], 75488)
        self.assertEqual(sum(got["lengths6"].values()), FULL[6])

    def test_prefixes_are_unique_sorted_public_and_clustered(self):
        nets = [net for net, _ in routes(synth("--prefixes", 20000))]
        self.assertEqual(len(nets), 20000)
        self.assertEqual(len(set(nets)), 20000)
        for family in 4, 6:
            mine = [net for net in nets if net.version == family]
            self.assertEqual(mine, sorted(mine))
            self.assertTrue(all(net.is_global and not net.is_multicast for net in mine))
        known, inside = set(nets), 0
        for net in nets:
            inside += any(net.supernet(new_prefix=n) in known for n in range(8, net.prefixlen))
        self.assertGreater(inside, 0.3 * len(nets))

    def test_paths_are_as_real_ones(self):
        hops = with_communities = n = 0
        for _, peers in routes(synth("--prefixes", 20000)):
            for attrs in peers.values():
                path = struct.unpack(f">{(len(attrs[2]) - 2) // 4}I", attrs[2][2:])
                self.assertIn(path[0], (65001, 65002))
                hops += len(set(path))
                with_communities += 8 in attrs
                n += 1
        self.assertAlmostEqual(hops / n, 4.1, delta=0.2)
        self.assertAlmostEqual(with_communities / n, 0.6, delta=0.05)

    def test_first_peer_has_all_and_others_nearly(self):
        got = stat(synth("--prefixes", 20000, "--peers", 5))
        counts = [peer["routes4"] + peer["routes6"] for peer in got["peers"]]
        self.assertEqual(counts[0], 20000)
        for count in counts[1:]:
            self.assertAlmostEqual(count, 19600, delta=150)
        self.assertEqual([peer["asn"] for peer in got["peers"]], [65001 + i for i in range(5)])

    def test_peers_by_hand_are_the_next_hops(self):
        data = synth("--prefixes", 500, "--peer", "64500,10.1.0.1,fd00:1::1",
                     "--peer", "64501,10.2.0.1,fd00:2::1")
        got = stat(data)
        self.assertEqual([peer["address"] for peer in got["peers"]], ["10.1.0.1", "10.2.0.1"])
        for net, peers in routes(data):
            for peer, attrs in peers.items():
                if net.version == 4:
                    self.assertEqual(attrs[3], bytes([10, 1 + peer, 0, 1]))
                else:
                    want = ipaddress.ip_address(f"fd00:{1 + peer}::1").packed
                    self.assertEqual(attrs[14], b"\x10" + want)

    def test_included_prefixes_are_there_and_nothing_inside(self):
        wanted = {"20.0.0.0/8": None, "203.0.113.0/24": 1, "2001:db8:5::/48": 0}
        args = []
        for prefix, peer in wanted.items():
            args += ["--include", prefix if peer is None else f"{prefix}@{peer}"]
        table = dict(routes(synth("--prefixes", 30000, *args)))
        self.assertEqual(len(table), 30003)
        for prefix, peer in wanted.items():
            net = ipaddress.ip_network(prefix)
            self.assertEqual(set(table[net]), {0, 1} if peer is None else {peer})
            inside = [n for n in table if n.version == net.version and n.subnet_of(net)]
            self.assertEqual(inside, [net])

    def test_one_family_alone(self):
        self.assertEqual(stat(synth("--v4", "--prefixes", 100))["prefixes"],
                         {"ip4": 100, "ip6": 0})
        self.assertEqual(stat(synth("--v6", "--prefixes", 100))["prefixes"],
                         {"ip4": 0, "ip6": 100})

    def test_compressed_by_name_and_nothing_half_made(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "t.mrt.gz"
            self.assertEqual(run("synth", "--prefixes", 1000, path).returncode, 0)
            self.assertEqual(gzip.decompress(path.read_bytes()), synth("--prefixes", 1000))
            self.assertEqual(os.listdir(folder), ["t.mrt.gz"])
        done = run("synth", "--prefixes", 1000, "/nonexistent/t.mrt")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"/nonexistent/t.mrt", done.stderr)

    def test_full_disk_is_an_error(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([PROGRAM, "synth", "--prefixes", "100000", "-"], stdout=full,
                                  stderr=subprocess.PIPE, timeout=60, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"No space left", done.stderr)

    def test_wrong_options_are_explained(self):
        for args, word in ((["--peers", "0"], "1 to 64"), (["--prefixes", "x"], "--prefixes"),
                           (["--include", "10.0.0.1/8"], "host bits"),
                           (["--include", "10.0.0.0/8@2"], "no peer 2"),
                           (["--peer", "1"], "ASN,IPV4"), (["--peer", "0,10.0.0.1"], "AS number"),
                           (["--include", "10.0.0.0/8", "--include", "10.0.0.0/8"], "twice")):
            done = run("synth", *args, "-")
            self.assertEqual((done.returncode, done.stdout), (2, b""), args)
            self.assertIn(word, done.stderr.decode())

    @unittest.skipUnless(shutil.which("bgpdump"), "bgpdump is not installed")
    def test_bgpdump_reads_it(self):
        data = synth("--prefixes", 3000)
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            lines = subprocess.run(["bgpdump", "-m", file.name], capture_output=True,
                                   timeout=60, check=True).stdout.decode().splitlines()
        want = stat(data)["routes"]
        self.assertEqual(len(lines), want["ip4"] + want["ip6"])


class Stat(unittest.TestCase):
    def setUp(self):
        self.data = synth("--prefixes", 2000)
        self.starts, at = [], 0
        for _, _, body in records(self.data):
            self.starts.append(at)
            at += 12 + len(body)

    def test_compression_is_told_by_content(self):
        for pack, name in ((bytes, "raw"), (gzip.compress, "gzip"), (bz2.compress, "bzip2")):
            got = stat(pack(self.data))
            self.assertEqual((got["format"], got["records"], got["clean"]), (name, 2001, True))

    def test_damage_is_counted_located_and_status_1(self):
        cut = self.starts[500] + 20
        got = stat(self.data[:cut] + self.data[self.starts[501]:], want=1)
        self.assertEqual(got["records"], 2000)
        self.assertEqual(got["errors"]["damages"], 1)
        self.assertEqual(got["errors"]["skipped_bytes"], 20)
        done = run("stat", "-", input=self.data[:cut])
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"record 501 at offset {self.starts[500]}", done.stderr.decode())

    def test_broken_routes_are_counted_located_and_status_1(self):
        broken = bytearray(self.data)
        at = broken.index(b"\x40\x01\x01", self.starts[7]) + 3
        broken[at] = 99  # ORIGIN
        got = stat(bytes(broken), want=1)
        self.assertEqual(got["errors"]["bad_routes"], 1)
        self.assertEqual(got["errors"]["faults"], {"origin": 1})
        said = run("stat", "-", input=bytes(broken)).stderr.decode()
        self.assertIn(f"record 8 at offset {self.starts[7]}, byte {at - self.starts[7]}:", said)

    def test_dumps_in_a_row_share_their_peers(self):
        other = synth("--prefixes", 100, "--v4", "--peer", "65009,10.9.9.9",
                      "--peer", "65001,192.0.2.1,2001:db8::1")
        got = stat(self.data + other + self.data)
        self.assertEqual([peer["asn"] for peer in got["peers"]], [65001, 65002, 65009])
        self.assertEqual(got["peers"][2]["routes4"], 100)
        total = sum(peer["routes4"] + peer["routes6"] for peer in got["peers"])
        self.assertEqual(total, got["routes"]["ip4"] + got["routes"]["ip6"])

    def test_what_is_no_dump_is_status_2(self):
        for data in (b"", b"hello, world" * 100, gzip.compress(b"hello")):
            done = run("stat", "-", input=data)
            self.assertEqual((done.returncode, done.stdout), (2, b""))
            self.assertIn("no MRT record", done.stderr.decode())
        for path in ("/nonexistent", "/"):
            done = run("stat", path)
            self.assertEqual(done.returncode, 2)
            self.assertIn(path, done.stderr.decode())

    def test_table_for_people_is_aligned(self):
        text = run("stat", "-", input=self.data).stdout.decode()
        rows = [line for line in text.splitlines() if line.startswith("TABLE_DUMP_V2/")]
        self.assertEqual(len(rows), 3)
        self.assertEqual(len({len(row) for row in rows}), 1)
        self.assertIn("no errors", text)

    def test_help_teaches(self):
        for command in (["--help"], ["stat", "--help"], ["synth", "--help"]):
            done = run(*command)
            self.assertEqual(done.returncode, 0)
            self.assertIn(b"Usage: jerboa-mrt", done.stdout)
        self.assertIn(b"Examples", run("synth", "--help").stdout)
        self.assertIn(b"jerboa-mrt ", run("--version").stdout)
        self.assertEqual(run().returncode, 2)
        self.assertEqual(run("frobnicate").returncode, 2)

    def test_progress_is_shown_on_a_terminal_after_two_seconds(self):
        master, slave = pty.openpty()
        with subprocess.Popen([PROGRAM, "stat", "-"], stdin=subprocess.PIPE, stderr=slave,
                              stdout=subprocess.DEVNULL) as process:
            os.close(slave)
            os.set_blocking(master, False)
            said, start = b"", time.monotonic()
            while b"routes/s" not in said and time.monotonic() - start < 30:
                process.stdin.write(self.data[self.starts[1]:])
                process.stdin.flush()
                time.sleep(0.02)
                try:
                    said += os.read(master, 4096)
                except BlockingIOError:
                    pass
            self.assertGreater(time.monotonic() - start, 1.5)
            process.stdin.close()
        os.close(master)
        self.assertIn(b"M routes/s", said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
