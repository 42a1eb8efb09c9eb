"""Small MTUs on the way: fragments where allowed, errors with the MTU where not.

  left ──── 10.0.1.0/24, 2001:db8:1::/64 ──── dut ──── 10.0.2.0/24, 2001:db8:2::/64 ──── right
       MTU 1500                                   MTU 1280
"""

import pytest

NETS = {"left": ["10.0.1.254/24", "2001:db8:1::fe/64"],
        "right": ["10.0.2.254/24", "2001:db8:2::fe/64"]}


@pytest.fixture(scope="module")
def lab(module_lab):
    module_lab.router(NETS, mtu={"right": 1280})
    return module_lab


@pytest.fixture(autouse=True)
def forget_path_mtus(lab):
    for host in (lab.left, lab.right):
        host.ip("-4", "route", "flush", "cache")
        host.ip("-6", "route", "flush", "cache")


def test_df_earns_frag_needed_with_the_mtu(lab):  # RFC 1191 §4
    answer = lab.left.ping("10.0.2.1", size=1472, df=True)
    assert answer.error_from == "10.0.1.254"
    assert answer.mtu == 1280


def test_df_at_the_mtu_crosses(lab):
    assert lab.left.ping("10.0.2.1", size=1252, df=True).received == 1


def test_without_df_the_router_makes_fragments(lab):  # RFC 791 §3.2
    assert lab.left.ping("10.0.2.1", size=1472, df=False).received == 1


def test_fragments_are_fragmented_again(lab):
    assert lab.left.ping("10.0.2.1", size=9000, df=False).received == 1


def test_the_fragments_fit_and_begin_on_multiples_of_8(lab):
    from scapy.layers.inet import IP
    wire = lab.right.wire()
    assert lab.left.ping("10.0.2.1", size=3000, df=False).received == 1
    parts = []
    while frame := wire.receive(0.2):
        if frame[12:14] == b"\x08\x00":
            parts.append(IP(frame[14:]))
    wire.close()
    parts = [p for p in parts if p.src == "10.0.1.1"]
    assert len(parts) == 5  # the sender's 1480, 1480 and 48 bytes become 1256 + 224, twice, and 48
    assert all(p.len <= 1280 for p in parts)
    assert len({p.id for p in parts}) == 1
    spans = sorted((p.frag * 8, p.frag * 8 + p.len - 20) for p in parts)
    assert spans[0][0] == 0 and spans[-1][1] == 3008
    assert all(a[1] == b[0] for a, b in zip(spans, spans[1:]))
    assert [bool(p.flags.MF) for p in sorted(parts, key=lambda p: p.frag)] == [True] * 4 + [False]


def test_ip6_earns_packet_too_big_with_the_mtu(lab):  # RFC 4443 §3.2
    answer = lab.left.ping("2001:db8:2::1", size=1452, df=True)
    assert answer.error_from == "2001:db8:1::fe"
    assert answer.mtu == 1280


def test_ip6_senders_learn_the_mtu_and_fragment(lab):
    lab.left.ping("2001:db8:2::1", size=2000)
    assert lab.left.ping("2001:db8:2::1", size=2000).received == 1


@pytest.mark.parametrize("dst", ["10.0.2.1", "2001:db8:2::1"])
def test_tracepath_finds_the_mtu(lab, dst):
    out = lab.left.run("tracepath", "-n", dst, timeout=60).stdout
    assert "pmtu 1280" in out and "reached" in out


@pytest.mark.parametrize("dst", ["10.0.2.1", "2001:db8:2::1"])
def test_tcp_finds_its_way_through(lab, dst):
    port = 5202 if ":" in dst else 5201
    lab.right.serve_iperf3(port)
    assert lab.left.iperf3(dst, seconds=1, port=port)["sum_received"]["bytes"] > 1e6
