#!/bin/sh
# Small rules about words: check-text.sh [ROOT]
# No left-over marks; every .c and .h starts with its licence, a header has
# "#pragma once"; comments are "//"; an RFC is cited with its section, unless
# the first comment of the file names that RFC as its document; a bare section
# sign needs such a document too.
set -eu
cd "${1:-$(dirname "$0")/..}"

status=0
marks='TO''DO|FIX''ME|X''XX|HA''CK'
if grep -rnEwI --exclude-dir='build*' --exclude-dir=.git --exclude-dir='.pytest*' "$marks" .; then
	echo "left-over marks: do it now, or write an issue"
	status=1
fi

# shellcheck disable=SC2016 # awk's own $
find . -path './build*' -prune -o -name '*.[ch]' -print0 | sort -z | xargs -0 -r awk '
function complain(text) {
	print FILENAME ":" FNR ": " text
	bad = 1
}
function finish() {
	if (last ~ /\.h$/ && !pragma) {
		print last ": no #pragma once"
		bad = 1
	}
}
FNR == 1 {
	judge(); finish()
	last = FILENAME; pragma = 0; head = 1; document = ""
	if ($0 != "// SPDX-License-Identifier: BSD-3-Clause")
		complain("the first line is not the licence")
}
/^#pragma once/ { pragma = 1 }
!/^\/\// { head = 0 }
head { document = document $0 " " }
/\/\*/ && !/"[^"]*\/\*[^"]*"/ { complain("comments are //") }
# A comment goes on over the lines that hold nothing else.
function judge() {
	if (bare != "" && !cited) {
		print last ":" bare_line ": cite as \"RFC nnnn §n.n\": " bare
		bad = 1
	}
	bare = ""; cited = 0
}
match($0, /\/\/.*/) && !head {
	rest = text = substr($0, RSTART)
	if (RSTART > 1 && $0 !~ /^[[:space:]]*\/\//)
		judge()
	while (match(rest, /RFC ?[0-9]+/)) {
		name = substr(rest, RSTART, RLENGTH)
		rest = substr(rest, RSTART + RLENGTH)
		if (name ~ /^RFC [0-9]+$/ && rest ~ /^ (§[0-9.A-Z]+|appendix [A-Z])/)
			cited = 1
		else if (!index(document, name)) {
			bare = name; bare_line = FNR
		}
	}
	if (text ~ /§/ && text !~ /[A-Za-z0-9.]+ §[0-9A-Z]/ &&
	    document !~ /RFC [0-9]+|Section numbers|datasheet/)
		complain("a section of which document?")
	if (text == $0 || $0 ~ /^[[:space:]]*\/\//)
		next
}
{ judge() }
END { judge(); finish(); exit bad }' || status=1
exit $status
