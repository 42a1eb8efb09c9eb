"""jerboa-mrt replay tells a BGP router what a file has: bird, and FRR where it is installed.

  us ──── 10.0.7.0/24, 2001:db8:7::/64 ──── peer (bird or bgpd)
      .1                                .2
"""

import json
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from lab import BUILD, base, wait_for
from test_replay import EVEN, Oracle, shared_mrt, update

TOOL = BUILD / "apps/jerboa-mrt"
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
BIRD = """log "{log}" all;
router id 10.0.7.2;
protocol device {{}}
protocol bgp them {{
	local {local} as 65000;
	neighbor {remote} as {asn};
	passive yes;
	enforce first as yes;
	hold time {hold};
	ipv4 {{ import all; export none; import keep filtered; }};
	ipv6 {{ import all; export none; import keep filtered; }};
}}
"""
FRRS = """hostname peer
log file {log}
router bgp 65000
 bgp router-id 10.0.7.2
 no bgp ebgp-requires-policy
 no bgp default ipv4-unicast
 neighbor 10.0.7.1 remote-as {asn}
 neighbor 10.0.7.1 passive
 address-family ipv4 unicast
  neighbor 10.0.7.1 activate
 exit-address-family
 address-family ipv6 unicast
  neighbor 10.0.7.1 activate
 exit-address-family
"""


class Bird:
    """A bird in the namespace `peer`; every test has its own."""

    def __init__(self, lab, asn=64500, hold=90, local="10.0.7.2", remote="10.0.7.1"):
        self.lab, self.name = lab, f"bird{time.monotonic_ns()}"
        conf, self.sock = lab.dir / f"{self.name}.conf", lab.dir / f"{self.name}.ctl"
        conf.write_text(BIRD.format(log=lab.dir / f"{self.name}.log", asn=asn, hold=hold,
                                    local=local, remote=remote))
        lab.peer.run("bird", "-p", "-c", conf)
        self.child = lab.peer.start("bird", "-f", "-c", conf, "-s", self.sock,
                                    "-P", f"{conf}.pid", **QUIET)
        wait_for(self.sock.exists, 5, "bird answers")
        wait_for(lambda: "Passive" in self.said("show", "protocols"), 5, "bird waits")

    def said(self, *words):
        return self.lab.peer.run("birdc", "-s", self.sock, *words, check=False).stdout

    def count(self):
        """Routes of both families."""
        said = self.said("show", "route", "count")
        return sum(int(n) for n in re.findall(r"^(\d+) of", said, re.M)[:2])

    def routes(self, family):
        """prefix -> (AS path, next hop)"""
        said, found, prefix = self.said("show", "route", "all", "table", f"master{family}"), {}, ""
        for line in said.splitlines():
            first = re.match(r"(\S+/\d+)\s", line)
            prefix = first.group(1) if first else prefix
            value = re.match(r"\s+BGP\.(as_path|next_hop|community|med): ?(.*)", line)
            if value:
                found.setdefault(prefix, {})[value.group(1)] = value.group(2).strip()
        return found

    def stop(self):
        self.child.terminate()
        self.child.wait(10)


@pytest.fixture(scope="module")
def lab(module_lab):
    us, peer = module_lab.host("us"), module_lab.host("peer")
    module_lab.link(us, "eth0", peer, "eth0")
    us.address("eth0", "10.0.7.1/24", "2001:db8:7::1/64")
    peer.address("eth0", "10.0.7.2/24", "2001:db8:7::2/64")
    return module_lab


@pytest.fixture
def bird(lab, request):
    if not shutil.which("bird"):
        pytest.skip("no bird here")
    made = Bird(lab, **getattr(request, "param", {}))
    yield made
    made.stop()


class Told:
    """A replay under way."""

    def __init__(self, lab, *args, to="10.0.7.2", asn=64500):
        self.out = lab.dir / f"told{time.monotonic_ns()}"
        with open(self.out, "w", encoding="utf-8") as out:
            self.child = lab.us.start(TOOL, "replay", "--to", to, "--local-as", str(asn),
                                      *map(str, args), stdout=out, stderr=out)

    def text(self):
        return self.out.read_text()

    def until(self, word, limit=30):
        wait_for(lambda: word in self.text() or self.child.poll() is not None, limit, word)
        assert word in self.text(), self.text()

    def stop(self):
        self.child.send_signal(signal.SIGINT)
        return self.child.wait(10)


