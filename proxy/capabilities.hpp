// The process's capabilities (capabilities(7)): all but the few it was made for are given up at start, and
// the right to administer the network is in effect only around the calls that need it.
#pragma once

#include <optional>
#include <string>

#include "proxy/config.hpp"

namespace gate {

/// True when a gateway with these settings needs CAP_NET_ADMIN while it runs: for transparent sockets, or
/// to write sets of the ruleset.
[[nodiscard]] bool needs_net_admin(const Boot& boot) noexcept;

/// Gives up, for this thread and all started after it, every capability but CAP_NET_ADMIN where `boot` needs
/// it (kept, but not in effect: see NetAdmin), CAP_NET_BIND_SERVICE where a listener has a port below 1024,
/// and the power over files of a process that runs as root. Returns what is missing, in words for an
/// operator.
[[nodiscard]] std::optional<std::string> keep_needed_capabilities(const Boot& boot);

/// CAP_NET_ADMIN is in effect for the calling thread while this lives. Without the capability nothing
/// changes: the call that needs it fails with EPERM.
class NetAdmin {
 public:
  NetAdmin() noexcept;
  ~NetAdmin();
  NetAdmin(const NetAdmin&) = delete;
  NetAdmin& operator=(const NetAdmin&) = delete;
};

}  // namespace gate
