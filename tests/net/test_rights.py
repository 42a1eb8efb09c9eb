"""After start the daemon keeps only the rights that it needs, in every thread.

  left ──── 10.0.1.0/24 ──── dut
       .1                .254
"""

from pathlib import Path

import pytest
from lab import wait_for

NET_ADMIN, DAC_READ_SEARCH, NET_RAW, IPC_LOCK = 12, 2, 13, 14
RUN = 1 << NET_ADMIN | 1 << DAC_READ_SEARCH
START = RUN | 1 << NET_RAW | 1 << IPC_LOCK | 1 << 1 | 1 << 0 | 1 << 8  # DAC_OVERRIDE CHOWN SETPCAP


@pytest.fixture(scope="module")
def lab(module_lab):
    module_lab.router({"left": ["10.0.1.254/24"]})
    wait_for(lambda: module_lab.left.ping("10.0.1.254").received, 5)
    return module_lab


def rights(lab):
    """{thread name: its permitted capabilities}"""
    pid = lab.dut.child.pid  # ip netns exec became the daemon
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        fields = dict(line.split(":\t") for line in (task / "status").read_text().splitlines()
                      if ":\t" in line)
        found[fields["Name"]] = int(fields["CapPrm"], 16)
        assert fields["NoNewPrivs"] == "1" or fields["Name"].startswith(("eal-", "dpdk-"))
    return found


def test_threads_that_meet_packets_keep_two_rights(lab):
    found = rights(lab)
    ours = {name: caps for name, caps in found.items()
            if not name.startswith(("eal-", "dpdk-", "rte"))}
    assert {"worker-0", "host"} <= set(ours)
    assert {name: caps & ~RUN for name, caps in ours.items()} == dict.fromkeys(ours, 0)


def test_threads_of_dpdk_have_what_the_start_needed(lab):
    assert all(caps & ~START == 0 for caps in rights(lab).values())


def test_a_new_tap_still_works_after_a_reload(lab):
    def change(config):
        config["ifaces"].append({"name": "lo7", "addresses": ["10.7.7.7/32"]})
    assert lab.dut.reload(change).returncode == 0
    wait_for(lambda: "10.7.7.7" in lab.dut.space.ip("address", "show").stdout, 5)
