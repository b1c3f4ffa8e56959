// What is said when something is withheld, to whom, and in whose name.
#include <algorithm>

#include "msnp/ascii.hpp"
#include "msnp/conversation.hpp"
#include "msnp/refusal.hpp"

namespace msnp {
namespace {

/// Who the answer to a withheld frame comes from. To the local client: the person named by the offer if
/// present, else the only or first other one. To the server nobody needs to be named.
const Peer* speaker_of(const Passage& passage, std::string_view account) {
  const auto& peers = passage.who.peers();
  if (peers.empty()) return nullptr;
  const auto named = std::find_if(peers.begin(), peers.end(), [account](const Peer& peer) {
    return equal_folded(peer.account, account);
  });
  return named == peers.end() ? &peers.front() : &*named;
}

/// The account that sent the frame, spelled as it spells itself: Miranda and msnp11 drop what is addressed
/// to another spelling.
std::string destination_of(const Passage& passage, std::string_view claimed) {
  const bool to_server = passage.direction == Direction::to_server;
  const std::string sender =
      to_server ? std::string(passage.who.user_spelling())
                : std::string(passage.frame.line.token(0).substr(0, passage.frame.line.token(0).find(';')));
  return equal_folded(claimed, sender) ? std::string(claimed) : sender;
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

void Conversation::answer(const Passage& passage, std::string_view payload, char letter,
                          std::string_view speaker) {
  if (passage.side != Side::switchboard) return;
  std::string message = "MSG ";
  if (passage.direction == Direction::to_server) {
    const Peer* peer = speaker_of(passage, folded(speaker));
    if (peer == nullptr) return;
    const std::string_view name =
        is_token(peer->nickname) ? std::string_view{peer->nickname} : peer->spelling;
    if (!is_token(name)) return;
    message.append(peer->spelling).append(" ").append(name);
  } else {
    message += std::to_string(first_transaction + ++transactions_given_);
    message.append(" ").push_back(letter);
  }
  message.append(" ").append(std::to_string(payload.size())).append("\r\n").append(payload);
  passage.injector.inject(opposite(passage.direction), message);
}

void Conversation::refuse_call(const Passage& passage, const SlpMessage& invitation,
                               const PackageV1& package) {
  const auto pairs = pairs_of(passage);
  const Direction back = opposite(passage.direction);
  const std::string destination = destination_of(passage, slp_account(invitation.from));
  const std::string_view speaker = slp_account(invitation.to);
  acknowledge_package(passage, speaker, package);
  const std::uint32_t identifier = pairs.front()->fresh_identifier(back, package.identifier);
  if (const auto decline = decline_v1(destination, identifier, invitation))
    answer(passage, *decline, 'D', speaker);
}

void Conversation::acknowledge_package(const Passage& passage, std::string_view speaker,
                                       const PackageV1& package) {
  const std::string destination = destination_of(passage, {});
  const std::uint32_t identifier =
      pairs_of(passage).front()->fresh_identifier(opposite(passage.direction), package.identifier);
  answer(passage, acknowledgement_v1(destination, identifier, package), 'D', speaker);
}

void Conversation::refuse_classic(const Passage& passage, std::string_view cookie) {
  if (const auto reject = classic_reject(cookie)) answer(passage, *reject, 'U', {});
}

}  // namespace msnp
