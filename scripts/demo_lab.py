"""The lab of scripts/demo: builds it, tells the story, checks it, shows it live."""

import argparse
import importlib.machinery
import importlib.util
import ipaddress
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def load_lab():
    loader = importlib.machinery.SourceFileLoader("jerboa_lab", str(ROOT / "scripts/lab"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


lab_module = load_lab()
LabError, Netns, Router, run = (lab_module.LabError, lab_module.Netns, lab_module.Router,
                                lab_module.run)
WELL_KNOWN = lab_module.WELL_KNOWN

DRAWING = """
                                               .-- upstream-a ---- host-a
  client ---- lan ---- [ jerboa ] -------------|
                                               '-- upstream-b ---- host-b
"""
LAN = ("192.168.77.254/24", "fd77::fe/64")
CLIENT = ("192.168.77.1", "fd77::1")
UPSTREAMS = {
    "upstream-a": ("10.77.1.1", "fd77:1::1"),
    "upstream-b": ("10.77.2.1", "fd77:2::1"),
}
HOSTS = {"upstream-a": "host-a", "upstream-b": "host-b"}
TCP_PORT, TCP_BYTES = 7777, 20_000_000
CONTROL_LIMIT_MS = 100


def say(text=""):
    print(text, flush=True)


def is_ip6(addr):
    return ":" in addr


class Demo:
    def __init__(self, lab, opt):
        self.lab, self.opt = lab, opt
        self.failed = []
        self.n_checks = 0
        self.spaces = {}
        self.router = None
        self.answer_ms = []

    def check(self, what, ok, detail=""):
        self.n_checks += 1
        say(f"  {'ok ' if ok else 'BAD'}  {what:42} {detail}")
        if not ok:
            self.failed.append(what)

    # -- the table --

    def table(self):
        """The dump to load and what jerboa-mrt says of it."""
        tool = lab_module.BUILD / "apps/jerboa-mrt"
        path = Path(self.opt.mrt).resolve() if self.opt.mrt else lab_module.full_table(
            say=lambda text: say(f"  {text}"))
        done = run(tool, "stat", "-j", path, check=False, timeout=1800)
        if done.returncode == 2 or not done.stdout:
            raise LabError(f"{path} cannot be used:\n{done.stderr}")
        stat = json.loads(done.stdout)
        if not stat["prefixes"]["ip4"] + stat["prefixes"]["ip6"]:
            kinds = ", ".join(entry["name"] for entry in stat["types"])
            raise LabError(f"{path} holds no TABLE_DUMP_V2 unicast routes, but {kinds}")
        return path, stat

    # -- the lab --

    def build_lab(self):
        lab = self.lab
        for name in ("client", "router", *UPSTREAMS, *HOSTS.values()):
            self.spaces[name] = lab.netns(name)
        router = self.spaces["router"]
        client = self.spaces["client"]
        lab.port(client, "eth0", router, "wire-lan")
        client.address("eth0", f"{CLIENT[0]}/24", f"{CLIENT[1]}/64")
        client.route("0.0.0.0/0", LAN[0].split("/")[0])
        client.route("::/0", LAN[1].split("/")[0])
        for i, (name, (addr4, addr6)) in enumerate(UPSTREAMS.items(), 1):
            upstream, host = self.spaces[name], self.spaces[HOSTS[name]]
            lab.port(upstream, "eth0", router, f"wire-up{i}")
            lab.link(upstream, "eth1", host, "eth0")
            upstream.sysctl("ipv4/ip_forward", 1)
            upstream.sysctl("ipv6/conf/all/forwarding", 1)
            upstream.address("eth0", f"{addr4}/24", f"{addr6}/64")
            upstream.address("eth1", f"10.78.{i}.1/24", f"fd78:{i}::1/64")
            host.address("eth0", f"10.78.{i}.2/24", f"fd78:{i}::2/64")
            upstream.route("192.168.77.0/24", f"10.77.{i}.254")
            upstream.route("fd77::/64", f"fd77:{i}::fe")
            host.route("0.0.0.0/0", f"10.78.{i}.1")
            host.route("::/0", f"fd78:{i}::1")

    def gateways(self, stat):
        """Every other peer of the dump lives behind the other upstream."""
        names = list(UPSTREAMS)
        asns = list(dict.fromkeys(peer["asn"] for peer in stat["peers"] if peer["asn"]))
        rules = []
        for i, asn in enumerate(asns[:64]):
            for via in UPSTREAMS[names[i % 2]]:
                rules.append({"peer-asn": asn, "via": via})
        return rules

    def config(self, path, stat):
        ports = {"lan": LAN, "up1": ("10.77.1.254/24", "fd77:1::fe/64"),
                 "up2": ("10.77.2.254/24", "fd77:2::fe/64")}
        default = UPSTREAMS["upstream-a"]
        return {
            "ports": [{"name": f"port-{name}", **way} for name, way in zip(
                ports, self.lab.ports_of(self.spaces["router"], [f"wire-{name}" for name in ports],
                                         self.opt.nic))],
            "ifaces": [{"name": name, "port": f"port-{name}", "addresses": list(addresses)}
                       for name, addresses in ports.items()],
            "mrt": [{"file": str(path), "peer": "best", "gateways": self.gateways(stat),
                     "default-gateway": {"ip4": default[0], "ip6": default[1]}}],
        }

    # -- what the router says --

    def ask(self, *words):
        """An answer of the control socket, timed: it must stay quick while a table loads."""
        start = time.monotonic()
        answer = self.router.ctl(*words)
        self.answer_ms.append((time.monotonic() - start) * 1000)
        return answer

    def n_routes(self):
        return sum(row["routes"] for row in self.ask("show", "tables"))

    def is_loading(self):
        return any(row["state"] in ("waiting", "loading") for row in self.ask("show", "mrt"))

    def wait_for_table(self, expected):
        """Wait with a bar; meanwhile the control socket is asked and timed."""
        start = time.monotonic()
        while self.is_loading():
            if sys.stdout.isatty():
                n = self.n_routes()
                bar = "#" * min(40, 40 * n // max(1, expected))
                print(f"\r  [{bar:40}] {n:>9,} routes", end="", flush=True)
            if time.monotonic() - start > 600:
                raise LabError("the table is not loaded after 600 s")
            time.sleep(0.1)
            self.ask("show", "ports")
        if sys.stdout.isatty():
            print("\r" + " " * 70 + "\r", end="")

    def gateway(self, addr):
        """Which upstream the table's route to an address leads to; None: no route."""
        try:
            rows = self.ask("show", "route", addr)
        except LabError:
            return None
        text = str(rows)
        for name, addresses in UPSTREAMS.items():
            if any(re.search(rf"['\" ]{re.escape(via)}\b", text) for via in addresses):
                return name
        return None

    def some_addresses(self):
        """An address inside a route of each family: for tables that lack the well-known ones."""
        found = {}
        for row in self.router.ctl("show", "routes", timeout=120):
            net = ipaddress.ip_network(row["prefix"])
            if row["source"] == "mrt" and net.version not in found and net.num_addresses > 2:
                if self.gateway(str(net[1])):
                    found[net.version] = str(net[1])
            if len(found) == 2:
                break
        return list(found.values())

    def place_hosts(self):
        """Give the hosts addresses that the loaded table routes to them: [(address, upstream)]."""
        placed = []
        addresses = [addr for addr, _, _ in WELL_KNOWN if self.gateway(addr)]
        for addr in addresses or self.some_addresses():
            name = self.gateway(addr)
            i = list(UPSTREAMS).index(name) + 1
            host, upstream = self.spaces[HOSTS[name]], self.spaces[name]
            plen = 128 if is_ip6(addr) else 32
            host.address("lo", f"{addr}/{plen}")
            upstream.route(f"{addr}/{plen}", f"fd78:{i}::2" if is_ip6(addr) else f"10.78.{i}.2")
            placed.append((addr, name))
        return placed

    # -- the checks --

    def check_ping(self, addr):
        done = self.spaces["client"].run("ping", "-n", "-c", "5", "-i", "0.05", "-W", "2", addr,
                                         check=False)
        got = re.search(r"(\d+) received", done.stdout)
        ttl = re.search(r"ttl=(\d+)", done.stdout)
        rtt = re.search(r"= [\d.]+/([\d.]+)/", done.stdout)
        ok = bool(got and got.group(1) == "5" and ttl and ttl.group(1) == "62")
        self.check(f"ping {addr}", ok,
                   f"5 of 5, ttl {ttl.group(1)}, {rtt.group(1)} ms" if ok else done.stdout.strip())

    def check_traceroute(self, addr, upstream):
        six = is_ip6(addr)
        done = self.spaces["client"].run("traceroute", "-6" if six else "-4", "-n", "-q", "1",
                                         "-w", "2", "-m", "6", addr, check=False)
        hops = re.findall(r"^ *\d+  (\S+)", done.stdout, re.M)
        expect = [LAN[six].split("/")[0], UPSTREAMS[upstream][six], addr]
        self.check(f"traceroute {addr}", hops == expect, " > ".join(hops))

    def check_tcp(self, addr, upstream):
        family = socket.AF_INET6 if is_ip6(addr) else socket.AF_INET
        host, client = self.spaces[HOSTS[upstream]], self.spaces["client"]
        block = os.urandom(1 << 16)
        with host.socket(family) as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind((addr, TCP_PORT))
            server.listen()
            server.settimeout(10)

            def serve():
                try:
                    conn, _ = server.accept()
                    with conn:
                        conn.settimeout(20)
                        for _ in range(TCP_BYTES // len(block)):
                            conn.sendall(block)
                except OSError:
                    pass  # the client's count tells

            sender = threading.Thread(target=serve)
            sender.start()
            got, why = 0, ""
            start = time.monotonic()
            try:
                with client.socket(family) as sock:
                    sock.settimeout(10)
                    sock.connect((addr, TCP_PORT))
                    while data := sock.recv(1 << 16):
                        got += len(data)
            except OSError as err:
                why = str(err)
            seconds = time.monotonic() - start
            sender.join()
        want = TCP_BYTES // len(block) * len(block)
        self.check(f"TCP from {addr}", got == want,
                   f"{got / 1e6:.0f} MB, {got * 8 / seconds / 1e6:,.0f} Mbit/s {why}")

    def start_stream(self):
        """Packets from the client to an upstream while the table loads."""
        return self.spaces["client"].start("ping", "-n", "-q", "-i", "0.01", "-W", "1",
                                           UPSTREAMS["upstream-a"][0], stdout=subprocess.PIPE,
                                           text=True)

    def check_stream(self, stream):
        stream.send_signal(signal.SIGINT)
        text = stream.communicate(timeout=10)[0]
        got = re.search(r"(\d+) packets transmitted, (\d+) received", text)
        self.check("packets flowed while the table loaded", bool(got) and got[1] == got[2],
                   f"{got[2]} of {got[1]}" if got else text)

    def check_all(self, placed, n_routes):
        families = {is_ip6(addr) for addr, _ in placed}
        if self.opt.mrt is None:
            self.check("both families have routes to the hosts", families == {False, True})
        else:
            self.check("the table leads to at least one host", bool(placed))
        for addr, upstream in placed:
            self.check_ping(addr)
        for addr, upstream in placed:
            self.check_traceroute(addr, upstream)
        for addr, upstream in placed:
            self.check_tcp(addr, upstream)
        # A single answer may wait for a core that others have; the daemon's own
        # longest step, in CPU time, may not be long.
        times = sorted(self.answer_ms)
        step = max(row["longest_ms"] for row in self.ask("show", "threads")
                   if row["name"] == "control")
        self.check("jerboactl answered in time",
                   times[len(times) // 2] < CONTROL_LIMIT_MS and step < CONTROL_LIMIT_MS,
                   f"median {times[len(times) // 2]:.0f} ms, worst {times[-1]:.0f} ms, "
                   f"longest step {step:.0f} ms")
        drops = {row["name"]: row["packets"] for row in self.ask("show", "drops") if row["packets"]}
        self.check("every lost packet has a name", all("/" in name for name in drops),
                   ", ".join(f"{name} {n}" for name, n in drops.items()) or "none lost")
        self.check("the table is in", n_routes > 0, f"{n_routes:,} routes")

    # -- the live view --

    def live(self, placed):
        for addr, _ in placed:
            self.spaces["client"].start("ping", "-n", "-q", "-i", "0.01", addr,
                                        stdout=subprocess.DEVNULL)
        before, then = {}, time.monotonic()
        while True:
            time.sleep(1)
            ports, drops = self.ask("show", "ports"), self.ask("show", "drops")
            now = time.monotonic()
            lines = [f"jerboa: {self.n_routes():,} routes, client pings "
                     f"{', '.join(addr for addr, _ in placed)}   (Ctrl-C ends)", "",
                     f"{'port':12} {'link':>5} {'rx packets/s':>14} {'tx packets/s':>14} "
                     f"{'rx packets':>14} {'tx packets':>14}"]
            for row in ports:
                old = before.get(row["name"], row)
                rate = [(row[key] - old[key]) / (now - then) for key in ("rx_packets", "tx_packets")]
                lines.append(f"{row['name']:12} {'up' if row['link'] else 'down':>5} "
                             f"{rate[0]:14,.0f} {rate[1]:14,.0f} {row['rx_packets']:14,} "
                             f"{row['tx_packets']:14,}")
            lines += ["", "dropped"]
            lines += [f"  {row['name']:40} {row['packets']:10,}" for row in drops
                      if row["packets"]] or ["  nothing"]
            if sys.stdout.isatty():
                print("\033[H\033[J", end="")
            say("\n".join(lines))
            before, then = {row["name"]: row for row in ports}, now

    # -- the story --

    def story(self):
        say("jerboa: the main job, on one machine")
        say(DRAWING)
        say("The table")
        path, stat = self.table()
        n4, n6 = stat["prefixes"]["ip4"], stat["prefixes"]["ip6"]
        say(f"  {path}: {n4:,} IPv4 and {n6:,} IPv6 prefixes of {len(stat['peers'])} peers")
        say("The lab")
        self.build_lab()
        self.router = Router(self.spaces["router"], self.config(path, stat))
        started = time.monotonic()
        self.router.start(settled=False)
        say(f"  namespaces {self.lab.prefix}*; jerboa answers after "
            f"{time.monotonic() - started:.1f} s")
        stream = self.start_stream()
        self.wait_for_table(n4 + n6)
        n_routes = self.n_routes()
        say(f"  {n_routes:,} routes are in after {time.monotonic() - started:.1f} s")
        lab_module.wait_for(lambda: self.router.ready(settled=True), 30, "addresses are checked")
        say("Real programs on the client, across the router")
        placed = self.place_hosts()
        self.check_stream(stream)
        self.check_all(placed, n_routes)
        if not self.opt.once and not self.failed:
            say()
            say("Look around in another terminal:")
            say(f"  build/apps/jerboactl -s {self.router.sock} show route 193.0.14.129")
            say(f"  ip netns exec {self.spaces['client'].netns} traceroute 193.0.14.129")
            self.live(placed)

    def finish(self):
        """Stop the router; its exit is the last check."""
        if self.router and self.router.child:
            code = self.router.stop()
            self.check("SIGTERM ends the router cleanly", code == 0, f"exit code {code}")
        if self.failed and self.router:
            say("\nthe router's last words:")
            say("\n".join(f"  | {line}" for line in self.router.log().splitlines()[-30:]))
        if self.opt.keep:
            kept = Path(ROOT / "build/demo")
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(self.lab.dir, kept,
                            ignore=lambda d, names: [n for n in names if n.endswith(".sock")])
            say(f"configuration and log: {kept}")


def main():
    parser = argparse.ArgumentParser(prog="scripts/demo")
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--mrt", metavar="FILE")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--nic", choices=["82599"])
    opt = parser.parse_args()

    def end(*_):
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, end)
    with lab_module.Lab() as lab:
        demo = Demo(lab, opt)
        try:
            demo.story()
        except KeyboardInterrupt:
            say("\nending")
        except LabError as err:
            demo.check("the lab works", False, str(err))
        demo.finish()
    say(f"\ndemo: {demo.n_checks - len(demo.failed)} of {demo.n_checks} checks passed"
        + (f"; failed: {', '.join(demo.failed)}" if demo.failed else ""))
    return 1 if demo.failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as error:
        sys.exit(f"demo: {error}")
