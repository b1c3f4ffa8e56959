// A recorded decision turned back into the question it answered.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proxy/policy.hpp"

namespace gate {

/// Owns what `question` views.
struct AuditedQuestion {
  std::string id, user, action, reason, rule, policy, form;
  std::vector<std::string> peers;  // never empty; one may be unknown
  std::vector<std::string> names;  // the likeliest reading: records keep no other
  Question question;               // without user, peer and names

  /// About one of the peers.
  [[nodiscard]] Question about(std::string_view peer) const;
};

/// The decision with this id in the audit log; or why there is none, for people.
[[nodiscard]] std::variant<AuditedQuestion, std::string> audited_question(const std::filesystem::path& log,
                                                                          const std::string& id);

}  // namespace gate
