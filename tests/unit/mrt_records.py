# SPDX-License-Identifier: BSD-3-Clause
"""MRT records of every type, put together from random values with a fixed seed.

An encoder of the tests' own, in the shortest words: what the tools must read.
"""

import random
import struct

TABLE_DUMP, TABLE_DUMP_V2, BGP4MP, BGP4MP_ET, OLD_BGP = 12, 13, 16, 17, 5
SET, SEQUENCE, CONFED, CONFED_SET = 1, 2, 3, 4
AS_TRANS = 23456


def record(kind, subtype, body, time=1700000000, micros=None):
    if micros is not None:
        body = struct.pack(">I", micros) + body
    return struct.pack(">IHHI", time, kind, subtype, len(body)) + body


def attribute(kind, value, flags=0x40, extended=False):
    if extended or len(value) > 255:
        return struct.pack(">BBH", flags | 0x10, kind, len(value)) + value
    return struct.pack(">BBB", flags, kind, len(value)) + value


def as_path(segments, as_bytes):
    code = ">" + "HI"[as_bytes == 4]
    return b"".join(struct.pack("BB", kind, len(asns)) +
                    b"".join(struct.pack(code, asn) for asn in asns) for kind, asns in segments)


def nlri(address, length, path_id=None):
    head = b"" if path_id is None else struct.pack(">I", path_id)
    return head + bytes([length]) + address[:(length + 7) // 8]


def mp_reach(afi, safi, nexthop, routes):
    return struct.pack(">HBB", afi, safi, len(nexthop)) + nexthop + b"\0" + routes


def mp_unreach(afi, safi, routes):
    return struct.pack(">HB", afi, safi) + routes


def message(kind, body):
    return b"\xff" * 16 + struct.pack(">HB", 19 + len(body), kind) + body


def update(withdrawn=b"", attrs=b"", routes=b""):
    return message(2, struct.pack(">H", len(withdrawn)) + withdrawn +
                   struct.pack(">H", len(attrs)) + attrs + routes)


def session(peer, local, peer_as, local_as, as_bytes):
    code = ">" + "HI"[as_bytes == 4] * 2
    return (struct.pack(code, peer_as, local_as) +
            struct.pack(">HH", 0, 1 if len(peer) == 4 else 2) + peer + local)


def peer_table(peers):
    """peers: (address, AS, BGP id), 4-byte AS numbers."""
    body = struct.pack(">IHH", 0xc0000200, 0, len(peers))
    for address, asn, ident in peers:
        body += bytes([2 | (len(address) == 16)]) + ident + address + struct.pack(">I", asn)
    return record(TABLE_DUMP_V2, 1, body)


class Maker:
    """Random values that mean something."""

    def __init__(self, seed):
        self.rng = random.Random(seed)

    def ip4(self):
        return self.rng.choice((self.rng.randbytes(4), bytes([10, 0, 0, self.rng.randrange(256)]),
                                bytes([192, 168, self.rng.randrange(256), 1])))

    def ip6(self):
        """Runs of zeros of every length at every place, and IPv4 inside."""
        kind = self.rng.randrange(8)
        if kind == 0:
            return bytes(10) + self.rng.choice((b"\0\0", b"\xff\xff")) + self.rng.randbytes(4)
        if kind == 1:
            return bytes(15) + bytes([self.rng.randrange(3)])
        if kind == 2:
            return bytes([0xfe, 0x80]) + bytes(6) + self.rng.randbytes(8)
        fields = [self.rng.choice((0, 0, 1, 0xdb8, self.rng.randrange(1 << 16))) for _ in range(8)]
        return struct.pack(">8H", 0x2001, *fields[1:]) if kind < 6 else struct.pack(">8H", *fields)

    def asn(self, as_bytes=4):
        top = self.rng.choice((9, 99, 999, 9999, 65535, 65535, 1 << 32 - 1))
        return self.rng.randrange(1, min(top, 65535 if as_bytes == 2 else (1 << 32) - 1) + 1)

    def number(self):
        return self.rng.choice((0, 1, 9, 10, 99, 100, 999, 1000, 999999, 1000000, 1 << 31,
                                (1 << 32) - 1, self.rng.randrange(1 << 32)))

    def small(self):
        return self.rng.randrange(1 << self.rng.randrange(1, 31))

    def segments(self, as_bytes, confed=True):
        kinds = [SEQUENCE] * 6 + [SET] + ([CONFED, CONFED_SET] if confed else [])
        return [(self.rng.choice(kinds), [self.asn(as_bytes) for _ in
                                          range(self.rng.randrange(1, 7))])
                for _ in range(self.rng.choice((0, 1, 1, 1, 1, 2, 3)))]

    def prefix(self, family, tidy=False):
        length = self.rng.randrange(0, 33 if family == 4 else 129)
        address = self.ip4() if family == 4 else self.ip6()
        if tidy or self.rng.randrange(4):
            bits = 32 if family == 4 else 128
            mask = ((1 << length) - 1) << (bits - length)
            address = (int.from_bytes(address, "big") & mask).to_bytes(bits // 8, "big")
        return address, length

    def communities(self):
        named = [0xffffff01, 0xffffff02, 0xffffff03, 0xffffff04, 0xffff029a, 0, 0xffff0000]
        return b"".join(struct.pack(">I", self.rng.choice(named + [self.number()] * 7))
                        for _ in range(self.rng.randrange(1, 12)))

    def maybe(self, chance=0.5):
        return self.rng.random() < chance

    def path_attributes(self, as_bytes):
        """AS_PATH and AGGREGATOR, and what a speaker of 4 bytes adds to those of 2."""
        out = b""
        segments = self.segments(as_bytes)
        if as_bytes == 2 and self.maybe():
            wide = [(kind, [asn if self.maybe() else 70000 + asn for asn in asns])
                    for kind, asns in self.segments(2, confed=False)]
            out += attribute(17, as_path(wide, 4), 0xc0)
        out += attribute(2, as_path(segments, as_bytes), 0x40, self.maybe())
        if self.maybe(0.4):
            asn = AS_TRANS if as_bytes == 2 and self.maybe() else self.asn(as_bytes)
            out += attribute(7, as_path([(0, [asn])], as_bytes)[2:] + self.ip4(), 0xc0)
            if as_bytes == 2 and self.maybe():
                out += attribute(18, struct.pack(">I", self.asn()) + self.ip4(), 0xc0)
        return out

    def attributes(self, as_bytes, nexthop=True):
        out = attribute(1, bytes([self.rng.randrange(3)])) if self.maybe(0.9) else b""
        if self.maybe(0.95):
            out += self.path_attributes(as_bytes)
        if nexthop:
            out += attribute(3, self.ip4())
        if self.maybe():
            out += attribute(4, struct.pack(">I", self.number()), 0x80)
        if self.maybe():
            out += attribute(5, struct.pack(">I", self.number()))
        if self.maybe(0.2):
            out += attribute(6, b"")
        if self.maybe():
            out += attribute(8, self.communities(), 0xc0, self.maybe())
        if self.maybe(0.2):
            out += attribute(9, self.ip4(), 0x80)
        if self.maybe(0.2):
            out += attribute(10, b"".join(self.ip4() for _ in range(self.rng.randrange(1, 4))), 0x80)
        if self.maybe(0.3):
            out += attribute(16, self.rng.randbytes(8 * self.rng.randrange(1, 4)), 0xc0)
        if self.maybe(0.3):
            out += attribute(32, struct.pack(">3I", *(self.number() for _ in range(3))) *
                             self.rng.randrange(1, 4), 0xc0)
        for kind in (20, 26, 35, 99, 128, 255):
            if self.maybe(0.1):
                value = struct.pack(">I", self.asn()) if kind == 35 else self.rng.randbytes(
                    self.rng.randrange(0, 20))
                out += attribute(kind, value, 0xe0)
        return out

    def table_dump(self, family):
        address, length = self.prefix(family)
        peer = self.ip4() if family == 4 else self.ip6()
        attrs = self.attributes(2, nexthop=family == 4 or self.maybe())
        if family == 6:
            nexthop = self.ip6()
            attrs += attribute(14, self.rng.choice((bytes([16]) + nexthop,
                                                    mp_reach(2, 1, nexthop, b""),
                                                    mp_reach(2, 1, nexthop, nlri(address, length)))),
                               0x80)
        body = (struct.pack(">HH", self.rng.randrange(9), self.rng.randrange(1 << 16)) + address +
                bytes([length, self.rng.randrange(256)]) +
                struct.pack(">I", self.small()) + peer +
                struct.pack(">HH", self.asn(2), len(attrs)) + attrs)
        return record(TABLE_DUMP, 1 if family == 4 else 2, body, self.small())

    def rib(self, family, n_peers, add_path=False):
        address, length = self.prefix(family)
        n = self.rng.randrange(1, n_peers + 1)
        body = struct.pack(">I", self.small()) + nlri(address, length) + struct.pack(">H", n)
        for _ in range(n):
            attrs = self.attributes(4, nexthop=family == 4)
            if family == 6:
                nexthop = self.ip6() if self.maybe() else self.ip6() + self.ip6()
                attrs += attribute(14, bytes([len(nexthop)]) + nexthop if self.maybe() else
                                   mp_reach(2, 1, nexthop, b""), 0x80)
            elif self.maybe(0.1):
                attrs += attribute(14, bytes([16]) + self.ip6(), 0x80)
            body += struct.pack(">HI", self.rng.randrange(n_peers), self.small())
            if add_path:
                body += struct.pack(">I", self.number() | 1 << 16)
            body += struct.pack(">H", len(attrs)) + attrs
        return record(TABLE_DUMP_V2, (2 if family == 4 else 4) + 6 * add_path, body, self.small())

    def routes(self, family, add_path, n=5):
        """Never two default routes in one list: that is how misplaced path ids look."""
        out = b""
        for _ in range(self.rng.randrange(1, n)):
            address, length = self.prefix(family)
            out += nlri(address, max(length, 1), (1 << 24 | self.small()) if add_path else None)
        return out

    def update(self, as_bytes, add_path=False):
        if self.maybe(0.05):
            return update()
        withdrawn = self.routes(4, add_path) if self.maybe(0.3) else b""
        announced = self.routes(4, add_path) if self.maybe() else b""
        attrs = self.attributes(as_bytes)
        if self.maybe(0.4):
            afi, safi = self.rng.choice((1, 2, 2, 2)), self.rng.choice((1, 1, 1, 2, 3))
            size = self.rng.choice((4, 16, 16, 32)) if afi == 1 else self.rng.choice((16, 32))
            nexthop = (self.ip6() + self.ip6())[:size]
            attrs += attribute(14, mp_reach(afi, safi, nexthop,
                                            self.routes(4 if afi == 1 else 6, add_path)), 0x80)
        if self.maybe(0.3):
            afi, safi = self.rng.choice((1, 2, 2, 2)), self.rng.choice((1, 1, 1, 2, 3))
            attrs += attribute(15, mp_unreach(afi, safi,
                                              self.routes(4 if afi == 1 else 6, add_path)), 0x80)
        return update(withdrawn, attrs if withdrawn == b"" or announced or self.maybe() else b"",
                      announced)

    def bgp_message(self, as_bytes, add_path):
        kind = self.rng.randrange(10)
        if kind == 0:
            options = self.rng.randbytes(self.rng.randrange(20))
            return message(1, struct.pack(">BHH", 4, self.asn(2), 180) + self.ip4() +
                           bytes([len(options)]) + options)
        if kind == 1:
            return message(3, bytes([self.rng.randrange(9), self.rng.randrange(14)]) +
                           self.rng.randbytes(self.rng.randrange(5)))
        if kind == 2:
            return message(4, b"")
        return self.update(as_bytes, add_path)

    def bgp4mp(self, subtype, micros=False):
        as_bytes = 4 if subtype in (4, 5, 7, 9, 11) else 2
        peer, local = (self.ip4(), self.ip4()) if self.maybe() else (self.ip6(), self.ip6())
        who = session(peer, local, self.asn(as_bytes), self.asn(as_bytes), as_bytes)
        if subtype in (0, 5):
            body = who + struct.pack(">HH", self.rng.randrange(9), self.rng.randrange(9))
        else:
            body = who + self.bgp_message(as_bytes, subtype >= 8)
        return record(BGP4MP_ET if micros else BGP4MP, subtype, body, self.small(),
                      self.rng.randrange(1000000) if micros else None)

    def old_bgp(self):
        head = struct.pack(">H", self.asn(2)) + self.ip4()
        kind = self.rng.choice((1, 1, 1, 1, 3, 7))
        if kind == 3:
            return record(OLD_BGP, 3, head + struct.pack(">HH", 1, 2), self.small())
        body = head + struct.pack(">H", self.asn(2)) + self.ip4()
        if kind == 7:
            return record(OLD_BGP, 7, body, self.small())
        attrs = self.attributes(2)
        withdrawn = self.routes(4, False) if self.maybe() else b""
        body += (struct.pack(">H", len(withdrawn)) + withdrawn +
                 struct.pack(">H", len(attrs)) + attrs + self.routes(4, False))
        return record(OLD_BGP, 1, body, self.small())

    def peers(self, n):
        return [(self.ip4() if self.maybe() else self.ip6(), self.asn(), self.ip4())
                for _ in range(n)]

