"""Start, stop, reload, and everything that must not happen in between.

  left ──── 10.0.1.0/24 ──── dut ──── 10.0.2.0/24 ──── right
"""

import json
import os
import re
import signal
import stat
import subprocess
import time

import pytest
from lab import BUILD, base, wait_for

NETS = {"left": ["10.0.1.254/24"], "right": ["10.0.2.254/24"]}


@pytest.fixture(scope="module")
def lab(module_lab):
    module_lab.router(NETS, start=False)
    return module_lab


@pytest.fixture
def dut(lab):
    """The router, running, and stopped again after the test."""
    if not lab.dut.running():
        lab.dut.start()
    yield lab.dut
    if lab.dut.running():
        lab.dut.stop()


def links(lab):
    return {entry["ifname"] for entry in json.loads(lab.dut.space.ip("-j", "link").stdout)}


def test_sigterm_ends_it_cleanly(lab, dut):
    assert lab.left.ping("10.0.2.1").received == 1
    assert {"left", "right"} <= links(lab)
    assert dut.stop() == 0
    assert not {"left", "right"} & links(lab)
    assert not dut.sock.exists()


def test_sigint_ends_it_cleanly(dut):
    assert dut.stop(signal.SIGINT) == 0


def test_it_starts_again_after_a_crash(lab, dut):
    dut.child.kill()
    dut.child.wait()
    dut.start()
    assert lab.left.ping("10.0.2.1").received == 1
    assert dut.stop() == 0


def test_a_second_one_is_refused_and_the_first_goes_on(lab, dut):
    done = lab.dut.space.run(BUILD / "apps/jerboa", "-c", dut.file, check=False, timeout=20)
    assert done.returncode not in (0, None) and done.returncode > 0
    assert "running already" in done.stderr
    assert lab.left.ping("10.0.2.1").received == 1
    assert dut.running()


def test_one_with_another_socket_but_the_same_ifaces_is_refused_too(lab, dut):
    other = dict(dut.config, control={"socket": str(lab.dir / "other.sock")})
    path = lab.dir / "other.yaml"
    path.write_text(json.dumps(other))
    done = lab.dut.space.run(BUILD / "apps/jerboa", "-c", path, check=False, timeout=20)
    assert done.returncode > 0 and "left" in done.stderr
    assert lab.left.ping("10.0.2.1").received == 1


def test_the_socket_is_not_for_everybody(dut):
    mode = os.stat(dut.sock).st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) & 0o007 == 0


def test_stop_while_packets_flow(lab, dut):
    stream = lab.left.start("ping", "-n", "-q", "-f", "-w", "3", "10.0.2.1",
                            stdout=subprocess.DEVNULL)
    wait_for(lambda: dut.port("right0")["tx_packets"] > 100, 5)
    assert dut.stop() == 0
    stream.wait(10)


def test_nothing_secret_and_no_error_in_the_log_of_a_quiet_life(lab):
    lab.dut.log_file.unlink(missing_ok=True)
    lab.dut.start()
    lab.left.ping("10.0.2.1")
    lab.dut.stop()
    assert lab.dut.log()
    assert not re.search(r"\berror\b|sanitizer", lab.dut.log(), re.I)


def test_reload_applies_a_new_route(lab, dut):
    assert lab.left.ping("10.44.0.1").received == 0
    lab.right.address("lo", "10.44.0.1/32")
    done = dut.reload(lambda c: c["routes"].append({"prefix": "10.44.0.0/16", "via": "10.0.2.1"}))
    assert done.returncode == 0
    assert "10.44.0.0/16" in done.stdout
    assert lab.left.ping("10.44.0.1").received == 1


def test_sighup_reloads_too(lab, dut):
    lab.right.address("lo", "10.45.0.1/32")
    dut.config["routes"].append({"prefix": "10.45.0.0/16", "via": "10.0.2.1"})
    dut.write()
    dut.child.send_signal(signal.SIGHUP)
    wait_for(lambda: lab.left.ping("10.45.0.1").received == 1, 5)


def test_reload_says_what_needs_a_restart(dut):
    done = dut.reload(lambda c: c["ports"][0].update({"rx-ring": 512}))
    assert "restart" in done.stdout + done.stderr
    dut.reload(lambda c: c["ports"][0].pop("rx-ring"))


def test_a_broken_file_is_refused_whole_and_the_router_goes_on(lab, dut):
    good = dut.file.read_text()
    dut.file.write_text(good.replace("10.0.2.254/24", "10.0.2.254/33").replace("\n]", ",\n]"))
    done = dut.ctl_run("reload")
    dut.file.write_text(good)
    assert done.returncode != 0 and done.stderr.strip()
    assert lab.left.ping("10.0.2.1").received == 1


