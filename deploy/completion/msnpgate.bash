# bash completion for msnpgate. It asks the program: what `--help` names is offered, and nothing else, so
# that the two cannot differ.

_msnpgate() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} word help value
  local program=${COMP_WORDS[0]} path=()

  # The sub-commands so far: those that the help before them names.
  help=$("$program" --help 2>/dev/null) || return
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if _msnpgate_subcommands <<<"$help" | grep -qxF -- "$word"; then
      path+=("$word")
      help=$("$program" "${path[@]}" --help 2>/dev/null) || return
    fi
  done

  value=$(_msnpgate_value_of "$prev" <<<"$help")
  case $value in
    '') ;;
    FILE | *FILE*) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); compopt -o filenames; return ;;
    DIR | *DIR*) mapfile -t COMPREPLY < <(compgen -d -- "$cur"); compopt -o filenames; return ;;
    *'|'*) mapfile -t COMPREPLY < <(compgen -W "${value//|/ }" -- "$cur"); return ;;
    *) return ;;  # a name, a time ...: nothing to offer
  esac

  if [[ $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_msnpgate_options <<<"$help")" -- "$cur")
    return
  fi
  mapfile -t COMPREPLY < <(compgen -W "$(_msnpgate_subcommands <<<"$help")" -- "$cur")
  if grep -q '^Positionals:' <<<"$help"; then
    mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$cur")
    compopt -o filenames
  fi
}

# From the text of a help: the names under "Subcommands:".
_msnpgate_subcommands() {
  awk '/^[^ ]/ { inside = /^Subcommands:/ } inside && /^  [a-z]/ { print $1 }'
}

# The options, long and short ones.
_msnpgate_options() {
  awk '/^[^ ]/ { inside = /^Options:/ } inside && /^  -/ { gsub(",", "\n", $1); print $1 }'
}

# What stands behind the option: "FILE", "text|json"; nothing for one that takes no value.
_msnpgate_value_of() {
  awk -v wanted="$1" '
    /^[^ ]/ { inside = /^Options:/ }
    inside && /^  -/ {
      count = split($1, names, ",")
      text = substr($0, index($0, $1) + length($1))
      for (i = 1; i <= count; ++i) {
        if (names[i] == wanted && text ~ /^ [^ ]/) { split(text, words, " "); print words[1] }
      }
    }'
}

complete -F _msnpgate msnpgate
