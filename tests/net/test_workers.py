"""Two workers, a queue of each port for each, adaptive polling on shared cores.

  left ──── 10.0.1.0/24, 2001:db8:1::/64 ──── dut ──── 10.0.2.0/24, 2001:db8:2::/64 ──── right
       .1 ::1                       .254 ::fe     .254 ::fe                     .1 ::1
"""

import os
from pathlib import Path

import pytest
from lab import wait_for

NETS = {"left": ["10.0.1.254/24", "2001:db8:1::fe/64"],
        "right": ["10.0.2.254/24", "2001:db8:2::fe/64"]}


@pytest.fixture(scope="module")
def lab(module_lab):
    module_lab.router(NETS, workers={"count": 2, "poll": "adaptive"})
    module_lab.right.serve_iperf3()
    wait_for(lambda: module_lab.left.ping("2001:db8:2::1").received, 5, "DAD is over")
    return module_lab


def packets(lab):
    return [worker["packets"] for worker in lab.dut.ctl("show", "workers")]


def test_there_are_two(lab):
    assert len(packets(lab)) == 2


@pytest.mark.parametrize("dst", ["10.0.2.1", "2001:db8:2::1", "10.0.2.254", "2001:db8:1::fe"])
def test_a_hundred_pings_lose_none(lab, dst):
    assert lab.left.ping(dst, count=100, interval=0.01).received == 100


def test_tcp_of_many_flows_uses_both(lab):
    before = packets(lab)
    end = lab.left.iperf3("10.0.2.1", "-P", "8")
    assert end["sum_received"]["bits_per_second"] > 20e6
    grown = [after - was for after, was in zip(packets(lab), before)]
    assert min(grown) > 100, grown


def test_large_packets_cross_in_fragments(lab):
    assert lab.left.ping("10.0.2.1", size=8000).received == 1


def test_no_ping_is_dropped_on_the_way_between_workers(lab):
    before = lab.dut.drops()
    assert lab.left.ping("10.0.2.1", count=50, interval=0.01).received == 50
    assert {name: n for name, n in lab.dut.drops().items() if before.get(name) != n
            and name.startswith(("graph/", "tx/", "ctl/", "ip4"))} == {}


def test_each_worker_runs_on_the_core_it_was_given(new_lab):
    if os.cpu_count() < 2:
        pytest.skip("one core here")
    dut = new_lab.router({"left": NETS["left"]}, workers={"count": 2, "cores": [1, 0]})
    given = {}
    for task in Path(f"/proc/{dut.child.pid}/task").iterdir():
        status = dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines()
                      if ":\t" in line)
        given[status["Name"]] = status["Cpus_allowed_list"]
    assert (given["worker-0"], given["worker-1"]) == ("1", "0")
