"""ARP: the router asks, answers, believes, forgets, and does not drown.

  left ──── 10.0.1.0/24 ──── dut ──── 10.0.2.0/24 ──── right
       .1                .254   .254                .1
"""

import pytest
from lab import wait_for
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw

NETS = {"left": ["10.0.1.254/24"], "right": ["10.0.2.254/24"]}
QUICK = {"reachable": "1s", "retransmit": "200ms", "probes": 3, "hold": 8, "max": 512}
GHOST = "02:00:00:00:99:01"


@pytest.fixture(scope="module")
def lab(module_lab):
    module_lab.router(NETS, neighbours=QUICK)
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


def packet(lab, dst, load=b"x", dport=9):
    """A UDP packet from left to dst as it leaves left's interface."""
    mac = lab.left.neighbour("10.0.1.254") or lab.left.ping("10.0.1.254") and \
        lab.left.neighbour("10.0.1.254")
    return (Ether(src=lab.left.mac("eth0"), dst=mac) / IP(src="10.0.1.1", dst=dst)
            / UDP(sport=9, dport=dport) / Raw(load))


def asks_for(addr):
    return lambda frame: ARP in frame and frame[ARP].op == 1 and frame[ARP].pdst == addr


def test_the_router_answers_requests_for_its_own_address(lab, left):
    left.send(Ether(src=left.mac, dst="ff:ff:ff:ff:ff:ff")
              / ARP(op=1, hwsrc=left.mac, psrc="10.0.1.1", pdst="10.0.1.254"))
    answer = left.expect(lambda f: ARP in f and f[ARP].op == 2)
    assert (answer[ARP].psrc, answer[ARP].pdst) == ("10.0.1.254", "10.0.1.1")
    assert answer[ARP].hwsrc == answer.src and answer.dst == left.mac


def test_one_request_earns_one_answer(lab, left):
    """Neither the device's kernel side nor the TAP answers too."""
    left.drain()
    left.send(Ether(src=left.mac, dst="ff:ff:ff:ff:ff:ff")
              / ARP(op=1, hwsrc=left.mac, psrc="10.0.1.1", pdst="10.0.1.254"))
    assert left.count(lambda f: f[12:14] == b"\x08\x06" and f[21] == 2, 0.3) == 1


@pytest.mark.parametrize("addr", ["10.0.1.77", "10.0.2.254", "10.0.2.1", "10.0.1.255", "0.0.0.0"])
def test_the_router_is_silent_about_other_addresses(lab, left, addr):
    left.drain()
    left.send(Ether(src=left.mac, dst="ff:ff:ff:ff:ff:ff")
              / ARP(op=1, hwsrc=left.mac, psrc="10.0.1.1", pdst=addr))
    assert left.count(lambda f: f[12:14] == b"\x08\x06" and f[21] == 2, 0.2) == 0


def test_packets_are_held_while_the_neighbour_is_asked_for(lab, left, right):
    """The newest 8 of 20 arrive once a late neighbour answers; the rest is counted."""
    right.drain()
    for i in range(20):
        left.send(packet(lab, "10.0.2.50", b"%02d" % i))
    asked = right.expect(asks_for("10.0.2.50"))
    assert asked[ARP].psrc == "10.0.2.254" and asked.dst == "ff:ff:ff:ff:ff:ff"
    right.send(Ether(src=GHOST, dst=asked.src)
               / ARP(op=2, hwsrc=GHOST, psrc="10.0.2.50", hwdst=asked.src, pdst="10.0.2.254"))
    got = [right.expect(lambda f: UDP in f and f[IP].dst == "10.0.2.50") for _ in range(8)]
    assert [bytes(f[UDP].payload)[:2] for f in got] == [b"%02d" % i for i in range(12, 20)]
    assert {f.dst for f in got} == {GHOST}


def test_requests_are_repeated_then_given_up(lab, left, right):
    right.drain()
    left.send(packet(lab, "10.0.2.60"))
    for _ in range(3):
        right.expect(asks_for("10.0.2.60"), 1.0)
    error = left.expect(lambda f: ICMP in f and f[ICMP].type == 3, 3.0)
    assert error[ICMP].code == 1 and error[IP].src == "10.0.1.254"


