"""Hosts and routers as the network tests speak of them, over scripts/lab."""

import errno
import importlib.machinery
import importlib.util
import json
import os
import re
import socket
import struct
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
STANDIN = os.environ.get("JERBOA_STANDIN")  # "linux": the tests judge Linux instead
NIC = os.environ.get("JERBOA_NIC")  # "82599": ports are virtual cards, driven by nic82599


def _load(path):
    loader = importlib.machinery.SourceFileLoader("jerboa_lab", str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


base = _load(ROOT / "scripts/lab")
wait_for, LabError, BUILD = base.wait_for, base.LabError, base.BUILD


@dataclass
class Ping:
    """What ping said."""

    text: str
    sent: int = 0
    received: int = 0
    ttls: list = field(default_factory=list)
    error_from: str = None
    error: str = None
    mtu: int = None

    @property
    def ttl(self):
        return self.ttls[0] if self.ttls else None

    @property
    def loss(self):
        return self.sent - self.received


def parse_ping(text):
    result = Ping(text)
    result.ttls = [int(ttl) for ttl in re.findall(r"bytes from .*? ttl=(\d+)", text)]
    error = re.search(r"^From (\S+?):? icmp_seq=\d+ (.*)$", text, re.M)
    if error:
        result.error_from, result.error = error.groups()
    mtu = re.search(r"mtu ?= ?(\d+)", text)
    result.mtu = int(mtu.group(1)) if mtu else None
    count = re.search(r"(\d+) packets transmitted, (\d+) received", text)
    if count:
        result.sent, result.received = map(int, count.groups())
    return result


class Wire:
    """Frames sent and received on an interface as they are."""

    def __init__(self, host, iface):
        with host.inside():
            self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            self.sock.bind((iface, 0))
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.sock.setsockopt(263, 8, 1)  # SOL_PACKET, PACKET_AUXDATA: the VLAN tag
        self.mac = host.mac(iface)

    def close(self):
        self.sock.close()

    def send(self, frame):
        self.sock.send(bytes(frame))

    def receive(self, timeout):
        """The next frame that came from the link, its VLAN tag put back; None when none came."""
        end = time.monotonic() + timeout
        while True:
            left = end - time.monotonic()
            if left <= 0:
                return None
            self.sock.settimeout(left)
            try:
                frame, extra, _, sender = self.sock.recvmsg(65536, 64)
            except socket.timeout:
                return None
            except OSError as err:
                if err.errno == errno.ENETDOWN:  # said once after the link went down
                    continue
                raise
            if sender[2] == socket.PACKET_OUTGOING:
                continue
            for _, _, data in extra:
                status, _, _, _, _, tci, tpid = struct.unpack("IIIHHHH", data[:20])
                if status & 0x10:  # TP_STATUS_VLAN_VALID
                    frame = frame[:12] + struct.pack("!HH", tpid or 0x8100, tci) + frame[12:]
            return frame

    def drain(self):
        while self.receive(0.001) is not None:
            pass

    def expect(self, match, timeout=2.0):
        """The first frame that match(Ether) takes; fails when none comes."""
        from scapy.layers.l2 import Ether
        end = time.monotonic() + timeout
        seen = []
        while True:
            frame = self.receive(end - time.monotonic())
            if frame is None:
                pytest.fail(f"no such frame within {timeout} s; seen: {seen[-10:]}")
            parsed = Ether(frame)
            if match(parsed):
                return parsed
            seen.append(parsed.summary())

    def count(self, match, seconds):
        """How many frames match(bytes) takes until none came for so many seconds."""
        found = 0
        while True:
            frame = self.receive(seconds)
            if frame is None:
                return found
            found += bool(match(frame))


class Host(base.Netns):
    """A computer with one or more interfaces; eth0 is the first."""

    def ping(self, dst, count=1, ttl=None, size=None, df=None, interval=0.05, wait=1, source=None):
        """Ping; df: True forbids fragments, False allows the path to make them."""
        argv = ["ping", "-n", "-c", count, "-i", interval, "-W", wait]
        argv += ["-t", ttl] if ttl is not None else []
        argv += ["-s", size] if size is not None else []
        argv += ["-M", "do" if df else "dont"] if df is not None else []
        argv += ["-I", source] if source else []
        limit = count * (interval + wait) + 10
        done = self.run(*argv, dst, check=False, timeout=limit)
        return parse_ping(done.stdout + done.stderr)

    def traceroute(self, dst, kind="-U", hops=8):
        """The address that answered at each hop, None where none did."""
        family = "-6" if ":" in dst else "-4"
        out = self.run("traceroute", family, kind, "-n", "-q", "1", "-w", "2", "-m", hops, dst,
                       timeout=60).stdout
        lines = re.findall(r"^ *\d+  (\S+)", out, re.M)
        return [None if word == "*" else word for word in lines]

    def listening(self, port):
        return self.run("ss", "-Hltn", f"sport = :{port}").stdout.strip() != ""

    def serve_iperf3(self, port=5201):
        """An iperf3 server until the lab closes."""
        self.start("iperf3", "-s", "-p", port, stdout=open(os.devnull, "w", encoding="ascii"))
        wait_for(lambda: self.listening(port), 5, "iperf3 listens")

    def iperf3(self, dst, *options, seconds=2, port=5201):
        """Run an iperf3 client and return the end of its JSON report."""
        done = self.run("iperf3", "-c", dst, "-p", port, "-t", seconds, "-J", *options,
                        check=False, timeout=seconds + 20)
        report = json.loads(done.stdout)
        assert "error" not in report, report["error"]
        return report["end"]

    def wire(self, iface="eth0"):
        return Wire(self, iface)

    def neighbour(self, addr, iface="eth0"):
        """The Ethernet address this host knows for addr, or None."""
        out = self.ip("-j", "neigh", "show", addr, "dev", iface).stdout
        return next((entry.get("lladdr") for entry in json.loads(out or "[]")), None)

    @contextmanager
    def tcp_server(self, port, family=socket.AF_INET):
        sock = self.socket(family)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("", port))
        sock.listen()
        sock.settimeout(10)
        with sock:
            yield sock


