// What is said when something is withheld, to whom, and in whose name.
#include <algorithm>
#include <functional>

#include "msnp/ascii.hpp"
#include "msnp/conversation.hpp"
#include "msnp/refusal.hpp"
#include "msnp/routing.hpp"
#include "msnp/utf8.hpp"

namespace msnp {
namespace {

/// Who something to the local client comes from: the person named if present, else the only or first other
/// one. To the server nobody needs to be named.
const Peer* speaker_of(const Scene& scene, std::string_view account) {
  const auto& peers = scene.who.peers();
  if (peers.empty()) return nullptr;
  const auto named = std::find_if(peers.begin(), peers.end(), [account](const Peer& peer) {
    return equal_folded(peer.account, account);
  });
  return named == peers.end() ? &peers.front() : &*named;
}

std::string_view without_endpoint(std::string_view address) noexcept {
  return address.substr(0, address.find(';'));
}

/// The account at the end of a direction, spelled as it spells itself: Miranda and msnp11 drop what is
/// addressed to another spelling.
std::string destination_of(const Passage& passage, Direction direction, std::string_view other) {
  if (direction == Direction::to_client) return std::string(passage.who.user_spelling());
  if (passage.direction == Direction::to_client) {
    return std::string(without_endpoint(passage.frame.line.token(0)));
  }
  const Peer* const peer = speaker_of(passage, folded(other));
  return peer == nullptr ? std::string(other) : peer->spelling;
}

/// P2P v2: package numbers of ours begin after this, far from those that clients count up from.
constexpr std::uint16_t first_package_number = 0x4000;

/// Where our numbers start in the name of somebody who has not spoken on a bridge: any number, 31 bits.
std::uint32_t first_number_of(const Bridge& bridge, Direction direction) {
  const std::string& speaker = direction == Direction::to_client ? bridge.remote : bridge.local;
  return static_cast<std::uint32_t>(std::hash<std::string>{}(speaker)) & 0x7FFFFFFFU;
}

/// Fit to stand in a line: Escargot lets control bytes into names, and Miranda splits at them.
bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char letter) {
    return (letter > ' ' && letter != 0x7F) || letter < 0;
  });
}

}  // namespace

void Conversation::acknowledge(const Passage& passage) {
  if (passage.direction != Direction::to_server) return;
  const CommandLine& line = passage.frame.line;
  std::string reply;
  if (line.word == word("MSG") && (line.token(1) == "A" || line.token(1) == "D" || line.token(1) == "S")) {
    reply.append("ACK ").append(line.token(0)).append("\r\n");
  } else if (line.word == word("UUN")) {
    reply.append("UUN ").append(line.token(0)).append(" OK\r\n");
  } else {
    return;
  }
  passage.injector.inject(Direction::to_client, reply);
}

std::string Conversation::next_transaction() {
  return std::to_string(first_transaction + ++transactions_given_);
}

void Conversation::say_to_client(const Scene& scene, std::string_view payload, std::string_view speaker) {
  const Peer* const peer = speaker_of(scene, folded(speaker));
  if (scene.side != Side::switchboard || peer == nullptr) return;
  const std::string_view name = is_token(peer->nickname) ? std::string_view{peer->nickname} : peer->spelling;
  if (!is_token(name)) return;
  std::string message = "MSG " + peer->spelling;
  message.append(" ").append(name).append(" ").append(std::to_string(payload.size()));
  message.append("\r\n").append(payload);
  scene.injector.inject(Direction::to_client, message);
}

void Conversation::say_message(const Scene& scene, Direction direction, std::string_view payload, char letter,
                               std::string_view speaker) {
  if (direction == Direction::to_client) {
    say_to_client(scene, payload, speaker);
  } else if (scene.side == Side::switchboard) {
    std::string message = "MSG " + next_transaction();
    message.append(" ").append(1, letter).append(" ").append(std::to_string(payload.size()));
    message.append("\r\n").append(payload);
    scene.injector.inject(direction, message);
  }
}

void Conversation::show(const Passage& passage, std::string_view name, std::string_view text) {
  const CommandLine& line = passage.frame.line;
  const bool to_client = passage.direction == Direction::to_client;
  if (line.word != word("SDG")) {
    const std::string speaker = to_client ? account_of(line.token(0)) : std::string();
    say_to_client(passage, message_with_notice(name, text), speaker);
    return;
  }
  const Routing routing = read_routing(as_text(passage.frame.payload));
  const std::string_view user = to_client ? routing.to : routing.from;
  const std::string_view other = to_client ? routing.from : routing.to;
  if (!is_token(user) || !is_token(other)) return;
  const std::string payload = datagram_with_notice(user, other, name, text);
  passage.injector.inject(Direction::to_client, "SDG 0 " + std::to_string(payload.size()) + "\r\n" + payload);
}

