// A byte stream cut into the frames that clients look into. A line that carries no payload that anybody here
// reads is skipped, with its payload if it has one (framing.md 2.1).
#pragma once

#include <string_view>
#include <vector>

#include "msnp/types.hpp"

namespace gate::test::reading {

enum class FrameKind { message, notification, datagram };

/// Views into the stream.
struct ReadFrame {
  FrameKind kind = FrameKind::message;
  std::string_view sender;  // account; empty towards the server, where it is the user of the connection
  int type = 0;             // of a notification
  std::string_view payload;
};

/// Stops at the first frame that is not complete.
[[nodiscard]] std::vector<ReadFrame> frames_of(msnp::Direction direction, std::string_view stream);

}  // namespace gate::test::reading
