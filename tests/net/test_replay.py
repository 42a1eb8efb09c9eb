"""A running router is told updates of then as if their peers were here.

  dut ──┬── 10.0.2.0/24, 2001:db8:2::/64 ── a
        └── 10.0.3.0/24, 2001:db8:3::/64 ── b
  Peers of an even AS live behind a, of an odd one behind b.

The oracle reads the files on its own, keeps every peer's routes in dicts, and
chooses with RFC 4271 open beside it.
"""

import gzip
import ipaddress
import struct
import time

import pytest
from lab import BUILD, STANDIN, base, wait_for
from test_table import shared_mrt

NETS = {"a": ["10.0.2.254/24", "2001:db8:2::fe/64"],
        "b": ["10.0.3.254/24", "2001:db8:3::fe/64"]}
TOOL = BUILD / "apps/jerboa-mrt"
VIA = {4: ("10.0.2.1", "10.0.3.1"), 6: ("2001:db8:2::1", "2001:db8:3::1")}
STEP_LIMIT_MS = 100  # of CPU time that a busy machine may add to; the budget is 2

pytestmark = pytest.mark.skipif(STANDIN is not None, reason="the stand-in replays nothing")


# Reading ---------------------------------------------------------------------

def records(data):
    at = 0
    while at + 12 <= len(data):
        when, kind, subtype, size = struct.unpack_from(">IHHI", data, at)
        yield when, kind, subtype, data[at + 12:at + 12 + size]
        at += 12 + size


def attributes(data):
    at, found = 0, {}
    while at < len(data):
        flags, kind = data[at], data[at + 1]
        head = 4 if flags & 0x10 else 3
        size = struct.unpack_from(">H", data, at + 2)[0] if flags & 0x10 else data[at + 2]
        found.setdefault(kind, data[at + head:at + head + size])
        at += head + size
    return found


def prefixes(data, family):
    at = 0
    while at < len(data):
        length = data[at]
        size = (length + 7) // 8
        address = data[at + 1:at + 1 + size].ljust(4 if family == 4 else 16, b"\0")
        yield ipaddress.ip_network((address, length), strict=False)
        at += 1 + size


def cost(attrs, peer, as_bytes):
    """Lower wins; MED apart, it counts only among routes of one neighbour."""
    path, hops, first, at = attrs.get(2, b""), 0, 0, 0
    while at < len(path):
        kind, n = path[at], path[at + 1]
        if kind == 2 and not hops:
            first = int.from_bytes(path[at + 2:at + 2 + as_bytes], "big")
        hops += n if kind == 2 else 1 if kind == 1 else 0
        at += 2 + n * as_bytes
    pref = struct.unpack(">I", attrs[5])[0] if 5 in attrs else 100
    med = struct.unpack(">I", attrs[4])[0] if 4 in attrs else 0
    return (-pref, hops, attrs.get(1, b"\2")[0]), first or peer[1], med


