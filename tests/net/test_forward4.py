"""IPv4 packets of real programs cross the router.

  left ──── 10.0.1.0/24 ──── dut ──── 10.0.2.0/24 ──── right
       .1                .254   .254                .1
"""

import pytest

NETS = {"left": ["10.0.1.254/24"], "right": ["10.0.2.254/24"]}
LOOPBACK = {"name": "lo0", "addresses": ["10.255.0.1/32"]}
ROUTES = [
    {"prefix": "10.66.0.0/16", "kind": "blackhole"},
    {"prefix": "10.67.0.0/16", "kind": "unreachable"},
]


@pytest.fixture(scope="module")
def lab(module_lab):
    module_lab.router(NETS, ROUTES, ifaces=[LOOPBACK])
    return module_lab


def test_ping_crosses_the_router(lab):
    assert lab.left.ping("10.0.2.1").ttl == 63


def test_a_hundred_pings_lose_none(lab):
    assert lab.left.ping("10.0.2.1", count=100, interval=0.01).received == 100


def test_the_router_answers_at_its_own_addresses(lab):
    for addr in ("10.0.1.254", "10.0.2.254", "10.255.0.1"):
        assert lab.left.ping(addr).ttl == 64


def test_ttl_1_earns_time_exceeded_from_the_router(lab):  # RFC 1812 §5.3.1
    answer = lab.left.ping("10.0.2.1", ttl=1)
    assert answer.error_from == "10.0.1.254"
    assert "Time to live exceeded" in answer.error


def test_ttl_1_reaches_the_router_itself(lab):  # RFC 1812 §5.3.1: judged only when forwarding
    assert lab.left.ping("10.0.2.254", ttl=1).received == 1


def test_ttl_2_arrives(lab):
    assert lab.left.ping("10.0.2.1", ttl=2).received == 1


@pytest.mark.parametrize("kind", ["-U", "-I", "-T"])
def test_traceroute_shows_the_router_and_the_host(lab, kind):
    assert lab.left.traceroute("10.0.2.1", kind) == ["10.0.1.254", "10.0.2.1"]


def test_no_route_earns_net_unreachable(lab):  # RFC 1812 §5.2.7.1
    answer = lab.left.ping("172.31.0.1")
    assert answer.error_from == "10.0.1.254"
    assert answer.error == "Destination Net Unreachable"


def test_an_unreachable_route_earns_an_error(lab):
    answer = lab.left.ping("10.67.0.1")
    assert answer.error_from == "10.0.1.254"
    assert "Unreachable" in answer.error


def test_a_blackhole_route_is_silent_and_counted(lab):
    before = lab.dut.drops().get("ip4-forward/blackhole", 0)
    answer = lab.left.ping("10.66.0.1", count=3, wait=0.3)
    assert answer.received == 0 and answer.error is None
    assert lab.dut.drops()["ip4-forward/blackhole"] == before + 3


def test_a_silent_neighbour_earns_host_unreachable(lab):  # RFC 1812 §5.2.7.1
    answer = lab.left.ping("10.0.2.77", wait=6)
    assert answer.error_from == "10.0.1.254"
    assert answer.error == "Destination Host Unreachable"


@pytest.mark.parametrize("size", [0, 1, 100, 1471, 1472])
def test_every_size_up_to_the_mtu_crosses_whole(lab, size):
    assert lab.left.ping("10.0.2.1", size=size, df=True).received == 1


@pytest.mark.parametrize("size", [1473, 2000, 9000, 65000])
def test_fragments_of_the_sender_are_forwarded(lab, size):
    assert lab.left.ping("10.0.2.1", size=size, df=False).received == 1


def test_the_router_answers_no_broken_promise(lab):
    """The router is alive and has dropped nothing it cannot name."""
    for name, packets in lab.dut.drops().items():
        assert "/" in name and packets > 0


def test_packets_answered_by_an_error_are_named_among_the_drops(lab):
    before = lab.dut.drops()
    lab.left.ping("10.0.2.1", ttl=1)
    lab.left.ping("203.0.113.9")
    after = lab.dut.drops()
    for reason in ("ttl-expired", "no-route"):
        assert after[f"icmp4-error/{reason}"] == before.get(f"icmp4-error/{reason}", 0) + 1
