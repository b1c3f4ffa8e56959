// What is done with HTTP on connections that the gateway is given. Section `[http]`.
#pragma once

#include <chrono>
#include <cstddef>

namespace gate {

struct HttpSettings {
  /// Off: HTTP is other traffic on an intercepted port, [failure] not-msnp.
  bool enabled = true;
  std::size_t sessions = 10'000;  // of the gateway, at once; in a worker its share
  /// Without a request for this long a session is over. Escargot gives up after 60 s.
  std::chrono::milliseconds idle_timeout{120'000};
  /// Longest body of a request or answer of the gateway: it is held until it is complete.
  std::size_t body = 256 * 1024;

  bool operator==(const HttpSettings&) const = default;
};

}  // namespace gate
