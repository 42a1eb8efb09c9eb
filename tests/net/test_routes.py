"""Routes come and go while packets flow; several next hops share the flows.

                                        ┌── 10.0.11.0/24 ── a
  left ──── 10.0.1.0/24 ──── dut ───────┼── 10.0.12.0/24 ── b
                                        ├── 10.0.13.0/24 ── c
                                        └── 10.0.14.0/24 ── d
  10.9.0.0/16 and 2001:db8:9::/48 lie behind a, b, c and d.
"""

from collections import Counter

import pytest
from lab import wait_for
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether

HOPS = ["a", "b", "c", "d"]
NETS = {"left": ["10.0.1.254/24", "2001:db8:1::fe/64"],
        **{name: [f"10.0.1{i + 1}.254/24", f"2001:db8:1{i + 1}::fe/64"]
           for i, name in enumerate(HOPS)}}
ROUTES = [
    {"prefix": "10.9.0.0/16", "via": [f"10.0.1{i + 1}.1" for i in range(4)]},
    {"prefix": "2001:db8:9::/48", "via": [f"2001:db8:1{i + 1}::1" for i in range(4)]},
    {"prefix": "10.8.0.0/16", "via": "10.0.11.1"},
]
FLOWS = 400


@pytest.fixture(scope="module")
def lab(module_lab):
    module_lab.router(NETS, ROUTES)
    for i, name in enumerate(HOPS):
        host = getattr(module_lab, name)
        host.address("lo", "10.9.0.1/32", "2001:db8:9::1/128", "10.8.0.1/32")
        wait_for(lambda i=i: module_lab.left.ping(f"10.0.1{i + 1}.1").received, 3)
        wait_for(lambda i=i: module_lab.left.ping(f"2001:db8:1{i + 1}::1").received, 3)
    return module_lab


@pytest.fixture
def wires(lab):
    opened = {name: getattr(lab, name).wire() for name in ["left", *HOPS]}
    yield opened
    for wire in opened.values():
        wire.close()


def flow(lab, family, i):
    mac = lab.left.neighbour("10.0.1.254")
    ether = Ether(src=lab.left.mac("eth0"), dst=mac)
    if family == 4:
        ip = IP(src="10.0.1.1", dst=f"10.9.{i % 7}.{i % 200 + 1}")
    else:
        ip = IPv6(src="2001:db8:1::1", dst=f"2001:db8:9::{i % 200 + 1:x}")
    return bytes(ether / ip / UDP(sport=1024 + i, dport=33000))


def paths(lab, wires, family, flows=FLOWS, times=1):
    """{flow: {hops it took}} after sending each flow so many times."""
    for name in HOPS:
        wires[name].drain()
    frames = [flow(lab, family, i) for i in range(flows)]
    for frame in frames * times:
        wires["left"].send(frame)
    at = 34 if family == 4 else 54
    taken = {}
    for name in HOPS:
        while frame := wires[name].receive(0.3):
            if len(frame) >= at + 8 and frame[at + 2:at + 4] == b"\x80\xe8":  # port 33000
                sport = int.from_bytes(frame[at:at + 2], "big")
                if 1024 <= sport < 1024 + flows:
                    taken.setdefault(sport - 1024, set()).add(name)
    return taken


@pytest.mark.parametrize("family", [4, 6])
def test_flows_spread_over_four_next_hops(lab, wires, family):
    taken = paths(lab, wires, family)
    assert len(taken) == FLOWS
    share = Counter(hop for hops in taken.values() for hop in hops)
    assert set(share) == set(HOPS)
    assert min(share.values()) > FLOWS / 4 * 0.6


@pytest.mark.parametrize("family", [4, 6])
def test_a_flow_keeps_its_path(lab, wires, family):
    taken = paths(lab, wires, family, flows=100, times=10)
    assert all(len(hops) == 1 for hops in taken.values())


def test_losing_a_next_hop_moves_only_its_flows(lab, wires):
    before = paths(lab, wires, 4)
    lab.dut.ctl("route", "add", "10.9.0.0/16", "via", "10.0.11.1", "via", "10.0.12.1",
                "via", "10.0.13.1")
    try:
        after = paths(lab, wires, 4)
        assert len(after) == FLOWS and not any("d" in hops for hops in after.values())
        moved = [i for i in before if before[i] != {"d"} and before[i] != after[i]]
        assert len(moved) < FLOWS * 0.05
    finally:
        lab.dut.ctl("route", "add", "10.9.0.0/16", "via", "10.0.11.1", "via", "10.0.12.1",
                    "via", "10.0.13.1", "via", "10.0.14.1")


def test_tcp_survives_on_its_path(lab):
    lab.b.serve_iperf3()
    assert lab.left.iperf3("10.0.12.1", seconds=1)["sum_received"]["bytes"] > 1e6


