#!/bin/sh
# Does graph.def name every node and drop once, and does some code take each drop?
# check-drops.sh [ROOT]
set -eu
cd "${1:-$(dirname "$0")/..}"

if [ ! -f dataplane/graph.def ]; then
	echo "skipped: no dataplane/graph.def here"
	exit 77
fi
awk -F '[(),][[:space:]]*' '
function complain(text) {
	print FILENAME ":" FNR ": " text
	bad = 1
}
/^NODE\(/ {
	name = $4
	gsub(/"/, "", name)
	dashed = $3
	gsub(/_/, "-", dashed)
	if (name != dashed || $2 != toupper($3))
		complain($2 ", " $3 " and \"" name "\" are not one name")
	if (name in nodes)
		complain("two nodes are called " name)
	nodes[name] = 1
	node[$2] = name
}
/^DROP\(/ {
	reason = $4
	gsub(/"/, "", reason)
	if (!($2 in node))
		complain("a drop of " $2 ", which is no node above")
	if (reason !~ /^[a-z0-9]+(-[a-z0-9]+)*$/)
		complain("\"" reason "\": drop names are words with dashes")
	if ((node[$2] "/" reason) in drops)
		complain("two drops are called " node[$2] "/" reason)
	drops[node[$2] "/" reason] = 1
}
/^(ARC|DROP|LOSS)\(/ {
	if (($2 SUBSEP $3) in edges)
		complain("two edges are called " $2 "_" $3)
	edges[$2, $3] = 1
}
END {
	for (drop in drops)
		n++
	if (!n) {
		print "graph.def names no drop: has its form changed?"
		bad = 1
	}
	exit bad
}' dataplane/graph.def

status=0
edges=$(sed -n 's/^DROP(\([A-Z0-9_]*\), *\([A-Z0-9_]*\),.*/\1_\2/p' dataplane/graph.def)
for edge in $edges; do
	if ! grep -rqw "$edge" dataplane --include='*.c' --include='*_node.h'; then
		echo "dataplane/graph.def: no code takes the drop $edge"
		status=1
	fi
done
exit $status
