"""Malformed packets: each is dropped under its own name and none harms the router.

  left ──── 10.0.1.0/24, 2001:db8:1::/64 ──── dut ──── 10.0.2.0/24, 2001:db8:2::/64 ──── right
"""

import struct

import pytest
from lab import wait_for
from scapy.layers.inet import IP, UDP, ICMP, IPOption_LSRR, IPOption_RR, IPOption_SSRR
from scapy.layers.inet6 import (IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop,
                                IPv6ExtHdrRouting)
from scapy.layers.l2 import Ether
from scapy.packet import Raw

NETS = {"left": ["10.0.1.254/24", "2001:db8:1::fe/64"],
        "right": ["10.0.2.254/24", "2001:db8:2::fe/64"]}


@pytest.fixture(scope="module")
def lab(module_lab):
    module_lab.router(NETS)
    for dst in ("10.0.2.1", "2001:db8:2::1"):
        wait_for(lambda dst=dst: module_lab.left.ping(dst).received, 5)
    return module_lab


@pytest.fixture
def left(lab):
    wire = lab.left.wire()
    wire.gateway = lab.left.neighbour("10.0.1.254")
    yield wire
    wire.close()


@pytest.fixture
def right(lab):
    wire = lab.right.wire()
    yield wire
    wire.close()


def ip4(**fields):
    return IP(src="10.0.1.1", dst="10.0.2.1", **fields)


def ip6(**fields):
    return IPv6(src="2001:db8:1::1", dst="2001:db8:2::1", **fields)


def patched(packet, at, data):
    """The packet's bytes with some replaced and the IPv4 header checksum made right again."""
    raw = bytearray(bytes(packet))
    raw[at:at + len(data)] = data
    return fixed(raw)


def fixed(raw):
    size = (raw[0] & 15) * 4
    if 20 <= size <= len(raw):
        raw[10:12] = b"\0\0"
        total = sum(struct.unpack(f"!{size // 2}H", bytes(raw[:size])))
        while total >> 16:
            total = (total & 0xffff) + (total >> 16)
        raw[10:12] = struct.pack("!H", ~total & 0xffff)
    return bytes(raw)


UDP4 = ip4() / UDP(sport=9, dport=9) / Raw(b"x" * 40)
UDP6 = ip6() / UDP(sport=9, dport=9) / Raw(b"x" * 40)

# (what, Ethernet type, bytes, name of the drop)
CASES4 = [
    ("shorter than a header", bytes(UDP4)[:16], "ip4-input/too-short"),
    ("empty", b"", "ip4-input/too-short"),
    ("version 5", patched(UDP4, 0, b"\x55"), "ip4-input/bad-version"),
    ("version 6 in an IPv4 frame", patched(UDP4, 0, b"\x65"), "ip4-input/bad-version"),
    ("header of 16 bytes", patched(UDP4, 0, b"\x44"), "ip4-input/bad-header-length"),
    ("header longer than the packet", fixed(bytearray(b"\x4f" + bytes(UDP4)[1:24])), None),
    ("total length below the header", patched(UDP4, 2, b"\0\x13"), "ip4-input/bad-length"),
    ("total length beyond the frame", patched(UDP4, 2, b"\xff\xff"), "ip4-input/truncated"),
    ("a wrong checksum", bytes(ip4(chksum=0x1234) / UDP() / Raw(b"x" * 40)),
     "ip4-input/bad-checksum"),
    ("a fragment that ends beyond 65535", bytes(ip4(frag=8191) / Raw(b"x" * 40)),
     "ip4-input/bad-fragment"),
    ("source 127.0.0.1", bytes(IP(src="127.0.0.1", dst="10.0.2.1") / UDP()),
     "ip4-input/martian-source"),
    ("source 0.0.0.0", bytes(IP(src="0.0.0.0", dst="10.0.2.1") / UDP()),
     "ip4-input/martian-source"),
    ("source 224.0.0.1", bytes(IP(src="224.0.0.1", dst="10.0.2.1") / UDP()),
     "ip4-input/martian-source"),
    ("source 240.0.0.1", bytes(IP(src="240.0.0.1", dst="10.0.2.1") / UDP()),
     "ip4-input/martian-source"),
    ("source 255.255.255.255", bytes(IP(src="255.255.255.255", dst="10.0.2.1") / UDP()),
     "ip4-input/martian-source"),
    ("destination 127.0.0.1", bytes(IP(src="10.0.1.1", dst="127.0.0.1") / UDP()),
     "ip4-input/martian-destination"),
    ("destination 0.0.0.0", bytes(IP(src="10.0.1.1", dst="0.0.0.0") / UDP()),
     "ip4-input/martian-destination"),
    ("destination 240.0.0.1", bytes(IP(src="10.0.1.1", dst="240.0.0.1") / UDP()),
     "ip4-input/martian-destination"),
    ("a loose source route", bytes(ip4(options=[IPOption_LSRR(routers=["10.0.2.1"])]) / UDP()),
     "ip4-options/source-route"),
    ("a strict source route", bytes(ip4(options=[IPOption_SSRR(routers=["10.0.2.1"])]) / UDP()),
     "ip4-options/source-route"),
]
CASES6 = [
    ("shorter than a header", bytes(UDP6)[:39], "ip6-input/too-short"),
    ("version 4", b"\x40" + bytes(UDP6)[1:], "ip6-input/bad-version"),
    ("payload length beyond the frame", bytes(UDP6)[:4] + b"\xff\xff" + bytes(UDP6)[6:],
     "ip6-input/truncated"),
    ("source multicast", bytes(IPv6(src="ff02::1", dst="2001:db8:2::1") / UDP()),
     "ip6-input/martian-source"),
    ("source ::1", bytes(IPv6(src="::1", dst="2001:db8:2::1") / UDP()),
     "ip6-input/martian-source"),
    ("source ::", bytes(IPv6(src="::", dst="2001:db8:2::1") / UDP()),
     "ip6-input/martian-source"),
    ("destination ::1", bytes(IPv6(src="2001:db8:1::1", dst="::1") / UDP()),
     "ip6-input/martian-destination"),
    ("destination ::", bytes(IPv6(src="2001:db8:1::1", dst="::") / UDP()),
     "ip6-input/martian-destination"),
]


