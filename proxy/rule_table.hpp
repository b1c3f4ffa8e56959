// An ordered list of rules with the groups they speak of, compiled for asking. Immutable.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include "proxy/rule_index.hpp"
#include "proxy/rule_match.hpp"

namespace gate {

class RuleTable {
 public:
  /// At most `most_rules` rules.
  RuleTable(std::vector<Group> groups, std::vector<Rule> rules);
  ~RuleTable() = default;
  RuleTable(const RuleTable&) = delete;
  RuleTable& operator=(const RuleTable&) = delete;

  /// The first rule that matches; null if none does.
  [[nodiscard]] const Rule* first_match(const Question& question) const noexcept;

  /// Whether everything may pass between these two, whatever its kind, name, size, hour and direction;
  /// nothing if no rule settles that.
  [[nodiscard]] std::optional<bool> settles_everything(std::string_view user, std::string_view peer,
                                                       const boost::asio::ip::address& client) const noexcept;

  [[nodiscard]] const std::vector<Group>& groups() const noexcept { return groups_; }
  [[nodiscard]] const std::vector<Rule>& rules() const noexcept { return rules_; }
  /// One for each rule, in order.
  [[nodiscard]] const std::vector<RuleMatch>& matches() const noexcept { return matches_; }

 private:
  const std::vector<Group> groups_;  // views into these two are kept below
  const std::vector<Rule> rules_;
  const GroupSets group_sets_;
  const std::vector<RuleMatch> matches_;
  const RuleIndex index_;
};

}  // namespace gate
