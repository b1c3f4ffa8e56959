#!/bin/bash
# Two builds of one source are the same, byte for byte: that of BUILD-DIRECTORY, and one elsewhere, at another
# time, without a compiler cache, in another language and time zone.
# Usage: tests/packaging/reproducible_test.sh BUILD-DIRECTORY
set -uo pipefail
build=${1:-build/release}
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
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
    failed=$((failed + 1)); echo "not ok - $what"; tail -n 8 "$work/out"
  fi
}

SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
# The working tree as it is, so that a change can be tried before it is committed.
mkdir "$work/elsewhere"
git ls-files -z | xargs -0 cp --parents -t "$work/elsewhere"

check "the package is built here" deploy/package "$build"
first=$(ls "$build"/package/*.deb)
check "and elsewhere" env CCACHE_DISABLE=1 LC_ALL=C.UTF-8 TZ=Pacific/Chatham HOME="$work" \
  bash -c 'cd "$1/elsewhere" && umask 077 && cmake --preset release -B out -DMSNPGATE_TESTS=OFF -DCCACHE=NOTFOUND &&
           deploy/package out' - "$work"
second=$(ls "$work"/elsewhere/out/package/*.deb)
check "the programs are the same" cmp "$build/msnpgate" "$work/elsewhere/out/msnpgate"
check "the packages are the same" cmp "$first" "$second"
[ "$failed" -eq 0 ] || { command -v diffoscope >/dev/null && diffoscope --max-report-size 4000 "$first" "$second"; }
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
