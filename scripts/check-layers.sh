#!/bin/sh
# Who may include whom: check-layers.sh [ROOT]
# One line per folder: the folders (or headers) it may reach. Includes name
# their path from the root, so the path is the evidence.
set -eu
cd "${1:-$(dirname "$0")/..}"

folders=$(ls -d dataplane drivers apps bench tests 2>/dev/null || true)
# shellcheck disable=SC2086 # a list of folders
grep -rnE '^[[:space:]]*#[[:space:]]*include' $folders --include='*.[ch]' | awk '
BEGIN {
	low = "dataplane/base/ dataplane/pkt/"
	may["dataplane/base"] = "dataplane/base/"
	may["dataplane/pkt"] = low
	may["dataplane/route"] = may["dataplane/flow"] = may["dataplane/bgp"] = low
	may["dataplane/graph"] = low " dataplane/graph.def"
	may["dataplane/ctl"] = "dataplane/"
	feature = low " dataplane/route/ dataplane/flow/ dataplane/graph/"
	may["dataplane/dns"] = may["dataplane/dhcp4"] = feature # their codecs are their own
	driver = low " dataplane/graph/port.h"
	may["drivers/nic82599"] = driver " drivers/pci/"
	may["drivers/vnic82599"] = low " drivers/nic82599/regs.h" # a card and its driver share that
	may["apps"] = may["bench"] = may["tests"] = "dataplane/ drivers/"
	node = low " dataplane/graph/node.h dataplane/graph/iface_tbl.h dataplane/graph/dp_tbl.h"

	# <header> prefix -> the only folders or files that may use it.
	only["rte_ethdev"] = "drivers/dpdk/"
	only["rte_bus"] = "drivers/dpdk/"
	only["bpf/"] = only["xdp/"] = "drivers/afxdp/"
	only["hs"] = "dataplane/dns/"
	only["jemalloc/"] = "dataplane/base/mem.c"
	only["urcu"] = "dataplane/base/rcu.h"
	# Linked by programs without DPDK.
	n_core = split("dataplane/base/ dataplane/route/ dataplane/bgp/", core, " ")
}
function starts(text, list,    i, n, part) {
	n = split(list, part, " ")
	for (i = 1; i <= n; i++)
		if (index(text, part[i]) == 1)
			return 1
	return 0
}
function complain(text) {
	print file ":" line ": " text
	bad = 1
}
{
	split($0, field, ":")
	file = field[1]; line = field[2]
	split(file, dir, "/")
	own = dir[1] "/" dir[2]
	if (dir[1] != "dataplane" && dir[1] != "drivers")
		own = dir[1]
}
match($0, /"[^"]+"/) {
	header = substr($0, RSTART + 1, RLENGTH - 2)
	if (header !~ /^(dataplane|drivers|apps|bench|tests)\//) {
		complain("\"" header "\" does not name its path from the root")
		next
	}
	if (own in may) list = may[own]
	else if (dir[1] == "drivers") list = driver
	else list = feature
	if (!starts(header, own "/ " list))
		complain(own "/ may not include " header)
	# A node file is the per-packet path: it sees tables, never their owners.
	if (file ~ /_node\.[ch]$/ && !starts(header, node) &&
	    !(header ~ /_tbl\.h$/ && starts(header, own "/ dataplane/route/ dataplane/flow/")) &&
	    !(header ~ /_node\.h$/ && starts(header, own "/")))
		complain("a node file may not include " header)
}
match($0, /<[^>]+>/) {
	header = substr($0, RSTART + 1, RLENGTH - 2)
	for (prefix in only)
		if (index(header, prefix) == 1 && !starts(file, only[prefix]) &&
		    !(prefix == "hs" && header !~ /^hs(\/|\.h)/))
			complain("<" header "> belongs to " only[prefix])
	for (i = 1; i <= n_core; i++)
		if (header ~ /^rte_/ && starts(file, core[i]))
			complain(own "/ is linked without DPDK, so no <" header ">")
}
END { exit bad }'
