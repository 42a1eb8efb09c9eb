"""802.1Q and QinQ sub-ports; the kernel here needs no VLAN support, frames are made by hand.

  left ──┬─ untagged   10.0.1.0/24   ── dut ──── 10.0.2.0/24 ──── right
         ├─ 10         10.10.0.0/24
         └─ 20 in 30   10.20.0.0/24 (outer 20, inner 30)
"""

import pytest
from lab import wait_for
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Raw

NETS = {"left": ["10.0.1.254/24"], "right": ["10.0.2.254/24"]}
SUBPORTS = [
    {"name": "v10", "port": "left0", "vlan": 10, "addresses": ["10.10.0.254/24"]},
    {"name": "q30", "port": "left0", "vlan": 20, "inner-vlan": 30, "addresses": ["10.20.0.254/24"]},
]
TAGS = {"v10": [10], "q30": [20, 30]}
HOST = {"v10": "10.10.0.1", "q30": "10.20.0.1"}
GATE = {"v10": "10.10.0.254", "q30": "10.20.0.254"}


@pytest.fixture(scope="module")
def lab(module_lab):
    module_lab.router(NETS, ifaces=SUBPORTS)
    wait_for(lambda: module_lab.left.ping("10.0.2.1").received, 5)
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


def tagged(wire, tags, dst="ff:ff:ff:ff:ff:ff"):
    frame = Ether(src=wire.mac, dst=dst)
    for i, tag in enumerate(tags):
        outer = len(tags) == 2 and i == 0
        if outer:
            frame.type = 0x88a8
        frame = frame / Dot1Q(vlan=tag)
    return frame


def tags_of(frame):
    found, layer = [], frame
    while layer := layer.payload.getlayer(Dot1Q, _subclass=True):  # Dot1AD, too
        found.append(layer.vlan)
    return found


def router_mac(wire, name):
    wire.send(tagged(wire, TAGS[name]) / ARP(op=1, hwsrc=wire.mac, psrc=HOST[name], pdst=GATE[name]))
    answer = wire.expect(lambda f: ARP in f and f[ARP].op == 2 and f[ARP].psrc == GATE[name])
    assert tags_of(answer) == TAGS[name]
    return answer.src


@pytest.mark.parametrize("name", TAGS)
def test_arp_is_answered_in_the_vlan(left, name):
    assert router_mac(left, name)


@pytest.mark.parametrize("name", TAGS)
def test_a_tagged_packet_leaves_untagged(left, right, name):
    mac = router_mac(left, name)
    left.send(tagged(left, TAGS[name], mac) / IP(src=HOST[name], dst="10.0.2.1", ttl=9)
              / UDP(sport=5, dport=6) / Raw(name))
    frame = right.expect(lambda f: UDP in f and f[IP].src == HOST[name])
    assert tags_of(frame) == [] and frame[IP].ttl == 8


@pytest.mark.parametrize("name", TAGS)
def test_an_untagged_packet_leaves_tagged(lab, left, right, name):
    router_mac(left, name)
    mac = lab.right.neighbour("10.0.2.254")
    right.send(Ether(src=right.mac, dst=mac) / IP(src="10.0.2.1", dst=HOST[name])
               / UDP(sport=5, dport=6) / Raw(b"back"))
    frame = left.expect(lambda f: UDP in f and f[IP].dst == HOST[name])
    assert tags_of(frame) == TAGS[name]


@pytest.mark.parametrize("name", TAGS)
def test_the_router_answers_echo_in_the_vlan(left, name):
    mac = router_mac(left, name)
    left.send(tagged(left, TAGS[name], mac) / IP(src=HOST[name], dst=GATE[name]) / ICMP(id=7, seq=1))
    frame = left.expect(lambda f: ICMP in f and f[ICMP].type == 0)
    assert tags_of(frame) == TAGS[name]


@pytest.mark.parametrize("tags", [[11], [10, 11], [20], [20, 31], [30], [20, 30, 40], [30, 20]])
def test_an_unknown_vlan_stack_is_dropped_by_name(lab, left, right, tags):
    before = lab.dut.drops().get("eth-input/unknown-vlan", 0)
    mac = router_mac(left, "v10")
    left.send(tagged(left, tags, mac) / IP(src="10.10.0.1", dst="10.0.2.1") / UDP() / Raw(b"?"))
    wait_for(lambda: lab.dut.drops().get("eth-input/unknown-vlan", 0) == before + 1, 2)
    assert right.count(lambda f: f[26:30] == bytes([10, 10, 0, 1]), 0.1) == 0


def test_a_priority_tag_is_no_vlan(lab, left, right):
    """VLAN 0 only carries a priority: the packet belongs to the port's own iface."""
    mac = lab.left.neighbour("10.0.1.254")
    left.send(Ether(src=left.mac, dst=mac) / Dot1Q(vlan=0, prio=5)
              / IP(src="10.0.1.1", dst="10.0.2.1") / UDP(sport=77, dport=6) / Raw(b"p"))
    right.expect(lambda f: UDP in f and f[UDP].sport == 77)
