#!/bin/sh
# dataplane/README.md shows the graph as dataplane/graph.def has it, and
# docs/drops.md explains every drop: check-graph.sh [--update]
set -eu
cd "$(dirname "$0")/.."
page=dataplane/README.md

if [ "${1:-}" = --update ]; then
	new=$(mktemp)
	awk '/^<!-- graph: end/ { skip = 0 } !skip { print }
		/^<!-- graph: start/ {
			print "```"
			while (("scripts/graph-print dataplane/graph.def" | getline line) > 0)
				print line
			print "```"
			skip = 1
		}' "$page" >"$new"
	cat "$new" >"$page"
	rm "$new"
fi
status=0
shown=$(sed -n '/^<!-- graph: start/,/^<!-- graph: end/p' "$page" | sed '1,2d;$d' | sed '$d')
if [ "$shown" != "$(scripts/graph-print dataplane/graph.def)" ]; then
	echo "$page does not show dataplane/graph.def: run scripts/check-graph.sh --update"
	status=1
fi
# Names of drops: "node/reason" of the graph, and those that control counts.
missing=$({
	scripts/graph-print dataplane/graph.def | awk '
		/ drops: / {
			sub(/.* drops: /, "")
			n = split($0, reason, ", ")
			for (i = 1; i <= n; i++)
				print node "/" reason[i]
			next
		}
		{ node = $1 }'
	grep -hoE '"(neigh|tap)/[a-z0-9-]+", true' dataplane/neigh/*.def dataplane/ctl/*.[ch] | cut -d'"' -f2
	grep -hoE '"(port|graph|ctl)/[a-z0-9-]+"' dataplane/ctl/router_cmd.c | tr -d '"'
} | sort -u | while read -r drop; do
	grep -qF "\`$drop\`" docs/drops.md || echo "docs/drops.md does not explain $drop"
done)
if [ -n "$missing" ]; then
	echo "$missing"
	status=1
fi
exit $status
