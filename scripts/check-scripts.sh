#!/bin/sh
# Runs shellcheck over every shell script, pyflakes (or a syntax check) over every
# Python file:
# check-scripts.sh [ROOT]
set -eu
cd "${1:-$(dirname "$0")/..}"

status=0
with_interpreter() { # regular expression of the first line
	find . -path './build*' -prune -o -path ./.git -prune -o -type f -size -200k -print |
		while read -r file; do
			if head -n 1 "$file" | grep -aq "^#!.*$1"; then
				echo "$file"
			fi
		done
}

python=$(with_interpreter 'python' && find . -path './build*' -prune -o -name '*.py' -print)
# shellcheck disable=SC2086 # file names without spaces
if command -v pyflakes3 >/dev/null; then
	pyflakes3 $python || status=1
else
	/usr/bin/python3 -c 'import ast, sys
for name in sys.argv[1:]:
    ast.parse(open(name, encoding="utf-8").read(), name)' $python || status=1
fi

if ! command -v shellcheck >/dev/null; then
	echo "skipped: no shellcheck here"
	[ $status = 0 ] || exit 1
	exit 77
fi
with_interpreter '\<\(ba\)\?sh\>' | xargs -r shellcheck || status=1
exit $status
