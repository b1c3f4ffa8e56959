// P2P packages of version 1: which carry data of a session, which are pieces of an MSNSLP text, and what
// becomes of the text once somebody would call it complete.
#include <algorithm>
#include <functional>

#include "msnp/ascii.hpp"
#include "msnp/conversation.hpp"
#include "msnp/refusal.hpp"
#include "msnp/transport.hpp"

namespace msnp {
namespace {

/// Flags with which papyon takes a package of session 0 for something else than a text.
constexpr std::uint32_t unread_by_papyon = 0xCF;

/// Object and file data, which no client reads as SLP. msnp11 searches everything else for an INVITE.
bool is_session_data(const PackageV1& package) noexcept {
  const std::uint32_t flags = package.flags & ~p2p_flag::wlm2009;
  return package.session != 0 && (flags == 0x20 || (flags == 0x30 && package.flags != flags));
}

/// Of the package, in the payload.
std::size_t header_place(const Passage& passage, const PackageV1& package) noexcept {
  const auto data = static_cast<std::size_t>(package.data.data() - passage.frame.payload.data());
  return data - std::min(data, p2p_v1_header);
}

Fragment fragment_of(const Passage& passage, const PackageV1& package) noexcept {
  const std::string_view payload = as_text(passage.frame.payload);
  const std::string_view head = payload.substr(0, header_place(passage, package));
  return {.offset = package.offset,
          .total = package.total,
          .declared = package.length,
          .data = package.data,
          .common = std::hash<std::string_view>{}(head) ^ package.flags,
          .may_repeat = true};
}

}  // namespace

Fate Conversation::see_package(const Passage& passage, const MimeBlock& block) {
  const Bytes body = passage.frame.payload.subspan(block.bodies().front());
  const auto v1 = read_p2p_v1(body);
  if (block.endpoints) {
    if (const auto v2 = read_p2p_v2(body)) {
      // The same bytes may be a text for a client that knows only version 1 (transfers.md 10, trick 60).
      const bool continues_v1 = v1 && !messages_.empty() && find(key_of(passage, *v1)) != nullptr;
      if (v2->plain && !continues_v1) {
        Bridge& bridge = bridge_of(passage, block.destination, block.source, Form::p2p_v2);
        const Found found{*v2, body};
        return see_packages(passage, bridge, {&found, 1});
      }
    }
    // Version 1 names no endpoints, and readers of version 2 take more for theirs than clients write.
    return see_odd_package(passage, Reason::disordered, as_text(body));
  }
  if (v1) return see_package_v1(passage, *v1);
  const std::array texts{as_text(body)};
  return see_bare_text(passage, texts, texts.front(), Form::p2p_v1);
}

Conversation::Key Conversation::key_of(const Passage& passage, const PackageV1& package) {
  Key key{passage.direction, package.session, package.identifier, {}};
  if (passage.direction == Direction::to_client) key.sender = passage.frame.line.token(0);
  return key;
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
  if (!is_session_data(package) && package.footer_is_data()) {
    return see_odd_package(passage, Reason::disordered, as_text(passage.frame.payload));
  }
  // Only the flags of the first package count for libpurple and pecan.
  const bool continues = !messages_.empty() && find(key_of(passage, package)) != nullptr;
  if (!is_session_data(package) || continues) {
    if (see_piece(passage, key_of(passage, package), package) == Fate::withhold) return Fate::withhold;
  }
  if (package.session == 0) return Fate::forward;
  const SessionData data{.session = package.session,
                         .offset = package.offset,
                         .total = package.total,
                         .data = package.data,
                         .form = Form::p2p_v1};
  // A package without data closes a session (msnp-sharp, Miranda): one that was refused was closed before.
  Flow flow = Flow::passes;
  if (!package.data.empty()) {
    flow = flow_of(passage, data, nullptr);
  } else if (is_refused_session(passage, package.session)) {
    flow = Flow::stops;
  }
  if (flow == Flow::stops) {
    acknowledge(passage);
    return Fate::withhold;
  }
  const bool stands_alone = is_session_data(package) && !continues;
  if (flow == Flow::passes_alike && stands_alone && passage.frame.line.word == word("MSG")) {
    run_ = static_cast<std::uint32_t>(header_place(passage, package));
  }
  return Fate::forward;
}

Fate Conversation::see_piece(const Passage& passage, const Key& key, const PackageV1& package) {
  Message* message = find(key);
  const Fragment fragment = fragment_of(passage, package);
  const bool whole = fragment.is_whole() && !fragment.data.empty();
  // The number is used again; not where a text of it has passed that somebody may still wait to be continued.
  if (message != nullptr && message->refused && whole && !message->passed) {
    forget(key);
    message = nullptr;
  }
  if (message != nullptr && message->refused) {
    acknowledge(passage);
    return Fate::withhold;
  }
  if (fragment.data.empty()) return Fate::forward;
  if (message == nullptr && !whole) message = &open(passage, key);
  Reassembly::State state = Reassembly::State::complete;
  std::vector<std::string_view> texts;
  if (message != nullptr) {
    state = message->text.add(fragment, passage.limits);
    if (state == Reassembly::State::complete) {
      const auto readings = message->text.readings();
      texts.assign(readings.begin(), readings.end());
    }
  } else {
    texts.push_back(as_text(fragment.data));
  }
  const auto arrived = state == Reassembly::State::complete ? add_arrivals(passage, key, package, message)
                                                            : std::vector<std::string>{};
  texts.insert(texts.end(), arrived.begin(), arrived.end());
  return see_readings(passage, key, package, message, state, texts);
}

Fate Conversation::see_readings(const Passage& passage, const Key& key, const PackageV1& package,
                                Message* message, Reassembly::State state,
                                std::vector<std::string_view>& texts) {
  const bool may_hold = key.session == 0;
  const bool holds = message != nullptr && state != Reassembly::State::complete &&
                     !passage.judge.admits_everything(message->others);
  if (holds && state == Reassembly::State::over_limit) {
    give_up(passage, *message);
    acknowledge(passage);
    return Fate::withhold;
  }
  // A part that goes on unheld is what msnp11, which reads every package alone, sees of the text.
  if (holds && !may_hold) texts.push_back(as_text(package.data));
  if (!texts.empty()) {
    const std::string_view answer = decline_for(passage.direction);
    const bool fits = message == nullptr || state != Reassembly::State::complete ||
                      (message->text.is_plausible() && (message->text.is_closed() || may_stay_open(passage)));
    // No call begins inside a session.
    const Ruled ruled = rule_message(passage, texts, fits, Form::p2p_v1, answer, key.session == 0);
    if (ruled.ruling == Ruling::disarm) return disarm(passage, key, package, message);
    if (ruled.ruling != Ruling::pass) {
      acknowledge(passage);
      if (ruled.ruling == Ruling::refuse) refuse_v1(passage, ruled.message, package);
      // The offerer waits for the P2P acknowledgement of its BYE, or of the 603 by which libpurple
      // withdraws; a transport request of a call that is no more needs none.
      if (ruled.ruling == Ruling::swallow && (ruled.message.bye || ruled.message.status != 0)) {
        acknowledge_v1(passage, slp_account(ruled.message.to), package);
      }
      // Lengths may lie: more packages of the refused text may follow.
      refuse_rest(message != nullptr ? *message : open(passage, key));
      return Fate::withhold;
    }
  }
  if (holds && may_hold) {
    hold(passage, *message, package);
    return Fate::withhold;
  }
  if (message == nullptr) return Fate::forward;
  release(passage, *message);
  // Published retro-prpl repeats packages whose lengths were wrong: only then more of it is expected.
  message->passed = state == Reassembly::State::complete;
  if (message->passed && message->text.is_closed() && message->text.is_orderly()) forget(key);
  return Fate::forward;
}

bool Conversation::may_stay_open(const Passage& passage) const noexcept {
  const auto open = std::count_if(messages_.begin(), messages_.end(), [&](const Message& message) {
    return message.key.direction == passage.direction && message.passed && !message.text.is_closed();
  });
  return static_cast<std::size_t>(open) < passage.limits.open_messages;
}

Fate Conversation::disarm(const Passage& passage, const Key& key, const PackageV1& package,
                          Message* message) {
  std::string text(message != nullptr ? message->text.in_order() : as_text(package.data));
  // All of it must be here, and in one piece for everybody; nobody negotiates inside a session.
  std::size_t here = package.data.size();
  if (message != nullptr) {
    for (const Held& held : message->held) here += held.data_size;
  }
  const bool of_one_piece =
      key.session == 0 && here == text.size() && (message == nullptr || message->text.is_orderly());
  if (!of_one_piece || !remove_addresses(text)) {
    acknowledge(passage);
    refuse_rest(message != nullptr ? *message : open(passage, key));
    return Fate::withhold;
  }
  std::size_t at = 0;
  if (message != nullptr) {
    for (Held& held : message->held) {
      held.bytes.replace(held.data_place, held.data_size, text, at, held.data_size);
      at += held.data_size;
    }
    release(passage, *message);
    forget(key);
  }
  std::string last(as_text(passage.wire));
  last.replace(passage.place_of(package.data.data()), package.data.size(), text, at);
  passage.injector.inject(passage.direction, last);
  return Fate::withhold;
}

void Conversation::refuse_rest(Message& message) {
  message.text = {};
  message.held.clear();
  message.refused = true;
}

std::vector<std::string> Conversation::add_arrivals(const Passage& passage, const Key& key,
                                                    const PackageV1& package, const Message* message) {
  std::vector<std::string> completed;
  if (key.session != 0 || (package.flags & unread_by_papyon) != 0) return completed;
  auto arrival = std::find_if(arrivals_.begin(), arrivals_.end(), [&](const Arrival& one) {
    return one.direction == key.direction && one.sender == key.sender;
  });
  const bool alone = arrival == arrivals_.end() && message == nullptr;
  if (alone || (arrival == arrivals_.end() && message->text.is_orderly())) return completed;
  if (arrival == arrivals_.end()) {
    if (arrivals_.size() >= 2 * passage.limits.peers) arrivals_.erase(arrivals_.begin());
    arrival = arrivals_.insert(arrivals_.end(), {key.direction, key.sender, 0, {}});
  }
  const auto add = [&](std::string_view data) {
    if (arrival->text.empty()) arrival->total = package.total;
    arrival->text += data;
    if (arrival->text.size() < arrival->total) return;
    completed.push_back(std::move(arrival->text));
    arrival->text.clear();
  };
  if (message != nullptr) {
    for (const Held& held : message->held) {
      add(std::string_view{held.bytes}.substr(held.data_place, held.data_size));
    }
  }
  add(as_text(package.data));
  // What is longer than any text waits for nothing.
  if (arrival->text.empty() || arrival->text.size() > passage.limits.slp_text) arrivals_.erase(arrival);
  return completed;
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
  // Those that went on are kept apart from the others; nobody waits for those that are closed besides.
  const auto make_room = [&](bool passed) {
    const auto forgettable = [&](const Message& message) {
      return message.key.direction == key.direction && message.passed == passed &&
             (!passed || message.text.is_closed());
    };
    const auto count = std::count_if(messages_.begin(), messages_.end(), forgettable);
    if (static_cast<std::size_t>(count) < passage.limits.open_messages) return;
    const auto oldest = std::find_if(messages_.begin(), messages_.end(), forgettable);
    if (!oldest->held.empty()) passage.judge.abandoned(key.direction, oldest->others);
    messages_.erase(oldest);
  };
  make_room(false);
  make_room(true);
  Message& message = messages_.emplace_back();
  message.key = key;
  message.others = others_of(passage);
  message.since = passage.now;
  return message;
}

void Conversation::hold(const Passage& passage, Message& message, const PackageV1& package) {
  Held& held = message.held.emplace_back();
  held.bytes = as_text(passage.wire);
  held.data_place = passage.place_of(package.data.data());
  held.data_size = package.data.size();
  acknowledge_held(passage);
}

void Conversation::release(const Passage& passage, Message& message) {
  for (const Held& held : message.held) passage.injector.inject(passage.direction, held.bytes);
  message.held.clear();
}

void Conversation::give_up(const Passage& passage, Message& message) {
  passage.judge.abandoned(passage.direction, message.others);
  refuse_rest(message);
}

}  // namespace msnp
