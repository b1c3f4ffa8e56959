// What a filter leaves to others: HTTP, and the streams inside it.
#include "proxy/filter.hpp"

#include <algorithm>
#include <utility>

#include "proxy/http_connection.hpp"

namespace gate {

using msnp::Direction;

// A constructor that delegates has no other initialisers.
// NOLINTBEGIN(cppcoreguidelines-prefer-member-initializer)
Filter::Filter(FilterShared& shared, const Ends& ends, msnp::Side side) : Filter(shared, ends) {
  for (const Direction way : {Direction::to_server, Direction::to_client}) {
    decoder(way) = msnp::Decoder{way, side, shared.limits};
  }
  side_ = side;
  state_ = State::following;
  over_gateway_ = true;
}

Filter::Filter(FilterShared& shared, const Ends& ends, std::uint8_t depth, Strangers strangers)
    : Filter(shared, ends) {
  depth_ = depth;
  strangers_ = strangers;
}
// NOLINTEND(cppcoreguidelines-prefer-member-initializer)

void Filter::follow_http(Direction direction, msnp::Bytes in, msnp::Output& out, Result& result) {
  const HttpConnection::Result followed = http_->feed(direction, in, out, now_);
  result.consumed = followed.consumed;
  result.wanted = followed.wanted;
  if (!followed.fault.empty()) {
    const char* const from = direction == Direction::to_server ? ", from the client" : ", from the server";
    fail(Cause::http_ambiguous, followed.fault + from);
    if (state_ == State::transparent) {
      http_->release(out);
      out.forward(direction, in.subspan(result.consumed));
    }
    result.consumed = in.size();
    return;
  }
  if (followed.close != Close::no) state_ = followed.close == Close::reset ? State::reset : State::closed;
  charge_http();
}

void Filter::charge_http() {
  const std::size_t held = http_->held();
  if (held > std::min(shared_->session_memory, shared_->memory_left() + charged_)) return spent(held);
  shared_->memory_held = shared_->memory_held - charged_ + held;
  charged_ = held;
}

void Filter::spent(std::size_t held) {
  fail(Cause::memory, std::to_string(held) + " bytes held");
  state_ = State::closed;
}

bool Filter::ends_untold() const noexcept {
  return http_ != nullptr && !http_->carries_msnp();
}

const msnp::Identity& Filter::identity() const noexcept {
  return http_ == nullptr ? identity_ : http_->identity();
}

HttpSessions& FilterShared::sessions_of_gateway() {
  if (gateway_sessions == nullptr) gateway_sessions = std::make_shared<HttpSessions>(*this);
  return *gateway_sessions;
}

}  // namespace gate
