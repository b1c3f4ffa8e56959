// One intercepted connection, from its acceptance to its last audit line: connects to where the client
// wanted to go, then relays what the filter lets through, until either end or a deadline ends it.
//
//   connecting ──► relaying ──► draining (the filter closed) ──► over
//                      └──────── (the filter broke it off) ───────┘
//
// What is over has its record written, and then both ends see it (Worker::end_turn).
//
// An idle session is this one object: no buffer, no timer, no coroutine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <boost/intrusive/list.hpp>

#include "msnp/output.hpp"
#include "proxy/clock.hpp"
#include "proxy/deadlines.hpp"
#include "proxy/descriptor.hpp"
#include "proxy/filter.hpp"
#include "proxy/readiness.hpp"
#include "proxy/relay.hpp"
#include "proxy/session_info.hpp"

namespace gate {

class Worker;

/// Why a connection ended, or was not begun. Audit key `reason` of event `session`.
enum class Ending : std::uint8_t {
  client_closed,
  server_closed,
  connect_failed,
  connect_timeout,
  first_command_timeout,
  idle_timeout,
  failure,  // the filter closed it; a `failure` record before says why
  memory,
  resources,       // the system refused a socket or a registration
  limit,           // not begun: too many connections
  rate,            // not begun: too many new ones within a second
  no_destination,  // not begun: the kernel does not know where the client wanted to go
  loop,            // not begun: the client wanted to go to the gateway itself
  shutdown,
  administrator,  // somebody ended it by hand
};
[[nodiscard]] std::string_view name_of(Ending ending) noexcept;

template <class Tag>
using Hook = boost::intrusive::list_base_hook<boost::intrusive::tag<Tag>,
                                              boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
template <class Item, class Tag>
using HookedList = boost::intrusive::list<Item, boost::intrusive::base_hook<Hook<Tag>>,
                                          boost::intrusive::constant_time_size<false>>;
struct AliveTag;
struct TickedTag;

class Session final : public Timed, public Hook<AliveTag>, public Hook<TickedTag> {
 public:
  /// `worker` outlives the session. `client` is an accepted, non-blocking socket.
  Session(Worker& worker, const Ends& ends);

  // Each of these may be the last call: the worker destroys a session that is over.

  /// Whose address the server sees.
  enum class Source : std::uint8_t { gateway, client };
  void start(Descriptor client, Source source) noexcept;
  /// The deadline it stood in has passed.
  void expire() noexcept;
  /// While its filter is not idle, or it waits for memory: once a tick.
  void tick() noexcept;
  /// Ends it: the gateway stops, or an administrator wants it.
  void shut_down(Ending why = Ending::shutdown) noexcept;
  /// A limit for idle sessions began to hold: counts from now.
  void time_idleness() noexcept;
  /// What became of the address in a line that its filter holds (Filter::followed).
  void followed(std::uint64_t number, const std::string& fault) noexcept;
  /// Redirects of the server are followed. Before `start`.
  void follow_redirects() noexcept { filter_.follow_redirects(); }

  [[nodiscard]] bool finished() const noexcept { return phase_ == Phase::over; }
  /// Of one that is over: what is to be told of its end, if anything.
  void add_record(std::vector<AuditEvent>& to) const noexcept;
  /// Of one that is over: closes both ends. No handler waits any more.
  void close() noexcept;
  [[nodiscard]] SessionInfo info() const;
  [[nodiscard]] const Ends& ends() const noexcept { return ends_; }

 private:
  struct ReadReady {
    Session* session;
    End end;
    void operator()(const boost::system::error_code&) const noexcept { session->on_readable(end); }
  };
  struct WriteReady {
    Session* session;
    End end;
    void operator()(const boost::system::error_code&) const noexcept { session->on_writable(end); }
  };
  enum class Phase : std::uint8_t { connecting, relaying, draining, over };

  void on_readable(End end) noexcept;
  void on_writable(End end) noexcept;
  /// Runs one event's work; what it cannot get memory for ends this session only.
  template <class Work>
  void attempt(Work work) noexcept;

  void connect(Descriptor client, Source source);
  void finish_connecting();
  void relay();
  void read(End from);
  /// Passes bytes through the filter and keeps what it does not consume; false if that ended the session.
  [[nodiscard]] bool filter(End from, msnp::Bytes bytes, const Now& now);
  void go_on_from_server(const Now& now);
  [[nodiscard]] bool wants_read(End from) const noexcept {
    const bool waits = from == End::server && filter_.held_redirect() != nullptr;
    return !waits && relay_.wants_read(from);
  }
  void deliver(msnp::Output& out, Close close, const Now& now);
  /// Counts what became of the `owed` bytes that waited for this end or were just given to it.
  void count_sent(End to, std::size_t owed) noexcept;
  /// Counts what came from this end, and what of it does not go on.
  void count_received(End from, std::size_t bytes, std::size_t withheld) noexcept;
  /// After every change: passes ends of stream on, ends what is over, waits for what comes next.
  void settle(const Now& now);
  void wait_for_next();
  void time_activity(const Now& now) noexcept;
  /// Counts what is held against the budgets; false if it is too much.
  [[nodiscard]] bool charge() noexcept;
  void out_of_memory(const Now& now);
  void end(Ending ending) noexcept;
  [[nodiscard]] AuditEvent event(AuditKind kind) const;

  [[nodiscard]] Readiness& ready(End end) noexcept { return end == End::client ? client_ : server_; }
  [[nodiscard]] static std::uint8_t bit(End end) noexcept {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(end));
  }

  Worker& worker_;
  Ends ends_;
  Readiness client_;
  Readiness server_;
  Relay relay_;
  std::size_t charged_ = 0;  // bytes counted in FilterShared::memory_held
  Filter filter_;
  int connect_error_ = 0;
  std::uint32_t begun_;       // seconds of the monotonic clock
  std::uint8_t reading_ = 0;  // one bit for each end: a handler waits
  std::uint8_t writing_ = 0;
  Phase phase_ = Phase::connecting;
  Phase last_phase_ = Phase::connecting;   // before it was over
  Ending ending_ = Ending::client_closed;  // of a half-closed connection, or one that is over
  bool half_closed_ = false;
  bool recognised_ = false;
  bool starved_ = false;  // reads nothing until memory is free ([failure] memory = "block")
};

}  // namespace gate
