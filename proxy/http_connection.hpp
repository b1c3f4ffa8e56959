// HTTP on an intercepted connection, both directions: where each message begins and ends, which of them are
// the gateway's, and everything else as it came.
//
//   requests ──► in order into `waiting_` ──► answers take them out again: what an answer belongs to
//   of the gateway: complete, through its session's filter, on as they came or with another body
//   all others:     on at once, byte for byte
//   CONNECT, upgrades: what flows through is followed by a filter of its own
//
// The one rule: who cannot say for certain where a message ends says so (`fault`), and follows no further.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "msnp/bytes.hpp"
#include "msnp/output.hpp"
#include "proxy/clock.hpp"
#include "proxy/filter.hpp"
#include "proxy/http_reader.hpp"
#include "proxy/http_session.hpp"

namespace gate {

class HttpConnection {
 public:
  /// Requests that may wait for their answers. Browsers pipeline none, robots a few dozen.
  static constexpr std::size_t most_waiting = 256;
  /// Bytes that may follow a CONNECT before it is answered.
  static constexpr std::size_t most_early = 64 * 1024;
  /// Tunnels in tunnels: each costs a filter.
  static constexpr std::uint8_t most_tunnels = 3;

  /// `shared` outlives it. `depth`: how many tunnels it is in. `follows`: the sessions that it opens follow
  /// redirects.
  HttpConnection(FilterShared& shared, const Ends& ends, std::uint8_t depth, bool follows);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  struct Result {
    std::size_t consumed = 0;  // as Filter::Result
    std::size_t wanted = 0;
    Close close = Close::no;  // a filter inside closed; the cause is audited
    std::string fault;        // not audited yet; what is not consumed was not looked at
  };
  [[nodiscard]] Result feed(msnp::Direction direction, msnp::Bytes in, msnp::Output& out, const Now& now);
  /// After a fault that may pass: sends on what is held, as it came.
  void release(msnp::Output& out);

  [[nodiscard]] Close tick(msnp::Output& out, const Now& now);
  /// As those of Filter: a line waits inside an answer of the gateway, and with it the answer.
  [[nodiscard]] const HeldRedirect* held_redirect() const noexcept {
    return held_answer_ == nullptr ? nullptr : &held_answer_->redirect;
  }
  [[nodiscard]] Close followed(std::uint64_t number, const std::string& fault, msnp::Output& out,
                               const Now& now);
  [[nodiscard]] bool idle() const noexcept { return tunnel_ == nullptr || tunnel_->idle(); }
  /// A whole request head was read.
  [[nodiscard]] bool recognised() const noexcept { return recognised_; }
  /// Whoever it carries now or carried last.
  [[nodiscard]] const msnp::Identity& identity() const noexcept;
  /// MSNP flows through it as through any connection, in a tunnel.
  [[nodiscard]] bool carries_msnp() const noexcept {
    return tunnel_ != nullptr && tunnel_->recognised() && !tunnel_->passes_unread();
  }
  /// Bytes held.
  [[nodiscard]] std::size_t held() const noexcept;

 private:
  enum class Phase : std::uint8_t {
    messages,
    waiting_for_tunnel,  // CONNECT went on: what the client sends next depends on its answer
    tunnel,
  };
  /// A request that is not answered yet.
  struct Request {
    std::shared_ptr<HttpSession> session;  // of the gateway's
    std::uint16_t tunnel_port = 0;         // CONNECT: where to
    bool connects = false;
    bool bodiless = false;   // HEAD
    bool upgrades = false;   // 101 may follow
    bool opens = false;      // its answer names the session
    bool ordered = false;    // it took its session's turn
    bool lost = false;       // a poll of a session that nobody knows: its answer must have nothing to say
    bool continued = false;  // the client was told to go on; the server's 100 stops here
  };
  /// An answer of the gateway that waits, to the first of the requests that do.
  struct HeldAnswer {
    HeldRedirect redirect;  // what it waits for now
    std::string head;
    std::string body;  // what goes on of it, as far as is known
    bool chunked = false;
    bool closes = false;  // the session

    [[nodiscard]] std::string text() const;
  };
  /// One direction. Between two messages it has no reader.
  template <bool is_request>
  struct Lane {
    std::optional<HttpReader<is_request>> reader;
    std::string held;          // a message of the gateway as far as it came; empty: none
    std::size_t head = 0;      // the size of its head
    std::size_t read = 0;      // what the reader has had of `held`
    std::size_t searched = 0;  // for the end of a head
  };

  // http_connection.cpp
  template <bool is_request>
  [[nodiscard]] Result follow(Lane<is_request>& lane, msnp::Bytes in, msnp::Output& out);
  template <bool is_request>
  [[nodiscard]] std::size_t begin(Lane<is_request>& lane, msnp::Bytes rest, msnp::Output& out);
  template <bool is_request>
  [[nodiscard]] std::size_t gather(Lane<is_request>& lane, msnp::Bytes rest, msnp::Output& out);
  template <bool is_request>
  [[nodiscard]] std::size_t begin_gathering(Lane<is_request>& lane, msnp::Bytes rest, std::size_t head,
                                            msnp::Output& out);
  template <bool is_request>
  [[nodiscard]] bool acceptable(const Lane<is_request>& lane);
  [[nodiscard]] Result follow_early(msnp::Bytes in, msnp::Output& out);
  [[nodiscard]] Result feed_tunnel(msnp::Direction direction, msnp::Bytes in, msnp::Output& out);
  void open_tunnel(Filter::Strangers strangers);
  void fail(std::string_view why) {
    if (fault_.empty()) fault_ = why;
  }

  // http_messages.cpp: what is done with a head, and with a whole message of the gateway
  /// True if it is the gateway's: then it is held until it is complete.
  [[nodiscard]] bool head_read(Lane<true>& lane, msnp::Bytes head, msnp::Output& out);
  [[nodiscard]] bool head_read(Lane<false>& lane, msnp::Bytes head, msnp::Output& out);
  /// An ordinary message is over.
  void passed(const Lane<true>& lane) noexcept;
  void passed(const Lane<false>& lane) noexcept;
  /// `copied`: it does not stand in the input.
  void complete(Lane<true>& lane, msnp::Bytes message, std::size_t head, bool copied, msnp::Output& out);
  void complete(Lane<false>& lane, msnp::Bytes message, std::size_t head, bool copied, msnp::Output& out);
  void tell_to_go_on(Lane<true>& lane, msnp::Output& out);
  /// Null for a poll of a session that nobody knows, and after a fault.
  [[nodiscard]] std::shared_ptr<HttpSession> session_for(const msnp::GatewayRequest& request);
  /// The first of the requests that wait has its answer, which `closes` the session or not.
  void answered(bool closes = false);
  /// Its redirect does not wait any more: the next one in it does, or it goes on.
  void go_on(msnp::Output& out);

  FilterShared& shared_;
  Ends ends_;
  Now now_;
  std::vector<Request> waiting_;  // the oldest first
  Lane<true> requests_;
  Lane<false> answers_;
  std::string early_;  // from the client, not looked at while a CONNECT is not answered
  std::unique_ptr<Filter> tunnel_;
  std::shared_ptr<HttpSession> latest_;  // of the gateway
  std::unique_ptr<HeldAnswer> held_answer_;
  std::string fault_;
  Close close_ = Close::no;
  Phase phase_ = Phase::messages;
  std::uint8_t depth_;
  bool follows_;
  bool recognised_ = false;
  bool endless_ = false;    // an answer that ends with the connection is under way
  bool continued_ = false;  // the request that is gathered was told to go on
};

}  // namespace gate
