// Names for records: ULIDs, 26 characters of Crockford's base32 that sort by time.
//
//   48 bits: milliseconds since 1970 | 80 bits: random
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

namespace gate {

/// Each name sorts after the one before, even within a millisecond and when the clock is set back:
/// then the old time stays and the random part counts up. Not safe to share between threads.
class UlidSource {
 public:
  [[nodiscard]] std::string next(std::chrono::system_clock::time_point time);

 private:
  std::uint64_t milliseconds_ = 0;
  std::array<std::uint8_t, 10> random_{};
};

}  // namespace gate
