# Completion for mtcp-client and mtcp-server in bash. It asks --help, so that it knows what the program knows.

_mtcp() {
  local program=$1 word=$2 before=$3 help command='' given
  help=$("$program" --help 2>/dev/null)
  local commands
  commands=$(sed -nE '/^Subcommands:/,/^$/s/^  ([a-z]+) .*/\1/p' <<<"$help")
  for given in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if grep -qxF -- "$given" <<<"$commands"; then command=$given; fi
  done
  [ -z "$command" ] || help+=$'\n'$("$program" "$command" --help 2>/dev/null)

  COMPREPLY=()
  if grep -qE -- "^ +$before FILE" <<<"$help"; then
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  elif [ "$before" = --log-level ]; then
    mapfile -t COMPREPLY < <(compgen -W 'error warn info debug' -- "$word")
  elif [ "$before" = --bind ]; then
    mapfile -t COMPREPLY < <(compgen -W "$(ls /sys/class/net)" -- "$word")
  elif ! grep -qE -- "^ +$before [A-Z]" <<<"$help"; then
    local options
    options=$(sed -nE 's/^ +(-h,)?(--[a-z-]+).*/\2/p' <<<"$help")
    [ -n "$command" ] || options+=$'\n'$commands
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
  fi
}
complete -F _mtcp mtcp-client mtcp-server
