// Which rules may speak of an amount: those whose bound it does not exceed. For sizes and for ends of time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "proxy/rule_set.hpp"

namespace gate {

class BoundIndex {
 public:
  /// The bound of every rule; nothing if it has none.
  explicit BoundIndex(std::span<const std::optional<std::int64_t>> bounds);

  /// Adds every rule without a bound or with one not below `amount`, and a few whose bound is just below it.
  void add_to(RuleBits& bits, std::int64_t amount) const noexcept;
  [[nodiscard]] bool selects() const noexcept { return !steps_.empty(); }

 private:
  struct Step {
    std::int64_t above = 0;
    RuleSet rules;  // without a bound, or with one not below `above`
  };
  std::vector<Step> steps_;  // the lowest first; that one holds every rule
};

}  // namespace gate
