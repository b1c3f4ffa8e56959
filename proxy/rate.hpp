// How often something may happen: a token bucket that holds one second's worth, kept as the one number that
// it needs, the time at which it is full again (the generic cell rate algorithm).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace gate {

/// Microseconds of a clock that never goes back.
using Micros = std::int64_t;
inline constexpr Micros one_second = 1'000'000;

/// The bucket after one more, or nothing when it is empty. `per_second` is at most a million; 0 is no limit.
[[nodiscard]] constexpr std::optional<Micros> after_one_more(Micros full_at, std::size_t per_second,
                                                             Micros now) noexcept {
  if (per_second == 0) return full_at;
  const Micros next = std::max(full_at, now) + one_second / static_cast<Micros>(per_second);
  if (next - now > one_second) return std::nullopt;
  return next;
}

}  // namespace gate
