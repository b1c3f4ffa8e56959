#include "msnp/conversation.hpp"

#include <algorithm>

#include "msnp/ascii.hpp"
#include "msnp/classic.hpp"

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

/// The accounts of the Routing block of an SDG: To from the client, From from the server.
std::string routed_account(const Passage& passage) {
  const std::string_view text = as_text(passage.frame.payload);
  const std::string_view name = passage.direction == Direction::to_server ? "to:" : "from:";
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find_first_of("\r\n", begin), text.size());
    const std::string_view line = trimmed(text.substr(begin, end - begin));
    if (starts_folded(line, name)) return account_of(trimmed(line.substr(name.size())));
    begin = end + 1;
  }
  return {};
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
  if (!block.invite && !block.p2p && !block.part) return Fate::forward;
  if (block.part && see_part(passage, block) == Fate::withhold) return Fate::withhold;
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

Fate Conversation::see_part(const Passage& passage, const MimeBlock& block) {
  Parts& parts = parts_[static_cast<std::size_t>(passage.direction)];
  const std::string_view sender =
      passage.direction == Direction::to_client ? passage.frame.line.token(0) : std::string_view{};
  if (passage.judge.admits_everything(others_of(passage))) return Fate::forward;
  switch (parts.add(sender, block, passage.frame.payload, passage.limits, passage.now)) {
    case Parts::Ruling::pass:
      return Fate::forward;
    case Parts::Ruling::withhold:
      acknowledge(passage);
      return Fate::withhold;
    case Parts::Ruling::finished:
      break;
  }
  const MimeBlock whole = read_mime(as_bytes(parts.whole()));
  if (whole.invite) {
    const ClassicMessage message = read_classic(parts.whole());
    if (message.invites) return see_classic(passage, parts.whole());
  }
  return see_odd_package(passage, Reason::chunked, parts.whole());
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
    return see_texts(passage, texts, Form::p2p_v1, nullptr);
  }
  Offer offer;
  if (message && !message->offers.empty()) offer = std::move(message->offers.front());
  // No client writes a P2P block like this; what nobody could name is no known application.
  if (!message || message->offers.empty()) offer.reason = Reason::chunked;
  offer.direction = passage.direction;
  return judge_offer(passage, offer, "");
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
  return see_texts(passage, texts, Form::uun, nullptr);
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

Conversation::Message* Conversation::find(const Key& key) noexcept {
  const auto found = std::find_if(messages_.begin(), messages_.end(),
                                  [&key](const Message& message) { return message.key == key; });
  return found == messages_.end() ? nullptr : &*found;
}

// By value: the key is often that of the message to be forgotten.
void Conversation::forget(Key key) {
  messages_.remove_if([&key](const Message& message) { return message.key == key; });
}

Conversation::Message& Conversation::open(const Passage& passage, const Key& key) {
  const auto same_way = [&](const Message& message) {
    return message.key.direction == key.direction && message.key.version == key.version;
  };
  const auto count = std::count_if(messages_.begin(), messages_.end(), same_way);
  if (static_cast<std::size_t>(count) >= passage.limits.open_messages) {
    const auto oldest = std::find_if(messages_.begin(), messages_.end(), same_way);
    if (!oldest->held.empty()) passage.judge.abandoned(key.direction, oldest->others);
    messages_.erase(oldest);
  }
  Message& message = messages_.emplace_back();
  message.key = key;
  message.others = others_of(passage);
  message.since = passage.now;
  return message;
}

void Conversation::hold(const Passage& passage, Message& message) {
  Held& held = message.held.emplace_back();
  held.bytes = as_text(passage.wire);
  const CommandLine& line = passage.frame.line;
  if (passage.direction == Direction::to_server && line.word == word("MSG") && line.token(1) != "N" &&
      line.token(1) != "U") {
    held.transaction = line.token(0);
  }
  acknowledge(passage);
}

void Conversation::release(const Passage& passage, Message& message) {
  for (Held& held : message.held) {
    passage.injector.inject(passage.direction, held.bytes);
    if (held.transaction.empty()) continue;
    if (acknowledged_.size() >= outstanding_replies) acknowledged_.erase(acknowledged_.begin());
    acknowledged_.push_back(std::move(held.transaction));
  }
  message.held.clear();
}

void Conversation::give_up(const Passage& passage, Message& message) {
  passage.judge.abandoned(passage.direction, message.others);
  message.text = {};
  message.held.clear();
  message.refused = true;
}

void Conversation::drop_held() noexcept {
  messages_.clear();
  parts_ = {};
}

void Conversation::expire(Judge& judge, const Limits& limits, Moment now) {
  std::erase_if(messages_, [&](const Message& message) {
    if (now - message.since <= limits.message_age) return false;
    if (!message.held.empty()) judge.abandoned(message.key.direction, message.others);
    return true;
  });
  for (const Direction direction : {Direction::to_server, Direction::to_client}) {
    const std::size_t unfinished = parts_[static_cast<std::size_t>(direction)].expire(limits, now);
    for (std::size_t i = 0; i < unfinished; ++i) judge.abandoned(direction, {});
  }
}

bool Conversation::idle() const noexcept {
  return messages_.empty() && parts_[0].empty() && parts_[1].empty();
}

std::size_t Conversation::footprint() const noexcept {
  std::size_t bytes =
      waiting[0].capacity() + waiting[1].capacity() + parts_[0].footprint() + parts_[1].footprint();
  for (const Message& message : messages_) {
    bytes += sizeof(Message) + message.text.footprint();
    for (const Held& held : message.held) bytes += sizeof(Held) + held.bytes.capacity();
  }
  return bytes;
}

}  // namespace msnp
