#!/bin/bash
# Does any of our names clash with one of DPDK's? check-symbols.sh ARCHIVE...
# Debian's static DPDK exports over 20,000 names without rte_ (ixgbe_, eth_,
# flow_, graph_, port_): linked statically, a clash is a silent wrong call.
set -euo pipefail

libdir=${DPDK_LIBDIR:-$(pkg-config --variable=libdir libdpdk)}
if ! compgen -G "$libdir/librte_*.a" >/dev/null; then
	echo "skipped: no static DPDK in $libdir"
	exit 77
fi
names() {
	nm -g --defined-only "$@" 2>/dev/null | awk 'NF == 3 { print $3 }' | sort -u
}
clash=$(comm -12 <(names "$@") <(names "$libdir"/librte_*.a))
[ -z "$clash" ] || {
	echo "names that DPDK has too:"
	echo "$clash"
	exit 1
}
