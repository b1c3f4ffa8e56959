// Why a policy decides as it does: every rule before the deciding one, and what about it did not fit.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "proxy/policy.hpp"

namespace gate {

struct Explanation {
  struct Step {
    std::size_t number = 0;  // of the rule, from 1
    const Rule* rule = nullptr;
    std::optional<Condition> mismatch;  // nothing: it decides
  };
  std::vector<Step> steps;  // up to the deciding rule; none where a grant decides
  Verdict verdict;
  /// A direct connection is not asked of rules between those who may transfer everything.
  bool everything_allowed = false;

  /// Whether a rule of the file decides: the last of `steps`.
  [[nodiscard]] bool by_rule() const noexcept { return !steps.empty() && !steps.back().mismatch; }
};

/// What `policy` says to `question`. Refers to both.
[[nodiscard]] Explanation explain(const Policy& policy, const Question& question);

/// What the rule wanted and what was there: "names: a.exe is not like *.png or *.jpg".
[[nodiscard]] std::string mismatch_text(const Rule& rule, Condition condition, const Question& question);

/// Why it is what it is where no rule of the file decides, in words.
[[nodiscard]] std::string ruleless_text(const Policy& policy, const Question& question,
                                        const Explanation& why);

}  // namespace gate
