// A recorded decision turned back into the question it answered.
#pragma once

#include <filesystem>
#include <string>
#include <variant>

#include "proxy/asked_question.hpp"

namespace gate {

struct AuditedQuestion {
  std::string id, action, reason, rule, policy, form;
  AskedQuestion asked;  // names: the likeliest reading first; records keep five
};

/// The decision with this id in the audit log; or why there is none, for people.
[[nodiscard]] std::variant<AuditedQuestion, std::string> audited_question(const std::filesystem::path& log,
                                                                          const std::string& id);

}  // namespace gate
