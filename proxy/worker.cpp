#include "proxy/worker.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <string>
#include <utility>
#include <variant>

#include "proxy/http_session.hpp"

namespace gate {
namespace {

// Coarse on purpose, for an armed tick is a wake-up; but an offer that waits for its peer to speak must be
// answered within half a second (block-proof.md 4.3).
constexpr std::chrono::milliseconds tick_interval{250};
// How long an end may take to read the last words of a connection that the filter closed.
constexpr msnp::Moment last_words = 2'000;

// Client addresses that a worker remembers; those without a session are forgotten a second after the last
// one.
constexpr std::size_t most_sources = 65'536;
constexpr std::size_t fewest_swept = 1'024;

// Of ended sessions: bounds what is held for them, and what one write brings.
constexpr std::size_t most_recorded_together = 64;

std::string and_more(std::uint64_t held_back) {
  return held_back == 0 ? std::string() : "; and " + std::to_string(held_back) + " more before";
}

}  // namespace

Worker::Worker(Process& process, std::shared_ptr<const Terms> terms)
    : loop_([this] { tick(); }, [this] { end_turn(); }),
      process_(process),
      terms_(std::move(terms)),
      policy_view_(*process.policies),
      following_{follow_mode(process.boot), process.boot.intercept.ports, process.boot.intercept.exempt},
      detours_(process.boot.intercept),
      connecting_(terms_->limits.connect_timeout.count()),
      first_command_(terms_->limits.first_command_timeout.count()),
      idle_(terms_->limits.idle_timeout.count()),
      closing_(terms_->limits.close_timeout.count()),
      draining_(last_words) {
  refresh_policy();
  if (following_.mode != FollowMode::off) shared_.following = &following_;
  shared_.detours = &detours_;
  shared_.audit = this;
  change_terms(terms_);
  shared_.http = process.boot.http;
  shared_.http.sessions = std::max<std::size_t>(1, shared_.http.sessions / process.boot.threads);
  shared_.msnp_ports = process.boot.intercept.ports;
}

Worker::~Worker() = default;

void Worker::change_terms(std::shared_ptr<const Terms> terms) {
  terms_ = std::move(terms);
  const LimitSettings& limits = terms_->limits;
  shared_.session_memory = limits.session_memory;
  shared_.memory = limits.memory / process_.boot.threads;
  connecting_.change(limits.connect_timeout.count());
  first_command_.change(limits.first_command_timeout.count());
  closing_.change(limits.close_timeout.count());
  const bool begins = !idle_.lasts() && limits.idle_timeout.count() > 0;
  idle_.change(limits.idle_timeout.count());
  if (!begins) return;
  for (Session& session : sessions_) session.time_idleness();
}

void Worker::change_listeners(std::vector<Assignment> wanted) {
  std::vector<std::shared_ptr<Listener>> next;
  for (Assignment& one : wanted) {
    const auto present =
        std::find_if(listeners_.begin(), listeners_.end(), [&one](const std::shared_ptr<Listener>& listener) {
          return listener->settings().bind == one.settings->bind;
        });
    if (one.socket) {
      next.push_back(std::make_shared<Listener>(*this, std::move(one.socket), one.settings, one.sharing));
      next.back()->start();
    } else if (present != listeners_.end()) {
      (*present)->change(one.settings);
      next.push_back(*present);
    }
  }
  listeners_.swap(next);
  // The old ones last: what they accept counts under the new terms, and no port was closed in between.
  for (std::shared_ptr<Listener>& old : next) {
    if (std::find(listeners_.begin(), listeners_.end(), old) != listeners_.end()) continue;
    old->turn_away();
    leaving_.push_back(std::move(old));
  }
  arm_tick();  // one of the new ones may have to begin again
}

void Worker::retire_listeners() noexcept {
  for (const std::shared_ptr<Listener>& old : leaving_) old->retire();
  leaving_.clear();
}

void Worker::obey(std::shared_ptr<const Terms> terms, std::vector<Assignment> listeners) {
  loop_.post([this, terms = std::move(terms), listeners = std::move(listeners)]() mutable {
    change_terms(std::move(terms));
    change_listeners(std::move(listeners));
  });
}

void Worker::run() noexcept {
  for (;;) {
    try {
      loop_.run();
      return;
    } catch (...) {
      // Sessions deal with their own trouble; what arrives here is memory that ran out between them.
      log(Level::error, "a handler was given up: out of memory?");
      end_turn();
    }
  }
}

void Worker::stop() {
  loop_.post([this] {
    for (auto* const list : {&listeners_, &leaving_}) {
      for (const std::shared_ptr<Listener>& listener : *list) listener->close();
      list->clear();
    }
    for (auto next = sessions_.begin(); next != sessions_.end();) (next++)->shut_down();
    if (shared_.gateway_sessions) shared_.gateway_sessions->shut_down(now());
    loop_.quit();
  });
}

void Worker::deal(Descriptor client, const Endpoint& source,
                  std::shared_ptr<const ListenerSettings> listener) {
  Worker& owner = *process_.workers[worker_of(source.address(), process_.workers.size())];
  if (&owner == this) return take(std::move(client), source, *listener);
  owner.loop_.post([&owner, client = std::move(client), source, listener = std::move(listener)]() mutable {
    owner.take(std::move(client), source, *listener);
  });
}

std::vector<SessionInfo> Worker::list_sessions(std::size_t most) const {
  std::vector<SessionInfo> list;
  for (const Session& session : sessions_) {
    if (list.size() == most) break;
    list.push_back(session.info());
  }
  return list;
}

bool Worker::end_session(std::string_view client) noexcept {
  for (Session& session : sessions_) {
    if (text_of(session.ends().client) != client) continue;
    session.shut_down(Ending::administrator);
    end_turn();  // whoever asked finds the record
    return true;
  }
  return false;
}

void Worker::take(Descriptor client, const Endpoint& source, const ListenerSettings& listener) {
  refresh_policy();
  if (const auto refusal = refusal_of(source.address())) {
    return refuse(std::move(client), source, *refusal, limit_trickle_);
  }
  const auto found = find_destination(listener, client.get(), terms_->listening);
  if (const auto* fault = std::get_if<DestinationFault>(&found)) {
    leave(source.address());
    const Ending ending = *fault == DestinationFault::loop ? Ending::loop : Ending::no_destination;
    return refuse(std::move(client), source, ending, destination_trickle_);
  }
  Endpoint server = std::get<Endpoint>(found);
  if (const auto meant = detours_.meant_by(source.address(), server.port(), now().monotonic))
    server.port(*meant);
  Session* session = nullptr;
  try {
    session = new Session(*this, Ends{source, server});
  } catch (const std::exception&) {
    leave(source.address());
    throw;
  }
  shared_.metrics.sessions.add();
  sessions_.push_back(*session);  // owned by this list until `release`
  if (listener.mode != ListenerMode::fixed) session->follow_redirects();
  const bool transparent = listener.mode == ListenerMode::tproxy;
  session->start(std::move(client), transparent ? Session::Source::client : Session::Source::gateway);
}

msnp::Output& Worker::fresh_output() noexcept {
  output_.clear();
  return output_;
}

bool Worker::record(const AuditEvent& event) noexcept {
  return record_all({&event, 1});
}

bool Worker::record_all(std::span<const AuditEvent> events) noexcept {
  const std::size_t recorded = process_.audit->record_all(events);
  shared_.metrics.records.add(recorded);
  if (recorded == events.size()) return true;
  shared_.metrics.records_failed.add(events.size() - recorded);
  shared_.metrics.fail(Cause::audit_write_failed, events.size() - recorded);
  if (const auto held_back = audit_trickle_.pass(now().monotonic)) {
    log(Level::error, "an audit record could not be written");
  }
  return false;
}

void Worker::tick_too(Session& session) noexcept {
  Hook<TickedTag>& hook = session;
  if (!hook.is_linked()) ticked_.push_back(session);
  arm_tick();
}

bool Worker::timed() const noexcept {
  const auto pauses = [](const std::shared_ptr<Listener>& listener) { return listener->pauses(); };
  return std::any_of(listeners_.begin(), listeners_.end(), pauses) ||
         !(connecting_.empty() && first_command_.empty() && idle_.empty() && closing_.empty() &&
           draining_.empty() && ticked_.empty()) ||
         (shared_.gateway_sessions && shared_.gateway_sessions->timed());
}

void Worker::arm_tick() noexcept {
  if (timed()) loop_.arm_tick(tick_interval);
}

void Worker::tick() noexcept {
  const msnp::Moment moment = now().monotonic;
  for (DeadlineList<Session>* list : {&connecting_, &first_command_, &idle_, &closing_, &draining_}) {
    while (Session* session = list->take_due(moment)) session->expire();
  }
  for (auto next = ticked_.begin(); next != ticked_.end();) (next++)->tick();
  if (shared_.gateway_sessions) {
    refresh_policy();
    shared_.gateway_sessions->tick(now());
  }
  for (const std::shared_ptr<Listener>& listener : listeners_) listener->tick();
  arm_tick();
}

std::optional<Ending> Worker::refusal_of(const boost::asio::ip::address& source) {
  const Micros now = loop_.now().monotonic * 1000;
  if (sources_.size() >= sources_swept_at_) forget_sources(now);
  if (sources_.size() >= most_sources && !sources_.contains(source)) return Ending::rate;
  Source& here = sources_[source];
  const auto next = after_one_more(here.full_at, terms_->limits.new_sessions_per_source, now);
  if (!next) return Ending::rate;
  std::optional<Ending> refusal;
  if (here.sessions >= terms_->limits.sessions_per_source) refusal = Ending::limit;
  if (!refusal) refusal = refusal_of_all(now);
  if (!refusal) {
    here.full_at = *next;
    ++here.sessions;
  } else if (here.sessions == 0 && here.full_at <= now) {
    sources_.erase(source);
  }
  return refusal;
}

std::optional<Ending> Worker::refusal_of_all(Micros now) noexcept {
  Micros full_at = process_.full_at.load(std::memory_order_relaxed);
  std::optional<Micros> next;
  do {
    next = after_one_more(full_at, terms_->limits.new_sessions, now);
    if (!next) return Ending::rate;
  } while (!process_.full_at.compare_exchange_weak(full_at, *next, std::memory_order_relaxed));
  if (process_.sessions.fetch_add(1, std::memory_order_relaxed) < terms_->limits.sessions)
    return std::nullopt;
  process_.sessions.fetch_sub(1, std::memory_order_relaxed);
  return Ending::limit;
}

void Worker::leave(const boost::asio::ip::address& source) noexcept {
  process_.sessions.fetch_sub(1, std::memory_order_relaxed);
  const auto found = sources_.find(source);
  // What came within this second is remembered a little longer where that counts.
  if (found != sources_.end() && --found->second.sessions == 0 && found->second.full_at == 0)
    sources_.erase(found);
}

void Worker::forget_sources(Micros now) {
  std::erase_if(sources_,
                [now](const auto& one) { return one.second.sessions == 0 && one.second.full_at <= now; });
  sources_swept_at_ = std::max(fewest_swept, sources_.size() * 2);
}

void Worker::refuse(Descriptor client, const Endpoint& source, Ending ending, Trickle& trickle) {
  const linger none{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
  shared_.metrics.end_session(ending);
  // One record a second that counts the others: refusing must not fill a disk.
  const Now moment = now();
  const auto held_back = trickle.pass(moment.monotonic);
  if (!held_back) return;
  AuditEvent event;
  event.event = AuditKind::session;
  event.time = moment.wall;
  event.reason = name_of(ending);
  event.client = text_of(source);
  event.detail = "during accepting" + and_more(*held_back);
  record(event);
  log(Level::warning,
      "refused a connection from " + event.client + ": " + event.reason + and_more(*held_back));
}

void Worker::learn(Session& session, const HeldRedirect& held) {
  if (!learning_.emplace(held.number, &session).second) return;  // it was asked for already
  tick_too(session);
  process_.follower->learn(held.lead, [this, number = held.number](std::string fault) {
    loop_.post([this, number, fault = std::move(fault)] {
      const auto found = learning_.find(number);
      if (found == learning_.end()) return;
      Session* const asking = found->second;
      learning_.erase(found);
      asking->followed(number, fault);
    });
  });
}

void Worker::forget(Session& session) noexcept {
  std::erase_if(learning_, [&](const auto& asked) { return asked.second == &session; });
}

void Worker::release(Session& session) noexcept {
  if (!session.finished()) return;
  Hook<AliveTag>& hook = session;
  hook.unlink();
  over_.push_back(session);
}

void Worker::end_turn() noexcept {
  while (!over_.empty()) {
    auto end = over_.begin();
    for (std::size_t i = 0; i < most_recorded_together && end != over_.end(); ++i, ++end)
      end->add_record(records_);
    if (!records_.empty()) record_all(records_);
    records_.clear();
    over_.erase_and_dispose(over_.begin(), end, [this](Session* session) {
      session->close();
      leave(session->ends().client.address());
      delete session;
    });
  }
}

}  // namespace gate
