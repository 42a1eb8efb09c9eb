#!/bin/sh
# Runs shellcheck over every shell script, a syntax check over every Python file:
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
/usr/bin/python3 - $python <<'END' || status=1
import ast, sys

for name in sys.argv[1:]:
    try:
        ast.parse(open(name, encoding="utf-8").read(), name)
    except SyntaxError as err:
        sys.exit(f"{name}:{err.lineno}: {err.msg}")
END

if ! command -v shellcheck >/dev/null; then
	echo "skipped: no shellcheck here"
	[ $status = 0 ] || exit 1
	exit 77
fi
with_interpreter '\<\(ba\)\?sh\>' | xargs -r shellcheck || status=1
exit $status