def write(lab, *parts):
    path = lab.dir / f"updates{time.monotonic_ns()}.mrt"
    path.write_bytes(b"".join(parts))
    return path


def test_a_table_appears_and_vanishes_with_the_session(lab, bird):
    path = lab.dir / "table.mrt"
    base.run(TOOL, "synth", "--prefixes", "20000", "--peers", "2", path)
    rows = [json.loads(line) for line in base.run(TOOL, "filter", "-j", "peer 65001", path)
            .stdout.splitlines()]
    told = Told(lab, "--view", "65001", "--next-hop", "self", "--next-hop", "2001:db8:7::1", path)
    told.until("the session stays")
    assert f"{len(rows)} routes announced" in told.text()
    wait_for(lambda: bird.count() == len(rows), 20, "all are there")
    found = {**bird.routes(4), **bird.routes(6)}
    assert {row["prefix"]: " ".join(["64500", *map(str, row["as_path"])]) for row in rows} == \
        {prefix: have["as_path"] for prefix, have in found.items()}
    hops = {have["next_hop"].split()[0] for have in found.values()}
    assert hops == {"10.0.7.1", "2001:db8:7::1"}
    assert told.stop() == 0
    wait_for(lambda: bird.count() == 0, 20, "all are gone")
    assert "Administrative shutdown" in bird.said("show", "protocols", "all", "them")


REAL = "bgpdump__updates.20160811.1600.gz"


@pytest.mark.skipif(not shared_mrt(), reason="../shared/data/mrt is not here")
def test_real_updates_of_one_peer_leave_its_table(lab, bird):
    path = shared_mrt() / "real" / REAL
    oracle = Oracle().read(path)
    peer = max({p for paths in oracle.table.values() for p in paths},
               key=lambda p: sum(p in paths for paths in oracle.table.values()))
    want = {str(net) for net, paths in oracle.table.items() if peer in paths}
    assert len(want) > 100
    told = Told(lab, "--view", peer[0], "--next-hop", "self", "--next-hop", "2001:db8:7::1", path)
    told.until("the session stays")
    wait_for(lambda: bird.count() == len(want), 20, "the peer's routes are there")
    assert set(bird.routes(4)) | set(bird.routes(6)) == want
    assert told.stop() == 0


@pytest.mark.parametrize("bird", [{"local": "2001:db8:7::2", "remote": "2001:db8:7::1"}],
                         indirect=True)
def test_over_ipv6(lab, bird):
    told = Told(lab, "--next-hop", "self", write(lab, update(1, EVEN, come=["203.0.113.0/24"])),
                to="[2001:db8:7::2]:179")
    told.until("1 routes announced")
    told.stop()


def test_time_passes_as_it_did_or_faster(lab, bird):
    path = write(lab, update(100, EVEN, come=["203.0.113.0/24"]),
                 update(110, EVEN, come=["198.51.100.0/24"]),
                 update(120, EVEN, gone=["203.0.113.0/24"]))
    told = Told(lab, "--speed", "10x", "--next-hop", "self", path)
    wait_for(lambda: "203.0.113.0/24" in bird.routes(4), 10, "the first comes")
    start = time.monotonic()
    assert "198.51.100.0/24" not in bird.routes(4)
    wait_for(lambda: "198.51.100.0/24" in bird.routes(4), 10, "the second comes")
    wait_for(lambda: "203.0.113.0/24" not in bird.routes(4), 10, "the first goes")
    assert 1.5 < time.monotonic() - start < 4
    told.stop()


def test_exit_ends_the_session_when_all_is_told(lab, bird):
    path = write(lab, update(1, EVEN, come=["203.0.113.0/24"]))
    told = Told(lab, "--exit", "--next-hop", "self", path)
    assert told.child.wait(20) == 0
    assert "1 routes announced" in told.text()


