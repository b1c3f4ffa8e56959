#include "proxy/filter.hpp"

#include <algorithm>
#include <new>
#include <sstream>

#include "msnp/repair.hpp"
#include "proxy/escape.hpp"

namespace gate {
namespace {

using msnp::Direction;

std::string text_of(const boost::asio::ip::tcp::endpoint& end) {
  std::ostringstream text;
  text << end;
  return text.str();
}

bool is_object(msnp::Kind kind) noexcept {
  return kind >= msnp::Kind::display_picture && kind <= msnp::Kind::background;
}

AuditKind audit_kind_of(msnp::Kind kind) noexcept {
  if (kind == msnp::Kind::direct_connection) return AuditKind::transport;
  return is_object(kind) ? AuditKind::object : AuditKind::transfer;
}

}  // namespace

Filter::Filter(FilterShared& shared, const Ends& ends)
    : shared_(&shared),
      ends_(ends),
      decoders_{msnp::Decoder{Direction::to_server, msnp::Side::notification, shared.limits},
                msnp::Decoder{Direction::to_client, msnp::Side::notification, shared.limits}} {}

Filter::~Filter() {
  if (conversation_ == nullptr) return;
  // What is still held now never goes anywhere: that too is told.
  const msnp::Moment end = now_.monotonic + shared_->limits.message_age + 1;
  conversation_->expire(*this, shared_->limits, end);
  shared_->memory_left += charged_;
}

Filter::Result Filter::feed(Direction direction, msnp::Bytes in, msnp::Output& out, const Now& now) {
  now_ = now;
  Result result;
  try {
    if (state_ == State::detecting) detect(direction, in);
    switch (state_) {
      case State::detecting:
        result.wanted = in.size() + 1;
        break;
      case State::following:
        follow(direction, in, out, result);
        break;
      case State::transparent:
        out.forward(direction, in);
        result.consumed = in.size();
        break;
      case State::closed:
        result.consumed = in.size();
        break;
    }
  } catch (const std::bad_alloc&) {
    fail(Cause::memory, "out of memory");
    state_ = State::closed;
  }
  if (state_ == State::closed) result.close = Close::yes;
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
    default:
      fail(Cause::not_msnp, std::string(msnp::name_of(protocol)) + ": " + safe_excerpt(in));
      return;
  }
}

