"""Two routing tables in one router: the same addresses twice, and no way across.

  red1 ── 10.0.1.0/24 ──┐ table 0 ┌── 10.0.2.0/24 ── red2
                        ├── dut ──┤
  blue1 ─ 10.0.1.0/24 ──┘ table 1 └── 10.0.2.0/24 ── blue2
"""

import pytest
from lab import wait_for

NETS = {"red1": ["10.0.1.254/24", "2001:db8:1::fe/64"], "red2": ["10.0.2.254/24", "2001:db8:2::fe/64"],
        "blue1": ["10.0.1.254/24", "2001:db8:1::fe/64"], "blue2": ["10.0.2.254/24", "2001:db8:2::fe/64"]}


@pytest.fixture(scope="module")
def lab(module_lab):
    dut = module_lab.router(NETS, start=False)
    for iface in dut.config["ifaces"]:
        if iface["name"].startswith("blue"):
            iface.update(table=1, host=False)
    dut.start()
    for host in (module_lab.red1, module_lab.blue1):
        wait_for(lambda host=host: host.ping("2001:db8:2::1").received, 5, "DAD is over")
    return module_lab


def seen(lab):
    return {iface["name"]: iface["tx_packets"] for iface in lab.dut.ctl("show", "ifaces")}


@pytest.mark.parametrize("dst", ["10.0.2.1", "2001:db8:2::1"])
@pytest.mark.parametrize("colour", ["red", "blue"])
def test_each_host_reaches_its_own_namesake(lab, colour, dst):
    before = seen(lab)
    assert getattr(lab, f"{colour}1").ping(dst, count=20, interval=0.01).received == 20
    grown = {name: n - before[name] for name, n in seen(lab).items()}
    other = "blue" if colour == "red" else "red"
    assert grown[f"{colour}2"] >= 20
    assert grown[f"{other}2"] < 10  # at most a neighbour's probe


@pytest.mark.parametrize("colour", ["red", "blue"])
def test_the_router_answers_in_both(lab, colour):
    assert getattr(lab, f"{colour}1").ping("10.0.1.254").ttl == 64


def test_a_route_of_one_table_is_unknown_to_the_other(lab):
    lab.dut.ctl("route", "add", "10.7.0.0/16", "via", "10.0.2.1", "table", "1")
    lab.blue2.address("lo", "10.7.0.1/32")
    assert lab.blue1.ping("10.7.0.1").received == 1
    assert lab.red1.ping("10.7.0.1").received == 0
    assert lab.dut.ctl_run("show", "route", "10.7.0.1", "table", "1").returncode == 0
    assert lab.dut.ctl_run("show", "route", "10.7.0.1").returncode != 0
    lab.dut.ctl("route", "del", "10.7.0.0/16", "table", "1")
