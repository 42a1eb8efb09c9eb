#!/bin/bash
# Every lint is seen to fail: plant one violation at a time in a small tree of
# its own and look for the complaint.
set -euo pipefail
scripts=$(cd "$(dirname "$0")/../../scripts" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failed=0

spdx='// SPDX-License-Identifier: BSD-3-Clause'

plant() { # file, content
	mkdir -p "$tree/$(dirname "$1")"
	printf '%s\n' "$spdx" "$2" >"$tree/$1"
}

# expect TEXT COMMAND...: it must fail and say TEXT; the tree is emptied after it.
expect() {
	local text=$1 said
	shift
	if said=$("$@" 2>&1); then
		echo "not ok: $(basename "$1") let pass: $text"
		failed=1
	elif [[ $said != *"$text"* ]]; then
		echo "not ok: $(basename "$1") did not say '$text' but: $said"
		failed=1
	else
		echo "ok: $(basename "$1"): $text"
	fi
	rm -rf "${tree:?}"/*
}

accept() {
	local said
	if said=$("$@" 2>&1); then
		echo "ok: $(basename "$1") accepts what is right"
	else
		echo "not ok: $(basename "$1") complains: $said"
		failed=1
	fi
	rm -rf "${tree:?}"/*
}

layers() { # file, include, complaint
	plant "$1" "#include $2"
	expect "$3" "$scripts/check-layers.sh" "$tree"
}

layers dataplane/base/x.c '"dataplane/pkt/batch.h"' 'may not include dataplane/pkt/batch.h'
layers dataplane/ip4/x.c '"dataplane/ip6/ip6.h"' 'may not include dataplane/ip6/ip6.h'
layers dataplane/graph/x.c '"dataplane/ctl/config.h"' 'may not include dataplane/ctl/config.h'
layers dataplane/ip4/x.c '"ip4.h"' 'does not name its path'
layers dataplane/ip4/x_node.c '"dataplane/ip4/ip4.h"' 'a node file may not include'
layers dataplane/ip4/x_node.c '"dataplane/graph/worker.h"' 'a node file may not include'
layers drivers/dpdk/x.c '"drivers/afxdp/afxdp.h"' 'may not include drivers/afxdp'
layers drivers/dpdk/x.c '"dataplane/graph/node.h"' 'may not include dataplane/graph/node.h'
layers apps/x.c '"bench/bench.h"' 'may not include bench/bench.h'
layers dataplane/ctl/x.c '<rte_ethdev.h>' 'belongs to drivers/dpdk/'
layers dataplane/ip4/x.c '<urcu-qsbr.h>' 'belongs to dataplane/base/rcu.h'
layers dataplane/route/x.c '<rte_mbuf.h>' 'linked without DPDK'
plant dataplane/ip4/ip4_ttl_node.c '#include "dataplane/ip4/ip4_ttl_node.h"
#include "dataplane/route/nexthop_tbl.h"
#include "dataplane/pkt/batch.h"
#include <rte_mbuf.h>'
accept "$scripts/check-layers.sh" "$tree"

archive() { # content
	plant x.c "$1"
	cc -O2 -c -o "$tree/x.o" "$tree/x.c"
	ar rc "$tree/x.a" "$tree/x.o"
}
archive '#include <stdlib.h>
void *x_node(void) { return malloc(3); }'
expect 'hot path imports malloc' "$scripts/check-hot.sh" "$tree/x.a"
archive '#include <string.h>
void x_node(char *a, char *b, unsigned long n) { memcpy(a, b, n); }'
accept "$scripts/check-hot.sh" "$tree/x.a"

archive 'void rte_clash_of_names(void) { }'
mkdir "$tree/dpdk" && cp "$tree/x.a" "$tree/dpdk/librte_x.a"
export DPDK_LIBDIR=$tree/dpdk
expect 'rte_clash_of_names' "$scripts/check-symbols.sh" "$tree/x.a"

text() { # file, content, complaint
	plant "$1" "$2"
	expect "$3" "$scripts/check-text.sh" "$tree"
}
text dataplane/x.c '// TO''DO: later' 'left-over marks'
text dataplane/x.c '/* a comment */' 'comments are //'
text dataplane/x.h 'int x;' 'no #pragma once'
text dataplane/x.c 'int x; // as RFC 1812 says' 'cite as'
text dataplane/x.c 'int x; // as RFC1812 §5.2 says' 'cite as'
text dataplane/x.c '
// §4.6.3: interrupts off' 'a section of which document?'
plant dataplane/x.c 'int x;' && sed -i 1d "$tree/dataplane/x.c"
expect 'not the licence' "$scripts/check-text.sh" "$tree"
plant dataplane/x.c '// The codec of RFC 4271.

// §4.3: attributes, not as in RFC 1771 §4.3; see RFC 4271.
int x; // RFC 1812 §5.3.1'
accept "$scripts/check-text.sh" "$tree"

body=$(printf '\tx++;\n%.0s' $(seq 100))
plant dataplane/x.c "
void x_long(int x)
{
$body
}"
expect 'function of 102 lines' "$scripts/check-sizes.sh" "$tree"
plant dataplane/x.c "
// Long: one table-driven switch.
void x_long(int x)
{
$body
}"
accept "$scripts/check-sizes.sh" "$tree"

drops() { # lines of graph.def, complaint
	plant dataplane/graph.def "$1"
	expect "$2" "$scripts/check-drops.sh" "$tree"
}
drops 'NODE(IP4_X, ip4_x, "ip4-x", NO_HOOK)
DROP(IP4_X, A, "same")
DROP(IP4_X, B, "same")' 'two drops are called ip4-x/same'
drops 'NODE(IP4_X, ip4_x, "ip4-y", NO_HOOK)' 'are not one name'
drops 'DROP(IP4_X, A, "some")' 'which is no node above'
drops 'NODE(IP4_X, ip4_x, "ip4-x", NO_HOOK)
DROP(IP4_X, A, "Bad Name")' 'words with dashes'
one_drop='NODE(IP4_X, ip4_x, "ip4-x", NO_HOOK)
DROP(IP4_X, A, "bad-thing")'
drops "$one_drop" 'no code takes the drop IP4_X_A'
plant dataplane/graph.def "$one_drop"
plant dataplane/x_node.c 'int edge = IP4_X_A;'
accept "$scripts/check-drops.sh" "$tree"

standards() { # a row, complaint
	mkdir -p "$tree/docs"
	printf '| document | section | what | tests |\n|---|---|---|---|\n%s\n' "$1" >"$tree/docs/STANDARDS.md"
	plant tests/unit/x_test.c 'static void x_is_so(void **state)'
	plant tests/net/test_x.py 'def test_x_is_so(lab):'
	${3:-expect} ${2:+"$2"} "$scripts/check-standards.sh" "$tree"
}
# shellcheck disable=SC2016 # backquotes of the page
standards_cases() {
	standards '| RFC 1 | 2 | so | `x_is_not_so` |' 'no test is called x_is_not_so'
	standards '| RFC 1 | 2 | so | `test_y.py::test_x_is_so` |' 'no test is called test_y.py::test_x_is_so'
	standards '| RFC 1 | 2 | so | of course |' 'names no test'
	standards '| RFC 1 | so | `x_is_so` |' 'a row is document, section, what, tests'
	standards '| RFC 1 | 2 | so | `x_is_so`, `test_x.py::test_x_is_so` |' '' accept
}
standards_cases

plant dataplane/x.c 'int   x;'
cp "$scripts/../.clang-format" "$tree"
if "$scripts/check-format.sh" "$tree" >/dev/null 2>&1 || [ $? != 77 ]; then
	expect 'should be clang-formatted' "$scripts/check-format.sh" "$tree"
fi

exit $failed
