#include "proxy/rule_warnings.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "proxy/account_index.hpp"
#include "proxy/config_values.hpp"
#include "proxy/escape.hpp"
#include "proxy/name_pattern.hpp"

namespace gate {
namespace {

/// Every pattern of `inner` is one of `outer`, or is held by one of its whole domains, its groups or its "*".
bool holds_accounts(const std::vector<std::string>& outer, const std::vector<std::string>& inner,
                    const GroupSets& groups) {
  if (outer.empty()) return true;
  if (inner.empty()) return false;
  return std::all_of(inner.begin(), inner.end(), [&](const std::string& pattern) {
    return std::any_of(outer.begin(), outer.end(), [&](const std::string& other) {
      if (other == pattern || other == "*") return true;
      if (other.starts_with(group_mark)) {
        const auto group = groups.find(std::string_view(other).substr(group_mark.size()));
        const bool account = !pattern.starts_with('*') && !pattern.starts_with(group_mark);
        return account && group != groups.end() && group->second.holds(pattern);
      }
      const std::size_t at = pattern.rfind('@');
      return other.starts_with("*@") && at != std::string::npos &&
             std::string_view(other).substr(2) == std::string_view(pattern).substr(at + 1);
    });
  });
}

bool holds_network(const Rule::Network& outer, const Rule::Network& inner) {
  return outer.prefix <= inner.prefix && outer.address.is_v4() == inner.address.is_v4() &&
         network_start({inner.address, outer.prefix}).address == network_start(outer).address;
}

bool same_window(const Rule::Window& one, const Rule::Window& other) {
  return one.days == other.days && one.from == other.from && one.to == other.to;
}

template <class Items, class Same>
bool holds_all(const std::vector<Items>& outer, const std::vector<Items>& inner, Same same) {
  if (outer.empty()) return true;
  return !inner.empty() && std::all_of(inner.begin(), inner.end(), [&](const Items& one) {
    return std::any_of(outer.begin(), outer.end(), [&](const Items& other) { return same(other, one); });
  });
}

/// Everything that `inner` matches is matched by `outer`. May say no where it is so, never yes where it is
/// not.
bool holds(const RuleMatch& outer_match, const RuleMatch& inner_match, const GroupSets& groups) {
  const Rule& outer = outer_match.rule();
  const Rule& inner = inner_match.rule();
  for (std::size_t index = 0; index < msnp::kind_count; ++index) {
    const auto kind = static_cast<msnp::Kind>(index);
    if (inner_match.speaks_of(kind) && !outer_match.speaks_of(kind)) return false;
  }
  if (outer.direction && outer.direction != inner.direction) return false;
  // A rule that blocks takes what is unknown for what it forbids; one that allows does not.
  const bool laxer = outer.action != Action::block && inner.action == Action::block;
  if (laxer && (!outer.peers.empty() || outer.max_size || !outer.names.empty())) return false;
  if (outer.max_size && (!inner.max_size || *outer.max_size < *inner.max_size)) return false;
  if (outer.until && (!inner.until || *outer.until < *inner.until)) return false;
  const auto holds_name = [](const NamePattern& one, const NamePattern& other) { return one.holds(other); };
  return holds_all(outer_match.names(), inner_match.names(), holds_name) &&
         holds_all(outer.when, inner.when, same_window) &&
         holds_all(outer.clients, inner.clients, holds_network) &&
         holds_accounts(outer.users, inner.users, groups) && holds_accounts(outer.peers, inner.peers, groups);
}

std::string named(std::size_t number, const Rule& rule) {
  return "rule " + std::to_string(number + 1) + " \"" + showable(rule.name) + '"';
}

/// These never come with the name of a file: there is nothing of it in the invitation.
bool has_names(msnp::Kind kind) {
  return kind != msnp::Kind::direct_connection && kind != msnp::Kind::webcam && kind != msnp::Kind::voice;
}

std::optional<std::string> never(const Rule& rule, std::chrono::system_clock::time_point now) {
  if (rule.until && *rule.until <= now) return "never matches any more: its until is over";
  const bool nameless = !rule.kinds.empty() && std::none_of(rule.kinds.begin(), rule.kinds.end(), has_names);
  if (nameless && rule.action != Action::block && !rule.names.empty()) {
    return "never matches: nothing of its kinds has a name of a file, and it allows by names";
  }
  return std::nullopt;
}

/// Finds an earlier rule that holds a later one without comparing each with each: of ten thousand rules for
/// ten thousand users only those that speak of the same user are compared.
class Earlier {
 public:
  explicit Earlier(const Policy& policy)
      : groups_(group_sets(policy.groups())),
        memberships_(memberships_of(policy.groups())),
        users_(policy.groups(), memberships_) {}

  [[nodiscard]] const GroupSets& groups() const noexcept { return groups_; }

  /// The first of the rules added so far that holds `match`.
  std::optional<std::size_t> holding(const std::vector<RuleMatch>& matches, const RuleMatch& match) const {
    RuleBits bits(matches.size());
    const std::vector<std::string>& users = match.rule().users;
    if (users.empty()) {
      users_.add_to(bits, {});
    } else if (users.front().starts_with(group_mark) || users.front().starts_with('*')) {
      general_.add_to(bits);
    } else {
      users_.add_to(bits, users.front());
    }
    std::optional<std::size_t> first;
    bits.each([&](std::size_t number) {
      if (holds(matches[number], match, groups_)) first = number;
      return first.has_value();
    });
    return first;
  }

  void add(std::size_t number, const Rule& rule) {
    users_.add(number, rule.users, false);
    const bool general = std::any_of(rule.users.begin(), rule.users.end(), [](std::string_view user) {
      return user.starts_with(group_mark) || user.starts_with('*');
    });
    if (rule.users.empty() || general) general_.add(number);
  }

 private:
  GroupSets groups_;
  Memberships memberships_;
  AccountIndex users_;
  RuleSet general_;  // rules that name anybody, a domain or a group
};

void warn_of_groups(const Policy& policy, std::vector<std::string>& warnings) {
  std::set<std::string_view> used;
  for (const Rule& rule : policy.rules()) {
    for (const auto* const list : {&rule.users, &rule.peers}) {
      for (const std::string_view word : *list) {
        if (word.starts_with(group_mark)) used.insert(word.substr(group_mark.size()));
      }
    }
  }
  for (const Group& group : policy.groups()) {
    if (!used.contains(group.name)) {
      warnings.push_back("group \"" + showable(group.name) + "\": no rule names it");
    }
  }
}

}  // namespace

std::vector<std::string> rule_warnings(const Policy& policy, std::chrono::system_clock::time_point now) {
  std::vector<std::string> warnings;
  const std::vector<RuleMatch>& matches = policy.matches();
  Earlier earlier(policy);
  for (std::size_t number = 0; number < matches.size(); ++number) {
    const Rule& rule = matches[number].rule();
    if (const auto why = never(rule, now)) {
      warnings.push_back(named(number, rule) + ": " + *why);
      continue;  // it stands in nobody's way either
    }
    if (const auto first = earlier.holding(matches, matches[number])) {
      const Rule& other = matches[*first].rule();
      const bool same =
          other.action == rule.action && holds(matches[number], matches[*first], earlier.groups());
      warnings.push_back(named(number, rule) + (same ? ": says the same as " : ": never matches: ") +
                         named(*first, other) + (same ? "" : " fits all of it first"));
    }
    earlier.add(number, rule);
  }
  warn_of_groups(policy, warnings);
  return warnings;
}

}  // namespace gate
