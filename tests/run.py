#!/usr/bin/python3
"""Runs every suite, prints a table, and ends with the one line CI reads.

A suite is a function that returns rows (name, result, seconds, word), where
result is passed, failed or skipped. Output of a suite goes to build-logs/ and
is shown when something in it failed. See scripts/test for the use.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / "build-logs"
FUZZ_RUNS = 10000
FUZZ_SECONDS = 60
TAIL = 60
# What the router built with sanitizers is put through: all that it parses.
ASAN_FILES = [f"tests/net/test_{noun}.py" for noun in
              ("malformed", "forward4", "forward6", "vlan", "neighbours4", "neighbours6")]


def command(log, argv, limit, env=None):
    """Run argv with its output in a log file; the exit code, or None when it took too long."""
    LOGS.mkdir(exist_ok=True)
    environment = dict(os.environ, **(env or {}))
    with open(LOGS / f"{log}.log", "ab") as out:
        out.write(f"$ {' '.join(map(str, argv))}\n".encode())
        out.flush()
        try:
            return subprocess.run(argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out,
                                  stderr=subprocess.STDOUT, timeout=limit,
                                  env=environment, check=False).returncode
        except subprocess.TimeoutExpired:
            out.write(f"\ntook longer than {limit} s\n".encode())
            return None


def single(log, name, argv, limit, env=None):
    """One command that is one test."""
    start = time.monotonic()
    code = command(log, argv, limit, env)
    return [(name, "passed" if code == 0 else "failed", time.monotonic() - start,
             "took too long" if code is None else f"exit code {code}" if code else "")]


def build(kind):
    def run(opt):
        return single(f"build-{kind}", kind, ["scripts/build", kind, "-j", str(opt.jobs)], 1200)
    return run


def last_line(text):
    lines = [line for line in (text or "").splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""


def meson(build_dir, suite, env=None, before=()):
    """The tests that meson knows, read back from its own log, one JSON object a line."""
    def run(opt):
        if not (ROOT / build_dir / "build.ninja").exists():
            return [(suite, "failed", 0, f"{build_dir} was not built")]
        log = f"{suite}-{build_dir}"
        code = command(log, [*before, "meson", "test", "-C", build_dir, "--no-rebuild",
                             "--suite", suite, "--num-processes", str(opt.jobs),
                             "--logbase", log], 1200, env)
        rows = []
        record = ROOT / build_dir / "meson-logs" / f"{log}.json"
        for line in record.read_text().splitlines() if record.exists() else []:
            test = json.loads(line)
            name = test["name"].split(" / ")[-1]
            if test["result"] in ("OK", "EXPECTEDFAIL"):
                rows.append((name, "passed", test["duration"], ""))
            elif test["result"] == "SKIP":
                rows.append((name, "skipped", test["duration"], last_line(test.get("stdout"))))
            else:
                with open(LOGS / f"{log}.log", "a", encoding="utf-8") as out:
                    out.write(f"\n--- {name} ---\n{test.get('stdout', '')}{test.get('stderr', '')}")
                rows.append((name, "failed", test["duration"], test["result"].lower()))
        if code and not any(row[1] == "failed" for row in rows):
            rows.append((suite, "failed", 0, f"meson test: exit code {code}"))
        return rows
    return run


def fuzz(opt):
    """Each target for a fixed number of inputs from a fixed seed."""
    del opt
    rows = []
    for program in sorted((ROOT / "build-fuzz/tests/fuzz").glob("*_fuzz")):
        seeds = ROOT / "tests/fuzz" / (program.name.replace("_fuzz", "_seeds"))
        found = LOGS / f"{program.name}-corpus"  # libFuzzer writes into the first folder
        found.mkdir(parents=True, exist_ok=True)
        corpus = [found] + ([seeds] if seeds.is_dir() else [])
        rows += single(f"fuzz-{program.name}", program.name,
                       [program, f"-runs={FUZZ_RUNS}", "-seed=1", "-max_len=4096",
                        f"-max_total_time={FUZZ_SECONDS}", "-rss_limit_mb=1024",
                        "-timeout=10", f"-artifact_prefix={LOGS}/", *corpus], FUZZ_SECONDS + 60)
    return rows


def net(log, files, build_dir):
    """pytest over network namespaces, read back from its JUnit file."""
    def run(opt):
        if os.geteuid() != 0:
            return [(log, "skipped", 0, "network namespaces need root")]
        LOGS.mkdir(exist_ok=True)
        report = LOGS / f"{log}.xml"
        argv = ["/usr/bin/python3", "-m", "pytest", "-p", "no:cacheprovider", "-ra",
                "--durations=10", f"--junitxml={report}", *files]
        code = command(log, argv + (["-k", opt.k] if opt.k else []), 1800,
                       {"JERBOA_BUILD": str(ROOT / build_dir)})
        rows = junit(report)
        if code not in (0, 5) and not any(row[1] == "failed" for row in rows):
            rows.append((log, "failed", 0, f"pytest: exit code {code}"))
        return rows
    return run


def junit(report):
    rows = []
    if not report.exists():
        return rows
    for case in xml.etree.ElementTree.parse(report).iter("testcase"):
        result, word = "passed", ""
        for child in case:
            if child.tag in ("failure", "error"):
                result, word = "failed", last_line(child.get("message"))
            elif child.tag == "skipped":
                result, word = "skipped", last_line(child.get("message"))
        name = case.get("classname", "").split(".")[-1] + "::" + case.get("name")
        rows.append((name, result, float(case.get("time", 0)), word))
    return rows


def demo(opt):
    del opt
    if not (ROOT / "scripts/demo").exists():
        return []
    if os.geteuid() != 0:
        return [("demo --once", "skipped", 0, "network namespaces need root")]
    return single("demo", "demo --once", ["scripts/demo", "--once"], 300)


def machine(opt):
    """Other people's drivers on the virtual 82599, in QEMU. Skips where there is none."""
    del opt
    start = time.monotonic()
    code = command("vm", ["tests/vm/run.py", "--build", str(ROOT / "build")], 1200)
    text = (LOGS / "vm.log").read_text(errors="replace")
    if code == 77:
        return [("vm", "skipped", 0, last_line(text).removeprefix("skipped: "))]
    rows = [(match[1].strip(), match[2], float(match[3]), "") for match in
            re.finditer(r"^(\S.{50}) (passed|failed) +([0-9.]+) s", text, re.M)]
    if code not in (0, 1) or not rows:
        rows.append(("vm", "failed", time.monotonic() - start,
                     "took too long" if code is None else f"exit code {code}"))
    return rows


