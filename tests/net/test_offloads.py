"""A veth hands over partial checksums and 64 KB super-frames; the lab's helper ends that.

  left ──── 10.0.1.0/24 ──── dut ──── 10.0.2.0/24 ──── right
       .1                .254   .254                .1
"""

import json

import pytest

from lab import base, wait_for

NETS = {"left": ["10.0.1.254/24"], "right": ["10.0.2.254/24"]}
OFF = ("tx-checksum-ip-generic", "tcp-segmentation-offload", "generic-segmentation-offload")


def features(host, iface):
    lines = host.run("ethtool", "-k", iface).stdout.splitlines()
    return {line.split(":")[0].strip(): line.split(":")[1].split()[0]
            for line in lines if ":" in line and line.split(":")[1].strip()}


@pytest.fixture(scope="module")
def lab(module_lab):
    module_lab.router(NETS)
    module_lab.right.serve_iperf3()
    return module_lab


def test_the_helper_turns_them_off_on_every_lab_interface(lab):
    for host, iface in ((lab.left, "eth0"), (lab.dut.space, "v-left"), (lab.right, "eth0")):
        state = features(host, iface)
        assert [state[name] for name in OFF] == ["off"] * 3


def test_the_receiver_sees_whole_packets_with_good_checksums(lab):
    from scapy.layers.inet import IP, TCP
    from scapy.layers.l2 import Ether
    wire = lab.right.wire()
    lab.left.iperf3("10.0.2.1", seconds=1)
    frames = []
    while (frame := wire.receive(0.01)) and len(frames) < 500:
        parsed = Ether(frame)
        if TCP in parsed and parsed[IP].src == "10.0.1.1":
            frames.append(parsed)
    wire.close()
    assert len(frames) > 20
    for frame in frames:
        assert len(frame[IP]) <= 1500
        rebuilt = IP(bytes(frame[IP]))
        del rebuilt[TCP].chksum
        assert IP(bytes(rebuilt))[TCP].chksum == frame[TCP].chksum


def test_with_offloads_left_on_ping_works_and_the_bytes_of_tcp_do_not(lab):
    """What the helper is for: without it TCP crawls (64 KB frames) while ping shows nothing."""
    lab.left.run("ethtool", "-K", "eth0", "tx", "on", "tso", "on", "gso", "on")
    try:
        assert lab.left.ping("10.0.2.1").received == 1
        done = lab.left.run("iperf3", "-c", "10.0.2.1", "-t", "1", "--connect-timeout", "1500",
                            "-J", check=False, timeout=20)
        got = json.loads(done.stdout)["end"].get("sum_received", {}).get("bytes", 0)
        assert got < 1e6
        assert lab.dut.drops()["ip4-input/truncated"] > 0
        wait_for(lambda: "run scripts/lab offloads-off" in lab.dut.log(), 5)
    finally:
        with lab.left.inside():
            base.offloads_off("eth0")
    assert lab.left.iperf3("10.0.2.1", seconds=1)["sum_received"]["bytes"] > 1e6


def test_checksums_left_to_hardware_are_completed(lab):
    """Without segmentation a sender on this machine may leave its offloads on."""
    lab.left.run("ethtool", "-K", "eth0", "tx", "on", "tso", "off", "gso", "off")
    try:
        assert lab.left.iperf3("10.0.2.1", seconds=1)["sum_received"]["bytes"] > 1e6
    finally:
        with lab.left.inside():
            base.offloads_off("eth0")
