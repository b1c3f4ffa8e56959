#include "proxy/account_index.hpp"

namespace gate {

Memberships memberships_of(const std::vector<Group>& groups) {
  Memberships memberships;
  std::size_t members = 0;
  for (const Group& group : groups) members += group.members.size();
  memberships.accounts.reserve(members);
  std::uint32_t number = 0;
  for (const Group& group : groups) {
    for (const std::string& member : group.members) {
      std::vector<std::uint32_t>& numbers = memberships.of(member);
      if (numbers.empty() || numbers.back() != number) numbers.push_back(number);
    }
    ++number;
  }
  return memberships;
}

AccountIndex::AccountIndex(const std::vector<Group>& groups, const Memberships& memberships)
    : memberships_(&memberships), by_group_(groups.size()) {
  for (const Group& group : groups) numbers_.emplace(group.name, numbers_.size());
}

void AccountIndex::add(std::size_t rule, const std::vector<std::string>& patterns, bool if_unknown) {
  if (patterns.empty()) anybody_.add(rule);
  if (patterns.empty() || if_unknown) if_unknown_.add(rule);
  selects_ = selects_ || !patterns.empty();
  for (const std::string_view pattern : patterns) {
    if (!pattern.starts_with(group_mark)) {
      by_account_.of(pattern).add(rule);
    } else if (const auto group = numbers_.find(pattern.substr(group_mark.size())); group != numbers_.end()) {
      by_group_[group->second].add(rule);
    }
  }
}

void AccountIndex::add_to(RuleBits& bits, std::string_view account) const noexcept {
  if (account.empty()) {
    if_unknown_.add_to(bits);
    return;
  }
  anybody_.add_to(bits);
  by_account_.each(account, [&](const RuleSet& rules) { rules.add_to(bits); });
  memberships_->each(account, [&](const std::vector<std::uint32_t>& groups) {
    for (const std::uint32_t group : groups) by_group_[group].add_to(bits);
  });
}

}  // namespace gate