def check(lab, left, right, ether_type, payload, name):
    before, alive = lab.dut.drops(), lab.dut.child.pid
    right.drain()
    left.send(bytes(Ether(src=left.mac, dst=left.gateway, type=ether_type)) + payload)

    def new_drops():
        now = lab.dut.drops()
        return {key: now[key] - before.get(key, 0) for key in now if now[key] != before.get(key, 0)}
    fresh = wait_for(new_drops, 2, "the packet is counted as a drop")
    assert lab.dut.running() and lab.dut.child.pid == alive
    if name:
        assert fresh == {name: 1}
    assert right.count(lambda f: payload and f[14:14 + len(payload)] == payload, 0.05) == 0


@pytest.mark.parametrize("what,payload,name", CASES4, ids=[c[0] for c in CASES4])
def test_ip4_with(lab, left, right, what, payload, name):
    check(lab, left, right, 0x0800, payload, name)


@pytest.mark.parametrize("what,payload,name", CASES6, ids=[c[0] for c in CASES6])
def test_ip6_with(lab, left, right, what, payload, name):
    check(lab, left, right, 0x86dd, payload, name)


@pytest.mark.parametrize("options,pointer", [
    (b"\x07\x00\x04\x00", 21), (b"\x07\x01\x04\x00", 21), (b"\x07\x27\x04\x00", 21),
    (b"\x01\x07\x03\x01", 23), (b"\x44\x04\x05\x02", 23),
], ids=["length 0", "length 1", "beyond the header", "pointer 1", "unknown timestamp"])
def test_a_broken_option_earns_a_parameter_problem(lab, left, right, options, pointer):
    """RFC 1812 §4.3.3.5: not forwarded, and the sender learns which byte is wrong."""
    left.drain()
    right.drain()
    left.send(Ether(src=left.mac, dst=left.gateway) / ip4(options=options) / UDP() / Raw(b"broken"))
    answer = left.expect(lambda f: ICMP in f and f[ICMP].type == 12)
    assert answer[ICMP].ptr == pointer
    assert right.count(lambda f: b"broken" in f, 0.1) == 0


def test_too_many_extension_headers_to_the_router_itself(lab, left, right):
    packet = IPv6(src="2001:db8:1::1", dst="2001:db8:1::fe")
    for _ in range(9):
        packet = packet / IPv6ExtHdrDestOpt()
    check(lab, left, right, 0x86dd, bytes(packet / UDP()), "ip6-deliver/too-many-extension-headers")


@pytest.mark.parametrize("ether_type", [0x1234, 0x88cc, 0x9000, 0x0806])
def test_other_ether_types_harm_nothing(lab, left, ether_type):
    left.send(bytes(Ether(src=left.mac, dst=left.gateway, type=ether_type)) + b"\xff" * 46)
    assert lab.left.ping("10.0.2.1").received == 1


