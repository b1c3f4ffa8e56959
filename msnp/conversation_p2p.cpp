// P2P packages: which carry data of a session, which are pieces of an MSNSLP text, and what becomes of
// the text once somebody would call it complete.
#include <algorithm>
#include <iterator>

#include "msnp/ascii.hpp"
#include "msnp/conversation.hpp"

namespace msnp {
namespace {

/// P2P session of ink drawn in the chat window: it is never negotiated (transfers.md 2.1).
constexpr std::uint32_t ink_session = 64;

/// Object and file data, which no client reads as SLP. msnp11 searches everything else for an INVITE.
bool is_session_data(const PackageV1& package) noexcept {
  const std::uint32_t flags = package.flags & ~p2p_flag::wlm2009;
  return package.session != 0 && (flags == 0x20 || (flags == 0x30 && package.flags != flags));
}

/// libpurple and pecan read SLP in any session but 64 when the flags are those of SLP.
bool may_be_text_for_libpurple(const PackageV1& package) noexcept {
  return (package.flags & ~p2p_flag::wlm2009) == 0 && package.offset <= package.total;
}

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

CallNames names_of(const SlpMessage& message) {
  return {message.call_ids, message.session_ids, {}};
}

}  // namespace

Fate Conversation::see_package(const Passage& passage, const MimeBlock& block) {
  const Bytes body = passage.frame.payload.subspan(block.bodies().front());
  const auto v1 = read_p2p_v1(body);
  const auto v2 = block.endpoints ? read_p2p_v2(body) : std::nullopt;
  if (v2) {
    if (see_package_v2(passage, *v2, Form::p2p_v2, true) == Fate::withhold) return Fate::withhold;
    // The same bytes may be SLP for a client that knows only v1 (transfers.md 10, trick 60).
    if (!v1 || v1->data.empty() || !may_be_text_for_libpurple(*v1)) return Fate::forward;
    const std::array texts{as_text(v1->data)};
    return see_texts(passage, texts, Form::p2p_v1, nullptr);
  }
  if (v1) return see_package_v1(passage, *v1);
  const std::array texts{as_text(body)};
  return see_texts(passage, texts, Form::p2p_v1, nullptr);
}

Fate Conversation::see_package_v1(const Passage& passage, const PackageV1& package) {
  const auto pairs = pairs_of(passage);
  if (package.is_bare_ack()) {
    const bool answers_us = std::any_of(pairs.begin(), pairs.end(), [&](const auto& pair) {
      return pair->is_ours(opposite(passage.direction), package.ack_session);
    });
    if (!answers_us) return Fate::forward;
    acknowledge(passage);
    return Fate::withhold;
  }
  for (const auto& pair : pairs) pair->saw_identifier(passage.direction, package.identifier);
  if (is_session_data(package)) return see_session_data(passage, package.session, Form::p2p_v1);

  Piece piece{.key = {passage.direction, Version::v1, package.session, package.identifier, {}},
              .fragment = {package.offset, package.total, package.length, package.data},
              .form = Form::p2p_v1,
              .v1 = &package,
              .may_hold = package.session == 0};
  if (passage.direction == Direction::to_client) piece.key.sender = passage.frame.line.token(0);
  if (see_piece(passage, piece) == Fate::withhold) return Fate::withhold;
  if (package.session == 0 || package.data.empty()) return Fate::forward;
  return see_session_data(passage, package.session, Form::p2p_v1);
}

Fate Conversation::see_package_v2(const Passage& passage, const PackageV2& package, Form form,
                                  bool may_hold) {
  if (!package.has_data || package.data.empty()) return Fate::forward;
  const std::array alone{as_text(package.data)};
  if (package.session != 0) {
    if ((package.type_flags & 6U) == 0 && see_texts(passage, alone, form, nullptr) == Fate::withhold) {
      return Fate::withhold;
    }
    return see_session_data(passage, package.session, form);
  }
  Piece piece{.key = {passage.direction, Version::v2, 0, package.package_number, {}},
              .fragment = {0, package.remaining + package.data.size(),
                           static_cast<std::uint32_t>(package.data.size()), package.data},
              .form = form,
              .may_hold = may_hold};
  if (passage.direction == Direction::to_client) piece.key.sender = passage.frame.line.token(0);
  Message* message = find(piece.key);
  // papyon numbers every message 0: the first-package bit starts a new one.
  if (message != nullptr && package.is_first()) {
    if (!message->held.empty()) passage.judge.abandoned(passage.direction, message->others);
    forget(piece.key);
    message = nullptr;
  }
  if (message != nullptr) {
    const std::uint64_t to_come = piece.fragment.total;
    piece.fragment.total = std::max(message->total, to_come);
    piece.fragment.offset = piece.fragment.total - to_come;
  }
  return see_piece(passage, piece);
}

Fate Conversation::see_session_data(const Passage& passage, std::uint32_t session, Form form) {
  const auto pairs = pairs_of(passage);
  bool refused = false;
  for (const auto& pair : pairs) {
    const CallStanding standing = pair->session(session, passage.direction);
    if (standing == CallStanding::admitted) return Fate::forward;
    if (standing == CallStanding::refused) refused = true;
  }
  if (refused) {
    acknowledge(passage);
    return Fate::withhold;
  }
  Offer offer;
  offer.kind = session == ink_session ? Kind::ink : Kind::unknown_application;
  offer.reason = session == ink_session ? Reason::offer : Reason::data_without_session;
  offer.form = form;
  offer.direction = passage.direction;
  offer.session_id = std::to_string(session);
  const Fate fate = judge_offer(passage, offer, "");
  CallNames names;
  names.session_ids.push_back(session);
  for (const auto& pair : pairs) {  // one record for the session, not one for every package
    fate == Fate::forward ? pair->admit(passage.direction, offer.kind, names)
                          : pair->refuse(passage.direction, offer.kind, names);
  }
  return fate;
}

Fate Conversation::see_piece(const Passage& passage, const Piece& piece) {
  Message* message = find(piece.key);
  const bool whole = piece.fragment.is_whole() && !piece.fragment.data.empty();
  if (message != nullptr && message->refused && whole) {  // the number is used again
    forget(piece.key);
    message = nullptr;
  }
  if (message != nullptr && message->refused) {
    acknowledge(passage);
    return Fate::withhold;
  }
  if (piece.fragment.data.empty()) return Fate::forward;
  if (message == nullptr && !whole) {
    message = &open(passage, piece.key);
    message->total = piece.fragment.total;
  }
  Reassembly::State state = Reassembly::State::complete;
  std::vector<std::string_view> texts;
  if (message != nullptr) {
    state = message->text.add(piece.fragment, passage.limits);
    if (state == Reassembly::State::complete) {
      const auto readings = message->text.readings();
      texts.assign(readings.begin(), readings.end());
    }
  } else {
    texts.push_back(as_text(piece.fragment.data));
  }
  const std::string_view in_order =
      message != nullptr ? message->text.in_order() : as_text(piece.fragment.data);
  Message* const arrived =
      state == Reassembly::State::complete ? add_in_arrival_order(passage, piece, in_order) : nullptr;
  if (arrived != nullptr) texts.push_back(arrived->text.readings().front());

  const Fate fate = see_readings(passage, piece, message, state, texts);
  if (arrived != nullptr) forget(arrived->key);
  return fate;
}

Fate Conversation::see_readings(const Passage& passage, const Piece& piece, Message* message,
                                Reassembly::State state, std::vector<std::string_view>& texts) {
  const bool holds = message != nullptr && state != Reassembly::State::complete &&
                     !passage.judge.admits_everything(message->others);
  if (holds && state == Reassembly::State::over_limit) {
    give_up(passage, *message);
    acknowledge(passage);
    return Fate::withhold;
  }
  // A part that goes on unheld is what msnp11, which reads every package alone, sees of the text.
  if (holds && !piece.may_hold) texts.push_back(as_text(piece.fragment.data));
  if (!texts.empty() && see_texts(passage, texts, piece.form, piece.v1) == Fate::withhold) {
    // Lengths may lie: more packages of the refused text may follow.
    Message& refused = message != nullptr ? *message : open(passage, piece.key);
    refused.text = {};
    refused.held.clear();
    refused.refused = true;
    return Fate::withhold;
  }
  if (holds && piece.may_hold) {
    hold(passage, *message);
    return Fate::withhold;
  }
  if (message != nullptr) {
    release(passage, *message);
    // Published retro-prpl repeats packages whose lengths were wrong: only then more of it is expected.
    if (state == Reassembly::State::complete && message->text.is_orderly()) forget(piece.key);
  }
  return Fate::forward;
}

Conversation::Key Conversation::arrival_of(Key key) {
  key.version = Version::arrival;
  key.identifier = 0;
  return key;
}

Conversation::Message* Conversation::add_in_arrival_order(const Passage& passage, const Piece& piece,
                                                          std::string_view text) {
  const Key key = arrival_of(piece.key);
  Message* message = find(key);
  if (piece.key.session != 0 || (message == nullptr && text.size() == piece.fragment.total)) return nullptr;
  if (message == nullptr) {
    message = &open(passage, key);
    message->total = piece.fragment.total;
  }
  const Fragment next{.offset = message->text.in_order().size(),
                      .total = message->total,
                      .declared = static_cast<std::uint32_t>(text.size()),
                      .data = as_bytes(text)};
  const Reassembly::State state = message->text.add(next, passage.limits);
  if (state == Reassembly::State::over_limit) forget(key);
  return state == Reassembly::State::complete ? message : nullptr;
}

Fate Conversation::see_texts(const Passage& passage, std::span<const std::string_view> texts, Form form,
                             const PackageV1* v1) {
  // What every reading offers is judged; the one that offers the most restricted thing tells the call.
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
  if (!decisive) return Fate::forward;
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

  const auto pairs = pairs_of(passage);
  const CallNames names = names_of(*decisive);
  if (!decisive->offers.empty()) {
    const bool to_server = passage.direction == Direction::to_server;
    std::string_view answer;
    if (v1 != nullptr) answer = to_server ? "603 to client" : "603 to server";
    const Kind kind = decisive->offers.front().kind;
    for (Offer& offer : decisive->offers) {
      offer.form = form;
      offer.direction = passage.direction;
      if (judge_offer(passage, offer, answer) == Fate::forward) continue;
      for (const auto& pair : pairs) pair->refuse(passage.direction, kind, names);
      if (v1 != nullptr) refuse_call(passage, *decisive, *v1);
      return Fate::withhold;
    }
    for (const auto& pair : pairs) pair->admit(passage.direction, kind, names);
    return Fate::forward;
  }
  for (const std::string& call_id : decisive->call_ids) {
    for (const auto& pair : pairs) {
      const auto offered = pair->refused_by_call_id(call_id);
      if (!offered) continue;
      acknowledge(passage);
      // The offerer waits for the P2P acknowledgement of its BYE, or of the 603 by which libpurple
      // withdraws; a transport request of a call that is no more needs none.
      if (v1 != nullptr && *offered == passage.direction && (decisive->bye || decisive->status != 0)) {
        acknowledge_package(passage, slp_account(decisive->to), *v1);
      }
      return Fate::withhold;
    }
  }
  return Fate::forward;
}

}  // namespace msnp
