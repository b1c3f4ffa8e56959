#include "proxy/http_connection.hpp"

#include <algorithm>
#include <utility>

namespace gate {
namespace {

using msnp::Bytes;
using msnp::Direction;

template <bool is_request>
constexpr Direction direction_of = is_request ? Direction::to_server : Direction::to_client;

/// Empty lines in front of a request: some browsers end a body with one, and servers pass over it.
std::size_t blank_lines(Bytes bytes) noexcept {
  const std::string_view text = msnp::as_text(bytes);
  std::size_t size = 0;
  while (text.substr(size).starts_with("\r\n")) size += 2;
  return size;
}

/// Copies what `from` has for both directions.
void copy(msnp::Output& from, msnp::Output& to) {
  for (const Direction direction : {Direction::to_server, Direction::to_client}) {
    for (const Bytes slice : from.slices(direction)) to.write(direction, slice);
  }
}

}  // namespace

HttpConnection::HttpConnection(FilterShared& shared, const Ends& ends, std::uint8_t depth, bool follows)
    : shared_(shared), ends_(ends), depth_(depth), follows_(follows) {}

HttpConnection::~HttpConnection() {
  for (const Request& request : waiting_) {
    if (request.ordered) request.session->end_turn(this);
  }
}

HttpConnection::Result HttpConnection::feed(Direction direction, Bytes in, msnp::Output& out,
                                            const Now& now) {
  now_ = now;
  const bool to_server = direction == Direction::to_server;
  if (to_server && (!early_.empty() || phase_ == Phase::waiting_for_tunnel)) return follow_early(in, out);
  if (phase_ == Phase::tunnel) return feed_tunnel(direction, in, out);
  Result result = to_server ? follow(requests_, in, out) : follow(answers_, in, out);
  // What the client sent behind a CONNECT waited for this answer.
  if (!to_server && result.fault.empty() && !early_.empty() && phase_ != Phase::waiting_for_tunnel) {
    const Result early = follow_early({}, out);
    result.fault = early.fault;
    if (early.close != Close::no) result.close = early.close;
  }
  return result;
}

/// Bytes that were kept stand in a buffer of ours, so what comes of them is copied.
HttpConnection::Result HttpConnection::follow_early(Bytes in, msnp::Output& out) {
  early_ += msnp::as_text(in);
  Result result;
  if (phase_ == Phase::waiting_for_tunnel) {
    result.consumed = in.size();
    if (early_.size() > most_early) result.fault = "too much behind a CONNECT";
    return result;
  }
  msnp::Output own;
  const Bytes kept = msnp::as_bytes(early_);
  result =
      phase_ == Phase::tunnel ? feed_tunnel(Direction::to_server, kept, own) : follow(requests_, kept, own);
  copy(own, out);
  early_.erase(0, result.consumed);
  if (early_.empty()) early_.shrink_to_fit();
  result.consumed = in.size();
  result.wanted = 0;
  return result;
}

HttpConnection::Result HttpConnection::feed_tunnel(Direction direction, Bytes in, msnp::Output& out) {
  const Filter::Result inner = tunnel_->feed(direction, in, out, now_);
  return {.consumed = inner.consumed, .wanted = inner.wanted, .close = inner.close, .fault = {}};
}

void HttpConnection::open_tunnel(Filter::Strangers strangers) {
  if (depth_ == most_tunnels) return fail("too many tunnels in tunnels");
  tunnel_ = std::make_unique<Filter>(shared_, ends_, static_cast<std::uint8_t>(depth_ + 1), strangers);
  phase_ = Phase::tunnel;
}

template <bool is_request>
HttpConnection::Result HttpConnection::follow(Lane<is_request>& lane, Bytes in, msnp::Output& out) {
  Result result;
  while (result.consumed < in.size() && fault_.empty() && close_ == Close::no) {
    const Bytes rest = in.subspan(result.consumed);
    if (!is_request && held_answer_ != nullptr) {
      result.wanted = rest.size() + 1;  // nothing overtakes it
      break;
    }
    if (phase_ == Phase::tunnel) {  // since the head before
      const Result inner = feed_tunnel(direction_of<is_request>, rest, out);
      result.consumed += inner.consumed;
      result.wanted = inner.wanted;
      close_ = inner.close;
      break;
    }
    if (is_request && phase_ == Phase::waiting_for_tunnel) {
      early_ += msnp::as_text(rest);
      result.consumed = in.size();
      break;
    }
    if (!is_request && endless_) {
      out.forward(Direction::to_client, rest);
      result.consumed = in.size();
      break;
    }
    std::size_t used = 0;
    if (!lane.reader) {
      used = begin(lane, rest, out);
    } else if (!lane.held.empty()) {
      used = gather(lane, rest, out);
    } else {
      used = lane.reader->read_body(rest);
      if (!lane.reader->fault().empty()) {
        fail(lane.reader->fault());
        break;
      }
      out.forward(direction_of<is_request>, rest.first(used));
      if (lane.reader->done()) passed(lane);
    }
    if (lane.reader && lane.reader->done()) lane.reader.reset();
    if (used == 0) {
      result.wanted = rest.size() + 1;
      break;
    }
    result.consumed += used;
  }
  result.close = close_;
  result.fault = fault_;
  return result;
}

/// At the front of `rest` stands a head, or a part of one. How much of it is done with.
template <bool is_request>
std::size_t HttpConnection::begin(Lane<is_request>& lane, Bytes rest, msnp::Output& out) {
  if (is_request) {
    if (const std::size_t blank = blank_lines(rest); blank > 0) {
      out.forward(Direction::to_server, rest.first(blank));
      return blank;
    }
  }
  std::string_view fault;
  const std::size_t head = http_head_size(rest, lane.searched, fault);
  if (!fault.empty()) {
    fail(fault);
    return 0;
  }
  if (std::max(head, head == 0 ? rest.size() : 0) > longest_http_head) {
    fail("too long a head");
    return 0;
  }
  if (head == 0) return 0;
  lane.searched = 0;
  const bool gateway = head_read(lane, rest.first(head), out);
  if (!fault_.empty()) return 0;
  if (gateway) return begin_gathering(lane, rest, head, out);
  if (lane.reader && lane.reader->done()) passed(lane);
  return head;
}

/// A message of the gateway. Mostly all of it is there: then it is not copied.
template <bool is_request>
std::size_t HttpConnection::begin_gathering(Lane<is_request>& lane, Bytes rest, std::size_t head,
                                            msnp::Output& out) {
  HttpReader<is_request>& reader = *lane.reader;
  if (reader.head().chunked) reader.keep_chunks(shared_.http.body);
  if (reader.body_left() > shared_.http.body) {
    fail("a body of the gateway larger than http.body");
    return 0;
  }
  const std::size_t size = head + reader.read_body(rest.subspan(head));
  if (!acceptable(lane)) return 0;
  if (reader.done()) {
    complete(lane, rest.first(size), head, false, out);
    return fault_.empty() ? size : 0;
  }
  lane.held = msnp::as_text(rest);
  lane.head = head;
  lane.read = size;
  if constexpr (is_request) tell_to_go_on(lane, out);
  return rest.size();
}

template <bool is_request>
std::size_t HttpConnection::gather(Lane<is_request>& lane, Bytes rest, msnp::Output& out) {
  const std::size_t before = lane.held.size();
  lane.held += msnp::as_text(rest);
  lane.read += lane.reader->read_body(msnp::as_bytes(lane.held).subspan(lane.read));
  if (!acceptable(lane) || !lane.reader->done()) return rest.size();
  const std::size_t used = lane.read - before;
  complete(lane, msnp::as_bytes(lane.held).first(lane.read), lane.head, true, out);
  if (!fault_.empty()) return rest.size();
  lane.held = {};
  return used;
}

template <bool is_request>
bool HttpConnection::acceptable(const Lane<is_request>& lane) {
  fail(lane.reader->fault());
  // Chunk lines may at most double what one-byte chunks carry some times over; honest ones are few.
  if (lane.held.size() > longest_http_head + 2 * shared_.http.body) {
    fail("a body of the gateway larger than http.body");
  }
  if (lane.reader->head().chunked && lane.reader->chunks_cut()) {
    fail("a body of the gateway larger than http.body");
  }
  return fault_.empty();
}

void HttpConnection::release(msnp::Output& out) {
  out.write(Direction::to_server, msnp::as_bytes(requests_.held));
  out.write(Direction::to_server, msnp::as_bytes(early_));
  out.write(Direction::to_client, msnp::as_bytes(answers_.held));
  requests_.held = answers_.held = early_ = {};
  // A line that waits is not known to be followed: the answer goes on without it.
  if (const std::unique_ptr<HeldAnswer> answer = std::move(held_answer_)) {
    out.write(Direction::to_client, msnp::as_bytes(answer->text()));
  }
}

Close HttpConnection::tick(msnp::Output& out, const Now& now) {
  now_ = now;
  if (held_answer_ != nullptr) go_on(out);
  return tunnel_ == nullptr ? Close::no : tunnel_->tick(out, now);
}

const msnp::Identity& HttpConnection::identity() const noexcept {
  static const msnp::Identity nobody;
  if (tunnel_ != nullptr) return tunnel_->identity();
  return latest_ == nullptr ? nobody : latest_->identity();
}

std::size_t HttpConnection::held() const noexcept {
  const std::size_t answer =
      held_answer_ == nullptr ? 0 : held_answer_->head.size() + held_answer_->body.size();
  return requests_.held.size() + answers_.held.size() + early_.size() + answer;
}

}  // namespace gate
