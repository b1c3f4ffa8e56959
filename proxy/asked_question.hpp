// A question put in words, on the command line or over HTTP, made ready to be judged.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proxy/policy.hpp"

namespace gate {

/// As somebody writes it; empty where nothing is said.
struct QuestionWords {
  std::string user, peer;          // accounts, name@domain
  std::string kind;                // else file-transfer
  std::vector<std::string> names;  // of the file, in every reading
  std::string size;                // else unknown
  std::string at;                  // else now
  std::string direction;           // else send
  std::string client;              // else 0.0.0.0
};

/// Owns what its questions view.
struct AskedQuestion {
  std::string user;
  std::vector<std::string> peers;  // never empty; one may be unknown
  std::vector<std::string> names;
  Question question;  // without user, peer and names

  /// About one of the peers.
  [[nodiscard]] Question about(std::string_view peer) const;
};

/// The question; or which word of it is wrong, for people: "size has to be a size, such as 10MiB".
[[nodiscard]] std::variant<AskedQuestion, std::string> asked_question(const QuestionWords& words);

}  // namespace gate
