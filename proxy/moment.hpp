// Moments as people write them.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace gate {

/// RFC 3339: "2026-11-22T16:02:20.123456Z", "2026-11-22 16:02+01:00". Seconds and what is behind may be left
/// out, and so may all but the date. Without a zone it is UTC.
[[nodiscard]] std::optional<std::chrono::system_clock::time_point> moment_of(std::string_view text);

/// The same, or a time ago: "90s", "15m", "24h", "7d", "2w".
[[nodiscard]] std::optional<std::chrono::system_clock::time_point> moment_of(
    std::string_view text, std::chrono::system_clock::time_point now);

}  // namespace gate
