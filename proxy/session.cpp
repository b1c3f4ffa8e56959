#include "proxy/session.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/sockios.h>

#include <array>
#include <cerrno>
#include <exception>
#include <string>

#include "proxy/destination.hpp"
#include "proxy/outgoing.hpp"
#include "proxy/worker.hpp"

namespace gate {
namespace {

constexpr std::array<End, 2> both{End::client, End::server};
constexpr std::array<std::string_view, 4> phase_names{"connecting", "relaying", "draining", "over"};

/// Closing will send a reset: the other end sees what happened here, and no TIME_WAIT stays.
void reset_on_close(int fd) noexcept {
  const linger none{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

/// True when the peer has acknowledged all that was written: a reset takes nothing from it.
bool all_sent(int fd) noexcept {
  int unsent = 0;
  return ::ioctl(fd, SIOCOUTQ, &unsent) == 0 && unsent == 0;
}

}  // namespace

std::string_view name_of(Ending ending) noexcept {
  switch (ending) {
    case Ending::client_closed:
      return "client-closed";
    case Ending::server_closed:
      return "server-closed";
    case Ending::connect_failed:
      return "connect-failed";
    case Ending::connect_timeout:
      return "connect-timeout";
    case Ending::first_command_timeout:
      return "first-command-timeout";
    case Ending::idle_timeout:
      return "idle-timeout";
    case Ending::failure:
      return "failure";
    case Ending::memory:
      return "memory";
    case Ending::resources:
      return "resources";
    case Ending::limit:
      return "limit";
    case Ending::rate:
      return "rate";
    case Ending::no_destination:
      return "no-destination";
    case Ending::loop:
      return "loop";
    case Ending::shutdown:
      return "shutdown";
    case Ending::administrator:
      return "administrator";
  }
  return "unknown";
}

Session::Session(Worker& worker, const Ends& ends)
    : worker_(worker),
      ends_(ends),
      client_(worker.loop()),
      server_(worker.loop()),
      filter_(worker.shared(), ends),
      begun_(static_cast<std::uint32_t>(worker.now().monotonic / 1000)) {}

void Session::start(Descriptor client, Source source) noexcept {
  attempt([&] { connect(std::move(client), source); });
  worker_.release(*this);
}

void Session::expire() noexcept {
  switch (phase_) {
    case Phase::connecting:
      end(Ending::connect_timeout);
      break;
    case Phase::relaying:
      if (half_closed_) {
        end(ending_);
      } else {
        end(recognised_ ? Ending::idle_timeout : Ending::first_command_timeout);
      }
      break;
    case Phase::draining:
      end(Ending::failure);
      break;
    case Phase::over:
      break;
  }
  worker_.release(*this);
}

void Session::tick() noexcept {
  attempt([&] {
    const Now now = worker_.now();
    if (phase_ == Phase::relaying) {
      const HeldRedirect* const held = filter_.held_redirect();
      const std::uint64_t waited_for = held == nullptr ? 0 : held->number;
      msnp::Output& out = worker_.fresh_output();
      const Close close = filter_.tick(out, now);
      deliver(out, close, now);
      const HeldRedirect* const next = filter_.held_redirect();
      if (waited_for != 0 && (next == nullptr || next->number != waited_for)) {
        worker_.forget(*this);
        go_on_from_server(now);
      }
    }
    settle(now);
    if (!starved_ && filter_.idle()) Hook<TickedTag>::unlink();
  });
  worker_.release(*this);
}

void Session::shut_down(Ending why) noexcept {
  end(why);
  worker_.release(*this);
}

void Session::time_idleness() noexcept {
  if (phase_ == Phase::relaying) time_activity(worker_.now());
}

void Session::on_readable(End end) noexcept {
  reading_ = static_cast<std::uint8_t>(reading_ & ~bit(end));
  if (phase_ != Phase::over) attempt([&] { read(end); });
  worker_.release(*this);
}

void Session::on_writable(End end) noexcept {
  writing_ = static_cast<std::uint8_t>(writing_ & ~bit(end));
  if (phase_ != Phase::over) {
    attempt([&] {
      if (phase_ == Phase::connecting) return finish_connecting();
      const std::size_t owed = relay_.waiting(end);
      relay_.flush(end);
      count_sent(end, owed);
      settle(worker_.now());
    });
  }
  worker_.release(*this);
}

template <class Work>
void Session::attempt(Work work) noexcept {
  try {
    worker_.refresh_policy();
    work();
  } catch (const std::exception&) {
    end(Ending::memory);
  }
}

void Session::connect(Descriptor client, Source source) {
  client_.adopt(std::move(client));
  Outgoing server = begin_connection(ends_.server, source == Source::client ? &ends_.client : nullptr);
  if (!server.socket) return end(Ending::resources);
  if (server.error) {
    connect_error_ = server.error.value();
    return end(Ending::connect_failed);
  }
  server_.adopt(std::move(server.socket));
  if (server.connected) return relay();
  worker_.connecting().start(*this, worker_.now().monotonic);
  worker_.arm_tick();
  server_.arm_write(WriteReady{this, End::server});
  writing_ = bit(End::server);
}

void Session::finish_connecting() {
  socklen_t size = sizeof connect_error_;
  if (server_.failed() && ::getsockopt(server_.fd(), SOL_SOCKET, SO_ERROR, &connect_error_, &size) != 0) {
    connect_error_ = errno;
  }
  if (connect_error_ != 0) return end(Ending::connect_failed);
  relay();
}

void Session::relay() {
  phase_ = Phase::relaying;
  relay_.start(client_.fd(), server_.fd());
  worker_.first_command().start(*this, worker_.now().monotonic);
  worker_.arm_tick();
  wait_for_next();
}

void Session::read(End from) {
  if (starved_ || !wants_read(from)) return;  // it paused while the handler waited
  const Now now = worker_.now();
  const std::uint64_t before = relay_.received(from);
  const std::size_t owed = relay_.waiting(from);
  const Relay::Received received = relay_.receive(from, worker_.scratch());
  if (received.read == Relay::Read::nothing) ready(from).read_nothing();
  if (received.read == Relay::Read::less) ready(from).read_short();
  ready(from).set_bulk(relay_.bulk(from));
  const std::uint64_t came = relay_.received(from) - before;
  if (relay_.waiting(from) != owed) count_sent(from, owed);  // it broke the connection off
  count_received(from, came, phase_ == Phase::draining ? came : 0);
  if (received.event == Relay::Event::bytes && !filter(from, received.bytes, now)) return;
  settle(now);
}

bool Session::filter(End from, msnp::Bytes bytes, const Now& now) {
  msnp::Output& out = worker_.fresh_output();
  const msnp::Direction direction = direction_from(from);
  const Filter::Result result = filter_.feed(direction, bytes, out, now);
  count_received(from, 0, result.consumed + out.written(direction) - out.size(direction));
  deliver(out, result.close, now);
  if (phase_ != Phase::relaying) return true;
  const HeldRedirect* const held = from == End::server ? filter_.held_redirect() : nullptr;
  const std::size_t most = held != nullptr ? Scratch::whole_size : Scratch::leftover_size;
  const msnp::Bytes rest = bytes.subspan(result.consumed);
  if (!relay_.keep(from, rest, result.wanted, most)) {
    count_received(from, 0, rest.size());
    out_of_memory(now);
    return false;
  }
  time_activity(now);
  if (held != nullptr) worker_.learn(*this, *held);
  return true;
}

void Session::followed(std::uint64_t number, const std::string& fault) noexcept {
  if (phase_ == Phase::relaying) {
    attempt([&] {
      const Now now = worker_.now();
      msnp::Output& out = worker_.fresh_output();
      const Close close = filter_.followed(number, fault, out, now);
      deliver(out, close, now);
      go_on_from_server(now);
      settle(now);
    });
  }
  worker_.release(*this);
}

/// A line of the server does not wait any more: what came behind it does not, either.
void Session::go_on_from_server(const Now& now) {
  if (phase_ != Phase::relaying) return;
  // In one answer of the HTTP gateway there may be several.
  if (const HeldRedirect* const next = filter_.held_redirect()) return worker_.learn(*this, *next);
  const msnp::Bytes rest = relay_.again(End::server, worker_.scratch());
  if (!rest.empty()) (void)filter(End::server, rest, now);
}

void Session::deliver(msnp::Output& out, Close close, const Now& now) {
  if (close == Close::reset) {
    reset_on_close(client_.fd());
    reset_on_close(server_.fd());
    return end(Ending::failure);
  }
  std::array<std::size_t, 2> owed{};
  for (const End to : both) {
    const msnp::Direction direction = direction_from(opposite(to));
    owed[static_cast<std::size_t>(to)] = relay_.waiting(to) + out.size(direction);
    worker_.shared().metrics.of(direction).injected.add(out.written(direction));
  }
  relay_.deliver(out);
  for (const End to : both) count_sent(to, owed[static_cast<std::size_t>(to)]);
  if (close == Close::yes) {
    for (const End from : both) count_received(from, 0, relay_.leftover(from));
    phase_ = Phase::draining;
    starved_ = false;
    relay_.close_after_delivery();
    Hook<TickedTag>::unlink();
    worker_.draining().start(*this, now.monotonic);
    worker_.arm_tick();
  } else if (!filter_.idle()) {
    worker_.tick_too(*this);
  }
}

void Session::settle(const Now& now) {
  if (phase_ == Phase::over) return;
  if (!relay_.finished()) relay_.forward_ends();
  if (relay_.finished()) {
    if (phase_ == Phase::draining) return end(Ending::failure);
    if (!half_closed_) ending_ = relay_.over(End::client) ? Ending::client_closed : Ending::server_closed;
    return end(ending_);
  }
  if (relay_.overfull()) return out_of_memory(now);
  if (charge()) {
    starved_ = false;
  } else {
    out_of_memory(now);
    if (phase_ == Phase::over) return;
  }
  if (!half_closed_ && phase_ == Phase::relaying && relay_.half_closed()) {
    half_closed_ = true;
    ending_ = relay_.over(End::client) ? Ending::client_closed : Ending::server_closed;
    worker_.closing().start(*this, now.monotonic);
    worker_.arm_tick();
  }
  wait_for_next();
}

void Session::wait_for_next() {
  for (const End end : both) {
    if (!starved_ && (reading_ & bit(end)) == 0 && wants_read(end)) {
      ready(end).arm_read(ReadReady{this, end});
      reading_ = static_cast<std::uint8_t>(reading_ | bit(end));
    }
    if ((writing_ & bit(end)) == 0 && relay_.wants_write(end)) {
      ready(end).arm_write(WriteReady{this, end});
      writing_ = static_cast<std::uint8_t>(writing_ | bit(end));
    }
  }
}

void Session::time_activity(const Now& now) noexcept {
  if (!recognised_) recognised_ = filter_.recognised();
  if (!recognised_ || half_closed_) return;
  worker_.idle().start(*this, now.monotonic);
  worker_.arm_tick();
}

bool Session::charge() noexcept {
  FilterShared& shared = worker_.shared();
  const std::size_t held = relay_.held();
  if (held > charged_ && (held > shared.session_memory || held - charged_ > shared.memory_left()))
    return false;
  shared.memory_held = shared.memory_held - charged_ + held;
  charged_ = held;
  return true;
}

void Session::out_of_memory(const Now& now) {
  if (starved_) return;
  const Reaction reaction = worker_.shared().policy->on(Cause::memory);
  AuditEvent failure = event(AuditKind::failure);
  failure.time = now.wall;
  failure.reason = name_of(Cause::memory);
  worker_.shared().metrics.fail(Cause::memory);
  failure.detail = "the connection holds " + std::to_string(relay_.held()) + " bytes";
  worker_.record(failure);
  // Pausing bounds what is read from now on, but not what is said to an end that does not listen.
  if (reaction == Reaction::block && !relay_.overfull()) {
    starved_ = true;
    worker_.tick_too(*this);
  } else {
    end(Ending::memory);
  }
}

void Session::end(Ending ending) noexcept {
  if (phase_ == Phase::over) return;
  worker_.shared().metrics.end_session(ending);
  for (const End one : both) {
    count_received(one, 0, relay_.leftover(one));
    worker_.shared().metrics.of(direction_from(opposite(one))).undelivered.add(relay_.waiting(one));
  }
  ending_ = ending;
  last_phase_ = phase_;
  phase_ = Phase::over;
  untimed();
  Hook<TickedTag>::unlink();
  if (filter_.held_redirect() != nullptr) worker_.forget(*this);
  worker_.shared().memory_held -= charged_;
  charged_ = 0;
}

void Session::close() noexcept {
  const bool begun = last_phase_ != Phase::connecting;
  for (const End end : both) {
    Readiness& closed = ready(end);
    if (closed.fd() < 0) continue;
    const bool other_broke_off = begun && relay_.was_reset(opposite(end)) && !relay_.wants_write(end);
    if (!begun || (other_broke_off && all_sent(closed.fd()))) reset_on_close(closed.fd());
    closed.close();
  }
}

void Session::count_sent(End to, std::size_t owed) noexcept {
  TrafficMetrics& traffic = worker_.shared().metrics.of(direction_from(opposite(to)));
  const std::size_t gone = owed - relay_.waiting(to);
  (relay_.takes(to) ? traffic.sent : traffic.undelivered).add(gone);
}

void Session::count_received(End from, std::size_t bytes, std::size_t withheld) noexcept {
  TrafficMetrics& traffic = worker_.shared().metrics.of(direction_from(from));
  traffic.received.add(bytes);
  traffic.withheld.add(withheld);
}

SessionInfo Session::info() const {
  SessionInfo made;
  made.client = text_of(ends_.client);
  made.server = text_of(ends_.server);
  made.user = filter_.identity().user();
  for (const msnp::Peer& peer : filter_.identity().peers()) made.peers.push_back(peer.account);
  made.dialect = filter_.identity().dialect();
  made.phase = phase_names[static_cast<std::size_t>(phase_)];
  made.age_seconds = static_cast<std::uint32_t>(worker_.now().monotonic / 1000) - begun_;
  made.from_client = relay_.received(End::client);
  made.from_server = relay_.received(End::server);
  return made;
}

AuditEvent Session::event(AuditKind kind) const {
  AuditEvent made;
  made.event = kind;
  made.user = filter_.identity().user();
  for (const msnp::Peer& peer : filter_.identity().peers()) made.peers.push_back(peer.account);
  made.dialect = filter_.identity().dialect();
  made.client = text_of(ends_.client);
  made.server = text_of(ends_.server);
  return made;
}

void Session::add_record(std::vector<AuditEvent>& to) const noexcept {
  if (filter_.ends_untold()) return;
  try {
    AuditEvent made = event(AuditKind::session);
    made.time = worker_.now().wall;
    made.reason = name_of(ending_);
    made.detail = "during " + std::string(phase_names[static_cast<std::size_t>(last_phase_)]);
    if (last_phase_ == Phase::connecting) {
      if (connect_error_ != 0) {
        made.detail +=
            "; " + boost::system::error_code{connect_error_, boost::system::system_category()}.message();
      }
    } else {
      made.detail += "; bytes from client " + std::to_string(relay_.received(End::client)) +
                     ", from server " + std::to_string(relay_.received(End::server));
      const std::size_t unfinished = relay_.leftover(End::client) + relay_.leftover(End::server);
      if (unfinished != 0) made.detail += "; " + std::to_string(unfinished) + " of an unfinished frame";
    }
    to.push_back(std::move(made));
  } catch (const std::exception&) {
    log(Level::error, "no memory to record the end of a session");
  }
}

}  // namespace gate
