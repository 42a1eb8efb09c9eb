"""The laboratory itself: it leaves nothing behind, and its wires carry what was sent.

  a ──── b
"""

import signal
import subprocess
import sys

import pytest
from lab import ROOT, base
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Raw

KILLED = """
import importlib.machinery, importlib.util, sys
loader = importlib.machinery.SourceFileLoader("lab", sys.argv[1])
lab = importlib.util.module_from_spec(importlib.util.spec_from_loader("lab", loader))
loader.exec_module(lab)
here = lab.Lab()
space = here.netns("x")
space.start("sleep", "600")
print(here.prefix, here.dir, flush=True)
sys.stdin.read()
"""


def test_what_a_killed_lab_leaves_goes_with_the_next_one():
    child = subprocess.Popen([sys.executable, "-c", KILLED, ROOT / "scripts/lab"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    prefix, folder = child.stdout.readline().split()
    assert [name for name, _, alive in base.labs() if name.startswith(prefix) and alive]
    child.send_signal(signal.SIGKILL)
    child.wait()
    with base.Lab():
        assert not [name for name, _, _ in base.labs() if name.startswith(prefix)]
        assert not base.Path(folder).exists()


@pytest.fixture
def pair(new_lab):
    a, b = new_lab.host("a"), new_lab.host("b")
    new_lab.port(a, "eth0", b, "v-a")
    a.address("eth0", "10.0.1.1/24")
    return a, b


@pytest.mark.parametrize("tags", [[], [10], [20, 30]])
def test_a_wire_carries_tags_as_they_were_sent(pair, tags):
    here, there = pair[0].wire("eth0"), pair[1].wire("v-a")
    frame = Ether(src=here.mac, dst=there.mac)
    for tag in tags:
        frame = frame / Dot1Q(vlan=tag)
    frame = bytes(frame / IP(src="10.0.1.1", dst="10.0.1.2") / UDP() / Raw(b"x" * 40))
    here.send(frame)
    got = there.expect(lambda f: UDP in f)
    assert bytes(got) == frame
    here.close()
    there.close()


def test_the_kernel_behind_a_port_says_nothing(pair):
    """Even when it has the address somewhere, as with a TAP."""
    a, b = pair
    b.ip("address", "add", "10.0.1.254/24", "dev", "lo")
    wire = a.wire("eth0")
    wire.drain()
    wire.send(Ether(src=wire.mac, dst="ff:ff:ff:ff:ff:ff")
              / ARP(op=1, hwsrc=wire.mac, psrc="10.0.1.1", pdst="10.0.1.254"))
    a.ip("neigh", "replace", "10.0.1.254", "lladdr", b.mac("v-a"), "dev", "eth0")
    assert a.ping("10.0.1.254", wait=0.3).received == 0
    assert wire.count(lambda f: True, 0.2) == 0
    wire.close()
