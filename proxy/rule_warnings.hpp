// What is no error in a policy, but not what anybody meant: rules that can never match, rules said twice,
// groups that no rule names.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "proxy/policy.hpp"

namespace gate {

/// One line each, such as: rule 7 "late": never matches: rule 3 "all" fits all of it first.
[[nodiscard]] std::vector<std::string> rule_warnings(const Policy& policy,
                                                     std::chrono::system_clock::time_point now);

}  // namespace gate