class Oracle:
    """table[prefix][peer] = cost; a peer is (address, AS)."""

    def __init__(self):
        self.table, self.peers, self.ids = {}, [], {}

    def read(self, path):
        data = path.read_bytes()
        for _, kind, subtype, body in records(
                gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data):
            if kind == 13:
                self.dump(subtype, body)
            elif kind == 16:
                self.event(subtype, body)
        return self

    def dump(self, subtype, body):
        if subtype == 1:
            at, self.peers = 6 + struct.unpack_from(">H", body, 4)[0], []
            count, at = struct.unpack_from(">H", body, at)[0], at + 2
            for _ in range(count):
                size, wide = (16 if body[at] & 1 else 4), (4 if body[at] & 2 else 2)
                ident = struct.unpack_from(">I", body, at + 1)[0]
                address = ipaddress.ip_address(body[at + 5:at + 5 + size])
                asn = int.from_bytes(body[at + 5 + size:at + 5 + size + wide], "big")
                self.peers.append((address, asn))
                self.ids[address, asn] = ident
                at += 5 + size + wide
            return
        size = (body[4] + 7) // 8
        net = ipaddress.ip_network((body[5:5 + size].ljust(4 if subtype == 2 else 16, b"\0"),
                                    body[4]))
        at = 7 + size
        for _ in range(struct.unpack_from(">H", body, 5 + size)[0]):
            index, _, length = struct.unpack_from(">HIH", body, at)
            peer = self.peers[index]
            self.table.setdefault(net, {})[peer] = cost(
                attributes(body[at + 8:at + 8 + length]), peer, 4)
            at += 8 + length

    def event(self, subtype, body):
        wide = 4 if subtype in (4, 5) else 2
        asn = int.from_bytes(body[:wide], "big")
        size = 16 if body[2 * wide + 3] == 2 else 4
        at = 2 * wide + 4
        peer = (ipaddress.ip_address(body[at:at + size]), asn)
        at += 2 * size
        if subtype in (0, 5):
            old, new = struct.unpack_from(">HH", body, at)
            if old == 6 and new != 6:
                for paths in self.table.values():
                    paths.pop(peer, None)
        elif body[at + 18] == 2:
            self.update(peer, body[at + 19:], wide)

    def update(self, peer, body, wide):
        size = struct.unpack_from(">H", body)[0]
        gone, at = body[2:2 + size], 2 + size
        size = struct.unpack_from(">H", body, at)[0]
        attrs = attributes(body[at + 2:at + 2 + size])
        come, value = list(prefixes(body[at + 2 + size:], 4)), None
        for net in prefixes(gone, 4):
            self.table.get(net, {}).pop(peer, None)
        if 15 in attrs and attrs[15][2] == 1:
            for net in prefixes(attrs[15][3:], 4 if attrs[15][1] == 1 else 6):
                self.table.get(net, {}).pop(peer, None)
        if 14 in attrs and attrs[14][2] == 1:
            come += prefixes(attrs[14][5 + attrs[14][3]:], 4 if attrs[14][1] == 1 else 6)
        for net in come:
            value = value or cost(attrs, peer, wide)
            self.table.setdefault(net, {})[peer] = value

    def best(self, paths):
        """RFC 4271 §9.1.2.2: preference, hops, origin, MED, identifier, address."""
        low = min(rank for rank, _, _ in paths.values())
        left = {p: v for p, v in paths.items() if v[0] == low}
        kept = [p for p, (_, near, med) in left.items()
                if med == min(m for _, n, m in left.values() if n == near)]
        return min(kept, key=lambda p: (self.ids.get(p, 0), p[0].version, p[0].packed))

    def via(self):
        """prefix -> gateway, of all that have a route."""
        return {str(net): VIA[net.version][self.best(paths)[1] % 2]
                for net, paths in self.table.items() if paths}


# Writing ---------------------------------------------------------------------

def record(when, subtype, body):
    return struct.pack(">IHHI", when, 16, subtype, len(body)) + body


def session(peer):
    address, asn = ipaddress.ip_address(peer[0]), peer[1]
    return struct.pack(">IIHH", asn, 65000, 0, 1) + address.packed + bytes(4)


