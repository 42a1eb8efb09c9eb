# shellcheck shell=bash
# Completion for jerboactl: the daemon knows its commands.
_jerboactl() {
	local cur=${COMP_WORDS[COMP_CWORD]}

	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '--socket --json --watch --help --version' -- "$cur")
	else
		mapfile -t COMPREPLY < <(jerboactl --complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
	fi
}
complete -F _jerboactl jerboactl
