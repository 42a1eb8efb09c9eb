"""Ports on DPDK's virtual devices, several daemons side by side.

  left ──veth── a ══memif══ b ──net_tap── the host of b
       10.0.1.0/24  10.0.3.0/24  10.0.2.0/24

b has no host path, so its own Linux can be the station behind the tap. A third
daemon receives by net_pcap on a veth.
"""

import pytest
from lab import Router, wait_for


@pytest.fixture(scope="module")
def lab(module_lab):
    lab, sock = module_lab, module_lab.dir / "memif.sock"
    for name in ("a", "b", "left"):
        lab.host(name)
    lab.port(lab.left, "eth0", lab.a, "v-left")
    lab.left.address("eth0", "10.0.1.1/24")
    lab.left.route("0.0.0.0/0", "10.0.1.254")
    start(lab, "ra", lab.a, {
        "ports": [{"name": "left0", "device": "net_af_packet0,iface=v-left"},
                  {"name": "mid0", "device": f"net_memif0,role=server,socket={sock},"
                                             "socket-abstract=no"}],
        "ifaces": [{"name": "left", "port": "left0", "addresses": ["10.0.1.254/24"]},
                   {"name": "mid", "port": "mid0", "addresses": ["10.0.3.1/24"]}],
        "routes": [{"prefix": "0.0.0.0/0", "via": "10.0.3.2"}]})
    start(lab, "rb", lab.b, {
        "ports": [{"name": "right0", "device": "net_tap0,iface=jtap0"},
                  {"name": "mid0", "device": f"net_memif0,role=client,socket={sock},"
                                             "socket-abstract=no"}],
        "ifaces": [{"name": "right", "port": "right0", "addresses": ["10.0.2.254/24"]},
                   {"name": "mid", "port": "mid0", "addresses": ["10.0.3.2/24"]}],
        "routes": [{"prefix": "0.0.0.0/0", "via": "10.0.3.1"}], "host": {"enable": False}})
    # DPDK gives both ends one address
    lab.b.ip("link", "set", "jtap0", "address", "02:00:00:00:99:01", "up")
    lab.b.address("jtap0", "10.0.2.1/24")
    lab.b.route("0.0.0.0/0", "10.0.2.254")
    return lab


def start(lab, name, space, config):
    router = Router(space, {"version": 1, "log": {"level": "debug"}, **config})
    lab.routers.append(router)
    setattr(lab, name, router)
    router.start(settled=False)  # DAD waits for a link that needs the other daemon


def test_memif_joins_two_daemons(lab):
    wait_for(lambda: lab.ra.port("mid0")["link"], 10)
    wait_for(lambda: lab.a.ping("10.0.3.2").received, 5)


def test_packets_cross_both_and_a_tap_of_dpdk(lab):
    wait_for(lambda: lab.left.ping("10.0.2.1").received, 10)
    assert lab.left.ping("10.0.2.1", count=3).ttl == 62


def test_tcp_crosses_both(lab):
    lab.b.serve_iperf3()
    assert lab.left.iperf3("10.0.2.1", seconds=1)["sum_received"]["bytes"] > 1e6


def test_pcap_receives_and_sends(lab):
    lab.host("c")
    lab.host("peer")
    lab.port(lab.peer, "eth0", lab.c, "v-peer")
    lab.peer.address("eth0", "10.0.4.1/24")
    start(lab, "rc", lab.c, {
        "ports": [{"name": "peer0", "device": "net_pcap0,iface=v-peer"}],
        "ifaces": [{"name": "peer", "port": "peer0", "addresses": ["10.0.4.254/24"]}]})
    wait_for(lambda: lab.peer.ping("10.0.4.254").received, 10)
    assert lab.rc.stop() == 0


def test_both_stop_cleanly(lab):
    assert lab.rb.stop() == 0
    assert lab.ra.stop() == 0
