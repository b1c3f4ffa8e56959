#!/bin/bash
# Two builds of one source are the same, byte for byte: in directories of other names and depths, at another
# time, in another language and time zone. Without a compiler cache, for one that is told to overlook directories
# (CCACHE_NOHASHDIR) gives out objects that name somebody else's.
#
# Usage: tests/packaging/reproducible_test.sh BUILD-DIRECTORY [whole]
#   Compiling takes minutes: without `whole` every tenth source file is compiled in both and the objects are
#   compared, and both pack the program of BUILD-DIRECTORY.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
program=$(readlink -f "${1:-build/release}")/msnpgate
extent=${2-sample}
# shellcheck source=tests/lab/checks.sh
source tests/lab/checks.sh

SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
# The working tree as it is, so that a change can be tried before it is committed.
one=$work/here other=$work/else/where
for copy in "$one" "$other"; do
  mkdir -p "$copy"
  git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$copy"
done
here() { (cd "$one" && env CCACHE_DISABLE=1 "$@"); }
elsewhere() {
  (cd "$other" && umask 077 && env CCACHE_DISABLE=1 LC_ALL=C.UTF-8 TZ=Pacific/Chatham HOME="$work" "$@")
}
sample() {
  awk '/^build CMakeFiles.*\.cpp\.o:/ { sub(/:$/, "", $2); if ($2 ~ /dashboard_files|version/ || ++count % 10 == 0) print $2 }' \
    "$one/build/release/build.ninja"
}
same_objects() {
  local object
  for object in "${objects[@]}"; do
    cmp "$one/build/release/$object" "$other/out/$object" || return 1
  done
}
# As deploy/package does it, which would compile everything. The bill of materials names all objects.
pack() { (cp "$program" "$program.spdx.json" "$1/" && ninja -C "$1" compressed && umask 022 && cpack --config "$1/CPackConfig.cmake" -B "$1/package"); }
export -f pack
export program

check "here it is configured" here cmake --preset release -DMSNPGATE_TESTS=OFF -DCCACHE=NOTFOUND
check "and elsewhere" elsewhere cmake --preset release -B out -DMSNPGATE_TESTS=OFF -DCCACHE=NOTFOUND
if [ "$extent" = whole ]; then
  check "here it is built" here deploy/package
  check "and elsewhere" elsewhere deploy/package out
  check "the programs are the same" cmp "$one/build/release/msnpgate" "$other/out/msnpgate"
else
  mapfile -t objects < <(sample)
  check "here ${#objects[@]} objects are compiled" here ninja -C build/release "${objects[@]}"
  check "and elsewhere" elsewhere ninja -C out "${objects[@]}"
  check "they are the same" same_objects
  check "the bill is written" bash -c 'deploy/sbom "${program%/*}" >"$program.spdx.json"'
  check "here a package is made" here bash -c 'pack build/release'
  check "and elsewhere" elsewhere bash -c 'pack out'
fi
first=$(ls "$one"/build/release/package/*.deb) second=$(ls "$other"/out/package/*.deb)
check "the packages are the same" cmp "$first" "$second"
[ "$failed" -eq 0 ] || { command -v diffoscope >/dev/null && diffoscope --max-report-size 4000 "$first" "$second"; }
summary
