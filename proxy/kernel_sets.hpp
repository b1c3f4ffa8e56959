// The sets of the table `inet msnpgate` that the running gateway writes (ruleset.hpp), over netlink.
#pragma once

#include <chrono>

#include <boost/system/error_code.hpp>

#include "proxy/destination.hpp"
#include "proxy/netlink.hpp"

namespace gate {

/// Used by one thread. Each call is one exchange with the kernel; it takes CAP_NET_ADMIN, which is in effect
/// only meanwhile.
class KernelSets {
 public:
  /// Throws std::runtime_error, in words for an operator, when this process may not use netlink.
  KernelSets();

  /// Connections to `server` are intercepted from now on, for `lifetime`; longer if it was there already.
  [[nodiscard]] boost::system::error_code learn(const Endpoint& server, std::chrono::milliseconds lifetime);

  /// Interception goes on for `lifetime`, where the ruleset makes it depend on a living gateway.
  [[nodiscard]] boost::system::error_code stay_alive(std::chrono::milliseconds lifetime);

 private:
  struct Element;
  [[nodiscard]] boost::system::error_code renew(const Element& element);
  [[nodiscard]] boost::system::error_code send(const Element& element, bool replaces);

  Netlink kernel_;
};

}  // namespace gate
