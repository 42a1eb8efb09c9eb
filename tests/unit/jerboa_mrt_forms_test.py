#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""jerboa-mrt dump by itself: JSON, what --correct mends, options, damage.

jerboa_mrt_forms_test.py PROGRAM
"""

import bz2
import gzip
import ipaddress
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from mrt_records import (AS_TRANS, BGP4MP, BGP4MP_ET, CONFED, CONFED_SET, OLD_BGP, SEQUENCE, SET,
                         TABLE_DUMP, TABLE_DUMP_V2, Maker, as_path, attribute, message, mp_reach,
                         mp_unreach, nlri, peer_table, record, session, update)

PROGRAM = sys.argv.pop(1)


def ip(text):
    return ipaddress.ip_address(text).packed


def dump(data, *args, want=0):
    done = subprocess.run([PROGRAM, "dump", *args, "-"], input=data, capture_output=True,
                          timeout=60, check=False)
    assert done.returncode == want, (done.returncode, done.stderr)
    return done.stdout.decode()


def objects(data, want=0):
    return [json.loads(line) for line in dump(data, "-j", want=want).splitlines()]


PEERS = peer_table([(ip("192.0.2.1"), 65001, ip("10.0.0.1")),
                    (ip("2001:db8::2"), 4200000000, ip("10.0.0.2"))])
ORIGIN = attribute(1, b"\0")
NEXTHOP = attribute(3, ip("192.0.2.9"))


def rib(prefix, length, attrs, subtype=2, peer=0, path_id=None):
    ids = b"" if path_id is None else struct.pack(">I", path_id)
    body = (struct.pack(">I", 7) + nlri(ip(prefix), length) + struct.pack(">HHI", 1, peer, 1600000000) +
            ids + struct.pack(">H", len(attrs)) + attrs)
    return PEERS + record(TABLE_DUMP_V2, subtype, body)


def bgp4mp(msg, subtype=4, peer="192.0.2.1", local="192.0.2.2", micros=None):
    as_bytes = 4 if subtype in (4, 5, 7, 9, 11) else 2
    who = session(ip(peer), ip(local), 65001, 65002, as_bytes)
    return record(BGP4MP if micros is None else BGP4MP_ET, subtype, who + msg, micros=micros)


class Json(unittest.TestCase):
    def test_route_of_a_table_with_every_attribute(self):
        attrs = (ORIGIN + attribute(2, as_path([(SEQUENCE, [65001, 3356]), (SET, [1, 2]), (CONFED, [3]),
                                                (CONFED_SET, [4, 5]), (SEQUENCE, [6])], 4)) +
                 NEXTHOP + attribute(4, struct.pack(">I", 1 << 31), 0x80) +
                 attribute(5, struct.pack(">I", 200)) + attribute(6, b"") +
                 attribute(7, struct.pack(">I", 65010) + ip("10.1.1.1"), 0xc0) +
                 attribute(8, struct.pack(">III", 0xffffff01, 0xfde90064, 0), 0xc0) +
                 attribute(9, ip("10.2.2.2"), 0x80) +
                 attribute(10, ip("10.3.3.3") + ip("10.4.4.4"), 0x80) +
                 attribute(16, bytes.fromhex("0002fde900000064" "0103c00002010005" "8006000000000000"),
                           0xc0) +
                 attribute(26, b"\1\0\x0b" + struct.pack(">Q", 1000), 0x80) +
                 attribute(32, struct.pack(">III", 1, 4294967295, 3), 0xc0) +
                 attribute(35, struct.pack(">I", 64512), 0xc0) +
                 attribute(99, b"\xab\xcd", 0xe0))
        self.assertEqual(objects(rib("203.0.113.0", 24, attrs)), [{
            "kind": "rib", "type": "TABLE_DUMP_V2", "time": 1700000000, "changed": 1600000000,
            "peer": "192.0.2.1", "peer_as": 65001, "peer_id": "10.0.0.1", "peer_index": 0,
            "family": "ipv4-unicast", "prefix": "203.0.113.0/24", "nexthop": "192.0.2.9",
            "origin": "IGP", "as_path": [65001, 3356, [1, 2], {"confed": [3]}, {"confed_set": [4, 5]}, 6],
            "med": 1 << 31, "local_pref": 200, "atomic_aggregate": True,
            "aggregator": {"as": 65010, "address": "10.1.1.1"},
            "communities": ["no-export", "65001:100", "0:0"], "originator_id": "10.2.2.2",
            "cluster_list": ["10.3.3.3", "10.4.4.4"],
            "ext_communities": ["rt:65001:100", "soo:192.0.2.1:5", "8006000000000000"],
            "aigp": 1000, "large_communities": ["1:4294967295:3"], "only_to_customer": 64512,
            "unknown": [{"type": 99, "flags": "e0", "value": "abcd"}]}])

    def test_ipv6_route_has_both_next_hops_and_its_path_id(self):
        attrs = ORIGIN + attribute(14, b"\x20" + ip("2001:db8::9") + ip("fe80::9"), 0x80)
        got = objects(rib("2001:db8:1::", 48, attrs, subtype=10, peer=1, path_id=70000))[0]
        self.assertEqual((got["prefix"], got["path_id"], got["peer"], got["peer_as"]),
                         ("2001:db8:1::/48", 70000, "2001:db8::2", 4200000000))
        self.assertEqual((got["nexthop"], got["nexthop_link_local"]), ("2001:db8::9", "fe80::9"))

    def test_update_becomes_an_object_a_route(self):
        attrs = (ORIGIN + attribute(2, as_path([(SEQUENCE, [65001])], 4)) + NEXTHOP +
                 attribute(14, mp_reach(2, 1, ip("2001:db8::9"), nlri(ip("2001:db8:7::"), 48)), 0x80) +
                 attribute(15, mp_unreach(2, 1, nlri(ip("2001:db8:8::"), 48)), 0x80))
        data = bgp4mp(update(nlri(ip("10.0.0.0"), 8), attrs, nlri(ip("11.0.0.0"), 8)), micros=42)
        got = objects(data)
        self.assertEqual([(o["kind"], o["prefix"], o.get("nexthop")) for o in got],
                         [("withdraw", "10.0.0.0/8", None), ("withdraw", "2001:db8:8::/48", None),
                          ("announce", "11.0.0.0/8", "192.0.2.9"),
                          ("announce", "2001:db8:7::/48", "2001:db8::9")])
        self.assertEqual({(o["type"], o["time"], o["local_as"]) for o in got},
                         {("BGP4MP_ET", 1700000000.000042, 65002)})

    def test_messages_without_routes(self):
        opened = message(1, struct.pack(">BHH", 4, 23456, 180) + ip("10.9.9.9") + b"\2\1\2")
        data = b"".join(map(bgp4mp, (opened, message(3, b"\6\2\3abc"), message(4, b""), update(),
                                     message(5, b"\0\2\0\1"), message(77, b"\xff"))))
        data += bgp4mp(struct.pack(">HH", 6, 1), subtype=5)
        got = objects(data)
        self.assertEqual([o["kind"] for o in got],
                         ["open", "notification", "keepalive", "end-of-rib", "route-refresh",
                          "message", "state"])
        self.assertEqual((got[0]["as"], got[0]["id"], got[0]["options"]), (23456, "10.9.9.9", "0102"))
        self.assertEqual((got[1]["code"], got[1]["subcode"], got[1]["data"]), (6, 2, "03616263"))
        self.assertEqual((got[4]["message_type"], got[4]["data"]), (5, "00020001"))
        self.assertEqual((got[6]["old_state"], got[6]["new_state"]), (6, 1))

    def test_families_without_text_are_hex_and_counted_elsewhere(self):
        attrs = ORIGIN + attribute(14, mp_reach(25, 70, ip("192.0.2.9"), b"\2\3abc"), 0x80)
        data = bgp4mp(update(b"", attrs))
        self.assertEqual([(o["family"], o["nlri"]) for o in objects(data)],
                         [("l2vpn-evpn", b"\2\3abc".hex())])
        done = subprocess.run([PROGRAM, "dump", "-"], input=data, capture_output=True, check=True)
        self.assertEqual(done.stdout, b"")
        self.assertIn(b"only -j shows", done.stderr)

    def test_vpn_route_has_its_distinguisher(self):
        route = bytes([88 + 24]) + b"\0\0\x11" + b"\0\0\xfd\xe8\0\0\0\x05" + ip("10.7.7.0")[:3]
        attrs = ORIGIN + attribute(14, mp_reach(1, 128, bytes(8) + ip("192.0.2.9"), route), 0x80)
        data = bgp4mp(update(b"", attrs))
        got = objects(data)[0]
        self.assertEqual((got["family"], got["prefix"], got["nexthop"]),
                         ("ipv4-vpn", "65000:5:10.7.7.0/24", "192.0.2.9"))
        self.assertIn("|65000:5:10.7.7.0/24|", dump(data))

    def test_damaged_attributes_are_null_and_hex(self):
        attrs = ORIGIN + attribute(2, b"\2\5\0\0\0\1") + attribute(8, b"\1\2\3", 0xc0)
        got = objects(rib("10.0.0.0", 8, attrs), want=1)[0]
        self.assertIsNone(got["as_path"])
        self.assertEqual([(u["type"], u["value"]) for u in got["unknown"]],
                         [(2, "020500000001"), (8, "010203")])

    def test_second_attribute_of_a_type_is_kept_in_hex(self):
        attrs = ORIGIN + attribute(4, b"\0\0\0\1", 0x80) + attribute(4, b"\0\0\0\2", 0x80)
        got = objects(rib("10.0.0.0", 8, attrs))[0]
        self.assertEqual((got["med"], got["unknown"]),
                         (1, [{"type": 4, "flags": "80", "value": "00000002"}]))

    def test_random_tables_are_json_and_as_many_as_lines(self):
        for seed in range(5):
            maker = Maker(3000 + seed)
            data = peer_table(maker.peers(5)) + b"".join(maker.rib(4, 5) for _ in range(40))
            self.assertEqual(len(objects(data)), len(dump(data, "-q").splitlines()))


class Correct(unittest.TestCase):
    """What bgpdump gets wrong is so by default, and right with --correct."""

    def both(self, data, theirs, right):
        for args, want, unwanted in (([], theirs, right), (["--correct"], right, theirs)):
            got = dump(data, *args)
            self.assertIn(want, got)
            self.assertNotIn(unwanted, got)
        done = subprocess.run([PROGRAM, "dump", "-"], input=data, capture_output=True, check=True)
        self.assertIn(b"--correct writes these", done.stderr)

    def test_bits_behind_the_prefix(self):
        body = nlri(ip("10.1.2.3"), 12)
        self.both(bgp4mp(update(b"", ORIGIN + NEXTHOP, body)), "|10.1.0.0/12|", "|10.0.0.0/12|")
        self.both(rib("10.1.2.3", 12, ORIGIN), "|10.1.0.0/12|", "|10.0.0.0/12|")

    def test_prefix_withdrawn_in_1999(self):
        routes = nlri(ip("10.2.0.0"), 16)
        body = (struct.pack(">H", 7) + ip("192.0.2.1") + struct.pack(">H", 8) + ip("192.0.2.2") +
                struct.pack(">H", len(routes)) + routes + b"\0\0")
        self.both(record(OLD_BGP, 1, body), "|W|192.0.2.1|7|192.0.2.1/16", "|W|192.0.2.1|7|10.2.0.0/16")

    def test_communities_glued_to_the_med_in_1999(self):
        attrs = ORIGIN + NEXTHOP + attribute(8, struct.pack(">I", 0x00070001), 0xc0)
        body = (struct.pack(">H", 7) + ip("192.0.2.1") + struct.pack(">H", 8) + ip("192.0.2.2") +
                b"\0\0" + struct.pack(">H", len(attrs)) + attrs + nlri(ip("10.2.0.0"), 16))
        self.both(record(OLD_BGP, 1, body), "|0|07:1|NAG|", "|0|0|7:1|NAG|")

    def test_aggregator_with_an_as_of_the_other_size(self):
        attrs = ORIGIN + attribute(7, struct.pack(">I", 65000) + ip("10.1.1.1"), 0xc0)
        body = (struct.pack(">HH", 0, 1) + ip("10.0.0.0") + b"\x08\1" + struct.pack(">I", 1) +
                ip("192.0.2.1") + struct.pack(">HH", 7, len(attrs)) + attrs)
        self.both(record(TABLE_DUMP, 1, body), "|NAG|0 253.232.10.1|", "|NAG|65000 10.1.1.1|")

    def test_peer_of_messages_that_the_collector_sent(self):
        gone = attribute(15, mp_unreach(2, 1, nlri(ip("2001:db8::"), 32)), 0x80)
        self.both(bgp4mp(update(b"", gone), subtype=7), "|W|c000:201::|65001|", "|W|192.0.2.1|65001|")
        came = update(b"", ORIGIN + NEXTHOP, nlri(ip("10.0.0.0"), 8, 1 << 24))
        self.both(bgp4mp(came, subtype=11), "BGP4MP_AP|1700000000|A|192.0.2.2|65002|",
                  "BGP4MP_LOCAL_AP|1700000000|A|192.0.2.1|65001|")

    def test_large_numbers_beside_ipv4_in_mp_reach(self):
        attrs = (ORIGIN + attribute(4, struct.pack(">I", (1 << 32) - 5), 0x80) +
                 attribute(14, mp_reach(1, 1, ip("192.0.2.9"), nlri(ip("10.0.0.0"), 8)), 0x80))
        self.both(bgp4mp(update(b"", attrs)), "|0|-5|", "|0|4294967291|")

    def test_hops_in_front_of_as4_path(self):
        attrs = (ORIGIN + NEXTHOP + attribute(17, as_path([(SEQUENCE, [70001])], 4), 0xc0) +
                 attribute(2, as_path([(SET, [1, 2]), (SEQUENCE, [3, AS_TRANS])], 2)))
        self.both(bgp4mp(update(b"", attrs, nlri(ip("10.0.0.0"), 8)), subtype=1),
                  "|{1,2} {1,2} 70001|", "|{1,2} 3 70001|")


class Long(unittest.TestCase):
    """bgpdump cuts these off."""

    def test_paths_and_communities_of_any_length(self):
        asns = [100000 + i for i in range(250)]
        attrs = (ORIGIN + attribute(2, as_path([(SEQUENCE, asns)] * 8, 4)) + NEXTHOP +
                 attribute(8, b"".join(struct.pack(">HH", 65001, i) for i in range(2000)), 0xc0))
        fields = dump(rib("10.0.0.0", 8, attrs)).split("|")
        self.assertEqual(fields[6], " ".join(map(str, asns * 8)))
        self.assertEqual(fields[11], " ".join(f"65001:{i}" for i in range(2000)))

    def test_lines_longer_than_the_buffer(self):
        attrs = b"".join(attribute(200 + i % 50, b"", 0xc0) for i in range(20000))
        self.assertEqual(len(attrs), 60000)
        fields = dump(rib("10.0.0.0", 8, attrs) * 5, "-u").splitlines()[4].split("|")
        self.assertEqual(len(fields[-2].split(" ")), 20000)
        self.assertEqual(len(objects(rib("10.0.0.0", 8, attrs))[0]["unknown"]), 20000)


class PathIds(unittest.TestCase):
    def test_are_seen_where_the_label_denies_them(self):
        routes = nlri(ip("10.0.0.0"), 8, 1) + nlri(ip("10.1.0.0"), 16, 2)
        got = dump(bgp4mp(update(b"", ORIGIN + NEXTHOP, routes)))
        self.assertEqual([line.split("|")[5:7] for line in got.splitlines()],
                         [["10.0.0.0/8", "1"], ["10.1.0.0/16", "2"]])

    def test_are_seen_where_they_read_as_many_default_routes(self):
        routes = nlri(ip("10.1.0.0"), 16, 0) + nlri(ip("10.2.0.0"), 16, 0)
        got = dump(bgp4mp(update(b"", ORIGIN + NEXTHOP, routes)))
        self.assertEqual([line.split("|")[5:7] for line in got.splitlines()],
                         [["10.1.0.0/16", "0"], ["10.2.0.0/16", "0"]])

    def test_are_not_seen_in_a_default_route(self):
        routes = nlri(ip("0.0.0.0"), 0) + nlri(ip("10.1.0.0"), 16)
        got = dump(bgp4mp(update(b"", ORIGIN + NEXTHOP, routes)))
        self.assertEqual([line.split("|")[5] for line in got.splitlines()],
                         ["0.0.0.0/0", "10.1.0.0/16"])

    def test_are_missed_where_the_label_promises_them(self):
        nets = ["198.51.100.0", "203.0.113.0", "192.0.2.0"]
        routes = b"".join(nlri(ip(net), 24) for net in nets)
        got = dump(bgp4mp(update(b"", ORIGIN + NEXTHOP, routes), subtype=9))
        self.assertEqual([line.split("|")[5] for line in got.splitlines()],
                         [f"{net}/24" for net in nets])


class Options(unittest.TestCase):
    def setUp(self):
        maker = Maker(7)
        self.data = peer_table(maker.peers(3)) + b"".join(maker.rib(4, 3) for _ in range(200))

    def test_files_in_a_row_packed_or_not_are_one_text(self):
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for name, pack in (("a", bytes), ("b.gz", gzip.compress), ("c", bz2.compress)):
                paths.append(Path(folder) / name)
                paths[-1].write_bytes(pack(self.data))
            done = subprocess.run([PROGRAM, "dump", "-q", *paths], capture_output=True, check=True)
            self.assertEqual(done.stdout.decode(), dump(self.data, "-q") * 3)

    def test_output_goes_to_a_file(self):
        with tempfile.TemporaryDirectory() as folder:
            for option in "-o", "-O", "--output":
                path = Path(folder) / "out"
                path.write_text("of before" * 100000, encoding="ascii")
                self.assertEqual(dump(self.data, "-q", option, str(path)), "")
                self.assertEqual(path.read_text(encoding="ascii"), dump(self.data, "-q"))
        done = subprocess.run([PROGRAM, "dump", "-o", "/nonexistent/x", "-"], input=b"",
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"/nonexistent/x", done.stderr)

    def test_only_records_of_a_time(self):
        data = b"".join(record(BGP4MP, 5, session(ip("192.0.2.1"), ip("192.0.2.2"), 1, 2, 4) +
                               struct.pack(">HH", 1, 2), time=1767225600 + 60 * i) for i in range(10))
        self.addCleanup(os.environ.pop, "TZ", None)
        os.environ["TZ"] = "Asia/Tokyo"  # which is not asked
        for args, n in ((["--from", "2026-01-01"], 10), (["--from", "2026-01-01T00:05"], 5),
                        (["--to", "2026-01-01 00:05:00"], 5), (["--to", "1767225660"], 1),
                        (["--from", "2026-01-01T00:02:00Z", "--to", "2026-01-01T00:04"], 2)):
            self.assertEqual(len(dump(data, *args).splitlines()), n, args)
        for bad in ("yesterday", "2026-13-01", "-5", "99999999999"):
            done = subprocess.run([PROGRAM, "dump", "--from", bad, "-"], input=b"",
                                  capture_output=True, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn(bad, done.stderr.decode())

    def test_peers_of_a_table(self):
        self.assertEqual(dump(PEERS, "--peers"), "PEER|0|192.0.2.1|65001|10.0.0.1\n"
                         "PEER|1|2001:db8::2|4200000000|10.0.0.2\n")
        got = json.loads(dump(PEERS, "--peers", "-j").splitlines()[1])
        self.assertEqual(got, {"kind": "peer", "index": 1, "address": "2001:db8::2",
                               "as": 4200000000, "id": "10.0.0.2"})

    def test_dates_in_the_local_time_zone(self):
        env = dict(os.environ, TZ="Asia/Tokyo")
        done = subprocess.run([PROGRAM, "dump", "-M", "--local", "-"], env=env, capture_output=True,
                              input=bgp4mp(struct.pack(">HH", 1, 2), subtype=5), check=True)
        self.assertTrue(done.stdout.startswith(b"BGP4MP|11/15/23 07:13:20|"), done.stdout)

    def test_large_communities_and_unknown_attributes_on_demand(self):
        attrs = ORIGIN + attribute(32, struct.pack(">III", 1, 2, 3) * 2, 0xc0) + attribute(99, b"\5", 0xc0)
        self.assertTrue(dump(rib("10.0.0.0", 8, attrs), "-l", "-u").endswith(
            "|0|0||1:2:3 1:2:3|NAG||63:c0:05|\n"))

    def test_reader_that_leaves_is_no_error(self):
        with subprocess.Popen([PROGRAM, "dump", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            process.stdout.close()
            try:
                process.stdin.write(self.data * 200)
                process.stdin.close()
            except BrokenPipeError:
                pass
            self.assertEqual(process.stderr.read(), b"")
            self.assertEqual(process.wait(20), 0)

    def test_full_disk_is_an_error(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([PROGRAM, "dump", "-q", "-"], input=self.data, stdout=full,
                                  stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"No space left", done.stderr)

    def test_wrong_options_are_explained(self):
        for args, word in ((["-t", "never"], "dump and change"), (["--nonsense"], "--help"), ([], "file")):
            done = subprocess.run([PROGRAM, "dump", *args], input=b"", capture_output=True, check=False)
            self.assertEqual((done.returncode, done.stdout), (2, b""))
            self.assertIn(word, done.stderr.decode())


class Damage(unittest.TestCase):
    def test_faults_are_located(self):
        data = rib("10.0.0.0", 8, ORIGIN + attribute(2, b"\2\5\0\0\0\1"))
        done = subprocess.run([PROGRAM, "dump", "-"], input=data, capture_output=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"|! Error !|", done.stdout)
        at = data.index(b"\2\5\0\0\0\1") - len(PEERS)
        self.assertIn(f"record 2 at offset {len(PEERS)}, byte {at}: ", done.stderr.decode())

    def test_routes_of_a_second_mp_reach_are_missed_aloud(self):
        via = ip("2001:db8::9")
        attrs = ORIGIN + attribute(14, mp_reach(2, 1, via, bytes.fromhex("20 20010db8")), 0x80)
        attrs += attribute(14, mp_reach(2, 1, via, bytes.fromhex("20 20010db9")), 0x80)
        done = subprocess.run([PROGRAM, "dump", "-"], input=bgp4mp(update(attrs=attrs)),
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"|2001:db8::/32|", done.stdout)
        self.assertIn("stands there twice", done.stderr.decode())

    def test_peer_that_the_table_does_not_know(self):
        got = dump(rib("10.0.0.0", 8, ORIGIN, peer=2), want=1)
        self.assertIn("|B|0.0.0.0|0|10.0.0.0/8|", got)

    def test_any_cut_and_any_flip_end_with_a_status(self):
        maker, rng = Maker(11), random.Random(11)
        data = peer_table(maker.peers(3)) + b"".join(
            [maker.rib(4, 3), maker.rib(6, 3, True), maker.table_dump(6), maker.old_bgp()] +
            [maker.bgp4mp(subtype) for subtype in (0, 1, 4, 5, 7, 11) for _ in range(3)])
        for form in "-m", "-M", "-v", "-j":
            for _ in range(60):
                bad = bytearray(data[:rng.randrange(len(data))] if rng.random() < 0.5 else data)
                for _ in range(rng.randrange(1, 20)):
                    if bad:
                        bad[rng.randrange(len(bad))] = rng.randrange(256)
                done = subprocess.run([PROGRAM, "dump", "-q", form, "-"], input=bytes(bad),
                                      capture_output=True, timeout=20, check=False)
                self.assertIn(done.returncode, (0, 1, 2))
                if form == "-j":
                    for line in done.stdout.splitlines():
                        json.loads(line)


if __name__ == "__main__":
    unittest.main(verbosity=2)