void Filter::follow(Direction direction, msnp::Bytes in, msnp::Output& out, Result& result) {
  while (result.consumed < in.size() && state_ == State::following) {
    const msnp::Bytes rest = in.subspan(result.consumed);
    const msnp::Step step = decoder(direction).next(rest);
    if (const auto* frame = std::get_if<msnp::Frame>(&step)) {
      handle(direction, *frame, out);
      result.consumed += frame->raw.size();
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

void Filter::handle(Direction direction, const msnp::Frame& frame, msnp::Output& out) {
  commanded_ = true;
  identity_.see(direction, side_, frame, shared_->limits);
  if (frame.dropped) return;
  if (frame.repair == msnp::Repair::none) {
    if (inspect(direction, frame, frame.raw, out) == msnp::Fate::forward) out.forward(direction, frame.raw);
  } else {
    std::string repaired;
    msnp::append_repaired(frame, repaired);
    const msnp::Bytes wire = msnp::as_bytes(repaired);
    if (inspect(direction, frame, wire, out) == msnp::Fate::forward) out.write(direction, wire);
  }
}

msnp::Fate Filter::inspect(Direction direction, const msnp::Frame& frame, msnp::Bytes wire,
                           msnp::Output& out) {
  using msnp::word;
  const msnp::Word verb = frame.line.word;
  if (!frame.inspected) {
    if (conversation_ == nullptr || direction == Direction::to_server || side_ != msnp::Side::switchboard) {
      return msnp::Fate::forward;
    }
    const bool people = verb == word("JOI") || verb == word("IRO") || verb == word("BYE") ||
                        verb == word("USR") || verb == word("ANS");
    if (people) conversation_->people_changed();
    const bool reply = verb == word("ACK") || verb == word("NAK") || verb == word("282");
    return reply ? conversation_->see_reply(frame) : msnp::Fate::forward;
  }
  msnp::Fate fate = msnp::Fate::forward;
  const auto passage_with = [&](auto see) {
    msnp::Conversation& memory = conversation();
    msnp::Injector injector(out, memory.waiting,
                            direction == Direction::to_server || decoder(Direction::to_server).at_boundary(),
                            direction == Direction::to_client || decoder(Direction::to_client).at_boundary());
    const msnp::Passage passage{direction, side_,    frame,           wire,          identity_,
                                *this,     injector, shared_->limits, now_.monotonic};
    fate = see(memory, passage);
    charge();
  };
  if (verb == word("UUN") || verb == word("UBN")) {
    passage_with([](auto& memory, const auto& passage) { return memory.see_notification(passage); });
  } else if (verb == word("SDG")) {
    passage_with([](auto& memory, const auto& passage) { return memory.see_datagram(passage); });
  } else {
    const msnp::MimeBlock block = msnp::read_mime(frame.payload);
    if (!block.invite && !block.p2p && !block.part) return fate;
    passage_with([&](auto& memory, const auto& passage) { return memory.see_message(passage, block); });
  }
  return fate;
}

msnp::Conversation& Filter::conversation() {
  if (conversation_ == nullptr) conversation_ = std::make_unique<msnp::Conversation>(shared_->calls);
  return *conversation_;
}

void Filter::send_waiting(Direction direction, msnp::Output& out) {
  if (conversation_ == nullptr || !decoder(direction).at_boundary()) return;
  std::string& waiting = conversation_->waiting[static_cast<std::size_t>(direction)];
  out.write(direction, msnp::as_bytes(waiting));
  waiting = {};
}

void Filter::charge() {
  const std::size_t held = conversation_->footprint();
  const std::size_t budget = std::min(shared_->session_memory, shared_->memory_left + charged_);
  if (held > budget) {
    fail(Cause::memory, std::to_string(held) + " bytes held");
    conversation_->drop_held();
  }
  const std::size_t kept = std::min(conversation_->footprint(), shared_->memory_left + charged_);
  shared_->memory_left = shared_->memory_left + charged_ - kept;
  charged_ = kept;
}

Close Filter::tick(msnp::Output&, const Now& now) {
  now_ = now;
  if (conversation_ != nullptr) {
    conversation_->expire(*this, shared_->limits, now.monotonic);
    charge();
  }
  return state_ == State::closed ? Close::yes : Close::no;
}

bool Filter::idle() const noexcept {
  return conversation_ == nullptr || conversation_->idle();
}

bool Filter::recognised() const noexcept {
  return commanded_ || state_ == State::transparent;
}

bool Filter::admits(const msnp::Offer& offer, std::span<const std::string> others, std::string_view answer) {
  static const std::string nobody;
  if (others.empty()) others = {&nobody, 1};
  const Policy& policy = *shared_->policy;
  const auto cap = policy.caps().of(offer.kind);
  const bool too_big = is_object(offer.kind) && cap && offer.size.value_or(0) > *cap;
  Verdict verdict{Action::allow, "default"};
  msnp::Reason reason = offer.reason;
  for (const std::string& other : others) {
    Verdict one = policy.judge({.user = identity_.user(),
                                .peer = other,
                                .client = ends_.client.address(),
                                .direction = offer.direction,
                                .kind = offer.kind,
                                .names = offer.names,
                                .size = offer.size,
                                .at = now_.wall});
    const bool over_cap = too_big && one.rule == "default";
    if (over_cap) one.action = policy.fallback();
    const bool stricter = one.action == Action::block || verdict.rule == "default";
    if (stricter) {
      verdict = one;
      reason = over_cap ? msnp::Reason::object_too_big : offer.reason;
    }
    if (one.action == Action::block) break;
  }
  if (identity_.user().empty() && verdict.action != Action::block && !admits_everything(others) &&
      msnp::blocked_by_default(offer.kind)) {
    verdict = {Action::block, "default"};  // nobody is known yet
  }
  const bool worth_recording =
      verdict.action != Action::allow || verdict.rule != "default" || msnp::blocked_by_default(offer.kind);
  if (!worth_recording) return true;

  AuditEvent event = event_of(audit_kind_of(offer.kind));
  event.action = verdict.action;
  event.reason = msnp::name_of(reason);
  event.rule = verdict.rule;
  event.kind = offer.kind;
  event.direction = offer.direction;
  event.peers.assign(others.begin(), others.end());
  std::erase(event.peers, std::string());
  if (!offer.names.empty() || offer.size) event.file = AuditEvent::File{offer.names, offer.size};
  event.form = offer.form;
  if (!offer.call_id.empty() || !offer.session_id.empty() || !offer.cookie.empty()) {
    event.call = AuditEvent::Call{offer.call_id, offer.session_id, offer.cookie};
  }
  if (verdict.action == Action::block) event.answer = answer;
  const bool recorded = shared_->audit->record(event);
  if (verdict.action == Action::block) return false;
  return recorded || policy.on(Cause::audit_write_failed) == Reaction::pass;
}

bool Filter::admits_everything(std::span<const std::string> others) {
  const Policy& policy = *shared_->policy;
  const auto all = [&](std::string_view other) {
    return policy.allows_everything(identity_.user(), other, ends_.client.address());
  };
  if (others.empty()) return all({});
  return std::all_of(others.begin(), others.end(), all);
}

void Filter::abandoned(Direction direction, std::span<const std::string> others) {
  const Reaction reaction = shared_->policy->on(Cause::reassembly_limit);
  AuditEvent event = event_of(AuditKind::failure);
  event.action = Action::block;
  event.reason = name_of(Cause::reassembly_limit);
  event.direction = direction;
  event.peers.assign(others.begin(), others.end());
  (void)shared_->audit->record(event);  // it is dropped whether that can be told or not
  if (reaction == Reaction::close) state_ = State::closed;
}

void Filter::fail(Cause cause, std::string detail) {
  const Reaction reaction = shared_->policy->on(cause);
  AuditEvent event = event_of(AuditKind::failure);
  event.action = reaction == Reaction::pass ? Action::allow : Action::block;
  event.reason = name_of(cause);
  event.detail = std::move(detail);
  const bool recorded = shared_->audit->record(event);
  const bool may_pass = recorded || shared_->policy->on(Cause::audit_write_failed) == Reaction::pass;
  if (reaction == Reaction::pass && may_pass) {
    state_ = State::transparent;
  } else if (reaction != Reaction::block) {
    state_ = State::closed;
  }
}

AuditEvent Filter::event_of(AuditKind kind) const {
  AuditEvent event;
  event.event = kind;
  event.time = now_.wall;
  event.policy = shared_->policy->revision();
  event.user = identity_.user();
  event.client = text_of(ends_.client);
  event.server = text_of(ends_.server);
  event.dialect = identity_.dialect();
  return event;
}

}  // namespace gate
