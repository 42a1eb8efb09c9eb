#!/bin/sh
# How long are functions and files? check-sizes.sh [ROOT]
# A function over 100 lines fails, unless the comment above it says "Long:" and
# why. The rest is a report: targets for the eye (median 12 lines, 95th
# percentile 50; .c 600, .h 150).
set -eu
cd "${1:-$(dirname "$0")/..}"

# shellcheck disable=SC2016 # awk's own $
find . -path './build*' -prune -o -name '*.[ch]' -print0 | sort -z | xargs -0 -r awk '
FNR == 1 { long_ok = 0; start = 0; head = "" }
/^\/\// { if (index($0, "Long:")) long_ok = 1; next }
/^[a-z].*\(/ { head = $0 }
/^\{/ { start = FNR; next }
/^\}/ && start {
	lines = FNR - start + 1
	if (head != "")
		print lines, FILENAME ":" start, long_ok, head
	start = 0; long_ok = 0; head = ""
	next
}
/^\}/ { long_ok = 0 }
' | sort -n | awk '
{
	lines[NR] = $1
	if ($1 > 100 && !$3) {
		print $2 ": function of " $1 " lines: " substr($0, index($0, $4))
		bad = 1
	}
}
END {
	if (NR)
		printf "%d functions: median %d lines, 95th percentile %d, longest %d\n",
			NR, lines[int((NR + 1) / 2)], lines[int(NR * 0.95 + 0.5)], lines[NR]
	exit bad
}'
find . -path './build*' -prune -o -name '*.[ch]' -print0 | sort -z | xargs -0 -r wc -l | awk '
$2 != "total" && $1 > ($2 ~ /\.h$/ ? 150 : 600) { print $2 ": " $1 " lines, longer than the target" }'
