"""IPv6 packets of real programs cross the router.

  left ──── 2001:db8:1::/64 ──── dut ──── 2001:db8:2::/64 ──── right
       ::1                  ::fe     ::fe                 ::1
"""

import pytest

NETS = {"left": ["2001:db8:1::fe/64"], "right": ["2001:db8:2::fe/64"]}
LOOPBACK = {"name": "lo0", "addresses": ["2001:db8:255::1/128"]}
ROUTES = [
    {"prefix": "2001:db8:66::/48", "kind": "blackhole"},
    {"prefix": "2001:db8:67::/48", "kind": "unreachable"},
]


@pytest.fixture(scope="module")
def lab(module_lab):
    module_lab.router(NETS, ROUTES, ifaces=[LOOPBACK])
    return module_lab


def test_ping_crosses_the_router(lab):
    assert lab.left.ping("2001:db8:2::1").ttl == 63


def test_a_hundred_pings_lose_none(lab):
    assert lab.left.ping("2001:db8:2::1", count=100, interval=0.01).received == 100


def test_the_router_answers_at_its_own_addresses(lab):
    for addr in ("2001:db8:1::fe", "2001:db8:2::fe", "2001:db8:255::1"):
        assert lab.left.ping(addr).ttl == 64


def test_the_router_answers_at_its_link_local_address(lab):
    gateway = [entry["address"] for entry in lab.dut.ctl("show", "ifaces")
               if entry["name"] == "left"]
    assert gateway
    answer = lab.left.run("ping", "-n", "-c", "1", "-W", "1", "ff02::1%eth0", check=False).stdout
    assert "bytes from fe80:" in answer


def test_hop_limit_1_earns_time_exceeded_from_the_router(lab):  # RFC 4443 §3.3
    answer = lab.left.ping("2001:db8:2::1", ttl=1)
    assert answer.error_from == "2001:db8:1::fe"
    assert "Hop limit" in answer.error


def test_hop_limit_1_reaches_the_router_itself(lab):
    assert lab.left.ping("2001:db8:2::fe", ttl=1).received == 1


@pytest.mark.parametrize("kind", ["-U", "-I", "-T"])
def test_traceroute_shows_the_router_and_the_host(lab, kind):
    assert lab.left.traceroute("2001:db8:2::1", kind) == ["2001:db8:1::fe", "2001:db8:2::1"]


def test_no_route_earns_no_route(lab):  # RFC 4443 §3.1 code 0
    answer = lab.left.ping("2001:db8:dead::1")
    assert answer.error_from == "2001:db8:1::fe"
    assert answer.error == "Destination unreachable: No route"


def test_an_unreachable_route_earns_an_error(lab):
    answer = lab.left.ping("2001:db8:67::1")
    assert answer.error_from == "2001:db8:1::fe"
    assert "unreachable" in answer.error


def test_a_blackhole_route_is_silent_and_counted(lab):
    before = lab.dut.drops().get("ip6-forward/blackhole", 0)
    answer = lab.left.ping("2001:db8:66::1", count=3, wait=0.3)
    assert answer.received == 0 and answer.error is None
    assert lab.dut.drops()["ip6-forward/blackhole"] == before + 3


def test_a_silent_neighbour_earns_address_unreachable(lab):  # RFC 4443 §3.1 code 3
    answer = lab.left.ping("2001:db8:2::77", wait=6)
    assert answer.error_from == "2001:db8:1::fe"
    assert answer.error == "Destination unreachable: Address unreachable"


@pytest.mark.parametrize("size", [0, 1, 100, 1451, 1452])
def test_every_size_up_to_the_mtu_crosses_whole(lab, size):
    assert lab.left.ping("2001:db8:2::1", size=size, df=True).received == 1


@pytest.mark.parametrize("size", [1453, 2000, 9000, 65000])
def test_fragments_of_the_sender_are_forwarded(lab, size):
    assert lab.left.ping("2001:db8:2::1", size=size).received == 1


def test_packets_answered_by_an_error_are_named_among_the_drops(lab):
    before = lab.dut.drops()
    lab.left.ping("2001:db8:2::1", ttl=1)
    lab.left.ping("2001:db8:dead::9")
    after = lab.dut.drops()
    for reason in ("ttl-expired", "no-route"):
        assert after[f"icmp6-error/{reason}"] == before.get(f"icmp6-error/{reason}", 0) + 1
