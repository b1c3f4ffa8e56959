// The time, as a value handed down: nothing below the worker asks a clock.
#pragma once

#include <chrono>

#include "msnp/types.hpp"

namespace gate {

struct Now {
  /// Monotonic milliseconds: ages, deadlines.
  msnp::Moment monotonic = 0;
  /// Wall time: audit records, `when` and `until` of rules.
  std::chrono::system_clock::time_point wall;
};

}  // namespace gate
