#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What does jerboa's whole path cost over bare I/O? The daemon against
dpdk-testpmd's io mode, on the same devices, in turn, in one run.

Both get two net_pcap devices with infinite_rx: packets come from memory (4,096
UDP packets of 64 bytes, destinations spread over the table) and what is sent is
dropped by the device. testpmd moves them from port to port and looks at nothing;
jerboa checks, looks up, decrements, rewrites and counts. Cycles are TSC cycles a
packet of the polling core; medians of alternating rounds.

  bench/testpmd_bench.py [--quick] [--table FILE.mrt] [--core N]

Prints JSON lines; exit 77 where testpmd is not installed.
"""
import argparse
import json
import os
import random
import re
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = Path(os.environ.get("JERBOA_BUILD", ROOT / "build"))
PACKETS = 4096
# The pcap device's own address: 02, "pcap" and the device's number.
MAC = [bytes([2]) + b"pcap" + bytes([i]) for i in range(2)]


def checksum(data):
    words = struct.unpack(f"!{len(data) // 2}H", data)
    total = sum(words)
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def frame4(port, src, dst):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 46, 1, 0, 64, 17, 0, src, dst)
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return MAC[port] + b"\x02\0\0\0\0\x99" + b"\x08\0" + head + struct.pack("!HHHH", 7, 9, 26, 0) + bytes(18)


def frame6(port, src, dst):
    head = struct.pack("!IHBB16s16s", 6 << 28, 8, 17, 64, src, dst)
    return MAC[port] + b"\x02\0\0\0\0\x99" + b"\x86\xdd" + head + struct.pack("!HHHH", 7, 9, 8, 0)


def pcap_write(path, frames):
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for data in frames:
            out.write(struct.pack("<IIII", 0, 0, len(data), len(data)) + data)


def destinations(family, prefixes, rng):
    """4,096 addresses inside announced prefixes, or inside 16 prefixes of our own."""
    bits = 32 if family == 4 else 128
    for _ in range(PACKETS):
        base, plen = prefixes[rng.randrange(len(prefixes))]
        host = rng.getrandbits(bits - plen) if plen < bits else 0
        yield (base | host).to_bytes(bits // 8, "big")


def small_prefixes(family):
    if family == 4:
        return [((20 << 24) | (i << 16), 16) for i in range(16)]
    return [((0x2001 << 112) | (0xdb8 << 96) | ((0x100 + i) << 80), 48) for i in range(16)]


def table_prefixes(path, family):
    """Prefixes of a TABLE_DUMP_V2 file, read by its length fields (raw files only)."""
    want = 2 if family == 4 else 4
    bits = 32 if family == 4 else 128
    found = []
    with open(path, "rb") as dump:
        while True:
            head = dump.read(12)
            if len(head) < 12:
                return found
            _, kind, sub, length = struct.unpack("!IHHI", head)
            body = dump.read(length)
            if kind == 13 and sub == want:
                plen = body[4]
                raw = body[5:5 + (plen + 7) // 8].ljust(bits // 8, b"\0")
                found.append((int.from_bytes(raw, "big"), plen))


def devices(folder):
    return [f"net_pcap{i},rx_pcap={folder}/{i}.pcap,infinite_rx=1" for i in range(2)]


def testpmd(folder, core, seconds):
    """Cycles a packet of testpmd's io mode."""
    argv = ["dpdk-testpmd", "--no-huge", "--no-pci", "-m", "512", "--file-prefix", f"tp{os.getpid()}",
            "--no-telemetry", "--lcores", f"(0,{core})" if core == 0 else f"0,{core}"]
    for dev in devices(folder):
        argv += ["--vdev", dev]
    argv += ["--", "--forward-mode=io", "--record-core-cycles", "--total-num-mbufs=32768",
             "--burst=64", "--no-mlockall", "--stats-period=1"]
    child = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                             stdin=subprocess.DEVNULL)
    try:
        time.sleep(seconds + 1)
        child.send_signal(signal.SIGINT)
        text = child.communicate(timeout=20)[0]
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
    found = re.findall(r"CPU cycles/packet=([0-9.]+)", text)
    if not found:
        sys.exit(f"testpmd said nothing of cycles:\n{text[-2000:]}")
    return float(found[-1])


