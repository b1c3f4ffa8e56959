# What makes a fault in the program harder to use, and the build the same everywhere. tests/e2e/hardening_test.sh
# looks for each of these in the finished program.
include(CheckCXXCompilerFlag)

# Debian's own set (dpkg-buildflags), and what the processor offers for control flow.
set(HARDENING_OPTIONS -fstack-protector-strong -fstack-clash-protection)
foreach(FLAG -fcf-protection=full -mbranch-protection=standard)
  string(MAKE_C_IDENTIFIER "HAS${FLAG}" HAS_FLAG)
  check_cxx_compiler_flag(${FLAG} ${HAS_FLAG})
  if(${HAS_FLAG})
    list(APPEND HARDENING_OPTIONS ${FLAG})
  endif()
endforeach()
add_compile_options(${HARDENING_OPTIONS})
add_compile_definitions(_FORTIFY_SOURCE=2)
add_link_options(-pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed)

# Two builds of one source are the same, byte for byte, wherever they are made: everything is named as seen
# from build/release. Of the prefixes that match a name the compiler takes the last.
add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}=../.. -ffile-prefix-map=${CMAKE_BINARY_DIR}=./build/release)