@pytest.mark.parametrize("bird", [{"hold": 3}], indirect=True)
def test_the_session_outlives_its_hold_time(lab, bird):
    told = Told(lab, "--next-hop", "self", write(lab, update(1, EVEN, come=["203.0.113.0/24"])))
    told.until("the session stays")
    start = time.monotonic()
    wait_for(lambda: time.monotonic() - start > 7, 9, "twice the hold time passes")
    assert bird.count() == 1
    assert told.stop() == 0


def test_the_wrong_as_is_told_as_the_peer_says_it(lab, bird):
    told = Told(lab, write(lab, update(1, EVEN, come=["203.0.113.0/24"])), asn=64999)
    assert told.child.wait(20) == 2
    assert "NOTIFICATION 2/2, OPEN Message Error, Bad Peer AS" in told.text()


def test_a_shut_down_peer_says_so(lab, bird):
    told = Told(lab, "--next-hop", "self", write(lab, update(1, EVEN, come=["203.0.113.0/24"])))
    told.until("the session stays")
    bird.said("disable", "them", '"we are closing"')
    assert told.child.wait(20) == 2
    assert "NOTIFICATION 6/2" in told.text()
    assert "we are closing" in told.text()


def test_a_peer_that_dies_is_noticed(lab, bird):
    told = Told(lab, "--next-hop", "self", write(lab, update(1, EVEN, come=["203.0.113.0/24"])))
    told.until("the session stays")
    bird.child.kill()
    assert told.child.wait(20) == 2
    assert "the connection was lost" in told.text()


def test_nobody_there_is_told(lab):
    told = Told(lab, write(lab, update(1, EVEN, come=["203.0.113.0/24"])))
    assert told.child.wait(40) == 2
    assert "cannot connect: Connection refused" in told.text()


@pytest.mark.parametrize("args,word", [
    (["--to", "x"], "--to: 'x' is no address"), (["--local-as", "0"], "--local-as"),
    (["--hold", "2"], "1 and 2 are not allowed"), (["--speed", "0"], "asap"),
    (["--view", "x"], "--view"), (["--next-hop", "x"], "--next-hop"),
    (["--where", "x"], "condition"), (["--router-id", "::1"], "--router-id")])
def test_wrong_options_are_explained(args, word):
    whole = ["--to", "10.0.7.2", "--local-as", "1", *args, "/dev/null"]
    done = subprocess.run([TOOL, "replay", *whole],
                          capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 2
    assert word in done.stderr


FRR = Path("/usr/lib/frr/bgpd")


@pytest.mark.skipif(not FRR.exists(), reason="no frr here")
def test_frr_takes_a_table_too(lab):
    conf, log = lab.dir / "bgpd.conf", lab.dir / "bgpd.log"
    conf.write_text(FRRS.format(log=log, asn=64500))
    lab.dir.chmod(0o777)
    vty = lab.dir / "vty"
    vty.mkdir(mode=0o777, exist_ok=True)
    vty.chmod(0o777)
    child = lab.peer.start(FRR, "-f", conf, "-n", "-Z", "-i", lab.dir / "bgpd.pid", "-p", "179",
                           "--vty_socket", vty, "-S", **QUIET)

    def said(*words):
        return lab.peer.run("vtysh", "--vty_socket", vty, "-c", " ".join(words), check=False).stdout

    try:
        wait_for(lambda: "65000" in said("show bgp summary"), 15, "bgpd answers")
        path = lab.dir / "frr.mrt"
        base.run(TOOL, "synth", "--prefixes", "5000", "--peers", "1", path)
        told = Told(lab, "--next-hop", "self", "--next-hop", "2001:db8:7::1", path)
        told.until("the session stays")

        def count():
            return sum(json.loads(said(f"show bgp {family} unicast summary json") or "{}")
                       .get("peers", {}).get("10.0.7.1", {}).get("pfxRcd", 0)
                       for family in ("ipv4", "ipv6"))
        wait_for(lambda: count() == 5000, 20, "all are there")
        assert told.stop() == 0
        wait_for(lambda: count() == 0, 20, "all are gone")
    finally:
        child.terminate()
        child.wait(10)
