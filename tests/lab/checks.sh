# The frame of tests in shell; sourced by them. `check` counts, `summary` ends the test with the line that
# deploy/test reads. `$work` is a directory of the test's own, gone afterwards.
# shellcheck shell=bash
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

check() {  # WHAT COMMAND...: passed when the command succeeds; what a failing one says is shown
  local what=$1
  shift
  if "$@" >"$work/out" 2>&1; then
    passed=$((passed + 1)); echo "ok - $what"
  else
    failed=$((failed + 1)); echo "not ok - $what"; tail -n 8 "$work/out"
  fi
}

no() { ! "$@"; }

summary() {
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
  exit
}
