#!/bin/sh
# Does every row of docs/STANDARDS.md name tests that exist?
# check-standards.sh [ROOT]
# `name` is a function of tests/unit, `test_x.py::name` one of tests/net. Says,
# without failing, which documents the sources cite and the page does not list.
set -eu
cd "${1:-$(dirname "$0")/..}"

page=docs/STANDARDS.md
if [ ! -f $page ]; then
	echo "skipped: no $page here"
	exit 77
fi
known=$(
	sed -nE 's/^static void ([a-z0-9_]+)\(void \*\*state\).*/\1/p' tests/unit/*_test.c
	for file in tests/net/test_*.py; do
		[ ! -f "$file" ] || sed -nE "s/^def (test_[a-z0-9_]+)\(.*/$(basename "$file")::\1/p" "$file"
	done
)
echo "$known" | awk -v page=$page '
FILENAME == "-" {
	known[$0] = 1
	next
}
function complain(text) {
	print page ":" FNR ": " text
	bad = 1
}
/^## / { is_left_out = $0 == "## Left out" }
/^\|/ && !/^\|---/ && !/^\| document \|/ && !is_left_out {
	n = split($0, cell, / *\| */)
	if (n != 6 || cell[2] == "" || cell[3] == "" || cell[4] == "" || cell[5] == "")
		complain("a row is document, section, what, tests")
	rest = cell[5]
	n_tests = 0
	while (match(rest, /`[^`]+`/)) {
		name = substr(rest, RSTART + 1, RLENGTH - 2)
		rest = substr(rest, RSTART + RLENGTH)
		n_tests++
		if (!(name in known))
			complain("no test is called " name)
	}
	if (!n_tests)
		complain("names no test")
	rows++
}
END {
	if (!rows) {
		print page ": no rows: has its form changed?"
		bad = 1
	}
	exit bad
}' - $page

grep -rhoE 'RFC [0-9]+' dataplane drivers apps --include='*.[ch]' 2>/dev/null | sort -u |
	while read -r name; do
		grep -qw "$name" $page || echo "note: the sources cite $name, $page does not"
	done
