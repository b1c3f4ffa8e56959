// What a filter asks its policy, and what it tells its audit of the answer.
#include "proxy/filter.hpp"

#include <algorithm>

#include "proxy/destination.hpp"

namespace gate {
namespace {

/// For an offer whose other side is not known.
std::span<const std::string> nobody() {
  static const std::string unknown;
  return {&unknown, 1};
}

AuditKind audit_kind_of(msnp::Kind kind) noexcept {
  if (kind == msnp::Kind::direct_connection) return AuditKind::transport;
  const bool object =
      (kind >= msnp::Kind::display_picture && kind <= msnp::Kind::background) || kind == msnp::Kind::ink;
  return object ? AuditKind::object : AuditKind::transfer;
}

/// Two offers are the same transfer if they have the same ids, name and size.
std::string name_of_transfer(const msnp::Offer& offer) {
  std::string name = offer.call_id;
  name.append(1, '\0').append(offer.cookie).append(1, '\0');
  if (!offer.names.empty()) name += offer.names.front();
  name.append(1, '\0').append(std::to_string(offer.size.value_or(0)));
  return name;
}

/// Addresses are kept back all the time while transfers go on; an accept belongs to an offer that was told;
/// of data without a session nobody knows what it was.
bool is_worth_telling(msnp::Kind kind, msnp::Reason reason) noexcept {
  return kind != msnp::Kind::direct_connection && reason != msnp::Reason::accept &&
         reason != msnp::Reason::transport && reason != msnp::Reason::data_without_session;
}

}  // namespace

Question Filter::question_about(const msnp::Offer& offer, std::string_view other, std::string_view call,
                                bool goes_on) const {
  return {.user = identity_.user(),
          .peer = other,
          .client = ends_.client.address(),
          .direction = offer.direction,
          .kind = offer.kind,
          .reason = offer.reason,
          .names = offer.names,
          .size = offer.size,
          .at = now_.wall,
          .call = call,
          .goes_on = goes_on};
}

Verdict Filter::verdict_on(const msnp::Offer& offer, std::span<const std::string> others, bool goes_on) {
  Verdict verdict{Action::allow, "default", offer.reason};
  const std::string call = shared_->policy->grants().empty() ? std::string() : name_of_transfer(offer);
  for (const std::string& other : others) {
    const Verdict one = shared_->policy->judge(question_about(offer, other, call, goes_on));
    if (one.action == Action::block) return one;
    const Grant* const grant = one.grant != nullptr ? one.grant : verdict.grant;
    if (verdict.rule == "default") verdict = one;
    verdict.grant = grant;
  }
  const bool needs_somebody =
      msnp::blocked_by_default(offer.kind) || offer.kind == msnp::Kind::direct_connection;
  if (identity_.user().empty() && needs_somebody && !admits_everything(others)) {
    return {Action::block, "default", verdict.reason};  // nobody is known yet
  }
  return verdict;
}

bool Filter::claim_grants(const msnp::Offer& offer, std::span<const std::string> others) {
  const std::string call = name_of_transfer(offer);
  for (const std::string& other : others) {
    const Verdict one = shared_->policy->judge(question_about(offer, other, call, false));
    if (one.action == Action::block) return false;
    if (one.grant != nullptr && one.grant->once && !one.grant->use->claim(call, now_.wall)) return false;
  }
  return true;
}

bool Filter::record(const msnp::Offer& offer, std::span<const std::string> others, const Verdict& verdict,
                    std::string_view answer) {
  AuditEvent event = event_of(audit_kind_of(offer.kind));
  event.action = verdict.action;
  event.reason = msnp::name_of(verdict.reason);
  event.rule = verdict.rule;
  event.kind = offer.kind;
  event.direction = offer.direction;
  event.peers.assign(others.begin(), others.end());
  std::erase(event.peers, std::string());
  if (!offer.names.empty() || offer.size) event.file = AuditEvent::File{offer.names, offer.size};
  event.form = over_gateway_ ? msnp::Form::http : offer.form;
  if (over_gateway_) event.detail = msnp::name_of(offer.form);
  if (!offer.call_id.empty() || !offer.session_id.empty() || !offer.cookie.empty()) {
    event.call = AuditEvent::Call{offer.call_id, offer.session_id, offer.cookie};
  }
  if (verdict.action == Action::block) event.answer = answer;
  return shared_->audit->record(event);
}

bool Filter::admits(const msnp::Offer& offer, std::span<const std::string> others, std::string_view answer) {
  WorkerMetrics& metrics = shared_->metrics;
  metrics.offers[static_cast<std::size_t>(offer.direction)].add();
  const Outcome outcome = judge(offer, others, answer);
  metrics.end_offer(offer.direction, offer.kind, outcome);
  return outcome == Outcome::allowed;
}

Outcome Filter::judge(const msnp::Offer& offer, std::span<const std::string> others,
                      std::string_view answer) {
  if (others.empty()) others = nobody();
  Verdict verdict = verdict_on(offer, others);
  // Each claim that comes too late closes one grant: what is left is judged again.
  while (verdict.action != Action::block && verdict.grant != nullptr && !claim_grants(offer, others)) {
    verdict = verdict_on(offer, others);
  }
  shared_->policy->hits().count(verdict.rule);
  const bool worth_recording =
      verdict.action != Action::allow || verdict.rule != "default" || msnp::blocked_by_default(offer.kind);
  if (!worth_recording) return Outcome::allowed;
  const bool recorded = record(offer, others, verdict, answer);
  if (verdict.action == Action::block) {
    note_stopped(offer, others, verdict);
    return Outcome::blocked;
  }
  const bool may_pass = recorded || shared_->policy->on(Cause::audit_write_failed) == Reaction::pass;
  return may_pass ? Outcome::allowed : Outcome::failed;
}

void Filter::note_stopped(const msnp::Offer& offer, std::span<const std::string> others,
                          const Verdict& verdict) {
  const NoticeSettings& settings = shared_->policy->notice();
  if (!settings.on || !is_worth_telling(offer.kind, verdict.reason)) return;
  const Stopped stopped{.user = identity_.user(),
                        .peer = others.front(),
                        .kind = msnp::name_of(offer.kind),
                        .file = offer.names.empty() ? std::string_view() : offer.names.front(),
                        .rule = verdict.rule,
                        .direction = offer.direction};
  if (!shared_->notices.lets_through(stopped, now_.monotonic, settings.interval)) return;
  shared_->words.push_back(notice_text(settings, stopped));
}

void Filter::show_noted(const msnp::Passage& passage) {
  for (const std::string& text : shared_->words) {
    msnp::Conversation::show(passage, shared_->policy->notice().sender, text);
  }
  shared_->words.clear();
}

bool Filter::still_admits(const msnp::Offer& offer, std::span<const std::string> others,
                          std::string_view answer) {
  if (others.empty()) others = nobody();
  Verdict verdict = verdict_on(offer, others, true);
  if (verdict.action != Action::block) return true;
  verdict.reason = msnp::Reason::policy_change;
  shared_->metrics.calls_ended.add();
  (void)record(offer, others, verdict, answer);  // it ends whether that can be told or not
  note_stopped(offer, others, verdict);
  return false;
}

bool Filter::admits_everything(std::span<const std::string> others) {
  const Policy& policy = *shared_->policy;
  const auto all = [&](std::string_view other) {
    return policy.allows_everything(identity_.user(), other, ends_.client.address());
  };
  if (others.empty()) return all({});
  return std::all_of(others.begin(), others.end(), all);
}

void Filter::abandoned(msnp::Direction direction, std::span<const std::string> others) {
  count_given_up(direction);
  shared_->metrics.fail(Cause::reassembly_limit);
  const Reaction reaction = shared_->policy->on(Cause::reassembly_limit);
  AuditEvent event = event_of(AuditKind::failure);
  event.action = Action::block;
  event.reason = name_of(Cause::reassembly_limit);
  event.direction = direction;
  event.peers.assign(others.begin(), others.end());
  (void)shared_->audit->record(event);  // it is dropped whether that can be told or not
  if (reaction == Reaction::close) state_ = State::closed;
}

void Filter::count_given_up(msnp::Direction direction) noexcept {
  WorkerMetrics& metrics = shared_->metrics;
  metrics.offers[static_cast<std::size_t>(direction)].add();
  metrics.end_offer(direction, msnp::Kind::unknown_application, shared_->given_up);
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
