// Which rules name an account: by itself, by its domain, by a group. A group of a hundred thousand that
// ten thousand rules name is stored once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "proxy/rule.hpp"
#include "proxy/rule_set.hpp"

namespace gate {

/// Something for every account, domain, and for everybody who is known.
template <class Entry>
struct ByAccount {
  std::unordered_map<std::string_view, Entry> accounts;
  std::unordered_map<std::string_view, Entry> domains;
  Entry everybody;

  /// The entry that an account pattern (name@domain, *@domain or *) stands for. Keeps a view into it.
  Entry& of(std::string_view pattern) {
    if (pattern == "*") return everybody;
    return pattern.starts_with("*@") ? domains[pattern.substr(2)] : accounts[pattern];
  }
  /// Calls `visit` with every entry an account falls under. `account` is folded and not empty.
  template <class Visit>
  void each(std::string_view account, Visit visit) const noexcept {
    visit(everybody);
    if (const auto found = accounts.find(account); found != accounts.end()) visit(found->second);
    const std::size_t at = account.rfind('@');
    if (at == std::string_view::npos || domains.empty()) return;
    if (const auto found = domains.find(account.substr(at + 1)); found != domains.end()) visit(found->second);
  }
};

/// The numbers of the groups an account is a member of.
using Memberships = ByAccount<std::vector<std::uint32_t>>;
/// Keeps views into `groups`.
[[nodiscard]] Memberships memberships_of(const std::vector<Group>& groups);

/// One of the two lists of accounts of all rules: `users` or `peers`.
class AccountIndex {
 public:
  /// `memberships` are those of `groups`; both stay where they are.
  AccountIndex(const std::vector<Group>& groups, const Memberships& memberships);

  /// Rules are added in order. `if_unknown`: the rule may match while the account is not known.
  void add(std::size_t rule, const std::vector<std::string>& patterns, bool if_unknown);
  /// Adds the rules that name `account`, or nobody; an empty one is not known.
  void add_to(RuleBits& bits, std::string_view account) const noexcept;
  /// False if no rule names anybody: then there is nothing to tell apart.
  [[nodiscard]] bool selects() const noexcept { return selects_; }

 private:
  const Memberships* memberships_;
  std::unordered_map<std::string_view, std::uint32_t> numbers_;  // of groups
  std::vector<RuleSet> by_group_;
  ByAccount<RuleSet> by_account_;
  RuleSet anybody_;
  RuleSet if_unknown_;
  bool selects_ = false;
};

}  // namespace gate
