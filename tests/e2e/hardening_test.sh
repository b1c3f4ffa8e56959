#!/bin/bash
# The finished program has what cmake/hardening.cmake asks for.
# Usage: tests/e2e/hardening_test.sh MSNPGATE
set -u  # and no pipefail: grep -q ends before those it listens to
gate=$(readlink -f "${1:-build/release/msnpgate}")
# shellcheck source=tests/lab/checks.sh
source "$(dirname "$0")/../lab/checks.sh"

header() { readelf -hW "$gate" | grep -qE "$1"; }
segments() { readelf -lW "$gate" | grep -qE "$1"; }
dynamic() { readelf -dW "$gate" | grep -qE "$1"; }
imports() { readelf --dyn-syms -W "$gate" | grep -qE "UND .*$1"; }
# Nearly all functions begin with a landing pad, or an indirect call could land anywhere.
landing_pads() {
  [ "$(uname -m)" = x86_64 ] || return 0
  [ "$(objdump -d --no-show-raw-insn "$gate" | grep -c endbr64)" -gt 1000 ]
}
# A frame larger than a page touches every page on the way.
probes_stack() { objdump -d --no-show-raw-insn "$gate" | grep -qE 'or[lq] +\$0x0,(0x[0-9a-f]+)?\(%rsp'; }
own_paths() { strings -a "$gate" | grep -F "$(dirname "$(dirname "$(dirname "$gate")")")/"; }

check "it is a position-independent executable" header 'Type: +DYN .*Position-Independent'
check "relocated data is read-only afterwards" segments 'GNU_RELRO'
check "all symbols are bound before that" dynamic 'BIND_NOW'
check "the stack is not executable" segments 'GNU_STACK .* RW '
check "no segment is writable and executable" no segments 'LOAD .* RWE '
check "no text is relocated" no dynamic 'TEXTREL'
check "no library is looked for beside the system's" no dynamic 'R(UN)?PATH'
check "the stack is protected" imports '__stack_chk_fail'
check "calls are fortified" imports '__[a-z]+_chk(@|$)'
check "indirect calls land on pads" landing_pads
check "large frames probe the stack" probes_stack
check "where it was built stands nowhere in it" no own_paths
summary
