#!/bin/sh
# Spelling of code, comments and documents: check-spelling.sh [ROOT]
set -eu
cd "${1:-$(dirname "$0")/..}"

if ! command -v codespell >/dev/null; then
	echo "skipped: no codespell here"
	exit 77
fi
# Words that are right here, or names that are not ours.
codespell --quiet-level 3 --skip './build*,./.git,./.pytest*,*.pyc,*.gz,*.bz2,*.mrt' \
	--ignore-words-list 'hist,upto,nd,te,ans,ot,inout,ue,fo,afi,iif,ether'