def ctl(sock, *words):
    done = subprocess.run([BUILD / "apps/jerboactl", "-s", sock, "-j", *words],
                          capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 and done.stdout.strip() else None


CONFIG = """version: 1
log: {{level: warn}}
control: {{socket: {folder}/jerboa.sock}}
workers: {{count: 1, cores: [{core}], poll: busy, batch: 64}}
host: {{enable: false}}
ip: {{martians: true}}
neighbours:
  static:
    - {{iface: i0, address: 10.0.0.1, mac: "02:00:00:00:00:99"}}
    - {{iface: i1, address: 10.0.1.1, mac: "02:00:00:00:00:99"}}
    - {{iface: i0, address: "2001:db8:f0::1", mac: "02:00:00:00:00:99"}}
    - {{iface: i1, address: "2001:db8:f1::1", mac: "02:00:00:00:00:99"}}
ports:
  - {{name: p0, device: "{dev[0]}"}}
  - {{name: p1, device: "{dev[1]}"}}
ifaces:
  - {{name: i0, port: p0, addresses: [10.0.0.254/24, "2001:db8:f0::fe/64"]}}
  - {{name: i1, port: p1, addresses: [10.0.1.254/24, "2001:db8:f1::fe/64"]}}
routes: [{routes}]
"""


def config(folder, core, table):
    small = [f'{{prefix: 20.{i}.0.0/16, via: 10.0.1.1}}' for i in range(16)]
    small += [f'{{prefix: "2001:db8:{0x100 + i:x}::/48", via: "2001:db8:f1::1"}}' for i in range(16)]
    text = CONFIG.format(folder=folder, core=core, dev=devices(folder),
                         routes="" if table else ", ".join(small))
    if table:
        text += (f"mrt:\n  - {{file: {table}, default-gateway: "
                 f'{{ip4: 10.0.1.1, ip6: "2001:db8:f1::1"}}}}\n')
    (folder / "jerboa.yaml").write_text(text)


def wait_for(condition, limit):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    return None


def jerboa(folder, core, table, seconds):
    """(cycles a packet of the whole turn, share of packets that were dropped, nodes' cycles)"""
    config(folder, core, table)
    sock = folder / "jerboa.sock"
    child = subprocess.Popen([BUILD / "apps/jerboa", "-c", folder / "jerboa.yaml"],
                             stdin=subprocess.DEVNULL)
    try:
        if not wait_for(lambda: ctl(sock, "show", "ports"), 20):
            sys.exit("jerboa did not start")
        if table and not wait_for(lambda: (ctl(sock, "show", "mrt") or [{}])[0].get("state") == "loaded", 60):
            sys.exit("jerboa did not load the table")
        time.sleep(1)
        worker = ctl(sock, "show", "workers")[0]
        lost = sum(d["packets"] for d in ctl(sock, "show", "drops"))
        time.sleep(seconds)
        after = ctl(sock, "show", "workers")[0]
        lost = sum(d["packets"] for d in ctl(sock, "show", "drops")) - lost
        nodes = {n["name"]: n["cycles"] for n in ctl(sock, "show", "nodes")}
        packets = after["packets"] - worker["packets"]
        return (after["busy_cycles"] - worker["busy_cycles"]) / packets, lost / packets, nodes
    finally:
        child.terminate()
        child.wait(20)


def fill(folder, family, prefixes):
    rng = random.Random(1)
    make = frame4 if family == 4 else frame6
    family_len = 4 if family == 4 else 16
    src = socket.inet_pton(socket.AF_INET, "30.0.0.1") if family == 4 else \
        socket.inet_pton(socket.AF_INET6, "2001:db8:aaaa::1")
    assert len(src) == family_len
    for port in range(2):
        pcap_write(folder / f"{port}.pcap", [make(port, src, dst) for dst in
                                             destinations(family, prefixes, rng)])


def compare(name, folder, args, table):
    ours, theirs, lost, nodes = [], [], 0.0, {}
    for _ in range(args.rounds):
        theirs.append(testpmd(folder, args.core, args.seconds))
        cycles, lost, nodes = jerboa(folder, args.core, table, args.seconds)
        ours.append(cycles)
    io, all_of_it = statistics.median(theirs), statistics.median(ours)
    print(json.dumps({"bench": name, "engine": "jerboa", "cycles": round(all_of_it, 1),
                      "min": round(min(ours), 1), "max": round(max(ours), 1), "dropped": round(lost, 6),
                      "nodes": {k: v for k, v in nodes.items() if v}}))
    print(json.dumps({"bench": name, "engine": "testpmd-io", "cycles": round(io, 1),
                      "min": round(min(theirs), 1), "max": round(max(theirs), 1)}))
    print(json.dumps({"bench": name, "peer": "testpmd-io", "ratio": round(io / all_of_it, 3),
                      "over_io": round(all_of_it - io, 1)}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--table", help="a raw MRT dump; without one, 16 routes only")
    parser.add_argument("--core", type=int, default=(os.cpu_count() or 1) - 1)
    args = parser.parse_args()
    args.rounds, args.seconds = (1, 1) if args.quick else (5, 2)
    if not shutil.which("dpdk-testpmd"):
        print("skipped: dpdk-testpmd is not installed (package dpdk)", file=sys.stderr)
        return 77
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for family in (4, 6):
            fill(folder, family, small_prefixes(family))
            compare(f"forward/ip{family}-16-daemon", folder, args, None)
            if args.table:
                fill(folder, family, table_prefixes(args.table, family))
                compare(f"forward/ip{family}-full-4k-daemon", folder, args, args.table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
