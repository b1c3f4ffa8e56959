#!/bin/bash
# Two builds of one source are the same, byte for byte: that of BUILD-DIRECTORY, and one elsewhere, at another
# time, without a compiler cache, in another language and time zone.
#
# Usage: tests/packaging/reproducible_test.sh BUILD-DIRECTORY [whole]
#   Compiling takes minutes: without `whole` the other build compiles every tenth source file, compares their
#   objects, and packs the program of the first.
set -uo pipefail
build=${1:-build/release}
extent=${2-sample}
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
# shellcheck source=tests/lab/checks.sh
source tests/lab/checks.sh

SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
# The working tree as it is, so that a change can be tried before it is committed.
other=$work/else/where/out
mkdir -p "$other"
git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$work/else/where"

elsewhere() {  # COMMAND...: in that copy, with everything around it different
  env CCACHE_DISABLE=1 LC_ALL=C.UTF-8 TZ=Pacific/Chatham HOME="$work" \
    bash -c 'cd "$1/else/where" && umask 077 && shift && "$@"' - "$work" "$@"
}
sample() {
  awk '/^build CMakeFiles.*\.cpp\.o:/ { sub(/:$/, "", $2); if ($2 ~ /dashboard_files|version/ || ++count % 10 == 0) print $2 }' \
    "$other/build.ninja"
}
same_objects() {
  local object
  for object in "${objects[@]}"; do
    cmp "$build/$object" "$other/$object" || return 1
  done
}

check "the package is built here" deploy/package "$build"
first=$(ls "$build"/package/*.deb)
check "elsewhere it is configured" elsewhere cmake --preset release -B out -DMSNPGATE_TESTS=OFF -DCCACHE=NOTFOUND
if [ "$extent" = whole ]; then
  check "and built" elsewhere deploy/package out
else
  mapfile -t objects < <(sample)
  check "${#objects[@]} objects are compiled" elsewhere ninja -C out "${objects[@]}"
  check "they are the same" same_objects
  cp "$build/msnpgate" "$build/msnpgate.spdx.json" "$other/"  # the bill is of all objects
  # As deploy/package does it, which would compile everything.
  check "the program is packed there, too" elsewhere bash -c \
    'ninja -C out compressed && umask 022 && cpack --config out/CPackConfig.cmake -B out/package'
fi
second=$(ls "$other"/package/*.deb)
check "the programs are the same" cmp "$build/msnpgate" "$other/msnpgate"
check "the packages are the same" cmp "$first" "$second"
[ "$failed" -eq 0 ] || { command -v diffoscope >/dev/null && diffoscope --max-report-size 4000 "$first" "$second"; }
summary