@pytest.mark.parametrize("size", [1, 6, 13, 14, 15, 17])
def test_tiny_frames_harm_nothing(lab, left, size):
    frame = bytes(Ether(src=left.mac, dst=left.gateway) / UDP4)[:size]
    try:
        left.send(frame)
    except OSError:
        pytest.skip("the kernel refuses to send so little")
    assert lab.left.ping("10.0.2.1").received == 1


FINE4 = [
    ("record route", ip4(options=[IPOption_RR(routers=["0.0.0.0"] * 3)]) / UDP(sport=9, dport=9)),
    ("no-operations", ip4(options=b"\x01\x01\x01\x00") / UDP(sport=9, dport=9)),
    ("router alert", ip4(options=b"\x94\x04\x00\x00") / UDP(sport=9, dport=9)),
    ("an unknown option", ip4(options=b"\x5e\x04\x12\x34") / UDP(sport=9, dport=9)),
    ("TTL 255", ip4(ttl=255) / UDP(sport=9, dport=9)),
    ("an unknown protocol", ip4(proto=253) / Raw(b"x" * 30)),
    ("a first fragment", ip4(flags="MF") / Raw(b"x" * 64)),
    ("a later fragment", ip4(flags="MF", frag=100) / Raw(b"x" * 64)),
    ("a wrong UDP length", ip4() / UDP(sport=9, dport=9, len=3) / Raw(b"x" * 30)),
    ("a wrong ICMP checksum", ip4() / ICMP(chksum=1) / Raw(b"x" * 30)),
]


@pytest.mark.parametrize("what,packet", FINE4, ids=[case[0] for case in FINE4])
def test_ip4_is_none_of_our_business_and_forwarded_with(lab, left, right, what, packet):
    right.drain()
    left.send(Ether(src=left.mac, dst=left.gateway) / packet)
    got = right.expect(lambda f: IP in f and f[IP].src == "10.0.1.1" and f[IP].dst == "10.0.2.1")
    assert got[IP].ttl == packet[IP].ttl - 1
    again = IP(bytes(got[IP]))
    del again.chksum
    assert IP(bytes(again)).chksum == got[IP].chksum


FINE6 = [
    ("hop-by-hop options", ip6() / IPv6ExtHdrHopByHop() / UDP(sport=9, dport=9)),
    ("destination options", ip6() / IPv6ExtHdrDestOpt() / UDP(sport=9, dport=9)),
    ("a routing header", ip6() / IPv6ExtHdrRouting(type=4) / UDP(sport=9, dport=9)),
    ("a fragment", ip6() / IPv6ExtHdrFragment(id=7, m=1) / Raw(b"x" * 64)),
    ("an unknown header", ip6(nh=253) / Raw(b"x" * 30)),
    ("no next header", ip6(nh=59)),
]


@pytest.mark.parametrize("what,packet", FINE6, ids=[case[0] for case in FINE6])
def test_ip6_is_none_of_our_business_and_forwarded_with(lab, left, right, what, packet):
    right.drain()
    left.send(Ether(src=left.mac, dst=left.gateway) / packet)
    got = right.expect(lambda f: IPv6 in f and f[IPv6].src == "2001:db8:1::1")
    assert got[IPv6].hlim == packet[IPv6].hlim - 1


def test_no_error_about_an_error_a_fragment_or_a_broadcast(lab, left):  # RFC 1812 §4.3.2.7
    left.drain()
    about = [
        ip4(ttl=1) / ICMP(type=3, code=1) / Raw(bytes(UDP4)[:28]),
        ip4(ttl=1, frag=100) / Raw(b"x" * 64),
    ]
    for packet in about:
        left.send(Ether(src=left.mac, dst=left.gateway) / packet)
    left.send(Ether(src=left.mac, dst="ff:ff:ff:ff:ff:ff") / ip4(ttl=1) / UDP())
    left.send(Ether(src=left.mac, dst=left.gateway)
              / IP(src="10.0.1.255", dst="172.31.0.1") / UDP())
    assert left.count(lambda f: f[12:14] == b"\x08\x00" and f[23] == 1, 0.3) == 0


def test_errors_are_rate_limited(lab, left):  # RFC 1812 §4.3.2.8
    frame = bytes(Ether(src=left.mac, dst=left.gateway) / ip4(ttl=1) / UDP(sport=9, dport=9))
    left.drain()
    for _ in range(10000):
        left.send(frame)
    answers = left.count(lambda f: f[12:14] == b"\x08\x00" and f[23] == 1, 0.3)
    assert 0 < answers < 9000
    assert lab.dut.drops()["icmp4-error/rate-limit"] > 0
