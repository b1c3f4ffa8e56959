#!/bin/bash
# Completion offers what `--help` names: every sub-command and every option, in bash and in zsh.
# Usage: tests/e2e/completion_test.sh MSNPGATE
set -uo pipefail
gate=$(readlink -f "${1:-build/release/msnpgate}")
scripts=$(readlink -f "$(dirname "$0")/../../deploy/completion")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ln -s "$gate" "$work/msnpgate"
PATH=$work:$PATH
passed=0
failed=0

same() {  # WHAT FOUND WANTED: as sets of words
  local found wanted
  found=$(tr ' ' '\n' <<<"$2" | grep . | sort -u) wanted=$(tr ' ' '\n' <<<"$3" | grep . | sort -u)
  if [ "$found" = "$wanted" ]; then
    passed=$((passed + 1)); echo "ok - $1"
  else
    failed=$((failed + 1)); echo "not ok - $1"; diff <(echo "$wanted") <(echo "$found")
  fi
}

# shellcheck source=/dev/null
source "$scripts/msnpgate.bash"
compopt() { :; }  # only while a completion runs in a terminal
ask() {  # WORDS...: what is offered for the last
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
  _msnpgate
  echo "${COMPREPLY[*]}"
}

# Read from the help by other means than the completion's own.
sub_commands() {
  "$gate" "$@" --help | python3 -c '
import re, sys
text = sys.stdin.read().partition("\nSubcommands:\n")[2].partition("\n\n")[0]
print(*re.findall(r"^  ([a-z-]+)", text, re.M))'
}
options() {
  "$gate" "$@" --help | python3 -c '
import re, sys
text = sys.stdin.read().partition("\nOptions:\n")[2].partition("\n\n")[0]
print(*(name for names in re.findall(r"^  (-\S+)", text, re.M) for name in names.split(",")))'
}

walk() {  # WORDS...: a command and everything below it
  local below
  below=$(sub_commands "$@")
  same "bash: msnpgate${*:+ $*} -<TAB>" "$(ask msnpgate "$@" -)" "$(options "$@")"
  [ -z "$below" ] || same "bash: msnpgate${*:+ $*} <TAB>" "$(ask msnpgate "$@" '')" "$below"
  commands+=("$*")
  for word in $below; do walk "$@" "$word"; done
}
commands=()
walk
same "bash: the values of --format" "$(ask msnpgate replay --format '')" "text json"
touch "$work/gateway.toml"
same "bash: files behind -c" "$(cd "$work" && ask msnpgate run -c gate)" gateway.toml

# zsh, with the functions it offers candidates with replaced by ones that print them.
zsh_asks() {
  zsh -f -c '
    compadd() { while [[ $1 == -* && $1 != -- ]]; do shift; done; [[ $1 == -- ]] && shift; print -l -- "$@" }
    _describe() { print -l -- ${${(P)2}%%:*} }
    _files() { print -l -- FILES }
    words=("$@"); CURRENT=$#
    source '"$scripts"'/_msnpgate' zsh "$@" | tr '\n' ' '
}
if command -v zsh >/dev/null; then
  for path in "${commands[@]}"; do
    read -ra words <<<"$path"
    same "zsh: msnpgate${path:+ $path} -<TAB>" "$(zsh_asks msnpgate "${words[@]}" -)" "$(options "${words[@]}")"
  done
  same "zsh: msnpgate <TAB>" "$(zsh_asks msnpgate '')" "$(sub_commands)"
  same "zsh: the values of --format" "$(zsh_asks msnpgate replay --format '')" "text json"
fi

# The manual page names every one of them, too.
page=$scripts/../../doc/man/msnpgate.1
for path in "${commands[@]}"; do
  [ -n "$path" ] || continue
  same "msnpgate(1) has $path" "$(for word in $path; do grep -qE "^\.(It )?Cm .*\b$word\b" "$page" && echo "$word"; done)" "$path"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
