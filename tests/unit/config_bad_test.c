// SPDX-License-Identifier: BSD-3-Clause
// What is said about bad configuration files, word for word.
#include "dataplane/ctl/config.h"
#include "tests/unit/test.h"

#include <string.h>

// A file and all that is said about it.
static const struct {
	const char *file, *errors;
} bad[] = {
	{
		"version: 1\n"
		"ifaces: [{name: lo0, addresses: [10.0.9.1/24]}]\n"
		"routes: [{prefix: 10.1.0.0/16, via: 10.0.9.2}]\n",
		"f.yaml:3: routes.10.1.0.0/16.via[0]: found 10.0.9.2, allowed is an address in a "
		"network of an iface of table 0, or one with its iface",
	},
	{"# nothing but a comment\n",
	 "f.yaml:1: found an empty file, allowed is at least \"version: 1\""},
	{"[]\n", "f.yaml:1: found a list, allowed is a mapping (key: value)"},
	{"version: 1\n"
	 "version: 1\n",
	 "f.yaml:2: key \"version\" stands here twice"},
	{"log: {level: info}\n", "f.yaml:1: key \"version\" is missing"},
	{"version: 2\n", "f.yaml:1: version: found \"2\", allowed is 1"},
	{"version: 1\n"
	 "log: {leevl: info}\n",
	 "f.yaml:2: log: unknown key \"leevl\", did you mean \"level\"?"},
	{"version: 1\n"
	 "wrokers: {count: 1}\n",
	 "f.yaml:2: unknown key \"wrokers\", did you mean \"workers\"?"},
	{"version: 1\n"
	 "bananas: 3\n",
	 "f.yaml:2: unknown key \"bananas\", allowed are version, log, workers, memory, control, "
	 "host, forwarding, ip, neighbours, ports, ifaces, routes, mrt"},
	{"version: 1\n"
	 "[a]: 3\n",
	 "f.yaml:2: unknown key a list, allowed are version, log, workers, memory, control, host, "
	 "forwarding, ip, neighbours, ports, ifaces, routes, mrt"},
	{"version: 1\n"
	 "workers: 3\n",
	 "f.yaml:2: workers: found \"3\", allowed is a mapping (key: value)"},
	{"version: 1\n"
	 "workers:\n"
	 "  count: 1x\n"
	 "  batch: 0\n"
	 "  poll: lazy\n"
	 "  cores: [1, -1, 010, 0x1, 1.0, \"\", ~]\n",
	 "f.yaml:3: workers.count: found \"1x\", allowed is auto or a number from 1 to 64\n"
	 "f.yaml:4: workers.batch: found \"0\", allowed is a number from 1 to 256\n"
	 "f.yaml:5: workers.poll: found \"lazy\", allowed is adaptive or busy\n"
	 "f.yaml:6: workers.cores[1]: found \"-1\", allowed is auto or a number from 0 to 1023\n"
	 "f.yaml:6: workers.cores[2]: found \"010\", allowed is auto or a number from 0 to 1023\n"
	 "f.yaml:6: workers.cores[3]: found \"0x1\", allowed is auto or a number from 0 to 1023\n"
	 "f.yaml:6: workers.cores[4]: found \"1.0\", allowed is auto or a number from 0 to 1023\n"
	 "f.yaml:6: workers.cores[5]: found \"\", allowed is auto or a number from 0 to 1023\n"
	 "f.yaml:6: workers.cores[6]: found \"~\", allowed is auto or a number from 0 to 1023"},
	{"version: 1\n"
	 "workers: {count: 2, cores: [1]}\n",
	 "f.yaml:2: workers.cores[0]: found 1 for 2 workers, allowed is one a worker, or no cores "
	 "at all"},
	{"version: 1\n"
	 "workers: {cores: [1, 2, 1]}\n",
	 "f.yaml:2: workers.cores[2]: found core 1 twice, allowed is a core for each worker"},
	{"version: 1\n"
	 "host: {enable: yes}\n",
	 "f.yaml:2: host.enable: found \"yes\", allowed is true or false"},
	{"version: 1\n"
	 "control: {socket: \"\"}\n",
	 "f.yaml:2: control.socket: found \"\", allowed is a text of 1 to 107 characters"},
	{"version: 1\n"
	 "forwarding: {engine: sse}\n",
	 "f.yaml:2: forwarding.engine: found \"sse\", allowed is auto, scalar, avx2 or avx512"},
	{"version: 1\n"
	 "control:\n"
	 "  group: \"a\\0b\"\n",
	 "f.yaml:3: control.group: found \"a?b\", allowed is a text of 0 to 31 characters"},
	{"version: 1\n"
	 "control:\n"
	 "  group: \"a\\nb\"\n",
	 "f.yaml:3: control.group: found \"a?b\", allowed is a text of 0 to 31 characters"},
	{"version: 1\n"
	 "neighbours: {reachable: 30, retransmit: 5us}\n",
	 "f.yaml:2: neighbours.reachable: found \"30\", allowed is a time from 1s to 1h, with its "
	 "unit (ms, s, m, h)\n"
	 "f.yaml:2: neighbours.retransmit: found \"5us\", allowed is a time from 10ms to 1m, with "
	 "its unit (ms, s, m, h)"},
	{"version: 1\n"
	 "neighbours: {reachable: 1500ms, retransmit: 2h}\n",
	 "f.yaml:2: neighbours.reachable: found \"1500ms\", allowed is a time from 1s to 1h, with "
	 "its unit (ms, s, m, h)\n"
	 "f.yaml:2: neighbours.retransmit: found \"2h\", allowed is a time from 10ms to 1m, with "
	 "its unit (ms, s, m, h)"},
	{"version: 1\n"
	 "log: {level: }\n",
	 "f.yaml:2: log.level: found nothing, allowed is error, warn, info or debug"},
	{"version: 1\n"
	 "log: {level: [a]}\n",
	 "f.yaml:2: log.level: found a list, allowed is error, warn, info or debug"},
	{"version: 1\n"
	 "ports: {name: p0}\n",
	 "f.yaml:2: ports: found a mapping, allowed is a list"},
	{"version: 1\n"
	 "ports:\n"
	 "  - name: p0\n",
	 "f.yaml:3: ports.p0: key \"device\" is missing"},
	{"version: 1\n"
	 "ports:\n"
	 "  - {name: p0/1, device: d}\n"
	 "  - {name: abcdefghijklmnop, device: d}\n"
	 "  - {name: lo, device: d}\n"
	 "  - {name: a%d, device: d}\n",
	 "f.yaml:3: ports.p0/1.name: found \"p0/1\", allowed is a name of 1 to 15 letters, digits, "
	 "'.', '_' or '-' (not lo, all, default, none)\n"
	 "f.yaml:4: ports.abcdefghijklmnop.name: found \"abcdefghijklmnop\", allowed is a name of "
	 "1 to 15 letters, digits, '.', '_' or '-' (not lo, all, default, none)\n"
	 "f.yaml:5: ports.lo.name: found \"lo\", allowed is a name of 1 to 15 letters, digits, "
	 "'.', '_' or '-' (not lo, all, default, none)\n"
	 "f.yaml:6: ports.a%d.name: found \"a%d\", allowed is a name of 1 to 15 letters, digits, "
	 "'.', '_' or '-' (not lo, all, default, none)"},
	{"version: 1\n"
	 "ports:\n"
	 "  - {name: p0, device: d0, mtu: 1500x}\n"
	 "  - {name: p1, device: d1, mtu: 67}\n"
	 "  - {name: p2, device: d2, mtu: 9501, driver: ixgbe}\n",
	 "f.yaml:3: ports.p0.mtu: found \"1500x\", allowed is a number from 68 to 9500\n"
	 "f.yaml:4: ports.p1.mtu: found \"67\", allowed is a number from 68 to 9500\n"
	 "f.yaml:5: ports.p2.mtu: found \"9501\", allowed is a number from 68 to 9500\n"
	 "f.yaml:5: ports.p2.driver: found \"ixgbe\", allowed is dpdk "
	 "or nic82599"},
	{"version: 1\n"
	 "ports:\n"
	 "  - {name: p0, device: d0}\n"
	 "  - {name: p0, device: d1}\n"
	 "  - {name: p1, device: d0}\n",
	 "f.yaml:4: ports.p0.name: found the same name as on line 3\n"
	 "f.yaml:5: ports.p1.device: found the same device as on line 3"},
	{"version: 1\n"
	 "ports: [{name: p0, device: d0, mtu: 1400}]\n"
	 "ifaces:\n"
	 "  - {name: wan, port: p9}\n"
	 "  - {name: lan, port: p0, mtu: 1500}\n"
	 "  - {name: l2, port: p0, vlan: 4095}\n",
	 "f.yaml:6: ifaces.l2.vlan: found \"4095\", allowed is none or a number from 1 to 4094"},
	{"version: 1\n"
	 "ports: [{name: p0, device: d0, mtu: 1400}]\n"
	 "ifaces:\n"
	 "  - {name: wan, port: p9}\n"
	 "  - {name: lan, port: p0, mtu: 1500}\n"
	 "  - {name: lan, port: p0, inner-vlan: 5}\n"
	 "  - {name: l2, port: p0, vlan: 7}\n"
	 "  - {name: l3, vlan: 7, port: p0}\n"
	 "  - {name: lo0, vlan: 3}\n",
	 "f.yaml:6: ifaces.lan.name: found the same name as on line 5\n"
	 "f.yaml:8: ifaces.l3.port: found the same port and vlan as on line 7\n"
	 "f.yaml:4: ifaces.wan.port: found \"p9\", allowed is the name of a port (p0)\n"
	 "f.yaml:5: ifaces.lan.mtu: found 1500, allowed are at most the 1400 of port p0\n"
	 "f.yaml:6: ifaces.lan.inner-vlan: found 5, allowed only with vlan, the outer tag\n"
	 "f.yaml:9: ifaces.lo0.vlan: found 3, allowed only with a port"},
	{"version: 1\n"
	 "ifaces: [{name: wan, port: p9}]\n",
	 "f.yaml:2: ifaces.wan.port: found \"p9\", allowed is the name of a port; there is none"},
	{"version: 1\n"
	 "ports: [{name: p0, device: d0, mtu: 1279}]\n"
	 "ifaces:\n"
	 "  - {name: lan, port: p0, addresses: \"2001:db8::1/64\"}\n",
	 "f.yaml:4: ifaces.lan.name: found mtu 1279, allowed with IPv6 addresses is 1280 or more"},
	{"version: 1\n"
	 "ports: [{name: p0, device: d0}]\n"
	 "ifaces:\n"
	 "  - name: lan\n"
	 "    port: p0\n"
	 "    addresses:\n"
	 "      - 10.0.0.1\n"
	 "      - 10.0.0.1/33\n"
	 "      - 10.0.0.1/0\n"
	 "      - 10.0.0.256/24\n"
	 "      - \"2001:db8::1\"\n",
	 "f.yaml:7: ifaces.lan.addresses[0]: found \"10.0.0.1\", allowed is an address with the "
	 "length of its network, such as 10.0.1.254/24 or 2001:db8::1/64\n"
	 "f.yaml:8: ifaces.lan.addresses[1]: found \"10.0.0.1/33\", allowed is an address with the "
	 "length of its network, such as 10.0.1.254/24 or 2001:db8::1/64\n"
	 "f.yaml:9: ifaces.lan.addresses[2]: found \"10.0.0.1/0\", allowed is an address with the "
	 "length of its network, such as 10.0.1.254/24 or 2001:db8::1/64\n"
	 "f.yaml:10: ifaces.lan.addresses[3]: found \"10.0.0.256/24\", allowed is an address with "
	 "the length of its network, such as 10.0.1.254/24 or 2001:db8::1/64\n"
	 "f.yaml:11: ifaces.lan.addresses[4]: found \"2001:db8::1\", allowed is an address with "
	 "the length of its network, such as 10.0.1.254/24 or 2001:db8::1/64"},
	{"version: 1\n"
	 "ports: [{name: p0, device: d0}]\n"
	 "ifaces:\n"
	 "  - name: lan\n"
	 "    port: p0\n"
	 "    addresses:\n"
	 "      - 10.0.0.0/24\n"
	 "      - 10.0.0.255/24\n"
	 "      - 224.0.0.1/24\n"
	 "      - 127.0.0.1/8\n"
	 "      - \"ff02::1/64\"\n"
	 "      - \"::/64\"\n",
	 "f.yaml:7: ifaces.lan.addresses[0]: found the network or broadcast address of a /24, "
	 "allowed is an address between them\n"
	 "f.yaml:8: ifaces.lan.addresses[1]: found the network or broadcast address of a /24, "
	 "allowed is an address between them\n"
	 "f.yaml:9: ifaces.lan.addresses[2]: found 224.0.0.1, allowed is an address that a host "
	 "can have\n"
	 "f.yaml:10: ifaces.lan.addresses[3]: found 127.0.0.1, allowed is an address that a host "
	 "can have\n"
	 "f.yaml:11: ifaces.lan.addresses[4]: found ff02::1, allowed is an address that a host can "
	 "have\n"
	 "f.yaml:12: ifaces.lan.addresses[5]: found ::, allowed is an address that a host can "
	 "have"},
	{"version: 1\n"
	 "ports: [{name: p0, device: d0}]\n"
	 "ifaces:\n"
	 "  - {name: lan, port: p0, addresses: [10.0.0.1/24, 10.0.0.1/16]}\n"
	 "  - {name: wan, port: p0, vlan: 5, addresses: [10.0.0.2/24]}\n"
	 "  - {name: other, port: p0, vlan: 6, table: 1, addresses: [10.0.0.2/24]}\n",
	 "f.yaml:4: ifaces.lan.addresses[1]: found 10.0.0.1, which iface lan has (line 4)\n"
	 "f.yaml:5: ifaces.wan.addresses[0]: found network 10.0.0.0/24, which iface lan has in the "
	 "same table (line 4)"},
	{"version: 1\n"
	 "routes:\n"
	 "  - {prefix: 10.0.0.1/8, kind: blackhole}\n"
	 "  - {prefix: 10.0.0.0, kind: blackhole}\n"
	 "  - {prefix: 10.0.0.0/8, kind: blakhole}\n"
	 "  - {kind: blackhole}\n",
	 "f.yaml:3: routes.10.0.0.1/8.prefix: found \"10.0.0.1/8\", allowed is a network such as "
	 "10.0.0.0/8 or 2001:db8::/32, its host bits zero\n"
	 "f.yaml:4: routes.10.0.0.0.prefix: found \"10.0.0.0\", allowed is a network such as "
	 "10.0.0.0/8 or 2001:db8::/32, its host bits zero\n"
	 "f.yaml:5: routes.10.0.0.0/8.kind: found \"blakhole\", allowed is blackhole, unreachable "
	 "or prohibit\n"
	 "f.yaml:6: routes[3]: key \"prefix\" is missing"},
	{"version: 1\n"
	 "ports: [{name: p0, device: d0}]\n"
	 "ifaces: [{name: wan, port: p0, addresses: [10.0.2.254/24]}, {name: lo0, addresses: "
	 "10.0.9.1/32}]\n"
	 "routes:\n"
	 "  - {prefix: 10.1.0.0/16}\n"
	 "  - {prefix: 10.2.0.0/16, via: 10.0.2.1, kind: blackhole}\n"
	 "  - {prefix: 10.3.0.0/16, via: 10.0.3.1}\n"
	 "  - {prefix: 10.4.0.0/16, via: \"2001:db8::1\"}\n"
	 "  - {prefix: \"2001:db8:5::/48\", via: \"fe80::1\"}\n"
	 "  - {prefix: 10.6.0.0/16, via: 10.0.2.254}\n"
	 "  - {prefix: 10.7.0.0/16, via: {iface: lan}}\n"
	 "  - {prefix: 10.7.0.0/16, via: {iface: lo0}}\n"
	 "  - {prefix: 10.8.0.0/16, via: {weight: 1}}\n"
	 "  - {prefix: 10.9.0.0/16, via: [10.0.2.1, 10.0.2.1]}\n",
	 "f.yaml:12: routes.10.7.0.0/16.prefix: found the same prefix as on line 11\n"
	 "f.yaml:5: routes.10.1.0.0/16.prefix: found neither via nor kind, allowed is one of them\n"
	 "f.yaml:6: routes.10.2.0.0/16.kind: found beside via, allowed is one of them\n"
	 "f.yaml:7: routes.10.3.0.0/16.via[0]: found 10.0.3.1, allowed is an address in a network "
	 "of an iface of table 0, or one with its iface\n"
	 "f.yaml:8: routes.10.4.0.0/16.via[0]: found 2001:db8::1, allowed is an IPv4 address\n"
	 "f.yaml:9: routes.2001:db8:5::/48.via[0]: found link-local fe80::1, allowed only with its "
	 "iface: {address: \"fe80::1\", iface: NAME}\n"
	 "f.yaml:10: routes.10.6.0.0/16.via[0]: found 10.0.2.254, allowed is an address that is "
	 "not the router's own\n"
	 "f.yaml:11: routes.10.7.0.0/16.via[0].iface: found \"lan\", allowed is the name of an "
	 "iface\n"
	 "f.yaml:12: routes.10.7.0.0/16.via[0].iface: found \"lo0\", allowed is the name of an "
	 "iface with a port\n"
	 "f.yaml:13: routes.10.8.0.0/16.via[0]: found neither address nor iface, allowed is one of "
	 "them or both\n"
	 "f.yaml: and more errors"},
	{"version: 1\n"
	 "ports: [{name: p0, device: d0}]\n"
	 "ifaces: [{name: wan, port: p0, addresses: [10.0.2.254/24]}]\n"
	 "routes:\n"
	 "  - {prefix: 10.1.0.0/16, via: 10.0.2.1, table: 1}\n"
	 "  - {prefix: 10.1.0.0/16, via: 224.0.0.1}\n"
	 "  - {prefix: 10.1.0.0/16, via: {address: 10.0.2.1, weight: 0}}\n",
	 "f.yaml:7: routes.10.1.0.0/16.via.10.0.2.1.weight: found \"0\", allowed is a number from "
	 "1 to 255"},
	{"version: 1\n"
	 "mrt:\n"
	 "  - file: a\n"
	 "    peer: worst\n"
	 "  - file: b\n"
	 "    peer: {asn: 1, index: 2}\n"
	 "  - file: c\n"
	 "    peer: {}\n"
	 "  - peer: best\n",
	 "f.yaml:4: mrt.a.peer: found \"worst\", allowed is best\n"
	 "f.yaml:6: mrt.b.peer: allowed is best or one of {asn: N}, {address: A}, {index: N}\n"
	 "f.yaml:8: mrt.c.peer: allowed is best or one of {asn: N}, {address: A}, {index: N}\n"
	 "f.yaml:9: mrt[3]: key \"file\" is missing"},
	{"version: 1\n"
	 "ports: [{name: p0, device: d0}]\n"
	 "ifaces: [{name: wan, port: p0, addresses: [10.0.2.254/24]}]\n"
	 "mrt:\n"
	 "  - file: a\n"
	 "    gateways:\n"
	 "      - {via: 10.0.2.1}\n"
	 "      - {next-hop: 192.0.2.0/24, peer-asn: 3, via: 10.0.2.1}\n"
	 "      - {next-hop: 192.0.2.0/24, via: 10.0.9.1}\n"
	 "    default-gateway:\n"
	 "      ip4: \"fe80::1\"\n"
	 "      ip6: {}\n",
	 "f.yaml:7: mrt.a.gateways[0].via: found without next-hop and peer-asn, allowed is with "
	 "one of them\n"
	 "f.yaml:8: mrt.a.gateways.192.0.2.0/24@3.peer-asn: found beside next-hop, allowed is one "
	 "of them\n"
	 "f.yaml:9: mrt.a.gateways.192.0.2.0/24.via: found 10.0.9.1, allowed is an address in a "
	 "network of an iface of table 0, or one with its iface\n"
	 "f.yaml:11: mrt.a.default-gateway.ip4: found fe80::1, allowed is an IPv4 address\n"
	 "f.yaml:12: mrt.a.default-gateway.ip6: found neither address nor iface, allowed is one of "
	 "them or both"},
	{"version: 1\n"
	 "neighbours:\n"
	 "  static:\n"
	 "    - {iface: wan, address: 10.0.0.5, mac: \"01:00:00:00:00:01\"}\n"
	 "    - {iface: wan, address: 10.0.0.5, mac: \"00:00:00:00:00:00\"}\n"
	 "    - {iface: wan, address: 10.0.0.5, mac: \"00:00:00:00:00:0g\"}\n"
	 "    - {iface: wan, address: 10.0.0.5, mac: 0:0:0:0:0:1}\n"
	 "    - {iface: wan, address: 10.0.0, mac: \"02:00:00:00:00:01\"}\n",
	 "f.yaml:4: neighbours.static.10.0.0.5@wan.mac: found \"01:00:00:00:00:01\", allowed is "
	 "the Ethernet address of one station, such as 02:00:00:00:00:01\n"
	 "f.yaml:5: neighbours.static.10.0.0.5@wan.mac: found \"00:00:00:00:00:00\", allowed is "
	 "the Ethernet address of one station, such as 02:00:00:00:00:01\n"
	 "f.yaml:6: neighbours.static.10.0.0.5@wan.mac: found \"00:00:00:00:00:0g\", allowed is "
	 "the Ethernet address of one station, such as 02:00:00:00:00:01\n"
	 "f.yaml:7: neighbours.static.10.0.0.5@wan.mac: found \"0:0:0:0:0:1\", allowed is the "
	 "Ethernet address of one station, such as 02:00:00:00:00:01\n"
	 "f.yaml:8: neighbours.static.10.0.0@wan.address: found \"10.0.0\", allowed is an IPv4 or "
	 "IPv6 address"},
	{"version: 1\n"
	 "ports: [{name: p0, device: d0}]\n"
	 "ifaces: [{name: wan, port: p0, addresses: [10.0.2.254/24]}, {name: lo0}]\n"
	 "neighbours:\n"
	 "  static:\n"
	 "    - {iface: lan, address: 10.0.2.5, mac: \"02:00:00:00:00:01\"}\n"
	 "    - {iface: lo0, address: 10.0.2.5, mac: \"02:00:00:00:00:01\"}\n"
	 "    - {iface: wan, address: 10.0.3.5, mac: \"02:00:00:00:00:01\"}\n"
	 "    - {iface: wan, address: 10.0.2.5, mac: \"02:00:00:00:00:01\"}\n"
	 "    - {iface: wan, address: 10.0.2.5, mac: \"02:00:00:00:00:02\"}\n",
	 "f.yaml:10: neighbours.static.10.0.2.5@wan.address: found the same neighbour as on line "
	 "9\n"
	 "f.yaml:6: neighbours.static.10.0.2.5@lan.iface: found \"lan\", allowed is the name of an "
	 "iface\n"
	 "f.yaml:7: neighbours.static.10.0.2.5@lo0.iface: found \"lo0\", allowed is the name of an "
	 "iface with a port\n"
	 "f.yaml:8: neighbours.static.10.0.3.5@wan.address: found 10.0.3.5, allowed is an address "
	 "in a network of iface wan"},
	{"version: 1\n"
	 "log: &a {level: info}\n"
	 "workers: *a\n",
	 "f.yaml:2: workers: found an alias (*), allowed is the value itself"},
	{"version: 1\n"
	 "ports: &a\n"
	 "  - *a\n",
	 "f.yaml:2: ports[0]: found an alias (*), allowed is the value itself"},
	{"version: 1\n"
	 "---\n"
	 "version: 1\n",
	 "f.yaml:2: found a second document, allowed is one"},
	{"version: 1\n"
	 "log: {level: info\n"
	 "workers: 1\n",
	 "f.yaml:3: this is not YAML: did not find expected ',' or '}' while parsing a flow "
	 "mapping"},
	{"version: 1\n"
	 "	log: x\n",
	 "f.yaml:2: this is not YAML: found a tab character that violates indentation while "
	 "scanning a plain scalar"},
	{"version: 1\n"
	 "a1: 1\n"
	 "a2: 1\n"
	 "a3: 1\n"
	 "a4: 1\n"
	 "a5: 1\n"
	 "a6: 1\n"
	 "a7: 1\n"
	 "a8: 1\n"
	 "a9: 1\n"
	 "b1: 1\n"
	 "b2: 1\n"
	 "\n",
	 "f.yaml:2: unknown key \"a1\", allowed are version, log, workers, memory, control, host, "
	 "forwarding, ip, neighbours, ports, ifaces, routes, mrt\n"
	 "f.yaml:3: unknown key \"a2\", allowed are version, log, workers, memory, control, host, "
	 "forwarding, ip, neighbours, ports, ifaces, routes, mrt\n"
	 "f.yaml:4: unknown key \"a3\", allowed are version, log, workers, memory, control, host, "
	 "forwarding, ip, neighbours, ports, ifaces, routes, mrt\n"
	 "f.yaml:5: unknown key \"a4\", allowed are version, log, workers, memory, control, host, "
	 "forwarding, ip, neighbours, ports, ifaces, routes, mrt\n"
	 "f.yaml:6: unknown key \"a5\", allowed are version, log, workers, memory, control, host, "
	 "forwarding, ip, neighbours, ports, ifaces, routes, mrt\n"
	 "f.yaml:7: unknown key \"a6\", allowed are version, log, workers, memory, control, host, "
	 "forwarding, ip, neighbours, ports, ifaces, routes, mrt\n"
	 "f.yaml:8: unknown key \"a7\", allowed are version, log, workers, memory, control, host, "
	 "forwarding, ip, neighbours, ports, ifaces, routes, mrt\n"
	 "f.yaml:9: unknown key \"a8\", allowed are version, log, workers, memory, control, host, "
	 "forwarding, ip, neighbours, ports, ifaces, routes, mrt\n"
	 "f.yaml:10: unknown key \"a9\", allowed are version, log, workers, memory, control, host, "
	 "forwarding, ip, neighbours, ports, ifaces, routes, mrt\n"
	 "f.yaml:11: unknown key \"b1\", allowed are version, log, workers, memory, control, host, "
	 "forwarding, ip, neighbours, ports, ifaces, routes, mrt\n"
	 "f.yaml: and more errors"},
};

static void config_bad_file_is_refused_with_line_key_value_and_what_is_allowed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err = {0};

		assert_null(config_parse(bad[i].file, strlen(bad[i].file), "f.yaml", &err));
		assert_string_equal(err.text, bad[i].errors);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			config_bad_file_is_refused_with_line_key_value_and_what_is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
