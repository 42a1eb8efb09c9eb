#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""How fast does jerboa-mrt write a table as text, and how fast do others?

The same file through every tool, in turn, in one run: CPU time of the whole
process (user and system), wall time, peak memory, routes a second of CPU time,
and the ratio of the peer's CPU time over ours (above 1: we are faster). Where a
tool promises the same text, it is compared first. Beside compressed files
stands what inflating them costs alone.

  bench/mrt_peers_bench.py [--quick] [--table FILE] [--rounds N]

Without --table the file is made by jerboa-mrt synth. bgpdump reads some 100,000
routes a second: more than a few hundred thousand routes take patience. Peers
that are not installed are left out; exit 77 when there is none.
"""

import argparse
import bz2
import gzip
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = Path(os.environ.get("JERBOA_BUILD", ROOT / "build"))
OURS = str(BUILD / "apps/jerboa-mrt")

# (name, arguments before the file, the same text as which of ours, what it reads)
PEERS = [("bgpdump", ["-q", "-m"], "-m", ("raw", "gz", "bz2")),
         ("bgpdump-long", ["-q", "-H"], "-v", ("raw",)),
         ("bgpscanner", [], None, ("raw", "gz", "bz2")),
         ("bgpkit-parser", [], None, ("raw", "gz", "bz2")),
         ("parsebgp", [], None, ("raw",)),
         ("bgpreader", ["-d", "singlefile", "-o"], None, ("raw", "gz", "bz2"))]
FORMS = [("text", "-m"), ("dates", "-M"), ("long", "-v"), ("json", "-j")]
INFLATE = {"gz": ["gzip", "-dc"], "bz2": ["bzip2", "-dc"]}


def start(argv):
    return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


def measure(argv):
    """(CPU seconds, wall seconds) of a whole process."""
    begin = time.monotonic()
    with start(argv) as child:
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 1):
        raise OSError(f"{argv[0]}: exit code {child.returncode}")
    return used.ru_utime + used.ru_stime, time.monotonic() - begin


def peak_kb(argv):
    """Looked at while it runs: what wait4 tells begins with the memory of the parent."""
    peak = 0
    with start(argv) as child:
        while child.poll() is None:
            try:
                status = Path(f"/proc/{child.pid}/status").read_text(encoding="ascii")
            except OSError:
                break
            found = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
            peak = max(peak, int(found[0]) if found else 0)
            time.sleep(0.002)
    return peak


def lines_of(argv):
    """(lines, digest) of what a command prints."""
    script = 'set -o pipefail; "$@" 2>/dev/null | tee >(wc -l >&2) | cksum'
    done = subprocess.run(["bash", "-c", script, "bash", *argv], capture_output=True, text=True,
                          check=False)
    return int(done.stderr.split()[-1]), done.stdout.split()[0]


class Run:
    """All tools on one file."""

    def __init__(self, kind, path, rounds):
        self.kind, self.path, self.rounds = kind, path, rounds
        self.tools = [(f"jerboa {form}", f"jerboa-{name}", [OURS, "dump", "-q", form])
                      for name, form in FORMS if kind == "raw" or form == "-m"]
        for name, args, _, kinds in PEERS:
            program = shutil.which(name.split("-long", maxsplit=1)[0])
            if program and kind in kinds:
                self.tools.append((name, name, [program, *args]))
        if kind in INFLATE:
            self.tools.append((" ".join(INFLATE[kind]), "inflate", INFLATE[kind]))

    def wrong(self):
        """Lines that differ where a peer promises the same text; -1: they do."""
        for name, args, form, kinds in PEERS:
            program = shutil.which(name.split("-long", maxsplit=1)[0])
            if form and program and self.kind in kinds:
                theirs = lines_of([program, *args, self.path])
                if theirs != lines_of([OURS, "dump", "-q", form, self.path]):
                    return -1
        return 0

    def measure(self):
        """{tool: (CPU, wall, KB)}: medians of rounds in which all take their turn."""
        taken = {key: [] for _, key, _ in self.tools}
        for _ in range(self.rounds):
            for _, key, argv in self.tools:
                taken[key].append(measure([*argv, self.path]))
        return {key: (*(statistics.median(column) for column in zip(*taken[key])),
                      peak_kb([*argv, self.path])) for _, key, argv in self.tools}

    def report(self, routes, table):
        wrong = self.wrong()
        found = self.measure()
        ours = found["jerboa-text"]
        for title, key, _ in self.tools:
            cpu, wall, peak = found[key]
            base = found["jerboa-long"] if key == "bgpdump-long" else ours
            bench = f"mrt/dump-{self.kind}"
            line = {"bench": bench, "engine": key, "routes_s": round(routes / cpu),
                    "cpu_s": round(cpu, 3), "wall_s": round(wall, 3), "peak_kb": peak}
            if key == "jerboa-text":
                line["wrong"] = wrong
            print(json.dumps(line), flush=True)
            if not key.startswith("jerboa"):
                print(json.dumps({"bench": bench, "peer": key, "ratio": round(cpu / base[0], 2)}),
                      flush=True)
            table.append((self.kind, title, routes / cpu, cpu, wall, peak / 1024, cpu / base[0]))
        return wrong


def show(table):
    print(f"\n{'file':<5} {'tool':<16} {'routes/s':>11} {'CPU s':>8} {'wall s':>8} {'peak MB':>8} "
          f"{'x ours':>7}", file=sys.stderr)
    for kind, title, rate, cpu, wall, peak, ratio in table:
        print(f"{kind:<5} {title:<16} {rate:>11,.0f} {cpu:>8.3f} {wall:>8.3f} {peak:>8.1f} "
              f"{ratio:>7.2f}", file=sys.stderr)


def unpacked(path):
    data = Path(path).read_bytes()
    if data[:2] == b"\x1f\x8b":
        return gzip.decompress(data)
    return bz2.decompress(data) if data[:3] == b"BZh" else data


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--table", help="an MRT dump, raw, gz or bz2; without one, synth makes it")
    parser.add_argument("--rounds", type=int)
    args = parser.parse_args()
    rounds = args.rounds or (3 if args.quick else 5)
    if not any(shutil.which(name) for name, *_ in PEERS):
        print("skipped: bgpdump is not installed (package bgpdump)", file=sys.stderr)
        return 77
    table, wrong = [], 0
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "table.mrt"
        if args.table:
            raw.write_bytes(unpacked(args.table))
        else:
            n = 30000 if args.quick else 200000
            subprocess.run([OURS, "synth", "--prefixes", str(n), raw], check=True,
                           stderr=subprocess.DEVNULL)
        routes, _ = lines_of([OURS, "dump", "-q", raw])
        (Path(folder) / "table.gz").write_bytes(gzip.compress(raw.read_bytes(), 6))
        (Path(folder) / "table.bz2").write_bytes(bz2.compress(raw.read_bytes()))
        for kind in "raw", "gz", "bz2":
            path = str(raw if kind == "raw" else Path(folder) / f"table.{kind}")
            wrong |= Run(kind, path, rounds).report(routes, table)
    show(table)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