def yaml(lab, text):
    path = lab.dir / "check.yaml"
    path.write_text(text)
    return path


GOOD = """\
version: 1
ports:
  - {name: p0, device: "net_af_packet0,iface=eth1"}
ifaces:
  - name: lan
    port: p0
    addresses: [10.0.1.254/24]
routes:
  - {prefix: 0.0.0.0/0, via: 10.0.1.1}
"""


def check(lab, text):
    path = yaml(lab, text)
    done = base.run(BUILD / "apps/jerboa", "--check", "-c", path, check=False)
    return done, path


def test_check_accepts_a_good_file(lab):
    done, _ = check(lab, GOOD)
    assert done.returncode == 0, done.stderr


WRONG = [
    ("an unknown key", "    port: p0\n", "    port: p0\n    portt: p1\n", 7, ["portt"]),
    ("a wrong type", "version: 1", "version: one", 1, ["version", "one"]),
    ("a number out of range", "    port: p0\n", "    port: p0\n    mtu: 20\n", 7, ["mtu", "20", "68"]),
    ("a bad address", "10.0.1.254/24", "10.0.1.256/24", 7, ["addresses", "10.0.1.256/24"]),
    ("a bad prefix length", "10.0.1.254/24", "10.0.1.254/33", 7, ["addresses", "10.0.1.254/33"]),
    ("an unknown port", "port: p0", "port: p9", 6, ["p9"]),
    ("a bad prefix", "0.0.0.0/0", "10.0.0.1/8", 9, ["prefix", "10.0.0.1/8"]),
    ("a word that is not allowed", "version: 1\n", "version: 1\nlog: {level: loud}\n", 2,
     ["level", "loud", "info"]),
    ("a missing key", "name: p0, ", "", 3, ["name"]),
    ("a duplicate name", "routes:", "  - {name: lan, addresses: [10.2.0.1/24]}\nroutes:", 8, ["lan"]),
    ("broken YAML", "ports:", "ports: [", None, []),
]


@pytest.mark.parametrize("what,old,new,line,words", WRONG, ids=[case[0] for case in WRONG])
def test_check_names_file_line_key_and_value(lab, what, old, new, line, words):
    assert old in GOOD
    done, path = check(lab, GOOD.replace(old, new, 1))
    assert done.returncode == 2
    assert str(path) in done.stderr
    if line:
        assert f"{path}:{line}:" in done.stderr
    for word in words:
        assert word in done.stderr


def test_a_missing_file_is_a_clear_error(lab):
    done = base.run(BUILD / "apps/jerboa", "--check", "-c", "/nonexistent.yaml",
                    check=False)
    assert done.returncode == 2 and "/nonexistent.yaml" in done.stderr


def test_a_missing_device_is_a_clear_error(lab):
    text = GOOD.replace("iface=eth1", "iface=nosuch")
    path = yaml(lab, text + f"control: {{socket: {lab.dir}/x.sock}}\n")
    done = lab.dut.space.run(BUILD / "apps/jerboa", "-c", path, check=False, timeout=30)
    assert done.returncode > 0 and "p0" in done.stderr


def test_jerboactl_without_a_daemon_says_so(lab):
    done = base.run(BUILD / "apps/jerboactl", "-s", lab.dir / "none.sock", "show", "ports",
                    check=False)
    assert done.returncode > 0 and "none.sock" in done.stderr


@pytest.mark.parametrize("words", [["ports"], ["ifaces"], ["neighbours"], ["drops"], ["workers"],
                                   ["nodes"], ["threads"], ["routes"], ["route", "10.0.2.1"]])
def test_every_show_answers_in_text_and_json(dut, words):
    text = dut.ctl_run("show", *words)
    assert text.returncode == 0 and text.stdout.strip() or words == ["drops"]
    assert dut.ctl("show", *words) is not None


def test_an_idle_router_leaves_the_cores_to_others(dut):
    def cpu_seconds():
        fields = open(f"/proc/{dut.child.pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    before, start = cpu_seconds(), time.monotonic()
    wait_for(lambda: time.monotonic() - start > 2, 5)
    assert (cpu_seconds() - before) / (time.monotonic() - start) < 0.5


def test_packets_counted_are_packets_sent(lab, dut):
    before = dut.port("left0")["rx_packets"]
    lab.left.ping("10.0.2.1", count=50, interval=0.01)
    assert dut.port("left0")["rx_packets"] - before >= 50
