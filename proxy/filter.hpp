// The heart: what goes on, what stops, what is said instead, for one connection. No sockets, no
// clock: bytes of either direction in, slices for both directions out.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

#include "msnp/calls.hpp"
#include "msnp/conversation.hpp"
#include "msnp/decoder.hpp"
#include "msnp/detect.hpp"
#include "msnp/identity.hpp"
#include "msnp/judge.hpp"
#include "msnp/output.hpp"
#include "proxy/audit.hpp"
#include "proxy/clock.hpp"
#include "proxy/following.hpp"
#include "proxy/http_settings.hpp"
#include "proxy/metrics.hpp"
#include "proxy/notice.hpp"
#include "proxy/policy.hpp"
#include "proxy/sha1.hpp"

namespace gate {

class HttpConnection;
class HttpSessions;

/// What the filters of one worker share. Outlives them; used by one thread only.
struct FilterShared {
  std::shared_ptr<const Policy> policy;  // replaced as a whole by a reload
  AuditSink* audit = nullptr;
  WorkerMetrics metrics;
  Outcome given_up = Outcome::failed;  // what giving up an unfinished message means just now
  msnp::Limits limits;
  msnp::CallBook calls{limits};  // users' calls move between connections
  NoticeDamper notices;
  std::vector<std::string> words;            // to be shown when the frame at hand is decided
  std::size_t session_memory = 1024 * 1024;  // most one session may hold, in bytes
  std::size_t memory = 256 * 1024 * 1024;    // most all sessions of the worker may hold together
  std::size_t memory_held = 0;               // what they hold; above `memory` after it was lowered
  const Following* following = nullptr;      // how redirects are followed; null: not at all
  Detours* detours = nullptr;                // for FollowMode::rewrite

  HttpSettings http;
  std::vector<std::uint16_t> msnp_ports{1863, 1864, 1865};  // a CONNECT to one of these is for MSNP alone
  std::shared_ptr<HttpSessions> gateway_sessions;           // none before the first request to the gateway

  /// Of the HTTP gateway; made when first asked for.
  [[nodiscard]] HttpSessions& sessions_of_gateway();
  /// What they may hold besides.
  [[nodiscard]] std::size_t memory_left() const noexcept {
    return memory > memory_held ? memory - memory_held : 0;
  }
};

/// The two ends of the connection, for rules and audit.
struct Ends {
  boost::asio::ip::tcp::endpoint client;
  boost::asio::ip::tcp::endpoint server;  // where the client wanted to go
};

/// What a filter wants done with its connection.
enum class Close : std::uint8_t {
  no,
  yes,    // once what is on its way is delivered
  reset,  // at once, and so that both ends see it: nothing of it went on
};

class Filter final : private msnp::Judge {
 public:
  /// `shared` outlives the filter.
  Filter(FilterShared& shared, const Ends& ends);
  /// For the stream of a session of the HTTP gateway: both sides know what it is, and its records say so.
  Filter(FilterShared& shared, const Ends& ends, msnp::Side side);
  /// For what flows through a CONNECT or an upgrade, within `depth` of them. `pass`: what is no MSNP is none
  /// of our business.
  enum class Strangers : std::uint8_t { judged, pass };
  Filter(FilterShared& shared, const Ends& ends, std::uint8_t depth, Strangers strangers);
  ~Filter();
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  struct Result {
    /// Bytes of `in` that are done with. The rest must be presented again, at the front, with more
    /// bytes behind it.
    std::size_t consumed = 0;
    /// The cause is already audited.
    Close close = Close::no;
    /// A size worth waiting for, counted from the first byte not consumed; 0 when nothing waits.
    std::size_t wanted = 0;
  };

  /// Filters bytes that arrived in `direction`. Slices appended to `out` may point into `in`: deliver
  /// or copy them before `in` is reused. Answers may go to either direction.
  [[nodiscard]] Result feed(msnp::Direction direction, msnp::Bytes in, msnp::Output& out, const Now& now);

  /// Every quarter of a second while not `idle`: gives up what has been held too long, and says what waited
  /// long enough. May write to `out`.
  [[nodiscard]] Close tick(msnp::Output& out, const Now& now);

  /// True when `tick` has nothing to do until more bytes come.
  [[nodiscard]] bool idle() const noexcept;

  /// True once a whole command was read, or the connection passes unread.
  [[nodiscard]] bool recognised() const noexcept;

  /// Nothing of it is read any more.
  [[nodiscard]] bool passes_unread() const noexcept { return state_ == State::transparent; }

  /// HTTP whose connections come and go: their sessions tell their own ends, and what else passes by is none
  /// of our business.
  [[nodiscard]] bool ends_untold() const noexcept;

  [[nodiscard]] const msnp::Identity& identity() const noexcept;

  /// The stream goes on over another connection.
  void moved(const Ends& ends) noexcept { ends_ = ends; }
  /// It ends, for more is held of it than may be.
  void spent(std::size_t held);

  /// From now on redirects of the server are followed, as `FilterShared::following` says. Not for connections
  /// that nobody intercepted.
  void follow_redirects() noexcept { follows_ = shared_->following != nullptr; }

  /// A line of the server that waits until its address is learned, and everything behind it. Valid until
  /// `followed`, or until a tick gives it up.
  [[nodiscard]] const HeldRedirect* held_redirect() const noexcept;
  /// The address of the line with this number was learned, and the line goes on. Or not (`fault` says why):
  /// then what `[failure] unfollowed` says happens. Present the bytes behind it again afterwards.
  [[nodiscard]] Close followed(std::uint64_t number, const std::string& fault, msnp::Output& out,
                               const Now& now);

