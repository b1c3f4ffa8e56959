// Sessions of the HTTP gateway. The MSNP stream of one is the bodies of its requests and answers, joined by
// SessionID: it outlives TCP connections, may use several, and several may share one (framing.md 9). What
// follows the stream is an ordinary Filter; what that says on its own account waits here for the next body.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <boost/intrusive/list.hpp>

#include "msnp/bytes.hpp"
#include "msnp/output.hpp"
#include "proxy/clock.hpp"
#include "proxy/deadlines.hpp"
#include "proxy/filter.hpp"

namespace gate {

class HttpSessions;
struct HttpTickedTag;
using HttpTicked =
    boost::intrusive::list_base_hook<boost::intrusive::tag<HttpTickedTag>,
                                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

class HttpSession final : public Timed, public HttpTicked {
 public:
  /// `home` outlives the session. It has no name before the server gave it one.
  HttpSession(HttpSessions& home, const Ends& ends, msnp::Side side);
  ~HttpSession();
  HttpSession(const HttpSession&) = delete;
  HttpSession& operator=(const HttpSession&) = delete;

  struct Passed {
    bool changed = false;  // false: the body goes on as it came
    std::string body;      // what goes on instead
    Close close = Close::no;
  };
  /// Puts a body through the filter. What waited for this direction goes in front of it; the beginning of a
  /// frame whose rest has not come is kept for the next. `ends` are those of the connection it came by.
  [[nodiscard]] Passed pass(msnp::Direction direction, msnp::Bytes body, const Ends& ends, const Now& now);
  /// As those of Filter; the line, and what comes behind it, then wait for a body.
  [[nodiscard]] const HeldRedirect* held_redirect() const noexcept { return filter_.held_redirect(); }
  [[nodiscard]] Close followed(std::uint64_t number, const std::string& fault, const Now& now);
  /// What waits for a body in this direction.
  [[nodiscard]] std::string take_waiting(msnp::Direction direction) noexcept {
    return std::exchange(waiting(direction), {});
  }
  /// Bytes of ours wait for a body in this direction.
  [[nodiscard]] bool has_waiting(msnp::Direction direction) const noexcept {
    return !waiting_[static_cast<std::size_t>(direction)].empty();
  }

  /// The stream has an order only while requests with a body come one after another: false if another
  /// connection has one that is not answered yet.
  [[nodiscard]] bool take_turn(const void* connection) noexcept;
  void end_turn(const void* connection) noexcept;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const msnp::Identity& identity() const noexcept { return filter_.identity(); }

 private:
  friend class HttpSessions;

  void tick(const Now& now);
  /// A line of the server does not wait any more: what came behind it does not, either.
  [[nodiscard]] Close go_on(const Now& now);
  /// What the filter says with no body at hand waits for the next ones.
  void keep(msnp::Output& out);
  /// Counts what is held against the budgets; false if it is too much.
  [[nodiscard]] bool charge() noexcept;
  [[nodiscard]] std::string& waiting(msnp::Direction direction) noexcept {
    return waiting_[static_cast<std::size_t>(direction)];
  }

  HttpSessions& home_;
  Ends ends_;  // of the last request
  Filter filter_;
  std::string name_;
  std::array<std::string, 2> waiting_;     // ours, for the next body of a direction
  std::array<std::string, 2> unfinished_;  // the beginning of a frame, by direction
  std::array<std::uint64_t, 2> passed_{};  // bytes of bodies, by direction
  std::size_t charged_ = 0;
  const void* turn_ = nullptr;  // the connection whose request is not answered
  std::uint32_t turns_ = 0;     // and how many of them
  bool over_ = false;           // its end is recorded
};

/// All sessions of a worker, by client address and name: a server may send its client to another address for
/// the next request (GW-IP), so the server is no part of it.
class HttpSessions {
 public:
  /// `shared` outlives this.
  explicit HttpSessions(FilterShared& shared);
  ~HttpSessions();
  HttpSessions(const HttpSessions&) = delete;
  HttpSessions& operator=(const HttpSessions&) = delete;

  /// A new one, without name; `follows`: redirects. Null when there are too many.
  [[nodiscard]] std::shared_ptr<HttpSession> open(const Ends& ends, msnp::Side side, bool follows);
  /// Names it. False if the client has one of that name: then nobody knows what is meant, and both are over.
  [[nodiscard]] bool enter(const std::shared_ptr<HttpSession>& session, std::string_view name,
                           const Now& now);
  /// Null if there is none; else its time begins anew.
  [[nodiscard]] std::shared_ptr<HttpSession> find(const Ends& ends, std::string_view name, const Now& now);
  /// The server closed it.
  void close(HttpSession& session, const Now& now);
  /// The gateway ends.
  void shut_down(const Now& now);

  /// Every quarter of a second while `timed`.
  void tick(const Now& now) noexcept;
  [[nodiscard]] bool timed() const noexcept { return !sessions_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return alive_; }

 private:
  friend class HttpSession;

  void end(HttpSession& session, std::string_view reason, const Now& now);
  void forget(const HttpSession& session);

  using Ticked = boost::intrusive::list<HttpSession, boost::intrusive::base_hook<HttpTicked>,
                                        boost::intrusive::constant_time_size<false>>;

  FilterShared& shared_;
  std::unordered_map<std::string, std::shared_ptr<HttpSession>> sessions_;
  DeadlineList<HttpSession> idle_;
  Ticked ticked_;
  msnp::Output output_;
  std::size_t alive_ = 0;  // named or not
};

}  // namespace gate