def fixed_addresses():
    """ThreadSanitizer of gcc 12 fails where mappings are randomised over more than 28 bits."""
    bits = Path("/proc/sys/vm/mmap_rnd_bits")
    return ["setarch", "-R"] if bits.exists() and int(bits.read_text()) > 28 else []


SUITES = {
    "build": build("release"),
    "build-asan": build("asan"),
    "build-tsan": build("tsan"),
    "build-fuzz": build("fuzz"),
    "lint": meson("build", "lint"),
    "unit": meson("build", "unit"),
    "unit-asan": meson("build-asan", "unit"),
    "unit-tsan": meson("build-tsan", "race", {"RACE_SECONDS": "15"}, fixed_addresses()),
    "fuzz": fuzz,
    "net": net("net", ["tests/net"], "build"),
    "net-asan": net("net-asan", ASAN_FILES, "build-asan"),
    "demo": demo,
    "vm": machine,
}
# What has to be built before a suite means something.
NEEDS = {"lint": "build", "unit": "build", "unit-asan": "build-asan",
         "unit-tsan": "build-tsan", "fuzz": "build-fuzz",
         "net": "build", "net-asan": "build-asan", "demo": "build",
         "vm": "build"}


def choose(only):
    names = list(SUITES)
    if not only:
        return names
    wanted = only.split(",")
    for name in wanted:
        if name not in SUITES:
            sys.exit(f"scripts/test: --only '{name}': allowed are {', '.join(SUITES)}")
    return [name for name in names if name in wanted or name in (NEEDS.get(w) for w in wanted)]


def show_failure(name, rows, logs):
    for row in rows:
        if row[1] == "failed":
            print(f"  FAILED {name}: {row[0]} ({row[3]})")
    for log in sorted(logs):
        text = log.read_text(errors="replace").splitlines()
        print(f"  --- the end of {log.relative_to(ROOT)} ---")
        print("\n".join(f"  | {line}" for line in text[-TAIL:]))


def show_skips(rows):
    """Each skip with its reason; many of one reason in one line."""
    words = {}
    for row in rows:
        if row[1] == "skipped":
            words.setdefault(row[3], []).append(row[0])
    for word, names in words.items():
        print(f"  skipped: {names[0] if len(names) == 1 else f'{len(names)} tests'}: {word}")


def run_suites(names, opt):
    table = {}
    for name in names:
        print(f"== {name}", flush=True)
        logs, start = set(LOGS.glob("*.log")), time.monotonic()
        rows = SUITES[name](opt)
        table[name] = (rows, time.monotonic() - start)
        show_skips(rows)
        if any(row[1] == "failed" for row in rows):
            show_failure(name, rows, set(LOGS.glob("*.log")) - logs)
        sys.stdout.flush()
    return table


def main():
    parser = argparse.ArgumentParser(prog="scripts/test")
    parser.add_argument("--only", metavar="SUITE,...", help="these suites (and their builds)")
    parser.add_argument("-k", metavar="EXPRESSION", help="only network tests that match")
    parser.add_argument("-j", dest="jobs", type=int, default=os.cpu_count(), metavar="N")
    parser.add_argument("--list", action="store_true", help="name the suites and stop")
    opt = parser.parse_args()
    if opt.list:
        print("\n".join(SUITES))
        return 0
    shutil.rmtree(LOGS, ignore_errors=True)
    table = run_suites(choose(opt.only), opt)

    total = {"passed": 0, "failed": 0, "skipped": 0}
    print(f"\n{'suite':12} {'passed':>7} {'failed':>7} {'skipped':>7} {'seconds':>8}")
    for name, (rows, seconds) in table.items():
        count = {word: sum(row[1] == word for row in rows) for word in total}
        print(f"{name:12} {count['passed']:7} {count['failed']:7} {count['skipped']:7} "
              f"{seconds:8.1f}")
        for word in total:
            total[word] += count[word]
    print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
    return 1 if total["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
