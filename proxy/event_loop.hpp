// The descriptors of one worker: a level-triggered epoll set of its own inside the io_context. The set itself
// is the only descriptor that Asio waits for, so a connection costs neither a registration nor a handler
// there, and a ready one no epoll_ctl.
//
//   io_context ──ready──► turn: epoll_wait ─► small reads and writes at once ─► one bulk read ─► epoll_wait
//   ...
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include <sys/epoll.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "proxy/readiness.hpp"

namespace gate {

class ReadySet {
 public:
  /// `io` outlives it. Its `run` does not return while a descriptor is in the set. Throws if the system
  /// refuses.
  explicit ReadySet(boost::asio::io_context& io);
  ~ReadySet() = default;
  ReadySet(const ReadySet&) = delete;
  ReadySet& operator=(const ReadySet&) = delete;

 private:
  friend class Readiness;
  using Queue = boost::intrusive::list<Readiness, boost::intrusive::base_hook<QueuedHook>,
                                       boost::intrusive::constant_time_size<false>>;

  void joined();
  void left(const Readiness& one) noexcept;
  void wait();
  void turn();
  /// `its_turn`: among the bulk reads.
  void tell(Readiness& one, std::uint32_t events, bool its_turn = false);

  using Stream = boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

  Stream set_;
  std::array<epoll_event, 64> events_{};
  std::size_t next_ = 0;   // of `events_` to be told
  std::size_t count_ = 0;  // of `events_`
  Queue bulk_;             // ready, and waiting for their turn
  const Readiness* telling_ = nullptr;
  std::size_t members_ = 0;
  std::chrono::steady_clock::time_point last_event_;
  bool waiting_ = false;
};

}  // namespace gate