def nets(texts):
    for text in texts:
        net = ipaddress.ip_network(text)
        yield bytes([net.prefixlen]) + net.network_address.packed[:(net.prefixlen + 7) // 8]


def update(when, peer, come=(), gone=(), path=(), broken=False):
    path = path or (peer[1],)
    attrs = b""
    if come:
        attrs = (bytes([0x40, 1, 1, 99 if broken else 0, 0x40, 2, 2 + 4 * len(path), 2, len(path)])
                 + struct.pack(f">{len(path)}I", *path) + b"\x40\3\4" + bytes([192, 0, 2, 1]))
    lost = b"".join(nets(gone))
    body = struct.pack(">H", len(lost)) + lost + struct.pack(">H", len(attrs)) + attrs
    body += b"".join(nets(come))
    message = b"\xff" * 16 + struct.pack(">HB", 19 + len(body), 2) + body
    return record(when, 4, session(peer) + message)


def down(when, peer):
    return record(when, 5, session(peer) + struct.pack(">HH", 6, 1))


EVEN, ODD = ("192.0.2.2", 64500), ("192.0.2.1", 64501)


# The router ------------------------------------------------------------------

@pytest.fixture(scope="module")
def lab(module_lab):
    seed = module_lab.dir / "seed.mrt"
    base.run(TOOL, "synth", "--prefixes", "0", "--peer", "64500,10.0.2.1,2001:db8:2::1",
             "--include", "192.0.2.0/24", seed, check=False)
    module_lab.router(NETS)
    return module_lab


def gateways(asns):
    return [{"peer-asn": asn, "via": VIA[family][asn % 2]} for asn in sorted(asns)
            for family in (4, 6)]


def use(lab, asns):
    """Rules for these peers; a dump of one prefix holds them in the configuration."""
    path = lab.dir / "one.mrt"
    base.run(TOOL, "synth", "--prefixes", "2", "--v4", path)
    block = {"file": str(path), "peer": "best", "gateways": gateways(asns | {65001, 65002})}
    done = lab.dut.reload(lambda c: c.update({"mrt": [block]}))
    assert done.returncode == 0, done.stderr
    wait_for(lambda: lab.dut.loaded(path), 30, "the rules are loaded")


def state(lab):
    rows = [row for row in lab.dut.ctl("show", "mrt") if "announced" in row]
    return rows[0] if rows else None


def replay(lab, *words, until="done", limit=60):
    lab.dut.ctl("mrt", "replay", *words)
    return wait_for(lambda: (lambda s: s["state"] == until and s)(state(lab)), limit,
                    f"the replay is {until}")


def stop(lab):
    lab.dut.ctl("mrt", "stop")
    wait_for(lambda: state(lab)["state"] in ("stopped", "done", "failed"), 60, "it is stopped")


def table(lab):
    """prefix -> gateway, of the routes from MRT."""
    return {row["prefix"]: row["via"].split()[0] for row in lab.dut.ctl("show", "routes")
            if row["source"] == "mrt"}


def loader_routes(lab):
    stop(lab)
    return table(lab)


def write(lab, *parts):
    path = lab.dir / "updates.mrt"
    path.write_bytes(b"".join(parts))
    return path


def test_nothing_to_stop_is_an_error_that_says_so(lab):
    done = lab.dut.ctl_run("mrt", "stop")
    assert done.returncode != 0
    assert "nothing was replayed" in done.stderr


REAL = ["bgpdump__updates.20160811.1600.gz", "miragebgp__updates.20171111.0005",
        "bgpdump__updates.20070211.0141.gz", "bgpkit__rrc15_2010.02_updates.20100227.1610.gz"]


@pytest.mark.parametrize("name", REAL)
def test_real_updates_leave_the_table_that_the_oracle_says(lab, name):
    if not shared_mrt():
        pytest.skip("../shared/data/mrt is not here")
    path = shared_mrt() / "real" / name
    oracle = Oracle().read(path)
    use(lab, {asn for paths in oracle.table.values() for _, asn in paths})
    said = replay(lab, path)
    want, got = oracle.via(), table(lab)
    assert len(want) > 1000
    assert {p: v for p, v in got.items() if p in want} == want
    rest = {p: v for p, v in got.items() if p not in want}
    assert rest == {p: v for p, v in loader_routes(lab).items() if p not in want}
    assert said["bad_records"] == said["no_gateway"] == said["refused"] == 0


def test_a_dump_and_updates_are_one_story(lab):
    rib = lab.dir / "rib.mrt"
    base.run(TOOL, "synth", "--prefixes", "3000", "--peers", "3", "--seed", "9", rib)
    oracle = Oracle().read(rib)
    peers = [(str(address), asn) for address, asn in oracle.peers]
    chosen = sorted(net for net in oracle.table if net.version == 4)
    first, rest = chosen[:200], chosen[200:400]
    updates = write(lab,
                    *(update(i, peers[0], gone=[net]) for i, net in enumerate(first)),
                    *(update(300, peers[1], come=[net], path=(peers[1][1],)) for net in rest),
                    down(400, peers[2]))
    oracle.read(updates)
    use(lab, {asn for _, asn in peers})
    replay(lab, rib, updates)
    want, got = oracle.via(), table(lab)
    assert {p: v for p, v in got.items() if p in want} == want
    stop(lab)


def test_withdrawn_routes_fall_back_to_the_next_peer(lab):
    use(lab, {EVEN[1], ODD[1]})
    net = "203.0.113.0/24"
    steps = [update(1, EVEN, come=[net]), update(2, ODD, come=[net], path=(64501, 1, 2))]
    replay(lab, write(lab, *steps))
    assert table(lab)[net] == "10.0.2.1"
    replay(lab, write(lab, update(3, EVEN, gone=[net])))
    assert table(lab)[net] == "10.0.3.1"
    replay(lab, write(lab, update(4, EVEN, come=[net], path=(64500, 9, 9, 9))))
    assert table(lab)[net] == "10.0.3.1"
    replay(lab, write(lab, down(5, ODD)))
    assert table(lab)[net] == "10.0.2.1"
    stop(lab)
    assert net not in table(lab)


def test_one_peer_alone(lab):
    use(lab, {EVEN[1], ODD[1]})
    steps = [update(1, EVEN, come=["203.0.113.0/24"]), update(1, ODD, come=["198.51.100.0/24"])]
    replay(lab, write(lab, *steps), "peer", "192.0.2.1")
    assert "203.0.113.0/24" not in table(lab) and "198.51.100.0/24" in table(lab)
    stop(lab)


def test_time_passes_as_it_did_or_faster(lab):
    use(lab, {EVEN[1], ODD[1]})
    path = write(lab, update(100, EVEN, come=["203.0.113.0/24"]),
                 update(110, EVEN, come=["198.51.100.0/24"]),
                 update(120, EVEN, gone=["203.0.113.0/24"]))
    start = time.monotonic()
    lab.dut.ctl("mrt", "replay", path, "speed", "10x")
    wait_for(lambda: "203.0.113.0/24" in table(lab), 5, "the first route is there at once")
    assert time.monotonic() - start < 0.9
    assert "198.51.100.0/24" not in table(lab)
    wait_for(lambda: "198.51.100.0/24" in table(lab), 5, "the second comes")
    assert 0.9 < time.monotonic() - start < 2
    wait_for(lambda: "203.0.113.0/24" not in table(lab), 5, "the first goes")
    assert 1.9 < time.monotonic() - start < 4
    stop(lab)


def test_a_pause_is_left_at_once_and_a_reload_is_not_refused(lab):
    use(lab, {EVEN[1], ODD[1]})
    path = write(lab, update(100, EVEN, come=["203.0.113.0/24"]),
                 update(100000, EVEN, come=["198.51.100.0/24"]))
    lab.dut.ctl("mrt", "replay", path, "speed", "1x")
    wait_for(lambda: "203.0.113.0/24" in table(lab), 5, "it plays")
    assert state(lab)["state"] == "playing"
    done = lab.dut.ctl_run("mrt", "replay", path)
    assert done.returncode != 0 and "mrt stop" in done.stderr
    assert lab.dut.reload(lambda c: c.update({"ip": {"icmp-rate": 77}})).returncode == 0
    assert "203.0.113.0/24" in table(lab)
    start = time.monotonic()
    stop(lab)
    assert time.monotonic() - start < 2
    assert "203.0.113.0/24" not in table(lab)


def test_routes_may_stay_when_it_is_stopped(lab):
    use(lab, {EVEN[1], ODD[1]})
    path = write(lab, update(100, EVEN, come=["203.0.113.0/24"]),
                 update(100000, EVEN, come=["198.51.100.0/24"]))
    lab.dut.ctl("mrt", "replay", path, "speed", "1x")
    wait_for(lambda: "203.0.113.0/24" in table(lab), 5, "it plays")
    lab.dut.ctl("mrt", "stop", "routes", "keep")
    wait_for(lambda: state(lab)["state"] == "stopped", 5, "it is stopped")
    assert "203.0.113.0/24" in table(lab)
    stop(lab)
    assert "203.0.113.0/24" not in table(lab)


def test_broken_attributes_withdraw_their_routes(lab):   # RFC 7606 §2
    use(lab, {EVEN[1], ODD[1]})
    said = replay(lab, write(lab, update(1, EVEN, come=["203.0.113.0/24", "198.51.100.0/24"]),
                             update(2, EVEN, come=["203.0.113.0/24"], broken=True)))
    assert said["bad_records"] == 1
    assert "record 2 at offset" in said["error"]
    assert "203.0.113.0/24" not in table(lab) and "198.51.100.0/24" in table(lab)
    stop(lab)


def test_gateways_can_be_given(lab):
    assert lab.dut.reload(lambda c: c.pop("mrt", None)).returncode == 0
    path = write(lab, update(1, EVEN, come=["203.0.113.0/24"]))
    done = lab.dut.ctl_run("mrt", "replay", path)
    assert done.returncode != 0 and "via ADDRESS" in done.stderr
    replay(lab, path, "via", "10.0.3.1")
    assert table(lab)["203.0.113.0/24"] == "10.0.3.1"
    stop(lab)


@pytest.mark.parametrize("words,says", [
    (["updates.mrt"], "whole path"),
    (["/x", "speed", "fast"], "asap"),
    (["/x", "speed", "0x"], "asap"),
    (["/x", "peer", "x"], "AS number"),
])
def test_wrong_words_are_explained(lab, words, says):
    done = lab.dut.ctl_run("mrt", "replay", *words, "via", "10.0.3.1")
    assert done.returncode != 0
    assert says in done.stderr


def test_a_missing_file_is_named(lab):
    said = replay(lab, "/nonexistent/x.mrt", "via", "10.0.3.1", until="failed")
    assert "/nonexistent/x.mrt" in said["error"]


def test_a_full_table_is_replayed_in_short_steps(lab):
    """Two peers, a million prefixes each: control is never away for long, nor is stopping it."""
    path = base.full_table()
    start = time.monotonic()
    said = replay(lab, path, "via", "10.0.2.1", "via", "2001:db8:2::1", limit=120)
    print(f"{said['announced']} routes in {time.monotonic() - start:.1f} s")
    assert lab.dut.n_routes() > 1000000
    stop(lab)
    assert lab.dut.n_routes() < 100
    longest = {row["job"]: row["longest_ms"] for row in lab.dut.ctl("show", "threads")
               if row["name"] == "control"}
    print(longest)
    assert longest["replay"] < STEP_LIMIT_MS
