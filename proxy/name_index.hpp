// Which rules may speak of a file name. Of every pattern three neighbouring letters are chosen, the rarest
// among all patterns; a name that does not have them cannot match it. So ten thousand rules for ten thousand
// names cost no more than the letters of the name.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "proxy/name_pattern.hpp"
#include "proxy/rule_set.hpp"

namespace gate {

class NameIndex {
 public:
  /// The patterns of one rule, none if it does not ask for names.
  struct Entry {
    std::span<const NamePattern> patterns;
    bool if_nameless;  // it may match where there is no name
  };
  explicit NameIndex(std::span<const Entry> rules);

  /// Adds every rule that may match, and perhaps some that do not.
  void add_to(RuleBits& bits, std::span<const std::string> names) const noexcept;
  [[nodiscard]] bool selects() const noexcept { return selects_; }

 private:
  static constexpr std::size_t longest_gram = 3;

  std::unordered_map<std::uint64_t, RuleSet> by_gram_;
  std::array<bool, longest_gram + 1> in_use_{};  // lengths of the grams there are
  RuleSet any_name_;
  RuleSet nameless_;
  bool selects_ = false;
};

}  // namespace gate
