"""TCP and UDP of real programs cross the router, in both families.

  left ──── 10.0.1.0/24, 2001:db8:1::/64 ──── dut ──── 10.0.2.0/24, 2001:db8:2::/64 ──── right
       .1 ::1                       .254 ::fe     .254 ::fe                     .1 ::1
"""

import hashlib
import random
import socket
import threading

import pytest

NETS = {"left": ["10.0.1.254/24", "2001:db8:1::fe/64"],
        "right": ["10.0.2.254/24", "2001:db8:2::fe/64"]}
RIGHT = {"ip4": "10.0.2.1", "ip6": "2001:db8:2::1"}
LEFT = {"ip4": "10.0.1.1", "ip6": "2001:db8:1::1"}


@pytest.fixture(scope="module")
def lab(module_lab):
    module_lab.router(NETS)
    module_lab.right.serve_iperf3()
    return module_lab


@pytest.mark.parametrize("family", RIGHT)
def test_iperf3_tcp_crosses_the_router(lab, family):
    assert lab.left.iperf3(RIGHT[family])["sum_received"]["bits_per_second"] > 20e6


@pytest.mark.parametrize("family", RIGHT)
def test_iperf3_tcp_crosses_the_router_backwards(lab, family):
    assert lab.left.iperf3(RIGHT[family], "-R")["sum_received"]["bits_per_second"] > 20e6


@pytest.mark.parametrize("family", RIGHT)
def test_iperf3_udp_arrives(lab, family):
    end = lab.left.iperf3(RIGHT[family], "-u", "-b", "10M", "-l", "1200")
    assert end["sum"]["packets"] > 1000
    assert end["sum"]["lost_percent"] < 1


@pytest.mark.parametrize("family", RIGHT)
def test_udp_in_fragments_arrives(lab, family):
    end = lab.left.iperf3(RIGHT[family], "-u", "-b", "10M", "-l", "8000")
    assert end["sum"]["packets"] > 100
    assert end["sum"]["lost_percent"] < 5


@pytest.mark.parametrize("family", RIGHT)
def test_ten_megabytes_arrive_unchanged(lab, family):
    data = random.Random(1).randbytes(10_000_000)
    af = socket.AF_INET6 if family == "ip6" else socket.AF_INET
    got = hashlib.sha256()

    with lab.right.tcp_server(7001, af) as server:
        def receive():
            conn, _ = server.accept()
            with conn:
                conn.settimeout(20)
                while block := conn.recv(65536):
                    got.update(block)

        reader = threading.Thread(target=receive)
        reader.start()
        with lab.left.socket(af) as client:
            client.settimeout(20)
            client.connect((RIGHT[family], 7001))
            client.sendall(data)
        reader.join(30)
    assert got.digest() == hashlib.sha256(data).digest()


@pytest.mark.parametrize("family", RIGHT)
def test_a_closed_port_refuses_through_the_router(lab, family):
    af = socket.AF_INET6 if family == "ip6" else socket.AF_INET
    with lab.left.socket(af) as client:
        client.settimeout(3)
        with pytest.raises(ConnectionRefusedError):
            client.connect((RIGHT[family], 7999))
