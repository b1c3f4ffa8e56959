#include "proxy/asked_question.hpp"

#include <chrono>
#include <optional>

#include "proxy/config_values.hpp"
#include "proxy/moment.hpp"

namespace gate {
namespace {

std::optional<std::string> account(const std::string& text) {
  auto folded = account_pattern_from(text);
  return folded && folded->find('*') == std::string::npos ? folded : std::nullopt;
}

std::string wrong(std::string_view word, std::string_view expected) {
  return std::string(word) + " has to be " + std::string(expected);
}

}  // namespace

Question AskedQuestion::about(std::string_view peer) const {
  Question asked = question;
  asked.user = user;
  asked.peer = peer;
  asked.names = names;
  return asked;
}

std::variant<AskedQuestion, std::string> asked_question(const QuestionWords& words) {
  AskedQuestion asked;
  auto user = account(words.user);
  if (!user) return wrong("user", "an account, name@domain");
  auto peer = account(words.peer);
  if (!peer) return wrong("peer", "an account, name@domain");
  asked.user = *std::move(user);
  asked.peers = {*std::move(peer)};
  asked.names = words.names;
  Question& question = asked.question;
  const auto kind = words.kind.empty() ? msnp::Kind::file_transfer : msnp::kind_named(words.kind);
  if (!kind) return wrong("kind", "a kind, such as file-transfer");
  question.kind = *kind;
  if (!words.size.empty()) {
    question.size = size_from(words.size);
    if (!question.size) return wrong("size", "a size, such as 10MiB or 48231");
  }
  question.at = std::chrono::system_clock::now();
  if (!words.at.empty()) {
    const auto at = moment_of(words.at);
    if (!at) return wrong("at", "a time, such as 2026-11-26T10:00:00Z or 2026-11-26 11:00+01:00");
    question.at = *at;
  }
  if (!words.direction.empty()) {
    const auto direction = direction_named(words.direction);
    if (!direction) return wrong("direction", "send or receive");
    question.direction = *direction;
  }
  boost::system::error_code error;
  question.client = boost::asio::ip::make_address(words.client.empty() ? "0.0.0.0" : words.client, error);
  if (error) return wrong("client", "an address, such as 10.20.0.7");
  return asked;
}

}  // namespace gate
