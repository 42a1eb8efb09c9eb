#!/usr/bin/python3
"""A host in a VLAN for kernels that have no 802.1Q: answers ARP and echo for one address.

    vlan_echo.py INTERFACE VLAN ADDRESS

What comes without the tag is not answered.
"""

import socket
import struct
import sys

ETH_P_ALL, SOL_PACKET, PACKET_AUXDATA, TAGGED = 3, 263, 8, 0x10


def csum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xffff) + (total >> 16)
    return ~((total & 0xffff) + (total >> 16)) & 0xffff


def answer(payload, kind, mac, ip):
    """(to, payload) or None. payload is what stands behind the type."""
    if kind == 0x0806 and payload[6:8] == b"\0\1" and payload[24:28] == ip:
        asker = payload[8:18]
        return asker[:6], payload[:6] + b"\0\2" + mac + ip + asker
    if kind == 0x0800 and payload[9] == 1 and payload[20] == 8 and payload[16:20] == ip:
        length = struct.unpack("!H", payload[2:4])[0]
        echo = b"\0\0\0\0" + payload[24:length]
        echo = echo[:2] + struct.pack("!H", csum(echo + b"\0" * (len(echo) % 2))) + echo[4:]
        return None, payload[:12] + payload[16:20] + payload[12:16] + echo
    return None


def main():
    name, vlan, address = sys.argv[1], int(sys.argv[2]), socket.inet_aton(sys.argv[3])
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    sock.bind((name, 0))
    mac = sock.getsockname()[4]
    while True:
        frame, extra, _, origin = sock.recvmsg(65536, 256)
        if origin[2] == socket.PACKET_OUTGOING or not extra:
            continue
        status, _, _, _, _, tci, _ = struct.unpack("=IIIHHHH", extra[0][2][:20])
        if not status & TAGGED or tci & 0xfff != vlan:
            continue
        got = answer(frame[14:], struct.unpack("!H", frame[12:14])[0], mac, address)
        if got:
            to, payload = got
            sock.send((to or frame[6:12]) + mac + struct.pack("!HH", 0x8100, vlan)
                      + frame[12:14] + payload)


if __name__ == "__main__":
    main()