 private:
  enum class State : std::uint8_t {
    detecting,    // the first bytes are still coming
    following,    // every frame is read
    http,         // every message is
    transparent,  // not understood, and `[failure]` says pass
    closed,
    reset,
  };

  // msnp::Judge: the policy, and the audit that precedes every effect.
  [[nodiscard]] bool admits(const msnp::Offer& offer, std::span<const std::string> others,
                            std::string_view answer) override;
  [[nodiscard]] bool admits_everything(std::span<const std::string> others) override;
  [[nodiscard]] bool still_admits(const msnp::Offer& offer, std::span<const std::string> others,
                                  std::string_view answer) override;
  [[nodiscard]] std::uint64_t policy_serial() const noexcept override { return shared_->policy->serial(); }
  [[nodiscard]] msnp::RefusalMode refusal_mode() const noexcept override {
    return shared_->policy->refusal_mode();
  }
  [[nodiscard]] std::unique_ptr<msnp::Sha1> start_sha1() override { return gate::start_sha1(); }
  void abandoned(msnp::Direction direction, std::span<const std::string> others) override;

  /// Judges, records, and says what became of it.
  [[nodiscard]] Outcome judge(const msnp::Offer& offer, std::span<const std::string> others,
                              std::string_view answer);
  /// A message that was never complete is stopped.
  void count_given_up(msnp::Direction direction) noexcept;
  /// The strictest of the verdicts for each of `others`, who are at least one.
  [[nodiscard]] Verdict verdict_on(const msnp::Offer& offer, std::span<const std::string> others,
                                   bool goes_on = false);
  [[nodiscard]] Question question_about(const msnp::Offer& offer, std::string_view other,
                                        std::string_view call, bool goes_on) const;
  /// Takes the grants for one transfer that the verdict rests on. False if another transfer was faster.
  [[nodiscard]] bool claim_grants(const msnp::Offer& offer, std::span<const std::string> others);
  /// False if it could not be written.
  [[nodiscard]] bool record(const msnp::Offer& offer, std::span<const std::string> others,
                            const Verdict& verdict, std::string_view answer);
  /// Remembers to tell the local user that `offer` was stopped, if that is to be told.
  void note_stopped(const msnp::Offer& offer, std::span<const std::string> others, const Verdict& verdict);
  void show_noted(const msnp::Passage& passage);
  void detect(msnp::Direction direction, msnp::Bytes in);
  void follow(msnp::Direction direction, msnp::Bytes in, msnp::Output& out, Result& result);
  void follow_http(msnp::Direction direction, msnp::Bytes in, msnp::Output& out, Result& result);
  /// What was decided of a frame, and where the text begins in a MSG that concerns nobody here (TextRun);
  /// else 0.
  struct Inspected {
    msnp::Fate fate = msnp::Fate::forward;
    std::uint32_t text = 0;
  };
  /// Returns `Inspected::text` of a frame that went on.
  std::size_t handle(msnp::Direction direction, const msnp::Frame& frame, msnp::Output& out);
  /// The beginning of `rest` that passes as `frame` did, without a look at each of its frames.
  [[nodiscard]] msnp::Bytes alike_behind(msnp::Direction direction, const msnp::Frame& frame,
                                         std::size_t text, msnp::Bytes rest) noexcept;
  // filter_redirect.cpp
  /// An XFR or RNG line of the server.
  void redirect(const msnp::Frame& frame, msnp::Bytes wire, msnp::Output& out);
  void unfollowed(std::string detail, msnp::Bytes wire, msnp::Output& out);
  void give_up_redirect(msnp::Output& out);
  [[nodiscard]] Inspected inspect(msnp::Direction direction, const msnp::Frame& frame, msnp::Bytes wire,
                                  msnp::Output& out);
  [[nodiscard]] msnp::Conversation& conversation();
  [[nodiscard]] msnp::Scene scene(msnp::Injector& injector) noexcept;
  [[nodiscard]] msnp::Injector injector_to(msnp::Output& out, std::optional<msnp::Direction> between);
  void send_waiting(msnp::Direction direction, msnp::Output& out);
  void charge();
  void charge_http();
  /// Audits the cause; true if the reaction is to pass and nothing forbids it.
  [[nodiscard]] bool passes(Cause cause, Reaction reaction, std::string detail);
  /// Audits the cause and does what the policy says.
  void fail(Cause cause, std::string detail);
  void fail(Cause cause, Reaction reaction, std::string detail);
  [[nodiscard]] Close close() const noexcept;
  [[nodiscard]] AuditEvent event_of(AuditKind kind) const;
  [[nodiscard]] msnp::Decoder& decoder(msnp::Direction direction) noexcept {
    return decoders_[static_cast<std::size_t>(direction)];
  }

  FilterShared* shared_;
  Ends ends_;
  msnp::Identity identity_;
  std::array<msnp::Decoder, 2> decoders_;
  std::unique_ptr<msnp::Conversation> conversation_;  // only once somebody invited or sent a package
  std::unique_ptr<HttpConnection> http_;              // only while `State::http`
  std::unique_ptr<HeldRedirect> held_redirect_;
  Now now_;
  std::size_t charged_ = 0;  // bytes counted in FilterShared::memory_held
  State state_ = State::detecting;
  bool commanded_ = false;  // a whole frame came
  bool follows_ = false;
  msnp::Side side_ = msnp::Side::notification;
  bool over_gateway_ = false;  // the stream of a session of the HTTP gateway
  Strangers strangers_ = Strangers::judged;
  std::uint8_t depth_ = 0;  // tunnels it is in
};

}  // namespace gate
