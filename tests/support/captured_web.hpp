// The HTTP gateway as real clients used it: every segment of the connections to port 80 in a capture.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "msnp/types.hpp"

namespace gate::test {

struct WebSegment {
  std::size_t connection = 0;  // of the capture, from 0
  msnp::Direction direction = msnp::Direction::to_server;
  std::string bytes;
};

/// Those of purple/msnp18-http-text.pcap (retro-prpl at Escargot), in order.
[[nodiscard]] const std::vector<WebSegment>& captured_web();

}  // namespace gate::test
