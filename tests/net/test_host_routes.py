"""Programs on the router reach what jerboa's table knows, not only neighbours.

  left ──── 10.0.1.0/24 ──── dut ──── 10.0.2.0/24 ──── right ── 10.99.0.1, 2001:db8:99::1
       .1                .254   .254                .1          (on its lo, MTU 1280 at "far")
       2001:db8:1::/64, router ::fe    2001:db8:2::/64, router ::fe
"""

import json
import socket

import pytest
from lab import wait_for

NETS = {"left": ["10.0.1.254/24", "2001:db8:1::fe/64"],
        "right": ["10.0.2.254/24", "2001:db8:2::fe/64"]}
LOOPBACK = {"name": "lo0", "addresses": ["10.255.0.1/32", "2001:db8:255::1/128"]}
ROUTES = [{"prefix": "10.99.0.0/24", "via": "10.0.2.1"},
          {"prefix": "2001:db8:99::/64", "via": "2001:db8:2::1"}]
FAR = {socket.AF_INET: "10.99.0.1", socket.AF_INET6: "2001:db8:99::1"}


@pytest.fixture(scope="module")
def lab(module_lab):
    module_lab.router(NETS, routes=ROUTES, ifaces=[LOOPBACK], neighbours={"reachable": "5s"})
    module_lab.right.address("lo", "10.99.0.1/24", "2001:db8:99::1/64")
    wait_for(lambda: module_lab.left.ping("2001:db8:2::1").received, 5)
    wait_for(lambda: module_lab.left.ping("10.0.2.1").received, 5)
    return module_lab


def default_routes(lab, family):
    text = lab.dut.space.ip("-j", family, "route", "show", "default").stdout
    return json.loads(text or "[]")


@pytest.mark.parametrize("family,source", [("-4", "10.255.0.1"), ("-6", "2001:db8:255::1")])
def test_linux_has_one_default_route_over_the_loopback(lab, family, source):
    routes = default_routes(lab, family)
    assert [(route["dev"], route["metric"], route["prefsrc"]) for route in routes] == [
        ("lo0", 8192, source)]


@pytest.mark.parametrize("family", FAR)
def test_the_router_itself_reaches_what_is_behind_a_neighbour(lab, family):
    answer = lab.dut.space.ping(FAR[family], count=3)
    assert answer.received == 3


@pytest.mark.parametrize("family", FAR)
def test_tcp_from_the_router_to_afar(lab, family):
    with lab.right.tcp_server(7200, family) as server, lab.dut.space.socket(family) as client:
        client.settimeout(5)
        client.connect((FAR[family], 7200))
        conn, peer = server.accept()
        with conn:
            conn.settimeout(5)
            client.sendall(b"y" * 300_000)
            client.shutdown(socket.SHUT_WR)
            assert len(b"".join(iter(lambda: conn.recv(65536), b""))) == 300_000
            assert peer[0] in ("10.255.0.1", "2001:db8:255::1")


@pytest.mark.parametrize("size", [100, 1472, 1473, 5000, 30000])
def test_datagrams_of_every_size_come_and_go(lab, size):
    """Fragments reach the host as fragments; Linux makes its own by the TAP's MTU."""
    with lab.dut.space.socket(kind=socket.SOCK_DGRAM) as server, \
            lab.left.socket(kind=socket.SOCK_DGRAM) as client:
        server.bind(("10.0.1.254", 7300))
        for sock in (server, client):
            sock.settimeout(5)
        client.sendto(bytes(size), ("10.0.1.254", 7300))
        data, peer = server.recvfrom(65536)
        assert len(data) == size
        server.sendto(data, peer)
        assert len(client.recv(65536)) == size


def test_an_unreachable_network_is_told_to_programs(lab):
    answer = lab.dut.space.ping("198.18.0.9", wait=2)
    assert answer.received == 0 and answer.error is not None


def test_path_mtu_reaches_programs_of_the_router(lab):  # RFC 1191 §3
    lab.dut.reload(lambda config: config["ifaces"][1].update(mtu=1400))
    wait_for(lambda: "mtu 1400" in lab.dut.space.ip("link", "show", "right").stdout, 5)
    try:
        answer = lab.dut.space.ping("10.99.0.1", size=1430, df=True, wait=2)
        assert answer.received == 0
        wait_for(lambda: "mtu 1400" in lab.dut.space.ip(
            "route", "get", "10.99.0.1").stdout, 3, "Linux learns the path MTU")
    finally:
        lab.dut.reload(lambda config: config["ifaces"][1].update(mtu=1500))


def test_the_default_route_moves_when_its_tap_goes(lab):
    lab.dut.reload(lambda config: config["ifaces"].pop())
    wait_for(lambda: [r["dev"] for r in default_routes(lab, "-4")] == ["left"], 5)
    assert lab.dut.space.ping("10.99.0.1").received == 1
    lab.left.ip("link", "set", "eth0", "down")
    wait_for(lambda: [r["dev"] for r in default_routes(lab, "-4")] == ["right"], 5)
    assert lab.dut.space.ping("10.99.0.1").received == 1
