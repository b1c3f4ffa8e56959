// Counts what this thread takes from the heap through operator new, in programs that link this file.
#pragma once

#include <cstdint>

namespace gate::test {

/// Allocations of this thread since its start.
[[nodiscard]] std::uint64_t allocations() noexcept;

}  // namespace gate::test