def test_routes_come_and_go_under_traffic_without_loss_elsewhere(lab):
    """500 routes added and removed while a ping stream on another route loses nothing."""
    lab.left.ping("10.8.0.1")
    stream = lab.left.start("ping", "-n", "-q", "-i", "0.005", "-c", "600", "-W", "1", "10.8.0.1",
                            stdout=open(lab.dir / "stream", "w", encoding="utf-8"))
    for i in range(100):
        lab.dut.ctl("route", "add", f"10.77.{i}.0/24", "via", "10.0.12.1")
    for i in range(100):
        lab.dut.ctl("route", "del", f"10.77.{i}.0/24")
    stream.wait(30)
    assert " 0% packet loss" in (lab.dir / "stream").read_text()


def test_an_added_route_carries_and_a_deleted_one_does_not(lab):
    assert lab.left.ping("10.55.0.1").received == 0
    lab.a.address("lo", "10.55.0.1/32")
    lab.dut.ctl("route", "add", "10.55.0.0/16", "via", "10.0.11.1")
    assert lab.left.ping("10.55.0.1").received == 1
    lab.dut.ctl("route", "del", "10.55.0.0/16")
    answer = lab.left.ping("10.55.0.1")
    assert answer.received == 0 and answer.error_from == "10.0.1.254"


def test_the_longest_prefix_wins_and_gives_way(lab):
    wire = lab.b.wire()
    lab.dut.ctl("route", "add", "10.8.7.0/24", "via", "10.0.12.1")
    lab.left.ping("10.8.7.1", wait=0.2)
    wire.expect(lambda f: IP in f and f[IP].dst == "10.8.7.1")
    lab.dut.ctl("route", "del", "10.8.7.0/24")
    wire.drain()
    lab.left.ping("10.8.7.1", wait=0.2)
    assert wire.count(lambda f: f[30:34] == bytes([10, 8, 7, 1]), 0.1) == 0
    wire.close()


def test_routes_above_and_below_a_prefix_are_listed(lab):
    def prefixes(*words):
        return [row["prefix"] for row in lab.dut.ctl("show", "route", *words)]

    nest = ["10.99.0.0/16", "10.99.128.0/17", "10.99.128.0/24", "10.99.128.7/32"]
    for prefix in nest:
        lab.dut.ctl("route", "add", prefix, "kind", "blackhole")
    assert prefixes("10.99.128.7") == nest[3:]
    assert prefixes("10.99.128.0/20") == nest[1:2]
    assert prefixes("10.99.128.0/20", "shorter") == nest[:2]
    assert prefixes("10.99.128.0/17", "exact") == nest[1:2]
    assert prefixes("10.99.0.0/16", "longer") == nest
    assert prefixes("10.99.128.0/18", "longer") == nest[2:]
    for prefix in nest:
        lab.dut.ctl("route", "del", prefix)


@pytest.mark.parametrize("words", [
    ["route", "add", "10.55.0.0/16", "via", "192.0.2.1"],      # no such neighbour network
    ["route", "add", "10.55.0.1/16", "via", "10.0.11.1"],      # host bits
    ["route", "add", "10.55.0.0/33", "via", "10.0.11.1"],
    ["route", "add", "nonsense", "via", "10.0.11.1"],
    ["route", "add", "10.55.0.0/16", "via", "2001:db8:11::1"],  # the other family
    ["route", "del", "10.55.0.0/16"],                           # not there
    ["show", "nonsense"],
    ["nonsense"],
])
def test_a_wrong_command_is_refused_with_a_word(lab, words):
    done = lab.dut.ctl_run(*words)
    assert done.returncode != 0
    assert done.stderr.strip()
    assert lab.left.ping("10.8.0.1").received == 1


def test_a_cut_link_takes_its_routes_along_and_comes_back(lab):
    lab.d.ip("link", "set", "eth0", "down")
    try:
        wait_for(lambda: not lab.dut.port("d0")["link"], 5, "the port's link is down")
        answer = lab.left.ping("10.0.14.1", wait=2)
        assert answer.received == 0
        assert lab.left.ping("10.8.0.1", count=20, interval=0.01).loss == 0
    finally:
        lab.d.ip("link", "set", "eth0", "up")
        lab.d.address("eth0", "2001:db8:14::1/64")
        lab.d.route("0.0.0.0/0", "10.0.14.254", "eth0")
        lab.d.route("::/0", "2001:db8:14::fe", "eth0")
    wait_for(lambda: lab.left.ping("10.0.14.1").received == 1, 10)


def test_flows_avoid_a_next_hop_whose_link_is_cut(lab, wires):
    lab.c.ip("link", "set", "eth0", "down")
    try:
        wait_for(lambda: not lab.dut.port("c0")["link"], 5)
        wait_for(lambda: len(paths(lab, wires, 4, flows=100)) == 100, 10, "no flow is lost")
    finally:
        lab.c.ip("link", "set", "eth0", "up")
        wait_for(lambda: lab.dut.port("c0")["link"], 5)
