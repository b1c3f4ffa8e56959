// The grants of one policy, compiled for asking. Few: they are asked in turn.
#pragma once

#include <cstddef>
#include <vector>

#include "proxy/grant.hpp"
#include "proxy/rule_match.hpp"

namespace gate {

/// Most grants at once; asking them all costs some two microseconds.
inline constexpr std::size_t most_grants = 256;

class GrantTable {
 public:
  explicit GrantTable(std::vector<Grant> grants);
  ~GrantTable() = default;
  GrantTable(const GrantTable&) = delete;
  GrantTable& operator=(const GrantTable&) = delete;

  /// The first that lets this pass; null if none does. A transfer that goes on keeps the grant it began
  /// with when its time is over; only a revocation ends it.
  [[nodiscard]] const Grant* first_match(const Question& question) const;
  [[nodiscard]] const std::vector<Grant>& grants() const noexcept { return grants_; }

 private:
  const std::vector<Grant> grants_;
  std::vector<RuleMatch> matches_;  // views into `grants_`
};

}  // namespace gate
