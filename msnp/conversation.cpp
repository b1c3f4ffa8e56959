#include "msnp/conversation.hpp"

#include <algorithm>

#include "msnp/ascii.hpp"
#include "msnp/classic.hpp"
#include "msnp/refusal.hpp"
#include "msnp/routing.hpp"
#include "msnp/transport.hpp"

namespace msnp {
namespace {

/// Replies of the server that may be outstanding for messages acknowledged here. Clients keep fewer than
/// ten packages unacknowledged; a held message has at most Limits::packages_per_message.
constexpr std::size_t outstanding_replies = 1024;

/// The address of a notification line: UUN and UUM name the receiver after the transaction, UBN and UBM
/// begin with the sender.
std::string_view address_of(const Passage& passage) noexcept {
  return passage.frame.line.token(passage.direction == Direction::to_server ? 1 : 0);
}

/// The other account of an SDG: To from the client, From from the server.
std::string routed_account(const Passage& passage) {
  const Routing routing = read_routing(as_text(passage.frame.payload));
  return account_of(passage.direction == Direction::to_server ? routing.to : routing.from);
}

}  // namespace

std::vector<std::string> Conversation::others_of(const Passage& passage) const {
  std::vector<std::string> others;
  if (passage.side == Side::notification) {
    const bool datagram = passage.frame.line.word == word("SDG");
    others.push_back(datagram ? routed_account(passage) : account_of(address_of(passage)));
  } else if (passage.direction == Direction::to_client) {
    others.push_back(account_of(passage.frame.line.token(0)));
  } else {
    for (const Peer& peer : passage.who.peers()) others.emplace_back(peer.account);
    if (passage.who.peers_overflowed()) others.emplace_back();  // somebody nobody can name
  }
  return others;
}

std::span<const std::shared_ptr<PairCalls>> Conversation::pairs_of(const Passage& passage) {
  const auto& peers = passage.who.peers();
  if (!pairs_known_) {
    pairs_.clear();
    for (const Peer& peer : peers) pairs_.push_back(book_->pair(passage.who.user(), peer.account));
    pairs_known_ = true;
  }
  if (passage.side == Side::switchboard && passage.direction == Direction::to_server && !pairs_.empty()) {
    return pairs_;
  }
  if (passage.side == Side::switchboard && passage.direction == Direction::to_client) {
    const std::string_view sender = passage.frame.line.token(0);
    for (std::size_t i = 0; i < peers.size(); ++i) {
      if (peers[i].spelling == sender) return std::span{pairs_}.subspan(i, 1);
    }
  }
  const auto others = others_of(passage);
  stranger_ = book_->pair(passage.who.user(), others.empty() ? std::string_view{} : others.front());
  return {&stranger_, 1};
}

Fate Conversation::see_message(const Passage& passage, const MimeBlock& block) {
  run_ = 0;
  if (!block.invite && !block.p2p && !block.part) return Fate::forward;
  if (block.part) {
    if (const auto fate = see_part(passage, block)) return *fate;
  }
  if (block.invite && see_classic(passage, as_text(passage.frame.payload)) == Fate::withhold) {
    return Fate::withhold;
  }
  if (block.p2p) {
    const bool one_body = block.bodies().size() == 1 && block.bodies().front() != 0;
    if (one_body && !block.part) return see_package(passage, block);
    return see_odd_package(passage, Reason::offer, as_text(passage.frame.payload));
  }
  return Fate::forward;
}

std::optional<Fate> Conversation::see_part(const Passage& passage, const MimeBlock& block) {
  Parts& parts = parts_[static_cast<std::size_t>(passage.direction)];
  const std::string_view sender =
      passage.direction == Direction::to_client ? passage.frame.line.token(0) : std::string_view{};
  if (passage.judge.admits_everything(others_of(passage))) return std::nullopt;
  switch (parts.add(sender, block, passage.frame.payload, passage.wire, passage.limits, passage.now)) {
    case Parts::Ruling::pass:
      return std::nullopt;
    case Parts::Ruling::withhold:
      acknowledge_held(passage);
      return Fate::withhold;
    case Parts::Ruling::lost:
      passage.judge.abandoned(passage.direction, others_of(passage));
      acknowledge(passage);
      return Fate::withhold;
    case Parts::Ruling::finished:
      break;
  }
  const Fate fate = see_whole(passage, parts.whole());
  if (fate == Fate::forward) {
    for (const std::string& held : parts.held()) passage.injector.inject(passage.direction, held);
  }
  parts.held().clear();
  return fate;
}

Fate Conversation::see_whole(const Passage& passage, const std::string& message) {
  if (read_mime(as_bytes(message)).invite && read_classic(message).invites) {
    return see_classic(passage, message);
  }
  return see_odd_package(passage, Reason::chunked, message);
}

Fate Conversation::judge_offer(const Passage& passage, const Offer& offer, std::string_view answer) {
  if (passage.judge.admits(offer, others_of(passage), answer)) return Fate::forward;
  acknowledge(passage);
  return Fate::withhold;
}

Fate Conversation::see_odd_package(const Passage& passage, Reason reason, std::string_view text) {
  auto message = read_slp(text);
  if (message && message->offers.empty() && reason == Reason::offer) {
    const std::array texts{text};
    return see_bare_text(passage, texts, {}, Form::p2p_v1);
  }
  if (message) {
    for (Offer& offer : message->offers) {
      offer.direction = passage.direction;
      if (judge_offer(passage, offer, "") == Fate::withhold) return Fate::withhold;
    }
  }
  // No client writes a P2P block like this: whatever it names, some reader may find something else in it.
  Offer offer;
  if (message && !message->offers.empty()) offer = std::move(message->offers.front());
  offer.kind = Kind::unknown_application;
  offer.reason = reason == Reason::offer ? Reason::chunked : reason;
  offer.direction = passage.direction;
  return judge_offer(passage, offer, "");
}

Fate Conversation::see_bare_text(const Passage& passage, Texts readings, std::string_view text, Form form) {
  const bool answered = form == Form::uun || form == Form::sdg;
  const Ruled ruled =
      rule(passage, readings, form, answered ? decline_for(passage.direction) : std::string_view{});
  if (ruled.ruling == Ruling::pass) return Fate::forward;
  if (ruled.ruling == Ruling::disarm) {
    std::string disarmed(text);
    if (remove_addresses(disarmed)) {
      std::string whole(as_text(passage.wire));
      whole.replace(passage.place_of(as_bytes(text).data()), text.size(), disarmed);
      passage.injector.inject(passage.direction, whole);
      return Fate::withhold;
    }
  }
  acknowledge(passage);
  if (ruled.ruling == Ruling::refuse && answered) refuse_bare(passage, ruled.message);
  return Fate::withhold;
}

Fate Conversation::see_classic(const Passage& passage, std::string_view text) {
  ClassicMessage message = read_classic(text);
  message.offer.direction = passage.direction;
  const auto pairs = pairs_of(passage);
  CallNames names;
  names.cookie = message.offer.cookie;

  if (message.invites) {
    const bool to_server = passage.direction == Direction::to_server;
    const Fate fate = judge_offer(passage, message.offer,
                                  to_server ? "CANCEL REJECT to client" : "CANCEL REJECT to server");
    for (const auto& pair : pairs) {
      fate == Fate::forward ? pair->admit(passage.direction, message.offer.kind, names)
                            : pair->refuse(passage.direction, message.offer.kind, names);
    }
    if (fate == Fate::withhold) refuse_classic(passage, message.offer.cookie);
    return fate;
  }
  std::optional<PairCalls::ClassicCall> call;
  for (const auto& pair : pairs) {
    const auto known = pair->by_cookie(message.offer.cookie);
    if (known && (!call || known->refused)) call = known;
  }
  const bool refused = call && call->refused;
  if (message.accepts && (refused || (message.reveals_address && !call))) {
    message.offer.kind = Kind::file_transfer;
    message.offer.reason = Reason::accept;
    return judge_offer(passage, message.offer, "");
  }
  // The offerer withdraws what the other side never saw.
  if (message.cancels && refused && call->offered == passage.direction) {
    acknowledge(passage);
    return Fate::withhold;
  }
  return Fate::forward;
}

Fate Conversation::see_notification(const Passage& passage) {
  const bool to_server = passage.direction == Direction::to_server;
  const std::string_view type = passage.frame.line.token(to_server ? 2 : 1);
  Offer offer;
  offer.form = Form::uun;
  offer.direction = passage.direction;
  if (type == "1" && !passage.frame.payload.empty()) {  // SNM: the handshake of a sharing folder
    offer.kind = Kind::sharing_folder;
    return judge_offer(passage, offer, to_server ? "UUN OK to client" : "");
  }
  const std::array texts{as_text(passage.frame.payload)};
  return see_bare_text(passage, texts, texts.front(), Form::uun);
}

Fate Conversation::see_reply(const Frame& frame) {
  const std::string_view transaction = frame.line.token(0);
  const auto number = leading_number<std::uint32_t>(transaction);
  if (number && *number > first_transaction && *number <= first_transaction + transactions_given_) {
    return Fate::withhold;
  }
  const auto found = std::find(acknowledged_.begin(), acknowledged_.end(), transaction);
  if (found == acknowledged_.end()) return Fate::forward;
  acknowledged_.erase(found);
  return Fate::withhold;
}

void Conversation::acknowledge_held(const Passage& passage) {
  acknowledge(passage);
  const CommandLine& line = passage.frame.line;
  const bool replied = passage.direction == Direction::to_server && line.word == word("MSG") &&
                       line.token(1) != "N" && line.token(1) != "U";
  if (!replied) return;
  if (acknowledged_.size() >= outstanding_replies) acknowledged_.erase(acknowledged_.begin());
  acknowledged_.emplace_back(line.token(0));
}

std::size_t Conversation::drop_held(std::size_t budget) noexcept {
  auto dropped = static_cast<std::size_t>(std::count_if(
      messages_.begin(), messages_.end(), [](const Message& message) { return !message.held.empty(); }));
  messages_.clear();
  for (Bridge& bridge : bridges_) {
    for (BridgeStream& stream : bridge.streams) {
      dropped += stream.texts.size();
      stream.texts.clear();
      stream.waiting.clear();
    }
  }
  for (const Parts& parts : parts_) dropped += parts.empty() ? 0U : 1U;
  parts_ = {};
  // Half, or the next name would be too much again.
  const std::size_t goal = footprint() > budget ? budget / 2 : budget;
  while (!bridges_.empty() && footprint() > goal) bridges_.pop_back();
  return dropped;
}

void Conversation::expire(const Scene& scene) {
  std::erase_if(messages_, [&](const Message& message) {
    if (message.passed || scene.now - message.since <= scene.limits.message_age) return false;
    if (!message.held.empty()) scene.judge.abandoned(message.key.direction, message.others);
    return true;
  });
  for (Bridge& bridge : bridges_) expire(scene, bridge);
  for (const Direction direction : {Direction::to_server, Direction::to_client}) {
    const std::size_t unfinished =
        parts_[static_cast<std::size_t>(direction)].expire(scene.limits, scene.now);
    for (std::size_t i = 0; i < unfinished; ++i) scene.judge.abandoned(direction, {});
  }
}

bool Conversation::idle() const noexcept {
  const bool waits =
      std::any_of(messages_.begin(), messages_.end(), [](const Message& message) { return !message.passed; });
  return !waits && parts_[0].empty() && parts_[1].empty() &&
         std::all_of(bridges_.begin(), bridges_.end(), [](const Bridge& bridge) { return bridge.idle(); });
}

std::size_t Conversation::footprint() const noexcept {
  std::size_t bytes =
      waiting[0].capacity() + waiting[1].capacity() + parts_[0].footprint() + parts_[1].footprint();
  for (const Message& message : messages_) {
    bytes += sizeof(Message) + message.text.footprint();
    for (const Held& held : message.held) bytes += sizeof(Held) + held.bytes.capacity();
  }
  for (const Arrival& arrival : arrivals_) bytes += sizeof(arrival) + arrival.text.capacity();
  for (const Bridge& bridge : bridges_) bytes += bridge.footprint();
  return bytes;
}

}  // namespace msnp
