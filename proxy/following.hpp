// How a filter treats the addresses that servers send clients to (framing.md 5): values that it shares with
// whoever learns them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "msnp/types.hpp"
#include "proxy/config.hpp"
#include "proxy/detours.hpp"
#include "proxy/follower.hpp"

namespace gate {

struct Following {
  FollowMode mode = FollowMode::off;
  std::vector<std::uint16_t> ports;  // intercepted anyway
  std::vector<Rule::Network> exempt;

  /// True when connections to this host and port need no care: they are intercepted, or meant not to be.
  [[nodiscard]] bool settled(std::string_view host, std::uint16_t port) const;
};

/// A line that waits.
struct HeldRedirect {
  std::uint64_t number = 0;  // tells lines apart, within a process
  std::string wire;
  Lead lead;
  msnp::Moment since = 0;
};

}  // namespace gate
