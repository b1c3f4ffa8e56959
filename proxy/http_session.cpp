#include "proxy/http_session.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "proxy/destination.hpp"
#include "proxy/log.hpp"
#include "proxy/session.hpp"

namespace gate {
namespace {

using msnp::Direction;

/// A map's key: the client address, then the name.
std::string key_of(const Ends& ends, std::string_view name) {
  std::string key = ends.client.address().to_string();
  key += ' ';
  key += name;
  return key;
}

void append(msnp::Output& out, Direction direction, std::string& to) {
  for (const msnp::Bytes slice : out.slices(direction)) to += msnp::as_text(slice);
}

bool says_the_same(msnp::Output& out, Direction direction, msnp::Bytes body) {
  if (out.size(direction) != body.size()) return false;
  for (const msnp::Bytes slice : out.slices(direction)) {
    if (slice.data() != body.data() && !std::equal(slice.begin(), slice.end(), body.begin())) return false;
    body = body.subspan(slice.size());
  }
  return true;
}

}  // namespace

HttpSession::HttpSession(HttpSessions& home, const Ends& ends, msnp::Side side)
    : home_(home), ends_(ends), filter_(home.shared_, ends, side) {
  ++home_.alive_;
}

HttpSession::~HttpSession() {
  --home_.alive_;
  home_.shared_.memory_held -= charged_;
}

HttpSession::Passed HttpSession::pass(Direction direction, msnp::Bytes body, const Ends& ends,
                                      const Now& now) {
  Passed passed;
  if (over_) {
    passed.close = Close::yes;
    return passed;
  }
  ends_ = ends;
  filter_.moved(ends);
  passed_[static_cast<std::size_t>(direction)] += body.size();
  if (body.empty() && !has_waiting(direction)) return passed;

  msnp::Output& out = home_.output_;
  out.clear();
  std::string& unfinished = unfinished_[static_cast<std::size_t>(direction)];
  const std::string before = std::exchange(unfinished, {});
  std::string joined;
  msnp::Bytes in = body;
  if (!before.empty()) {
    joined = before;
    joined += msnp::as_text(body);
    in = msnp::as_bytes(joined);
  }
  const Filter::Result result = filter_.feed(direction, in, out, now);
  unfinished = msnp::as_text(in.subspan(result.consumed));
  append(out, opposite(direction), waiting(opposite(direction)));
  passed.close = result.close;
  if (has_waiting(direction) || !says_the_same(out, direction, body)) {
    passed.changed = true;
    passed.body = std::exchange(waiting(direction), {});
    append(out, direction, passed.body);
  }
  out.clear();
  if (!filter_.idle() && !HttpTicked::is_linked()) home_.ticked_.push_back(*this);
  if (passed.close == Close::no && !charge()) {
    filter_.spent(waiting_[0].size() + waiting_[1].size() + unfinished_[0].size() + unfinished_[1].size());
    passed.close = Close::yes;
  }
  // No later request of a stream that cannot be followed goes on.
  if (passed.close != Close::no) home_.end(*this, name_of(Ending::failure), now);
  return passed;
}

bool HttpSession::charge() noexcept {
  std::size_t held = 0;
  for (const std::size_t lane : {0U, 1U}) {
    held += waiting_[lane].size() + unfinished_[lane].size();
  }
  FilterShared& shared = home_.shared_;
  if (held > charged_ && (held > shared.session_memory || held - charged_ > shared.memory_left()))
    return false;
  shared.memory_held = shared.memory_held - charged_ + held;
  charged_ = held;
  return true;
}

void HttpSession::keep(msnp::Output& out) {
  for (const Direction direction : {Direction::to_server, Direction::to_client}) {
    append(out, direction, waiting(direction));
  }
  out.clear();
}

Close HttpSession::go_on(const Now& now) {
  std::string& unfinished = unfinished_[static_cast<std::size_t>(Direction::to_client)];
  const std::string rest = std::exchange(unfinished, {});
  const Filter::Result result = filter_.feed(Direction::to_client, msnp::as_bytes(rest), home_.output_, now);
  unfinished = rest.substr(result.consumed);
  keep(home_.output_);
  return result.close;
}

Close HttpSession::followed(std::uint64_t number, const std::string& fault, const Now& now) {
  home_.output_.clear();
  Close close = filter_.followed(number, fault, home_.output_, now);
  keep(home_.output_);
  if (close == Close::no) close = go_on(now);
  if (close == Close::no && !charge()) close = Close::yes;
  if (close != Close::no) home_.end(*this, name_of(Ending::failure), now);
  return close;
}

void HttpSession::tick(const Now& now) {
  const bool held = filter_.held_redirect() != nullptr;
  home_.output_.clear();
  Close close = filter_.tick(home_.output_, now);
  keep(home_.output_);
  if (held && filter_.held_redirect() == nullptr && close == Close::no) close = go_on(now);
  if (filter_.idle()) HttpTicked::unlink();
  if (close != Close::no || !charge()) home_.end(*this, name_of(Ending::failure), now);
}

bool HttpSession::take_turn(const void* connection) noexcept {
  if (turn_ != nullptr && turn_ != connection) return false;
  turn_ = connection;
  ++turns_;
  return true;
}

void HttpSession::end_turn(const void* connection) noexcept {
  if (turn_ == connection && turns_ > 0 && --turns_ == 0) turn_ = nullptr;
}

HttpSessions::HttpSessions(FilterShared& shared) : shared_(shared), idle_(shared.http.idle_timeout.count()) {}

HttpSessions::~HttpSessions() = default;

std::shared_ptr<HttpSession> HttpSessions::open(const Ends& ends, msnp::Side side, bool follows) {
  if (alive_ >= shared_.http.sessions) return nullptr;
  auto session = std::make_shared<HttpSession>(*this, ends, side);
  if (follows) session->filter_.follow_redirects();
  return session;
}

bool HttpSessions::enter(const std::shared_ptr<HttpSession>& session, std::string_view name, const Now& now) {
  session->name_ = name;
  const auto [place, entered] = sessions_.emplace(key_of(session->ends_, name), session);
  if (entered) {
    idle_.start(*session, now.monotonic);
    return true;
  }
  end(*place->second, name_of(Ending::failure), now);
  end(*session, name_of(Ending::failure), now);
  return false;
}

std::shared_ptr<HttpSession> HttpSessions::find(const Ends& ends, std::string_view name, const Now& now) {
  const auto found = sessions_.find(key_of(ends, name));
  if (found == sessions_.end()) return nullptr;
  idle_.start(*found->second, now.monotonic);
  return found->second;
}

void HttpSessions::close(HttpSession& session, const Now& now) {
  end(session, name_of(Ending::server_closed), now);
  forget(session);
}

void HttpSessions::shut_down(const Now& now) {
  for (const auto& [key, session] : sessions_) end(*session, name_of(Ending::shutdown), now);
  sessions_.clear();
}

void HttpSessions::tick(const Now& now) noexcept {
  try {
    for (auto next = ticked_.begin(); next != ticked_.end();) (next++)->tick(now);
    while (HttpSession* session = idle_.take_due(now.monotonic)) {
      end(*session, name_of(Ending::idle_timeout), now);
      forget(*session);
    }
  } catch (const std::exception&) {
    // No memory to say or to record something: what is still due comes with the next tick.
    log(Level::error, "no memory for the sessions of the HTTP gateway");
  }
}

/// One that failed keeps its name until it is idle, so that nothing more of it goes on.
void HttpSessions::end(HttpSession& session, std::string_view reason, const Now& now) {
  if (std::exchange(session.over_, true)) return;
  session.HttpTicked::unlink();
  AuditEvent event;
  event.event = AuditKind::session;
  event.time = now.wall;
  event.reason = reason;
  event.user = session.identity().user();
  for (const msnp::Peer& peer : session.identity().peers()) event.peers.push_back(peer.account);
  event.form = msnp::Form::http;
  event.dialect = session.identity().dialect();
  event.client = text_of(session.ends_.client);
  event.server = text_of(session.ends_.server);
  event.detail = "session of the HTTP gateway; bytes from client " + std::to_string(session.passed_[0]) +
                 ", from server " + std::to_string(session.passed_[1]);
  (void)shared_.audit->record(event);  // the sink tells the operator what it could not write
}

void HttpSessions::forget(const HttpSession& session) {
  const auto found = sessions_.find(key_of(session.ends_, session.name_));
  if (found != sessions_.end() && found->second.get() == &session) sessions_.erase(found);
}

}  // namespace gate
