"""Neighbour discovery: RFC 4861 and the router's own duplicate address detection.

  left ──── 2001:db8:1::/64 ──── dut ──── 2001:db8:2::/64 ──── right
       ::1                  ::fe     ::fe                 ::1
"""

import ipaddress

import pytest
from lab import wait_for
from scapy.layers.inet6 import (ICMPv6DestUnreach, ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptDstLLAddr,
                                ICMPv6NDOptSrcLLAddr, IPv6, UDP)
from scapy.layers.l2 import Ether
from scapy.packet import Raw

NETS = {"left": ["2001:db8:1::fe/64"], "right": ["2001:db8:2::fe/64"]}
QUICK = {"reachable": "1s", "retransmit": "200ms", "probes": 3, "hold": 8, "max": 512}
GHOST = "02:00:00:00:99:01"


@pytest.fixture(scope="module")
def lab(module_lab):
    module_lab.router(NETS, neighbours=QUICK)
    wait_for(lambda: module_lab.left.ping("2001:db8:2::1").received == 1, 5)
    return module_lab


@pytest.fixture
def left(lab):
    wire = lab.left.wire()
    yield wire
    wire.close()


@pytest.fixture
def right(lab):
    wire = lab.right.wire()
    yield wire
    wire.close()


def solicited(addr):
    """The solicited-node group of an address and its Ethernet address (RFC 4291 §2.7.1)."""
    low = ipaddress.IPv6Address(addr).packed[-3:]
    group = ipaddress.IPv6Address(ipaddress.IPv6Address("ff02::1:ff00:0").packed[:13] + low)
    return str(group), "33:33:ff:%02x:%02x:%02x" % tuple(low)


def packet(lab, dst, load=b"x"):
    mac = lab.left.neighbour("2001:db8:1::fe")
    return (Ether(src=lab.left.mac("eth0"), dst=mac) / IPv6(src="2001:db8:1::1", dst=dst)
            / UDP(sport=9, dport=9) / Raw(load))


def solicit(wire, target, src="2001:db8:1::1", **ip):
    group, mac = solicited(target)
    return (Ether(src=wire.mac, dst=mac) / IPv6(src=src, dst=group, hlim=255, **ip)
            / ICMPv6ND_NS(tgt=target) / ICMPv6NDOptSrcLLAddr(lladdr=wire.mac))


def test_the_router_answers_solicitations_for_its_own_address(lab, left):
    left.drain()
    left.send(solicit(left, "2001:db8:1::fe"))
    answer = left.expect(lambda f: ICMPv6ND_NA in f)
    assert answer[ICMPv6ND_NA].tgt == "2001:db8:1::fe"
    assert (answer[ICMPv6ND_NA].R, answer[ICMPv6ND_NA].S) == (1, 1)
    assert answer[IPv6].hlim == 255
    assert answer[ICMPv6NDOptDstLLAddr].lladdr == answer.src


def test_one_solicitation_earns_one_answer(lab, left):
    left.drain()
    left.send(solicit(left, "2001:db8:1::fe"))
    assert left.count(lambda f: ICMPv6ND_NA in Ether(f), 0.3) == 1


def test_a_solicitation_from_far_away_is_dropped(lab, left):  # RFC 4861 §7.1.1: hop limit 255
    frame = solicit(left, "2001:db8:1::fe")
    frame[IPv6].hlim = 254
    left.drain()
    left.send(frame)
    assert left.count(lambda f: ICMPv6ND_NA in Ether(f), 0.2) == 0
    assert lab.dut.drops()["nd-input/malformed"] > 0


def test_someone_else_checking_our_address_is_told_all_nodes(lab, left):  # RFC 4862 §5.4.3
    group, mac = solicited("2001:db8:1::fe")
    left.drain()
    left.send(Ether(src=GHOST, dst=mac) / IPv6(src="::", dst=group, hlim=255)
              / ICMPv6ND_NS(tgt="2001:db8:1::fe"))
    answer = left.expect(lambda f: ICMPv6ND_NA in f)
    assert answer[IPv6].dst == "ff02::1" and answer[ICMPv6ND_NA].S == 0


