// The small vocabulary every other file speaks.
#pragma once

#include <cstdint>

namespace msnp {

/// Which way bytes travel, seen from the gateway.
enum class Direction : std::uint8_t { to_server, to_client };

[[nodiscard]] constexpr Direction opposite(Direction direction) noexcept {
  return direction == Direction::to_server ? Direction::to_client : Direction::to_server;
}

/// Which server of the MSN service a connection talks to. A dispatch server is a
/// notification server: nothing tells them apart before the reply to USR (framing.md 3.1).
enum class Side : std::uint8_t { notification, switchboard };

/// A moment on the caller's monotonic clock, in milliseconds. msnp/ never asks for the time.
using Moment = std::int64_t;

}  // namespace msnp
