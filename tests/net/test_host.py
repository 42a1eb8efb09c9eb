"""The host path: programs on the router use jerboa's ifaces as their own.

  left ──── 10.0.1.0/24, 2001:db8:1::/64 ──── dut ──── 10.0.2.0/24, 2001:db8:2::/64 ──── right
       .1 ::1                       .254 ::fe     .254 ::fe                     .1 ::1
"""

import json
import os
import shutil
import socket
import subprocess

import pytest
from lab import wait_for

NETS = {"left": ["10.0.1.254/24", "2001:db8:1::fe/64"],
        "right": ["10.0.2.254/24", "2001:db8:2::fe/64"]}
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


@pytest.fixture(scope="module")
def lab(module_lab):
    module_lab.router(NETS)
    wait_for(lambda: module_lab.left.ping("2001:db8:2::1").received, 5)
    return module_lab


def tap(lab, name):
    return json.loads(lab.dut.space.ip("-j", "address", "show", name).stdout)[0]


def test_each_iface_has_a_tap_of_its_name_with_its_addresses(lab):
    for name, addresses in NETS.items():
        entry = tap(lab, name)
        have = {f"{a['local']}/{a['prefixlen']}" for a in entry["addr_info"]}
        assert set(addresses) <= have
        assert entry["mtu"] == 1500 and "LOWER_UP" in entry["flags"]


def test_the_tap_has_the_address_that_arp_gives_out(lab):
    lab.left.ping("10.0.1.254")
    assert lab.left.neighbour("10.0.1.254") == tap(lab, "left")["address"]


@pytest.mark.parametrize("dst", ["10.0.1.1", "10.0.2.1", "2001:db8:1::1", "2001:db8:2::1"])
def test_the_router_itself_pings_its_neighbours(lab, dst):
    assert lab.dut.space.ping(dst).received == 1


def test_one_echo_request_earns_one_reply(lab):
    """jerboa answers, the host does not answer too."""
    done = lab.left.ping("10.0.1.254", count=5)
    assert "DUP" not in done.text and done.received == 5


@pytest.mark.parametrize("family,dst", [(socket.AF_INET, "10.0.1.254"),
                                        (socket.AF_INET6, "2001:db8:1::fe"),
                                        (socket.AF_INET, "10.0.2.254")])
def test_tcp_to_a_socket_on_the_router(lab, family, dst):
    with lab.dut.space.tcp_server(7100, family) as server, lab.left.socket(family) as client:
        client.settimeout(5)
        client.connect((dst, 7100))
        conn, peer = server.accept()
        with conn:
            client.sendall(b"x" * 100_000)
            client.shutdown(socket.SHUT_WR)
            conn.settimeout(5)
            assert len(b"".join(iter(lambda: conn.recv(65536), b""))) == 100_000
            assert peer[0] == ("10.0.1.1" if family == socket.AF_INET else "2001:db8:1::1")


def test_a_closed_port_on_the_router_refuses(lab):
    with lab.left.socket() as client:
        client.settimeout(3)
        with pytest.raises(ConnectionRefusedError):
            client.connect(("10.0.1.254", 7999))


def test_udp_to_a_closed_port_earns_port_unreachable(lab):
    with lab.left.socket(kind=socket.SOCK_DGRAM) as client:
        client.settimeout(3)
        client.connect(("10.0.1.254", 7999))
        client.send(b"x")
        with pytest.raises(ConnectionRefusedError):
            client.recv(100)


def test_dig_on_the_router_asks_a_server_behind_it(lab):
    with lab.right.socket(kind=socket.SOCK_DGRAM) as server:
        server.bind(("10.0.2.1", 53))
        server.settimeout(5)
        dig = lab.dut.space.start("dig", "+tries=1", "+time=4", "@10.0.2.1", "example.net", "A",
                                  stdout=subprocess.PIPE, text=True)
        query, client = server.recvfrom(512)
        assert client[0] == "10.0.2.254"
        server.sendto(query[:2] + b"\x84\x00" + query[4:], client)
        assert "status: NOERROR" in dig.communicate(timeout=10)[0]


@pytest.mark.skipif(not shutil.which("sshd"), reason="no sshd here")
def test_ssh_to_the_router(lab):
    key, host_key = lab.dir / "key", lab.dir / "host_key"
    for path in (key, host_key):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    os.makedirs("/run/sshd", exist_ok=True)
    lab.dut.space.start(
        shutil.which("sshd"), "-D", "-e", "-f", "/dev/null", "-p", "2222", "-h", host_key,
        "-o", f"AuthorizedKeysFile={key}.pub", "-o", "StrictModes=no", "-o", "UsePAM=yes",
        "-o", "PermitRootLogin=yes", "-o", "PidFile=none", **QUIET)
    wait_for(lambda: lab.dut.space.listening(2222), 5, "sshd listens")
    done = lab.left.run(
        "ssh", "-F", "none", "-i", key, "-p", "2222", "-o", "StrictHostKeyChecking=no",
        "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes", "-o", "ConnectTimeout=5",
        "root@10.0.1.254", "echo", "hello", "from", "the", "router", check=False, timeout=20)
    assert done.stdout.strip() == "hello from the router", done.stderr


BIRD = """
log "{log}" all;
router id {me};
protocol device {{}}
protocol static {{ ipv4; route {net} blackhole; }}
protocol bgp peer {{
    local {me} as {asn};
    neighbor {other} as {other_asn};
    connect delay time 1;
    ipv4 {{ import all; export where source = RTS_STATIC; }};
}}
protocol ospf v2 area0 {{
    ipv4 {{ import all; export none; }};
    area 0 {{ interface "{iface}" {{ hello 1; dead 5; }}; }};
}}
"""


def bird(lab, host, **names):
    conf, sock = lab.dir / f"bird-{host.name}.conf", lab.dir / f"bird-{host.name}.ctl"
    names["log"] = lab.dir / f"bird-{host.name}.log"
    conf.write_text(BIRD.format(**names))
    host.run("bird", "-p", "-c", conf)
    host.start("bird", "-f", "-c", conf, "-s", sock, "-P", f"{conf}.pid", **QUIET)
    wait_for(sock.exists, 5, "bird answers")
    return lambda *words: host.run("birdc", "-s", sock, *words, check=False).stdout


@pytest.mark.skipif(not shutil.which("bird"), reason="no bird here")
def test_bird_on_the_router_speaks_bgp_and_ospf_with_a_neighbour(lab):
    ours = bird(lab, lab.dut.space, me="10.0.2.254", asn=64500, other="10.0.2.1", other_asn=64501,
                net="198.51.100.0/24", iface="right")
    theirs = bird(lab, lab.right, me="10.0.2.1", asn=64501, other="10.0.2.254", other_asn=64500,
                  net="203.0.113.0/24", iface="eth0")
    wait_for(lambda: "Established" in ours("show", "protocols", "peer"), 20, "BGP is established")
    wait_for(lambda: "203.0.113.0/24" in ours("show", "route", "protocol", "peer"), 5)
    wait_for(lambda: "198.51.100.0/24" in theirs("show", "route", "protocol", "peer"), 5)
    wait_for(lambda: "Full" in ours("show", "ospf", "neighbors", "area0"), 30, "OSPF is full")