def test_packets_are_held_while_the_neighbour_is_asked_for(lab, left, right):
    right.drain()
    for i in range(20):
        left.send(packet(lab, "2001:db8:2::50", b"%02d" % i))
    asked = right.expect(lambda f: ICMPv6ND_NS in f and f[ICMPv6ND_NS].tgt == "2001:db8:2::50")
    assert (asked[IPv6].dst, asked.dst) == solicited("2001:db8:2::50")
    right.send(Ether(src=GHOST, dst=asked.src)
               / IPv6(src="2001:db8:2::50", dst=asked[IPv6].src, hlim=255)
               / ICMPv6ND_NA(tgt="2001:db8:2::50", S=1, R=0, O=1)
               / ICMPv6NDOptDstLLAddr(lladdr=GHOST))
    got = [right.expect(lambda f: UDP in f and f[IPv6].dst == "2001:db8:2::50") for _ in range(8)]
    assert [bytes(f[UDP].payload)[:2] for f in got] == [b"%02d" % i for i in range(12, 20)]


def test_a_neighbour_that_never_answers_earns_an_error(lab, left, right):
    left.send(packet(lab, "2001:db8:2::60"))
    error = left.expect(lambda f: ICMPv6DestUnreach in f, 4.0)
    assert error[ICMPv6DestUnreach].code == 3 and error[IPv6].src == "2001:db8:1::fe"


def test_a_neighbour_that_moved_is_found_again(lab, left, right):  # RFC 4861 §7.2.6
    def advertise(mac):
        right.send(Ether(src=mac, dst="33:33:00:00:00:01")
                   / IPv6(src="2001:db8:2::1", dst="ff02::1", hlim=255)
                   / ICMPv6ND_NA(tgt="2001:db8:2::1", S=0, R=0, O=1)
                   / ICMPv6NDOptDstLLAddr(lladdr=mac))

    advertise(GHOST)

    def goes_to_ghost():
        right.drain()
        left.send(packet(lab, "2001:db8:2::1", b"moved"))
        frame = right.expect(lambda f: UDP in f and f[IPv6].dst == "2001:db8:2::1")
        return frame.dst == GHOST
    wait_for(goes_to_ghost, 2)
    advertise(right.mac)
    wait_for(lambda: lab.left.ping("2001:db8:2::1").received == 1, 5)


def test_a_neighbour_that_answers_probes_stays(lab):
    assert lab.left.ping("2001:db8:2::1", count=30, interval=0.1).loss == 0


def test_an_nd_storm_is_bounded_and_harms_nobody(lab, left):
    storm = [bytes(solicit(left, "2001:db8:1::fe", f"2001:db8:1::{i + 2:x}")) for i in range(250)]
    left.drain()
    for i in range(20000):
        left.send(storm[i % 250])
    assert left.count(lambda f: f[12:14] == b"\x86\xdd" and f[20] == 58 and f[54] == 136, 0.5) < 20000
    assert lab.dut.drops().get("nd-input/rate-limit", 0) > 0
    assert len(lab.dut.neighbours()) <= QUICK["max"]
    wait_for(lambda: lab.left.ping("2001:db8:2::1", count=10, interval=0.02).received == 10, 5)


def test_duplicate_addresses_are_noticed(new_lab):  # RFC 4862 §5.4
    """A host already has the router's address: the router says so and does not use it."""
    router = new_lab.router({"left": ["2001:db8:1::fe/64"]}, start=False)
    left = new_lab.left
    left.address("eth0", "2001:db8:1::fe/64")
    router.start(settled=False)
    wait_for(lambda: "address 2001:db8:1::fe is in use" in router.log(), 5, "the log says so")
    assert "2001:db8:1::fe/64 (duplicate)" in router.ctl("show", "ifaces")[0]["address"]
