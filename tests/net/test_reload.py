"""What a reload changes changes, and nothing else does.

  left ──┬─ untagged  10.0.1.0/24  ── dut ──── 10.0.2.0/24 ──── right
         ├─ 10        10.10.0.0/24
         └─ 20 in 30  10.20.0.0/24
"""

import copy

import pytest
from lab import wait_for
from scapy.layers.l2 import ARP, Dot1Q, Ether

NETS = {"left": ["10.0.1.254/24", "2001:db8:1::fe/64"],
        "right": ["10.0.2.254/24", "2001:db8:2::fe/64"]}
SUBPORTS = [
    {"name": "v10", "port": "left0", "vlan": 10, "addresses": ["10.10.0.254/24"]},
    {"name": "q30", "port": "left0", "vlan": 20, "inner-vlan": 30, "addresses": ["10.20.0.254/24"]},
]
OUTER = {"name": "v20", "port": "left0", "vlan": 20, "addresses": ["10.30.0.254/24"]}


@pytest.fixture(scope="module")
def running(module_lab):
    module_lab.router(NETS, ifaces=copy.deepcopy(SUBPORTS))
    module_lab.first = copy.deepcopy(module_lab.dut.config)
    return module_lab


@pytest.fixture
def lab(running):
    """The router as it was at first, before and after every test."""
    yield running
    running.dut.reload(lambda config: (config.clear(), config.update(copy.deepcopy(running.first))))


def change(lab, fn):
    done = lab.dut.reload(fn)
    assert done.returncode == 0, done.stderr


def iface(config, name):
    return next(entry for entry in config["ifaces"] if entry["name"] == name)


def remove(name):
    return lambda config: config["ifaces"].remove(iface(config, name))


def prefixes(lab):
    """{prefix: its line} of what is connected or the router's own."""
    return {entry["prefix"]: str(entry) for entry in lab.dut.ctl("show", "routes")
            if entry["source"] in ("connected", "local")}


def answers(lab, tags, router, me):
    """Does the router answer ARP behind these tags?"""
    wire = lab.left.wire()
    try:
        frame = Ether(src=wire.mac, dst="ff:ff:ff:ff:ff:ff")
        for tag in tags:
            frame = frame / Dot1Q(vlan=tag)
        wire.send(frame / ARP(op=1, hwsrc=wire.mac, psrc=me, pdst=router))
        wire.expect(lambda f: ARP in f and f[ARP].op == 2 and f[ARP].psrc == router)
    finally:
        wire.close()
    return True


def test_a_second_address_goes_without_the_network(lab):
    change(lab, lambda c: iface(c, "left")["addresses"].append("10.0.1.253/24"))
    assert lab.left.ping("10.0.1.253").received == 1
    change(lab, lambda c: iface(c, "left")["addresses"].remove("10.0.1.253/24"))
    assert {"10.0.1.0/24", "10.0.1.0/32", "10.0.1.255/32", "10.0.1.254/32"} <= set(prefixes(lab))
    assert "10.0.1.253/32" not in prefixes(lab)


def test_ifaces_may_swap_their_addresses(lab):
    def swap(config):
        left, right = iface(config, "left"), iface(config, "right")
        left["addresses"], right["addresses"] = right["addresses"], left["addresses"]
    lab.left.ping("10.0.2.1")
    change(lab, swap)
    found = prefixes(lab)
    assert "right" in found["10.0.1.0/24"] and "left" in found["10.0.2.0/24"]
    assert "right" in found["10.0.1.254/32"] and "left" in found["10.0.2.254/32"]
    # What was learnt of a network goes with it.
    assert not any(e["source"] == "neigh" for e in lab.dut.ctl("show", "routes"))
    change(lab, swap)
    assert lab.left.ping("10.0.2.1", count=3, interval=0.3).received
    wait_for(lambda: lab.left.ping("2001:db8:2::1").received, 5, "DAD is over")


def test_a_route_of_jerboactl_waits_for_its_iface(lab):
    lab.right.address("lo", "10.77.0.1/32")
    lab.dut.ctl("route", "add", "10.77.0.0/16", "via", "10.0.2.1")
    assert lab.left.ping("10.77.0.1").received == 1
    change(lab, remove("right"))
    assert lab.left.ping("10.77.0.1").received == 0
    assert not any("10.0.2." in prefix for prefix in prefixes(lab))
    change(lab, lambda c: c["ifaces"].append(iface(lab.first, "right")))
    wait_for(lambda: lab.left.ping("10.77.0.1").received, 5, "the route is back")
    lab.dut.ctl("route", "del", "10.77.0.0/16")


def test_sub_ports_live_on_when_their_ports_iface_goes_and_comes(lab):
    change(lab, remove("left"))
    assert answers(lab, [10], "10.10.0.254", "10.10.0.1")
    assert answers(lab, [20, 30], "10.20.0.254", "10.20.0.1")
    change(lab, lambda c: c["ifaces"].insert(0, iface(lab.first, "left")))
    assert answers(lab, [10], "10.10.0.254", "10.10.0.1")
    assert answers(lab, [], "10.0.1.254", "10.0.1.1")


def test_an_outer_tag_gets_an_iface_and_loses_it(lab):
    change(lab, lambda c: c["ifaces"].append(OUTER))
    assert answers(lab, [20], "10.30.0.254", "10.30.0.1")
    assert answers(lab, [20, 30], "10.20.0.254", "10.20.0.1")
    change(lab, remove("v20"))
    assert answers(lab, [20, 30], "10.20.0.254", "10.20.0.1")
    change(lab, remove("q30"))
    change(lab, lambda c: c["ifaces"].append(SUBPORTS[1]))
    assert answers(lab, [20, 30], "10.20.0.254", "10.20.0.1")


def test_a_tag_that_is_still_taken_refuses_the_reload_whole(lab):
    def move(config):
        iface(config, "v10")["vlan"] = 11  # needs a restart
        config["ifaces"].append({"name": "new", "port": "left0", "vlan": 10,
                                 "addresses": ["10.11.0.254/24"]})
        config["routes"].append({"prefix": "10.78.0.0/16", "via": "10.0.2.1"})
    done = lab.dut.reload(move)
    assert done.returncode != 0 and "v10" in done.stderr and "new" in done.stderr
    assert "10.78.0.0/16" not in str(lab.dut.ctl("show", "routes"))


def test_a_gateway_is_another_node(lab):
    done = lab.dut.ctl_run("route", "add", "10.79.0.0/16", "via", "10.0.2.254")
    assert done.returncode != 0 and "10.0.2.254" in done.stderr


def test_a_smaller_mtu_counts_at_once(lab):
    change(lab, lambda c: iface(c, "right").update(mtu=1400))
    assert lab.left.ping("10.0.2.1", size=1440, df=True).mtu == 1400


def test_rpf_comes_and_goes(lab):
    lab.left.address("eth0", "192.0.2.9/32")
    change(lab, lambda c: iface(c, "left").update(rpf="strict"))
    lab.left.ping("10.0.2.1", source="192.0.2.9")
    assert any("rpf" in name for name in lab.dut.drops())
