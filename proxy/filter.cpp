#include "proxy/filter.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "msnp/commands.hpp"
#include "msnp/data_run.hpp"
#include "msnp/repair.hpp"
#include "msnp/text_run.hpp"
#include "proxy/escape.hpp"
#include "proxy/http_connection.hpp"

namespace gate {
namespace {

using msnp::Direction;

std::string described(msnp::Protocol stranger, msnp::Bytes first) {
  return std::string(msnp::name_of(stranger)) + ": " + safe_excerpt(first);
}

}  // namespace

Filter::Filter(FilterShared& shared, const Ends& ends)
    : shared_(&shared),
      ends_(ends),
      decoders_{msnp::Decoder{Direction::to_server, msnp::Side::notification, shared.limits},
                msnp::Decoder{Direction::to_client, msnp::Side::notification, shared.limits}} {}

Filter::~Filter() {
  shared_->memory_held -= charged_;
  if (conversation_ == nullptr) return;
  // What is still held now never goes anywhere: that too is told.
  shared_->given_up = Outcome::withdrawn;
  now_.monotonic += shared_->limits.message_age + 1;
  try {
    msnp::Output nowhere;
    msnp::Injector injector(nowhere, conversation_->waiting, true, true);
    conversation_->expire(scene(injector));
  } catch (const std::bad_alloc&) {
    // Nothing of it went anywhere all the same.
  }
  shared_->given_up = Outcome::failed;
}

Filter::Result Filter::feed(Direction direction, msnp::Bytes in, msnp::Output& out, const Now& now) {
  now_ = now;
  Result result;
  if (direction == Direction::to_client && held_redirect() != nullptr) {
    result.wanted = in.size() + 1;  // nothing overtakes the line that waits
    return result;
  }
  try {
    if (state_ == State::detecting) detect(direction, in);
    switch (state_) {
      case State::detecting:
        result.wanted = in.size() + 1;
        break;
      case State::following:
        follow(direction, in, out, result);
        break;
      case State::http:
        follow_http(direction, in, out, result);
        break;
      case State::transparent:
        out.forward(direction, in);
        result.consumed = in.size();
        break;
      case State::closed:
      case State::reset:
        result.consumed = in.size();
        break;
    }
  } catch (const std::bad_alloc&) {
    fail(Cause::memory, "out of memory");
    state_ = State::closed;
  }
  result.close = close();
  return result;
}

void Filter::detect(Direction direction, msnp::Bytes in) {
  if (in.empty()) return;
  // No server of this protocol speaks first.
  const msnp::Protocol protocol =
      direction == Direction::to_server ? msnp::detect(in) : msnp::Protocol::other;
  switch (protocol) {
    case msnp::Protocol::need_more:
      return;
    case msnp::Protocol::notification:
    case msnp::Protocol::switchboard:
      side_ = protocol == msnp::Protocol::switchboard ? msnp::Side::switchboard : msnp::Side::notification;
      for (const Direction way : {Direction::to_server, Direction::to_client}) {
        decoder(way) = msnp::Decoder{way, side_, shared_->limits};
      }
      state_ = State::following;
      return;
    case msnp::Protocol::msnftp:
    case msnp::Protocol::p2p_direct: {
      // No mere stranger but a road for files. A client that is reset goes back to the switchboard at once;
      // one that hears nothing waits half a minute.
      const bool may_pass = admits_everything({});
      fail(Cause::not_msnp, may_pass ? shared_->policy->on(Cause::not_msnp) : Reaction::close,
           described(protocol, in));
      if (state_ == State::closed) state_ = State::reset;
      return;
    }
    case msnp::Protocol::http:
      if (!shared_->http.enabled) break;
      http_ = std::make_unique<HttpConnection>(*shared_, ends_, depth_, follows_);
      state_ = State::http;
      return;
    default:
      break;
  }
  if (strangers_ == Strangers::pass) {
    state_ = State::transparent;
  } else {
    fail(Cause::not_msnp, described(protocol, in));
  }
}

void Filter::follow(Direction direction, msnp::Bytes in, msnp::Output& out, Result& result) {
  const bool may_wait = direction == Direction::to_client;
  while (result.consumed < in.size() && state_ == State::following &&
         !(may_wait && held_redirect_ != nullptr)) {
    const msnp::Bytes rest = in.subspan(result.consumed);
    const msnp::Step step = decoder(direction).next(rest);
    if (const auto* frame = std::get_if<msnp::Frame>(&step)) {
      const std::size_t text = handle(direction, *frame, out);
      result.consumed += frame->raw.size();
      const msnp::Bytes alike = alike_behind(direction, *frame, text, in.subspan(result.consumed));
      if (!alike.empty()) out.forward(direction, alike);
      result.consumed += alike.size();
      send_waiting(direction, out);
    } else if (const auto* opaque = std::get_if<msnp::Opaque>(&step)) {
      out.forward(direction, opaque->raw);
      result.consumed += opaque->raw.size();
      send_waiting(direction, out);
    } else if (const auto* swallowed = std::get_if<msnp::Swallowed>(&step)) {
      result.consumed += swallowed->raw.size();
    } else if (const auto* more = std::get_if<msnp::NeedMore>(&step)) {
      result.wanted = more->at_least;
      return;
    } else {
      const auto& fault = std::get<msnp::Fault>(step);
      std::string detail(msnp::message_of(fault.error));
      detail += direction == Direction::to_server ? ", from the client: " : ", from the server: ";
      fail(Cause::parse_error, detail + safe_excerpt(rest));
      if (state_ == State::transparent) {
        out.forward(direction, rest);
        result.consumed = in.size();
      }
    }
  }
  if (state_ == State::closed) result.consumed = in.size();
}

msnp::Bytes Filter::alike_behind(Direction direction, const msnp::Frame& frame, std::size_t text,
                                 msnp::Bytes rest) noexcept {
  const std::size_t header = conversation_ != nullptr ? conversation_->take_run() : 0;
  if (rest.empty() || frame.repair != msnp::Repair::none || state_ != State::following) return {};
  if (header != 0) return rest.first(msnp::DataRun(direction, frame, header).extent(rest));
  if (text == 0) return {};
  const std::size_t most = shared_->limits.*msnp::look_up(direction, side_, frame.line.word).row->limit;
  return rest.first(msnp::TextRun(direction, frame, text, most).extent(rest));
}

std::size_t Filter::handle(Direction direction, const msnp::Frame& frame, msnp::Output& out) {
  commanded_ = true;
  identity_.see(direction, side_, frame, shared_->limits);
  if (frame.dropped) return 0;
  const bool redirects = follows_ && direction == Direction::to_client &&
                         (frame.line.word == msnp::word("XFR") || frame.line.word == msnp::word("RNG"));
  const bool untouched = frame.repair == msnp::Repair::none;
  std::string repaired;
  if (!untouched) msnp::append_repaired(frame, repaired);
  const msnp::Bytes wire = untouched ? frame.raw : msnp::as_bytes(repaired);
  if (redirects) {
    redirect(frame, wire, out);
    return 0;
  }
  const Inspected seen = inspect(direction, frame, wire, out);
  if (seen.fate != msnp::Fate::forward) return 0;
  untouched ? out.forward(direction, wire) : out.write(direction, wire);
  return seen.text;
}

Filter::Inspected Filter::inspect(Direction direction, const msnp::Frame& frame, msnp::Bytes wire,
                                  msnp::Output& out) {
  using msnp::word;
  const msnp::Word verb = frame.line.word;
  if (!frame.inspected) {
    if (conversation_ == nullptr || direction == Direction::to_server) return {};
    const bool people = verb == word("JOI") || verb == word("IRO") || verb == word("BYE") ||
                        verb == word("USR") || verb == word("ANS");
    if (people) conversation_->people_changed();
    const bool reply = verb == word("ACK") || verb == word("NAK") || verb == word("UUN") ||
                       verb == word("SDG") || msnp::is_numeric(verb);
    return {reply ? conversation_->see_reply(frame) : msnp::Fate::forward};
  }
  const auto passage_with = [&](auto see) -> Inspected {
    msnp::Conversation& memory = conversation();
    msnp::Injector injector = injector_to(out, direction);
    const msnp::Passage passage{scene(injector), direction, frame, wire};
    const msnp::Fate fate = see(memory, passage);
    show_noted(passage);
    charge();
    return {fate};
  };
  if (verb == word("UUN") || verb == word("UBN")) {
    return passage_with([](auto& memory, const auto& passage) { return memory.see_notification(passage); });
  }
  if (verb == word("SDG")) {
    return passage_with([](auto& memory, const auto& passage) { return memory.see_datagram(passage); });
  }
  const msnp::MimeBlock block = msnp::read_mime(frame.payload);
  if (block.invite || block.p2p || block.part) {
    return passage_with(
        [&](auto& memory, const auto& passage) { return memory.see_message(passage, block); });
  }
  const bool begins_runs = block.canonical && verb == word("MSG");
  return {msnp::Fate::forward, begins_runs ? block.bodies().front() : 0U};
}

msnp::Conversation& Filter::conversation() {
  if (conversation_ == nullptr) conversation_ = std::make_unique<msnp::Conversation>(shared_->calls);
  return *conversation_;
}

void Filter::send_waiting(Direction direction, msnp::Output& out) {
  if (conversation_ == nullptr || !decoder(direction).at_boundary()) return;
  std::string& waiting = conversation_->waiting[static_cast<std::size_t>(direction)];
  if (waiting.empty()) return;
  out.write(direction, msnp::as_bytes(waiting));
  waiting = {};
}

void Filter::charge() {
  const std::size_t held = conversation_->footprint();
  const std::size_t budget = std::min(shared_->session_memory, shared_->memory_left() + charged_);
  if (held > budget) {
    fail(Cause::memory, std::to_string(held) + " bytes held");
    for (std::size_t dropped = conversation_->drop_held(budget); dropped != 0; --dropped) {
      count_given_up(Direction::to_server);  // which way is not known any more
    }
  }
  const std::size_t kept = std::min(conversation_->footprint(), shared_->memory_left() + charged_);
  shared_->memory_held = shared_->memory_held - charged_ + kept;
  charged_ = kept;
}

msnp::Scene Filter::scene(msnp::Injector& injector) noexcept {
  return {side_, identity_, *this, injector, shared_->limits, now_.monotonic};
}

// Bytes of ours go between frames only; the direction a frame comes from stands between two.
msnp::Injector Filter::injector_to(msnp::Output& out, std::optional<Direction> between) {
  const auto open = [&](Direction direction) {
    return between == direction || decoder(direction).at_boundary();
  };
  return {out, conversation().waiting, open(Direction::to_server), open(Direction::to_client)};
}

Close Filter::tick(msnp::Output& out, const Now& now) {
  now_ = now;
  if (state_ == State::following) give_up_redirect(out);
  if (conversation_ != nullptr && state_ == State::following) {
    msnp::Injector injector = injector_to(out, std::nullopt);
    shared_->given_up = Outcome::timed_out;
    conversation_->expire(scene(injector));
    shared_->given_up = Outcome::failed;
    charge();
  }
  if (state_ == State::http && http_->tick(out, now) != Close::no) state_ = State::closed;
  return close();
}

Close Filter::close() const noexcept {
  if (state_ == State::reset) return Close::reset;
  return state_ == State::closed ? Close::yes : Close::no;
}

bool Filter::idle() const noexcept {
  if (held_redirect() != nullptr) return false;
  if (http_ != nullptr) return http_->idle();
  return conversation_ == nullptr || conversation_->idle();
}

bool Filter::recognised() const noexcept {
  return commanded_ || state_ == State::transparent || (http_ != nullptr && http_->recognised());
}

void Filter::fail(Cause cause, std::string detail) {
  fail(cause, shared_->policy->on(cause), std::move(detail));
}

bool Filter::passes(Cause cause, Reaction reaction, std::string detail) {
  AuditEvent event = event_of(AuditKind::failure);
  event.action = reaction == Reaction::pass ? Action::allow : Action::block;
  event.reason = name_of(cause);
  event.detail = std::move(detail);
  shared_->metrics.fail(cause);
  const bool recorded = shared_->audit->record(event);
  const bool may_pass = recorded || shared_->policy->on(Cause::audit_write_failed) == Reaction::pass;
  return reaction == Reaction::pass && may_pass;
}

void Filter::fail(Cause cause, Reaction reaction, std::string detail) {
  if (passes(cause, reaction, std::move(detail))) {
    state_ = State::transparent;
  } else if (reaction != Reaction::block) {
    state_ = State::closed;
  }
}

}  // namespace gate
