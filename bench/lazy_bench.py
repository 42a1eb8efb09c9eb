#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What is laziness worth? The daemon loads a full table while packets flow, in each
mode of forwarding.build (background, eager, on-demand).

Two net_pcap devices with infinite_rx bring packets from memory to 256 IPv4 and 256
IPv6 destinations of the table, before, during and after the load. Told, for each
mode: when the first packet left, when the table was loaded, when no packet was
dropped any more for want of a route, when nothing was left to build, in milliseconds
since the daemon started; what the tables took when loaded and at the end; cycles a
packet of the lookup nodes since the start.

  bench/lazy_bench.py [--quick] [--table FILE.mrt] [--core N] [--destinations N]

Prints JSON lines. Without a table it takes the one of scripts/lab.
"""
import argparse
import importlib.machinery
import importlib.util
import itertools
import json
import random
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import testpmd_bench as daemon

MODES = ("background", "eager", "on-demand")
SECONDS = 3.0  # of traffic after the load
LIMIT = 120.0


def full_table():
    path = daemon.ROOT / "scripts/lab"
    loader = importlib.machinery.SourceFileLoader("jerboa_lab", str(path))
    lab = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(lab)
    return lab.full_table(say=lambda text: print(text, file=sys.stderr))


def packets_write(folder, table, n):
    """IPv4 comes in by the first device, IPv6 by the second, to n destinations each."""
    rng = random.Random(1)
    for port, family in enumerate((4, 6)):
        src = socket.inet_pton(*((socket.AF_INET, "30.0.0.1") if family == 4 else
                                 (socket.AF_INET6, "2001:db8:aaaa::1")))
        make = daemon.frame4 if family == 4 else daemon.frame6
        prefixes = daemon.table_prefixes(table, family)
        daemon.pcap_write(folder / f"{port}.pcap", [
            make(port, src, dst) for dst in
            itertools.islice(daemon.destinations(family, prefixes, rng), n)])


def sent(sock):
    return sum(row["tx_packets"] for row in daemon.ctl(sock, "show", "ifaces") or [])


def unrouted(sock):
    """Packets dropped so far because no route was there."""
    return sum(row["packets"] for row in daemon.ctl(sock, "show", "drops") or []
               if "no-route" in row["name"])


def tables(sock):
    return (daemon.ctl(sock, "show", "tables") or [{}])[0]


def rss(pid):
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def nodes(sock):
    return {row["name"]: row["cycles"] for row in daemon.ctl(sock, "show", "nodes") or []
            if row["name"] in ("ip4-lookup", "ip6-lookup")}


class Watch:
    """Milliseconds since the daemon started, of what happens for the first time."""

    def __init__(self):
        self.start, self.at = time.monotonic(), {}

    def saw(self, what, happened):
        if happened and what not in self.at:
            self.at[what] = round((time.monotonic() - self.start) * 1000)
        return what in self.at


def load_watch(sock, watch, found):
    """Until the table is loaded and all packets leave; what is built meanwhile is noted."""
    drops, end = -1, time.monotonic() + LIMIT
    while time.monotonic() < end:
        state = (daemon.ctl(sock, "show", "mrt") or [{}])[0].get("state")
        table = tables(sock)
        watch.saw("first_ms", sent(sock) > 0)
        if watch.saw("loaded_ms", state == "loaded"):
            found.setdefault("loaded", table)
            before, drops = drops, unrouted(sock)
            watch.saw("built_ms", table.get("unbuilt") == 0)
            if watch.saw("all_ms", drops == before):
                return True
    return False


def mode_run(mode, folder, table, core, seconds):
    daemon.config(folder, core, table)
    with open(folder / "jerboa.yaml", "a", encoding="utf-8") as out:
        out.write(f"forwarding: {{build: {mode}}}\n")
    sock, watch, found = folder / "jerboa.sock", Watch(), {}
    child = subprocess.Popen([daemon.BUILD / "apps/jerboa", "-c", folder / "jerboa.yaml"],
                             stdin=subprocess.DEVNULL)
    try:
        if not daemon.wait_for(lambda: sock.exists() and daemon.ctl(sock, "show", "ports"), 20):
            sys.exit(f"jerboa did not start with forwarding.build {mode}")
        if not load_watch(sock, watch, found):
            sys.exit(f"{mode}: not loaded within {LIMIT} s; {watch.at}")
        early, end = nodes(sock), time.monotonic() + seconds
        while time.monotonic() < end:
            watch.saw("built_ms", tables(sock).get("unbuilt") == 0)
            time.sleep(0.02)
        last = tables(sock)
        print(json.dumps({
            "bench": f"lazy/{mode}", "engine": "jerboa", **watch.at,
            "routes": last["routes"], "rib_bytes": last["rib_bytes"],
            "fib_bytes_loaded": found["loaded"]["fib_bytes"], "fib_bytes": last["fib_bytes"],
            "unbuilt_loaded": found["loaded"]["unbuilt"], "unbuilt": last["unbuilt"],
            "rss": rss(child.pid), "cycles_loaded": early, "cycles": nodes(sock)}), flush=True)
    finally:
        child.terminate()
        child.wait(20)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="a second of traffic")
    parser.add_argument("--table", type=Path, help="a raw MRT dump")
    parser.add_argument("--core", type=int, default=(daemon.os.cpu_count() or 1) - 1)
    parser.add_argument("--destinations", type=int, default=256, metavar="N", help="1 to 4096")
    args = parser.parse_args()
    table = args.table or full_table()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        packets_write(folder, table, args.destinations)
        for mode in MODES:
            mode_run(mode, folder, table, args.core, 1.0 if args.quick else SECONDS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
