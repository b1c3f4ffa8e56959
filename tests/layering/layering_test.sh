#!/bin/bash
# Holds msnp/ to its promise: the C++20 standard library and nothing else, and of that nothing that
# touches a socket, a file, a clock, a thread or a log.
# Usage: tests/layering/layering_test.sh BUILD-DIRECTORY
set -uo pipefail
build=$(readlink -f "${1:-build/release}")
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
passed=0
failed=0

# What the command prints is what is wrong.
nothing_from() {  # WHAT COMMAND...
  local what=$1 found
  shift
  found=$("$@")
  if [ -z "$found" ]; then
    passed=$((passed + 1)); echo "ok      $what"
  else
    failed=$((failed + 1)); printf 'FAILED  %s\n%s\n' "$what" "$found"
  fi
}

pure='algorithm|any|array|bit|bitset|cctype|charconv|climits|cmath|compare|concepts|cstddef|cstdint|cstdlib|cstring'
pure+='|deque|exception|forward_list|functional|initializer_list|iterator|limits|list|map|memory|memory_resource|new'
pure+='|numeric|optional|queue|ranges|ratio|set|span|stack|stdexcept|string|string_view|tuple|type_traits|typeindex'
pure+='|typeinfo|unordered_map|unordered_set|utility|variant|vector|version'

foreign_includes() {
  grep -nE '^[[:space:]]*#[[:space:]]*(include|import)' msnp/*.[ch]pp |
    grep -vE "#include (<($pure)>|\"msnp/[a-z0-9_]+\.hpp\")$"
}
absent_headers() {
  grep -ohE '"msnp/[a-z0-9_]+\.hpp"' msnp/*.[ch]pp | tr -d '"' | sort -u | while read -r header; do
    [ -e "$header" ] || echo "$header"
  done
}
extra_links() {
  grep -nE 'target_(link_libraries|include_directories|compile_definitions)\(msnp ' CMakeLists.txt |
    grep -vE '\(msnp (PRIVATE warnings|PUBLIC \$\{CMAKE_SOURCE_DIR\})\)'
  grep -nE '^ *(include_directories|link_libraries|link_directories)\(' CMakeLists.txt
}
# Whatever the headers say: the finished library asks for nothing but memory and arithmetic.
impure='socket|connect|bind|listen|accept4?|send(to|msg)?|recv(from|msg)?|poll|epoll_.*|open(at)?(64)?|fopen(64)?|read|write'
impure+='|pread(64)?|pwrite(64)?|ioctl|fcntl(64)?|time|clock|clock_gettime|gettimeofday|localtime(_r)?|getenv|system'
impure+='|f?printf|puts|fputs|fwrite|syslog|rand|srand|pthread_create|std::.*(cout|cerr|clog|chrono|filesystem|thread).*'
impure_symbols() {
  [ -e "$build/libmsnp.a" ] || { echo "no $build/libmsnp.a"; return; }
  nm --undefined-only --demangle "$build/libmsnp.a" | awk '{ $1 = ""; print substr($0, 2) }' |
    grep -E "^($impure)(@.*|\(.*)?$" | sort -u
}
links_alone() {
  local work
  work=$(mktemp -d)
  echo 'int main() {}' >"$work/main.cpp"
  g++ "$work/main.cpp" -nodefaultlibs -Wl,--whole-archive "$build/libmsnp.a" -Wl,--no-whole-archive \
    -lstdc++ -lm -lgcc_s -lgcc -lc -o "$work/alone" 2>&1
  rm -rf "$work"
}
backward_includes() { grep -nE '#include "proxy/' msnp/*.[ch]pp; }
tests_in_product() { grep -nE '#include "(tests|deploy)/' msnp/*.[ch]pp proxy/*.[ch]pp; }

nothing_from 'msnp/ includes only pure parts of the standard library, and itself' foreign_includes
nothing_from 'what msnp/ includes of itself is there' absent_headers
nothing_from 'msnp/ does not know proxy/' backward_includes
nothing_from 'the CMake target msnp links nothing' extra_links
nothing_from 'the library asks for no socket, file, clock, thread or log' impure_symbols
nothing_from 'the library links with the standard library alone' links_alone
nothing_from 'the product includes nothing of its tests' tests_in_product

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
