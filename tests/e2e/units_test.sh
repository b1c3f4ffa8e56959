#!/bin/bash
# The systemd units: systemd understands them, and they give the gateway no more than it needs.
# Usage: tests/e2e/units_test.sh MSNPGATE
set -uo pipefail
here=$(readlink -f "$(dirname "$0")")
units=$(readlink -f "$here/../../deploy/systemd")
# shellcheck source=tests/lab/checks.sh
source "$here/../lab/checks.sh"

exposure() {  # UNIT: as systemd-analyze rates it, with its drop-ins; 0 is best, 10 worst
  systemd-analyze security --offline=true --no-pager "$1" | sed -n 's/.*exposure level for .*: \([0-9.]*\) .*/\1/p'
}
at_most() { [ -n "$1" ] && awk -v it="$1" -v most="$2" 'BEGIN { exit !(it <= most) }'; }
# `verify` wants the programs to be there, and says so; anything else it says is a fault.
understood() {  # FOLDER
  local said
  said=$(systemd-analyze verify --man=no "$1"/msnpgate.service "$1"/msnpgate.socket "$1"/msnpgate-rules.service 2>&1 |
         grep -E "msnpgate" | grep -v 'is not executable: No such file')
  [ -z "$said" ] || { echo "$said"; return 1; }
}

# Where each drop-in says that it belongs.
mkdir -p "$work/plain" "$work/net-admin"
cp "$units"/*.service "$units"/*.socket "$work/plain/"
cp "$units"/*.service "$units"/*.socket "$work/net-admin/"
placed() {
  local conf place
  for conf in "$units"/*.conf; do
    place=$(grep -oE '/etc/systemd/system/[^ ]+\.conf' "$conf") && mkdir -p "$work/net-admin/$(basename "$(dirname "$place")")" &&
      cp "$conf" "$work/net-admin/$(basename "$(dirname "$place")")/$(basename "$place")" || return 1
  done
}
check "every drop-in says where it belongs" placed
check "systemd understands all units" understood "$work/plain"
check "and with the drop-ins" understood "$work/net-admin"
redirect=$(exposure "$work/plain/msnpgate.service")
net_admin=$(exposure "$work/net-admin/msnpgate.service")
rules=$(exposure "$units/msnpgate-rules.service")
check "exposure with redirect is $redirect, 1.5 at most" at_most "$redirect" 1.5
check "exposure with CAP_NET_ADMIN is $net_admin, 2.0 at most" at_most "$net_admin" 2.0
check "exposure of the rules is $rules, 3.0 at most" at_most "$rules" 3.0
check "that is with the drop-in, and not without it" [ "$net_admin" != "$redirect" ]
check "the socket listens where the packaged configuration does" \
  grep -qF "$(sed -n 's/^ListenStream=/bind = "/p' "$units/msnpgate.socket")\"" "$units/../debian/msnpgate.toml"
summary
