#!/bin/bash
# The systemd units: systemd understands them, and they give the gateway no more than it needs.
# Usage: tests/e2e/units_test.sh MSNPGATE
set -uo pipefail
units=$(readlink -f "$(dirname "$0")/../../deploy/systemd")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

check() {  # WHAT COMMAND...
  local what=$1
  shift
  if "$@" >"$work/out" 2>&1; then
    passed=$((passed + 1)); echo "ok - $what"
  else
    failed=$((failed + 1)); echo "not ok - $what"; head -n 5 "$work/out"
  fi
}

exposure() {  # UNIT: as systemd-analyze rates it; 0 is best, 10 worst
  systemd-analyze security --offline=true --no-pager "$1" | sed -n 's/.*exposure level for .*: \([0-9.]*\) .*/\1/p'
}
at_most() { [ -n "$1" ] && awk -v it="$1" -v most="$2" 'BEGIN { exit !(it <= most) }'; }
# `verify` wants the programs to be there, and says so; anything else it says is a fault.
understood() {
  local said
  said=$(systemd-analyze verify --man=no "$@" 2>&1 | grep -E "msnpgate" | grep -v 'is not executable: No such file')
  [ -z "$said" ] || { echo "$said"; return 1; }
}

# As the drop-in has it.
mkdir -p "$work/tproxy"
{ cat "$units/msnpgate.service" | sed '/^\[Install\]/,$d'; grep -v '^\[Service\]' "$units/tproxy/service.conf"; } \
  >"$work/tproxy/msnpgate.service"
cp "$units"/msnpgate.* "$units"/msnpgate-rules.service "$work/"

check "systemd understands all units" understood "$work/msnpgate.service" "$work/msnpgate.socket" "$work/msnpgate-rules.service"
redirect=$(exposure "$units/msnpgate.service")
tproxy=$(exposure "$work/tproxy/msnpgate.service")
rules=$(exposure "$units/msnpgate-rules.service")
check "exposure with redirect is $redirect, 1.5 at most" at_most "$redirect" 1.5
check "exposure with tproxy is $tproxy, 2.0 at most" at_most "$tproxy" 2.0
check "exposure of the rules is $rules, 4.0 at most" at_most "$rules" 4.0
check "the socket listens where the packaged configuration does" \
  grep -qF "$(sed -n 's/^ListenStream=/bind = "/p' "$units/msnpgate.socket")\"" "$units/../debian/msnpgate.toml"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