void Conversation::say_v1(const Passage& passage, Direction direction, std::string_view text,
                          std::string_view speaker, std::string_view listener) {
  std::string destination = destination_of(passage, direction, listener);
  if (equal_folded(destination, listener)) destination = listener;
  const auto seed = static_cast<std::uint32_t>(text.size());
  const std::uint32_t identifier = pairs_of(passage).front()->fresh_identifier(direction, seed);
  say_message(passage, direction, message_v1(destination, identifier, text), 'D', speaker);
}

void Conversation::acknowledge_v1(const Passage& passage, std::string_view speaker,
                                  const PackageV1& package) {
  const Direction back = opposite(passage.direction);
  const std::string destination = destination_of(passage, back, {});
  const std::uint32_t identifier = pairs_of(passage).front()->fresh_identifier(back, package.identifier);
  say_message(passage, back, acknowledgement_v1(destination, identifier, package), 'D', speaker);
}

void Conversation::refuse_v1(const Passage& passage, const SlpMessage& invitation, const PackageV1& package) {
  const std::string_view speaker = slp_account(invitation.to);
  acknowledge_v1(passage, speaker, package);
  if (const auto text = decline_text(invitation)) {
    say_v1(passage, opposite(passage.direction), *text, speaker, slp_account(invitation.from));
  }
}

void Conversation::refuse_classic(const Passage& passage, std::string_view cookie) {
  if (const auto reject = classic_reject(cookie)) {
    say_message(passage, opposite(passage.direction), *reject, 'U', {});
  }
}

void Conversation::say_package(const Scene& scene, Bridge& bridge, Direction direction,
                               std::string_view package) {
  const bool to_client = direction == Direction::to_client;
  const std::string& destination = to_client ? bridge.local : bridge.remote;
  const std::string& source = to_client ? bridge.remote : bridge.local;
  if (!is_token(destination) || !is_token(source)) return;
  if (bridge.form != Form::sdg) {
    say_message(scene, direction, message_v2(destination, source, package), 'D', without_endpoint(source));
    return;
  }
  const std::string payload = datagram_with_package(destination, source, package);
  const std::string number = to_client ? "0" : next_transaction();
  scene.injector.inject(direction, "SDG " + number + " " + std::to_string(payload.size()) + "\r\n" + payload);
}

void Conversation::say_v2(const Scene& scene, Bridge& bridge, Direction direction, std::string_view text,
                          bool counts) {
  const std::uint16_t length = length_p2p_v2(text);
  const std::uint32_t seed = first_number_of(bridge, direction);
  Numbering& numbers = bridge.stream(direction).numbers;
  const std::uint32_t base_id = counts ? numbers.insert(length, seed) : numbers.borrow(length, seed);
  const auto number = static_cast<std::uint16_t>(first_package_number + ++bridge.packages_given);
  say_package(scene, bridge, direction, write_p2p_v2(base_id, number, text));
}

void Conversation::acknowledge_v2(const Scene& scene, Bridge& bridge, Direction direction,
                                  std::uint32_t value, Bytes peer_information) {
  const std::uint32_t base_id =
      bridge.stream(direction).numbers.borrow(0, first_number_of(bridge, direction));
  say_package(scene, bridge, direction, acknowledge_p2p_v2(base_id, value, peer_information));
}

void Conversation::refuse_bare(const Passage& passage, const SlpMessage& invitation) {
  const auto text = decline_text(invitation, TextEnd::bare);
  if (!text) return;
  const Direction back = opposite(passage.direction);
  const bool to_client = back == Direction::to_client;
  const CommandLine& line = passage.frame.line;
  const std::string number = to_client ? std::string() : next_transaction() + " ";
  std::string message;
  if (line.word == word("SDG")) {
    const Routing routing = read_routing(as_text(passage.frame.payload));
    if (!is_token(routing.to) || !is_token(routing.from)) return;
    const std::string payload = datagram_with_text(routing.from, routing.to, *text);
    if (!is_harmless(payload)) return;  // the content of an SDG is also looked for in all of it
    message = "SDG " + (to_client ? "0 " : number) + std::to_string(payload.size()) + "\r\n" + payload;
  } else {
    const std::size_t address = to_client ? 1 : 0;
    // A server's line may be in a code page of old; a client's is UTF-8 (Error::malformed_line).
    if (!is_utf8(line.token(address)) || !is_utf8(line.token(address + 1))) return;
    message = (to_client ? "UBN " : "UUN " + number) + std::string(line.token(address)) + " " +
              std::string(line.token(address + 1)) + " " + std::to_string(text->size()) + "\r\n" + *text;
  }
  passage.injector.inject(back, message);
}

}  // namespace msnp
