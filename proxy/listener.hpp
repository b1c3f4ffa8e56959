// The listening side: sockets that several workers share by source address, and the accept loop.
// All connections of a client address live on one worker: a call may move from one of a user's
// switchboards to another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <boost/system/error_code.hpp>

#include "proxy/config.hpp"
#include "proxy/descriptor.hpp"
#include "proxy/destination.hpp"
#include "proxy/log.hpp"
#include "proxy/readiness.hpp"

namespace gate {

class Worker;

/// Which of `workers` has the connections of this client. The kernel computes the same for the sockets of
/// `open_listeners`. `client` is no mapped IPv4 address (see `unmapped`).
[[nodiscard]] std::size_t worker_of(const boost::asio::ip::address& client, std::size_t workers) noexcept;

/// What `bind` may collide with.
enum class Beside : std::uint8_t {
  nobody,         // an address that is taken, by another copy of this program too, is an error
  own_listeners,  // sockets of this process, which a reload is about to close
};

/// Opens one listening socket for each of `workers`; with several, the kernel chooses by `worker_of`.
/// Nothing is opened on an error. For mode = "tproxy" they are diverted, with `mark`.
[[nodiscard]] boost::system::error_code open_listeners(const ListenerSettings& listener, std::uint32_t mark,
                                                       std::size_t workers, Beside beside,
                                                       std::vector<Descriptor>& sockets);

/// Makes a listening socket transparent (mode = "tproxy"), which takes CAP_NET_ADMIN. What it accepts
/// carries `mark` (SO_MARK), by which the ruleset knows the client's side.
[[nodiscard]] boost::system::error_code divert(int fd, std::uint32_t mark);

/// Makes a listening socket that somebody else opened one like ours.
[[nodiscard]] boost::system::error_code prepare_inherited(int fd) noexcept;

/// Whose the accepted connections are.
enum class Sharing : std::uint8_t {
  own,    // the kernel has chosen this worker
  dealt,  // one socket for all workers: it is inherited, and lives on when this process ends
};

/// Accepts on one socket. Owned by its worker, and by the handlers that wait.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  /// `worker` outlives it. Throws if the system refuses.
  Listener(Worker& worker, Descriptor listening, std::shared_ptr<const ListenerSettings> settings,
           Sharing sharing);

  /// Accepts from now on; if the kernel refuses, with the next tick.
  void start() noexcept;
  /// For the connections from now on.
  void change(std::shared_ptr<const ListenerSettings> settings) noexcept;
  /// No connection begins here any more: whoever tries hears nothing, and tries again a second later. Those
  /// that have begun arrive within a round trip, and are accepted. An inherited socket is closed at once:
  /// what arrives there is the next process's.
  void turn_away() noexcept;
  /// Takes what has arrived, so that nobody who was let in is refused, and closes.
  void retire() noexcept;
  void close() noexcept;
  /// At every tick: ends a pause.
  void tick() noexcept;

  [[nodiscard]] bool pauses() const noexcept { return paused_; }
  [[nodiscard]] const ListenerSettings& settings() const noexcept { return *settings_; }

 private:
  enum class Turn : std::uint8_t { idle, full, out_of_resources };
  /// Takes at most `most` connections.
  [[nodiscard]] Turn accept(int most);
  void wait() noexcept;
  void accept_some() noexcept;
  /// Out of descriptors or memory: tries again at the next tick, instead of spinning on a ready socket.
  void pause(int error) noexcept;

  Worker& worker_;
  std::shared_ptr<const ListenerSettings> settings_;
  Sharing sharing_;
  Readiness listening_;
  Trickle trickle_;
  bool turned_away_ = false;
  bool paused_ = false;
  bool closed_ = false;
};

}  // namespace gate