class Router(base.Router):
    """jerboa, and what the tests ask it."""

    def drops(self):
        """{"node/reason": packets} of the drops that happened."""
        return {entry["name"]: entry["packets"] for entry in self.ctl("show", "drops")
                if entry["packets"]}

    def port(self, name):
        return next(entry for entry in self.ctl("show", "ports") if entry["name"] == name)

    def neighbours(self):
        return {entry["address"]: entry for entry in self.ctl("show", "neighbours")}

    def route(self, addr):
        return self.ctl("show", "route", addr)

    def n_routes(self):
        return sum(entry["routes"] for entry in self.ctl("show", "tables"))

    def loaded(self, path):
        """What became of an MRT dump, once it is loaded; None before."""
        for entry in self.ctl("show", "mrt"):
            if entry["file"] == str(path) and entry["state"] == "loaded":
                return entry
        return None

    def reload(self, change):
        """Change the configuration by a function of the dict, then reload."""
        change(self.config)
        self.write()
        return self.ctl_run("reload")


class LinuxRouter:
    """A stand-in that proves the tests themselves: Linux routes."""

    def __init__(self, space, config):
        self.space, self.config, self.child = space, config, None

    def start(self):
        self.space.sysctl("ipv4/ip_forward", 1)
        self.space.sysctl("ipv6/conf/all/forwarding", 1)
        port = {p["name"]: p["device"].split("iface=")[1].split(",")[0]
                for p in self.config["ports"]}
        for iface in self.config["ifaces"]:
            dev = port.get(iface.get("port"), "lo")
            if iface.get("vlan"):
                pytest.skip("the stand-in has no VLANs")
            self.space.sysctl(f"ipv6/conf/{dev}/disable_ipv6", 0)
            self.space.sysctl(f"ipv4/conf/{dev}/rp_filter", 0)
            self.space.ip("link", "set", dev, "arp", "on", "mtu", iface.get("mtu", 1500))
            self.space.address(dev, *iface["addresses"])
        for route in self.config.get("routes", []):
            via = route.get("via")
            hops = [w for gw in (via if isinstance(via, list) else [via] if via else [])
                    for w in ("nexthop", "via", gw)]
            family = "-6" if ":" in route["prefix"] else "-4"
            kind = [route["kind"]] if "kind" in route else []
            self.space.ip(family, "route", "add", *kind, route["prefix"], *hops)
        return self

    def ctl(self, *words):
        pytest.skip(f"the stand-in has no jerboactl {' '.join(words)}")

    drops = port = neighbours = route = reload = ctl_run = ctl

    def running(self):
        return False

    def stop(self):
        return 0

    def log(self):
        return "(Linux)"


class Lab(base.Lab):
    """One router with any number of neighbours; hosts and routers by name."""

    def __init__(self):
        super().__init__()
        self.routers = []

    def host(self, name):
        space = self.netns(name, Host)
        setattr(self, name, space)
        return space

    def close(self):
        """Every router that still runs ends as it should, then all goes."""
        wrong = []
        for router in self.routers:
            if router.running():
                try:
                    code = router.stop()
                except LabError as err:
                    code = str(err)
                if code != 0:
                    wrong.append(f"{router.space.name}: SIGTERM: {code}\n{router.log()[-5000:]}")
            if "Sanitizer" in router.log():
                wrong.append(f"{router.space.name}: {router.log()[-5000:]}")
        super().close()
        assert not wrong, "\n".join(wrong)

    def router(self, nets, routes=(), name="dut", mtu=None, start=True, **config):
        """jerboa with one port and one host a net: {"left": ["10.0.1.254/24", ...]}.

        The host takes address .1 (or ::1) of each net and the router as its
        default gateway. Its interface is eth0, the router's iface is called
        like the host, the device below v-<host>. mtu: {"left": 1280}, both sides.
        """
        space = self.host(name)
        ports, ifaces = [], []
        for net, addresses in nets.items():
            host = getattr(self, net, None) or self.host(net)
            self.port(host, "eth0", space, f"v-{net}", 1500)
            for address in addresses:
                host.address("eth0", first_of(address))
                default = "::/0" if ":" in address else "0.0.0.0/0"
                host.route(default, address.split("/")[0], "eth0")
            size = (mtu or {}).get(net)
            if size:
                host.ip("link", "set", "eth0", "mtu", size)
            ports.append({"name": f"{net}0"})
            ifaces.append({"name": net, "port": f"{net}0", "addresses": list(addresses),
                           **({"mtu": size} if size else {})})
        for port, way in zip(ports, self.ports_of(space, [f"v-{net}" for net in nets], NIC)):
            port.update(way)
        config = {"version": 1, "ports": ports, "ifaces": ifaces + config.pop("ifaces", []),
                  "routes": list(routes), "log": {"level": "debug"}, **config}
        router = (LinuxRouter if STANDIN == "linux" else Router)(space, config)
        self.routers.append(router)
        setattr(self, name, router)
        if start:
            router.start()
        return router


def first_of(address):
    """The first host address of a network, "10.0.1.254/24" -> "10.0.1.1/24"."""
    addr, plen = address.split("/")
    cut = addr.rindex(":" if ":" in addr else ".") + 1
    return f"{addr[:cut]}1/{plen}"
