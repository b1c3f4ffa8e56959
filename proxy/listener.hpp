// The listening side: sockets that several workers share by source address, and the accept loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

#include "proxy/config.hpp"
#include "proxy/descriptor.hpp"
#include "proxy/destination.hpp"
#include "proxy/log.hpp"
#include "proxy/readiness.hpp"

namespace gate {

class Worker;

/// Opens one listening socket for each of `workers`. With several of them the kernel chooses the worker
/// by a hash of the source address, so that all connections of a client live on one worker: a call may
/// move from one of a user's switchboards to another. Nothing is opened on an error; an address that is
/// taken, by another copy of this program too, is one. A transparent listener (mode = "tproxy") takes
/// CAP_NET_ADMIN, and what it accepts carries `mark` (SO_MARK), by which the ruleset knows the client's side.
[[nodiscard]] boost::system::error_code open_listeners(const ListenerSettings& listener, std::uint32_t mark,
                                                       std::size_t workers, std::vector<Descriptor>& sockets);

/// Accepts on one socket for one worker.
class Listener {
 public:
  /// `settings` and `worker` outlive it. Throws if the system refuses.
  Listener(Worker& worker, Descriptor listening, const ListenerSettings& settings);

  void start();
  void close() noexcept;

 private:
  void wait();
  void accept_some() noexcept;
  /// Out of descriptors or memory: tries again after a pause, instead of spinning on a ready socket.
  void back_off(int error) noexcept;

  Worker& worker_;
  const ListenerSettings& settings_;
  Readiness listening_;
  boost::asio::steady_timer pause_;
  Trickle trickle_;
  bool closed_ = false;
};

}  // namespace gate
