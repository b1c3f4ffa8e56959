// Which decisions about the same capture two policies make differently.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <vector>

#include "proxy/audit.hpp"
#include "proxy/commands.hpp"

namespace gate {

/// Keeps the decisions of one replay.
class DecisionList final : public AuditSink {
 public:
  [[nodiscard]] bool record(const AuditEvent& event) noexcept override;
  [[nodiscard]] const std::vector<AuditEvent>& events() const noexcept { return events_; }

 private:
  std::vector<AuditEvent> events_;
};

struct Comparison {
  std::size_t same = 0;
  std::size_t other_rule = 0;  // same action, another rule or reason
  std::size_t changed = 0;     // another action
};

/// Prints every decision whose action is another. What only one of them recorded passed without a rule with
/// the other one, or never came about there, because of an earlier difference.
[[nodiscard]] Comparison print_differences(const DecisionList& older, const DecisionList& newer,
                                           ReplayFormat format, std::ostream& out);

}  // namespace gate
