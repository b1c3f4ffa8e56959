// Listening sockets that a service manager opened and handed over (sd_listen_fds(3)). They live on when
// this process ends: what arrives meanwhile waits in them, and nobody is refused.
#pragma once

#include <string>
#include <vector>

#include "proxy/descriptor.hpp"
#include "proxy/destination.hpp"

namespace gate {

class InheritedSockets {
 public:
  InheritedSockets() = default;
  /// Takes what LISTEN_PID and LISTEN_FDS tell of, and removes them from the environment. Before any other
  /// thread runs, and once. What is no listening TCP socket is left out and logged.
  [[nodiscard]] static InheritedSockets from_environment();

  /// Only for sockets that are listening.
  void add(Descriptor socket);

  /// A copy of the socket that listens at `bind`; none if there is no such. It can be asked for again.
  [[nodiscard]] Descriptor copy_for(const Endpoint& bind) const;

  /// Where they listen.
  [[nodiscard]] std::vector<Endpoint> addresses() const;

 private:
  struct Inherited {
    Endpoint address;
    Descriptor socket;
  };
  std::vector<Inherited> sockets_;
};

}  // namespace gate
