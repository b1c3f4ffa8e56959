// What an administrator sees of one session.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gate {

/// A value: it outlives the session.
struct SessionInfo {
  std::string client;  // ip:port; no two open sessions have the same
  std::string server;
  std::string user;  // empty while nobody is signed in
  std::vector<std::string> peers;
  std::uint8_t dialect = 0;  // 0: not known yet
  std::string_view phase;    // "connecting", "relaying", "draining"
  std::uint32_t age_seconds = 0;
  std::uint64_t from_client = 0;  // bytes received
  std::uint64_t from_server = 0;
};

}  // namespace gate
