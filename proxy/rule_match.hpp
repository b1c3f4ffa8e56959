// A rule compiled for asking: sorted accounts, compiled name patterns. Asking allocates nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "proxy/name_pattern.hpp"
#include "proxy/rule.hpp"

namespace gate {

class AccountSet;
/// The members of groups, by their names.
using GroupSets = std::unordered_map<std::string_view, AccountSet>;

/// The accounts a rule names: exact ones, whole domains (*@domain), groups, anybody who is known (*).
class AccountSet {
 public:
  /// Keeps views into `patterns` and `groups`. A group that does not exist has no members.
  AccountSet(const std::vector<std::string>& patterns, const GroupSets& groups);

  /// True when the rule names nobody and so means anybody.
  [[nodiscard]] bool unrestricted() const noexcept { return unrestricted_; }
  /// `account` is folded and not empty.
  [[nodiscard]] bool holds(std::string_view account) const noexcept;

 private:
  bool unrestricted_;
  bool everybody_ = false;
  std::vector<std::string_view> accounts_;  // sorted
  std::vector<std::string_view> domains_;   // sorted
  std::vector<const AccountSet*> groups_;
};
[[nodiscard]] GroupSets group_sets(const std::vector<Group>& groups);

/// A listener for both families reports IPv4 clients as mapped IPv6 addresses: the IPv4 one then.
[[nodiscard]] boost::asio::ip::address unmapped(const boost::asio::ip::address& client) noexcept;

/// A minute of the week on the gateway's own clock.
struct LocalMinute {
  std::uint8_t day = 0;      // 0 = Monday
  std::uint16_t minute = 0;  // after midnight
};
[[nodiscard]] LocalMinute local_minute(std::chrono::system_clock::time_point at) noexcept;
[[nodiscard]] bool covers(const Rule::Window& window, LocalMinute now) noexcept;

/// What a rule asks for, one key of `[[rule]]` each.
enum class Condition : std::uint8_t { kinds, direction, users, peers, clients, max_size, until, when, names };
/// The key: "kinds", "direction", ...
[[nodiscard]] std::string_view name_of(Condition condition) noexcept;

class RuleMatch {
 public:
  /// Keeps views into `rule` and `groups`, which must stay where they are.
  RuleMatch(const Rule& rule, const GroupSets& groups);

  /// Why the rule does not match, the first reason; nothing if it matches. `now` is worked out by the first
  /// rule that asks for it and serves the others.
  [[nodiscard]] std::optional<Condition> mismatch(const Question& question,
                                                  std::optional<LocalMinute>& now) const noexcept;

  /// Could the rule match something between these two?
  [[nodiscard]] bool concerns(std::string_view user, std::string_view peer,
                              const boost::asio::ip::address& client) const noexcept;
  /// True when the rule matches everything between those it concerns.
  [[nodiscard]] bool unconditional() const noexcept;

  [[nodiscard]] const Rule& rule() const noexcept { return *rule_; }
  /// Whether the rule speaks of a kind at all.
  [[nodiscard]] bool speaks_of(msnp::Kind kind) const noexcept;
  [[nodiscard]] const std::vector<NamePattern>& names() const noexcept { return names_; }

 private:
  [[nodiscard]] bool users_match(std::string_view user) const noexcept;
  [[nodiscard]] bool peers_match(std::string_view peer) const noexcept;
  [[nodiscard]] bool clients_match(const boost::asio::ip::address& client) const noexcept;
  [[nodiscard]] bool any_pattern(std::string_view name) const noexcept;
  [[nodiscard]] bool names_match(std::span<const std::string> names) const noexcept;
  [[nodiscard]] bool size_matches(std::optional<std::uint64_t> size) const noexcept;

  const Rule* rule_;
  AccountSet users_;
  AccountSet peers_;
  std::vector<NamePattern> names_;
  std::uint32_t kinds_ = 0;  // one bit a kind; none set: every kind
  static_assert(msnp::kind_count <= 32);
};

}  // namespace gate
