#!/bin/sh
# A hot object may import memory moves and nothing else: no allocation, no
# lock, no log, no system call can hide in the per-packet path.
#
#   check-hot.sh ARCHIVE...
#
# What the archives define for one another is fine, since it is checked too.
# Exceptions, each with its reason: hot-allow.txt beside this script.
set -eu
allow=$(dirname "$0")/hot-allow.txt

awk '!/^#/ && NF == 1 { print FILENAME ":" FNR ": " $1 " has no reason"; bad = 1 } END { exit bad }' \
	"$allow"
nm -A -g "$@" | awk -v allow="$allow" '
BEGIN {
	while ((getline line < allow) > 0)
		if (line !~ /^#/ && split(line, word, " ") > 1)
			ok[word[1]] = 1
}
{
	if (NF < 2)
		next
	kind = $(NF - 1)
	if (kind == "U" || kind == "w")
		object[$NF] = object[$NF] " " $1
	else
		ok[$NF] = 1
}
END {
	for (name in object)
		if (!(name in ok)) {
			print "hot path imports " name ":" object[name]
			bad = 1
		}
	exit bad
}'
