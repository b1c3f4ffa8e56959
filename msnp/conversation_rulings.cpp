// What is to become of a text or of session data, whatever carries it: the three gates of decisions.md 3.
#include <algorithm>
#include <iterator>

#include "msnp/conversation.hpp"
#include "msnp/transport.hpp"

namespace msnp {
namespace {

/// P2P session of ink drawn in the chat window: it is never negotiated (transfers.md 2.1).
constexpr std::uint32_t ink_session = 64;

/// What another client would read in the same message: every name counts, and the largest size. A name
/// that nobody could read first stays unknown.
void add_reading(Offer& offer, const Offer& other) {
  if (other.size) offer.size = std::max(offer.size.value_or(0), *other.size);
  if (offer.names.empty()) return;
  for (const std::string& name : other.names) {
    if (std::find(offer.names.begin(), offer.names.end(), name) == offer.names.end()) {
      offer.names.push_back(name);
    }
  }
}

/// All that the readings offer, in the message of the one that offers the most restricted thing; nothing if
/// nobody reads any of them.
std::optional<SlpMessage> decisive_of(std::span<const std::string_view> texts) {
  std::optional<SlpMessage> decisive;
  std::vector<Offer> elsewhere;
  for (const std::string_view text : texts) {
    auto message = read_slp(text);
    if (!message) continue;
    const bool worse =
        !decisive ||
        (!message->offers.empty() &&
         (decisive->offers.empty() || message->offers.front().kind < decisive->offers.front().kind));
    if (worse) std::swap(decisive, message);
    if (message) std::move(message->offers.begin(), message->offers.end(), std::back_inserter(elsewhere));
  }
  for (Offer& offer : elsewhere) {
    auto& offers = decisive->offers;
    const auto same = std::find_if(offers.begin(), offers.end(),
                                   [&offer](const Offer& one) { return one.kind == offer.kind; });
    if (same == offers.end()) {
      offers.push_back(std::move(offer));
    } else {
      add_reading(*same, offer);
    }
  }
  return decisive;
}

/// Nothing but NULs, as what was emptied here or by another gate: it carries nothing to anybody.
bool says_nothing(std::string_view text) noexcept {
  return text.find_first_not_of('\0') == std::string_view::npos;
}

CallNames names_of(const SlpMessage& message) {
  return {message.call_ids, message.session_ids, {}};
}

}  // namespace

Conversation::Ruled Conversation::rule(const Passage& passage, Texts texts, Form form,
                                       std::string_view answer, bool remembers) {
  Ruled ruled;
  if (auto decisive = decisive_of(texts)) ruled.message = std::move(*decisive);
  if (!ruled.message.offers.empty()) {
    if (!rule_offers(passage, ruled.message, form, answer, remembers)) {
      ruled.ruling = Ruling::refuse;
      return ruled;
    }
  } else {
    // Both sides may use one Call-ID. An answer belongs to what the other side offered under it, so that one
    // of their calls says nothing for the other; a request, or what answers one within a call, to either.
    std::optional<Direction> answered;
    if (ruled.message.status != 0 && !ruled.message.transport) answered = opposite(passage.direction);
    for (const auto& pair : pairs_of(passage)) {
      for (const std::string& call_id : ruled.message.call_ids) {
        if (!pair->is_refused(call_id, answered)) continue;
        ruled.ruling = Ruling::swallow;
        return ruled;
      }
    }
  }
  if (tells_address_in_vain(passage, texts, ruled.message, form)) ruled.ruling = Ruling::disarm;
  return ruled;
}

Conversation::Ruled Conversation::rule_message(const Passage& passage, Texts texts, bool fits, Form form,
                                               std::string_view answer, bool remembers) {
  Ruled ruled = rule(passage, texts, form, answer, remembers);
  if (ruled.ruling != Ruling::pass || fits) return ruled;
  if (std::all_of(texts.begin(), texts.end(), says_nothing)) return ruled;
  Offer offer;
  if (!ruled.message.offers.empty()) offer = ruled.message.offers.front();
  offer.kind = Kind::unknown_application;
  offer.reason = Reason::disordered;
  offer.form = form;
  offer.direction = passage.direction;
  if (passage.judge.admits(offer, others_of(passage), answer)) return ruled;
  ruled.ruling = Ruling::refuse;
  for (const auto& pair : pairs_of(passage)) {
    pair->end(passage.direction, offer.kind, names_of(ruled.message));
  }
  return ruled;
}

bool Conversation::rule_offers(const Passage& passage, SlpMessage& message, Form form,
                               std::string_view answer, bool remembers) {
  const auto pairs = pairs_of(passage);
  const CallNames names = names_of(message);
  const Kind kind = message.offers.front().kind;
  for (Offer& offer : message.offers) {
    offer.form = form;
    offer.direction = passage.direction;
    if (passage.judge.admits(offer, others_of(passage), answer)) continue;
    for (const auto& pair : pairs) pair->refuse(passage.direction, kind, names);
    return false;
  }
  if (!remembers) return true;
  auto call = std::make_shared<JudgedCall>();
  call->offer = message.offers.front();
  call->parties = {message.from, message.to, message.call_id, message.session_id};
  call->sha1d = message.sha1d;
  call->policy_serial = passage.judge.policy_serial();
  for (const auto& pair : pairs) pair->admit(passage.direction, kind, names, call);
  return true;
}

bool Conversation::tells_address_in_vain(const Passage& passage, Texts texts, const SlpMessage& message,
                                         Form form) {
  if (std::none_of(texts.begin(), texts.end(), tells_address)) return false;
  Offer offer;
  offer.kind = Kind::direct_connection;
  offer.reason = Reason::transport;
  offer.form = form;
  offer.direction = passage.direction;
  offer.call_id = message.call_id;
  offer.session_id = message.session_id;
  const bool to_server = passage.direction == Direction::to_server;
  return !passage.judge.admits(offer, others_of(passage),
                               to_server ? "addresses removed from the message to server"
                                         : "addresses removed from the message to client");
}

Conversation::Flow Conversation::flow_of(const Passage& passage, const SessionData& data, Bridge* bridge) {
  const auto pairs = pairs_of(passage);
  // Ink shares one session that never ends: a piece is judged again unless one at least as telling was.
  const auto is_other_ink = [&](const PairCalls::Session& session) {
    if (session.call == nullptr || session.call->offer.kind != Kind::ink) return false;
    if (session.call->offer.direction != passage.direction) return true;
    const std::uint64_t judged = session.call->offer.size.value_or(0);
    return session.standing == CallStanding::refused ? data.total < judged : data.total > judged;
  };
  bool refused = false;
  for (const auto& pair : pairs) {
    const PairCalls::Session session = pair->session(data.session, passage.direction);
    if (session.standing == CallStanding::unknown || is_other_ink(session)) continue;
    if (session.standing == CallStanding::refused || (session.call != nullptr && session.call->spoilt)) {
      refused = true;
      continue;
    }
    if (session.call == nullptr) return Flow::passes_alike;
    JudgedCall& call = *session.call;
    const std::uint64_t serial = passage.judge.policy_serial();
    if (call.policy_serial == serial ||
        passage.judge.still_admits(call.offer, others_of(passage), "BYE to both")) {
      call.policy_serial = serial;
      // Who may send files may send texts in them.
      if (call.offer.kind != Kind::file_transfer && hides_invitation(passage, data)) return Flow::stops;
      if (!is_object(call.offer.kind)) return Flow::passes_alike;
      if (object_is_fine(passage, data, call)) return Flow::passes;
      call.spoilt = true;
    }
    // Copies: what is remembered of the call is forgotten when it ends.
    const Offer offer = call.offer;
    const CallParties parties = call.parties;
    end_call(passage, data.session, offer, parties, bridge);
    return Flow::stops;
  }
  if (bridge != nullptr && says_nothing(as_text(data.data))) return Flow::passes;
  return !refused && admits_unannounced(passage, data) ? Flow::passes : Flow::stops;
}

bool Conversation::admits_unannounced(const Passage& passage, const SessionData& data) {
  const bool is_ink = data.session == ink_session;
  auto call = std::make_shared<JudgedCall>();
  Offer& offer = call->offer;
  offer.kind = is_ink ? Kind::ink : Kind::unknown_application;
  offer.reason = is_ink ? Reason::offer : Reason::data_without_session;
  offer.form = data.form;
  offer.direction = passage.direction;
  offer.session_id = std::to_string(data.session);
  if (is_ink) offer.size = data.total;
  const bool admitted = passage.judge.admits(offer, others_of(passage), "");
  call->policy_serial = passage.judge.policy_serial();
  // One record for the session, not one for every package.
  const CallNames names{{}, {data.session}, {}};
  for (const auto& pair : pairs_of(passage)) {
    admitted ? pair->admit(passage.direction, offer.kind, names, call)
             : pair->refuse(passage.direction, offer.kind, names, call);
  }
  return admitted;
}

bool Conversation::is_refused_session(const Passage& passage, std::uint32_t session) {
  const auto pairs = pairs_of(passage);
  return std::any_of(pairs.begin(), pairs.end(), [&](const auto& pair) {
    return pair->session(session, passage.direction).standing == CallStanding::refused;
  });
}

bool Conversation::hides_invitation(const Passage& passage, const SessionData& data) {
  // msnp11 passes over object and file data of version 1, and knows no other version.
  if (data.form == Form::p2p_v1 || as_text(data.data).find("INVITE") == std::string_view::npos) return false;
  const std::array texts{as_text(data.data)};
  return rule(passage, texts, Form::p2p_v1, {}, false).ruling != Ruling::pass;
}

bool Conversation::object_is_fine(const Passage& passage, const SessionData& data, JudgedCall& call) {
  auto& watch = call.watches[static_cast<std::size_t>(passage.direction)];
  if (watch == nullptr) {
    watch = std::make_unique<ObjectWatch>(call.offer.size, call.sha1d, passage.judge.start_sha1());
  }
  std::uint64_t offset = data.offset;
  std::uint64_t total = data.total;
  if (data.form != Form::p2p_v1) {
    auto& known = call.totals[static_cast<std::size_t>(passage.direction)];
    total = known = data.continues ? std::max(known, data.total) : data.total;
    offset = total - data.total;
  }
  const ObjectWatch::Finding finding = watch->add(offset, total, data.data);
  if (finding == ObjectWatch::Finding::fine) return true;
  Offer offer = call.offer;
  offer.reason =
      finding == ObjectWatch::Finding::over_size ? Reason::object_over_size : Reason::object_wrong_digest;
  return passage.judge.admits(offer, others_of(passage), "BYE to both");
}

void Conversation::end_call(const Passage& passage, std::uint32_t session, const Offer& offer,
                            const CallParties& parties, Bridge* bridge) {
  CallNames names{{}, {session}, {}};
  if (!parties.call_id.empty()) names.call_ids.push_back(parties.call_id);
  for (const auto& pair : pairs_of(passage)) pair->end(offer.direction, offer.kind, names);
  for (const Direction direction : {Direction::to_client, Direction::to_server}) {
    const bool to_offerer = direction == opposite(offer.direction);
    const auto text = bye_text(parties, to_offerer);
    if (!text) continue;
    if (bridge != nullptr) {
      say_v2(passage, *bridge, direction, *text, passage.judge.refusal_mode() == RefusalMode::tombstone);
    } else {
      const std::string& speaker = to_offerer ? parties.invited : parties.offerer;
      const std::string& listener = to_offerer ? parties.offerer : parties.invited;
      say_v1(passage, direction, *text, slp_account(speaker), slp_account(listener));
    }
  }
}

}  // namespace msnp
