// Makes a libFuzzer program of the target FUZZ_TARGET names.
#include "tests/fuzz/targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::FUZZ_TARGET(data, size);
}