def test_a_neighbour_that_moved_is_found_again(lab, left, right):
    """Gratuitous ARP from a new Ethernet address takes effect at once."""
    lab.left.ping("10.0.2.1")
    right.send(Ether(src=GHOST, dst="ff:ff:ff:ff:ff:ff")
               / ARP(op=1, hwsrc=GHOST, psrc="10.0.2.1", pdst="10.0.2.1"))

    def goes_to_ghost():
        right.drain()
        left.send(packet(lab, "10.0.2.1", b"moved"))
        frame = right.expect(lambda f: UDP in f and f[IP].dst == "10.0.2.1")
        return frame.dst == GHOST
    wait_for(goes_to_ghost, 2)
    right.send(Ether(src=right.mac, dst="ff:ff:ff:ff:ff:ff")
               / ARP(op=2, hwsrc=right.mac, psrc="10.0.2.1", pdst="10.0.2.1",
                     hwdst="ff:ff:ff:ff:ff:ff"))
    wait_for(lambda: lab.left.ping("10.0.2.1").received == 1, 5)


def test_gratuitous_arp_does_not_create_neighbours(lab, right):
    right.send(Ether(src=GHOST, dst="ff:ff:ff:ff:ff:ff")
               / ARP(op=1, hwsrc=GHOST, psrc="10.0.2.91", pdst="10.0.2.91"))
    lab.left.ping("10.0.2.1")
    assert "10.0.2.91" not in lab.dut.neighbours()


def test_a_neighbour_that_answers_probes_stays(lab):
    """Reachable is 1 s here: over 3 s of traffic the neighbour is probed, nothing is lost."""
    assert lab.left.ping("10.0.2.1", count=30, interval=0.1).loss == 0


def test_a_neighbour_that_died_is_forgotten(lab, left, right):
    right.send(Ether(src=GHOST, dst="ff:ff:ff:ff:ff:ff")
               / ARP(op=1, hwsrc=GHOST, psrc="10.0.2.70", pdst="10.0.2.254"))
    left.send(packet(lab, "10.0.2.70"))
    wait_for(lambda: "10.0.2.70" in lab.dut.neighbours(), 2)

    def gone():
        left.send(packet(lab, "10.0.2.70"))
        entry = lab.dut.neighbours().get("10.0.2.70")
        return entry is None or entry["mac"] == "-"
    wait_for(gone, 15)


def test_a_scan_of_the_network_is_bounded(lab, left, right):
    """5,000 absent destinations: requests are limited, live neighbours go on, memory is bounded."""
    frame = bytes(packet(lab, "10.0.2.1"))
    right.drain()
    for i in range(5000):
        dst = bytes([10, 0, 2, 2 + i % 250])
        scan = IP(frame[14:])
        scan.dst = ".".join(map(str, dst))
        del scan.chksum, scan[UDP].chksum
        left.send(frame[:14] + bytes(scan))
    assert lab.left.ping("10.0.2.1", count=10, interval=0.02).received == 10
    assert len(lab.dut.neighbours()) <= QUICK["max"]


def test_an_arp_storm_is_bounded_and_harms_nobody(lab, left):
    storm = [bytes(Ether(src=left.mac, dst="ff:ff:ff:ff:ff:ff")
                   / ARP(op=1, hwsrc=left.mac, psrc=f"10.0.1.{2 + i % 250}", pdst="10.0.1.254"))
             for i in range(250)]
    left.drain()
    for i in range(20000):
        left.send(storm[i % 250])
    answers = left.count(lambda f: f[12:14] == b"\x08\x06" and f[21] == 2, 0.5)
    assert answers < 20000
    assert lab.dut.drops().get("arp-input/rate-limit", 0) > 0
    assert len(lab.dut.neighbours()) <= QUICK["max"]
    wait_for(lambda: lab.left.ping("10.0.2.1", count=10, interval=0.02).received == 10, 5)


@pytest.mark.parametrize("change", [
    {"hwtype": 6}, {"ptype": 0x86dd}, {"hwlen": 8}, {"plen": 16}, {"op": 9},
])
def test_odd_arp_is_dropped_by_name(lab, left, change):
    before = sum(n for name, n in lab.dut.drops().items() if name.startswith("arp-input/"))
    arp = ARP(op=1, hwsrc=left.mac, psrc="10.0.1.1", pdst="10.0.1.254")
    frame = bytearray(bytes(Ether(src=left.mac, dst="ff:ff:ff:ff:ff:ff") / arp))
    where = {"hwtype": (14, 2), "ptype": (16, 2), "hwlen": (18, 1), "plen": (19, 1), "op": (20, 2)}
    (key, value), = change.items()
    at, size = where[key]
    frame[at:at + size] = value.to_bytes(size, "big")
    left.send(frame)
    wait_for(lambda: sum(n for name, n in lab.dut.drops().items()
                         if name.startswith("arp-input/")) == before + 1, 2)
