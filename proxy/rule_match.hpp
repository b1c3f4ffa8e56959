// A rule compiled for asking: sorted accounts, compiled name patterns. Asking allocates nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/name_pattern.hpp"
#include "proxy/rule.hpp"

namespace gate {

/// The accounts a rule names: exact ones, whole domains (*@domain), anybody who is known (*).
class AccountSet {
 public:
  /// Keeps views into `patterns`.
  explicit AccountSet(const std::vector<std::string>& patterns);

  /// True when the rule names nobody and so means anybody.
  [[nodiscard]] bool unrestricted() const noexcept {
    return !everybody_ && accounts_.empty() && domains_.empty();
  }
  /// `account` is folded and not empty.
  [[nodiscard]] bool holds(std::string_view account) const noexcept;

 private:
  bool everybody_ = false;
  std::vector<std::string_view> accounts_;  // sorted
  std::vector<std::string_view> domains_;   // sorted
};

/// A minute of the week on the gateway's own clock.
struct LocalMinute {
  std::uint8_t day = 0;      // 0 = Monday
  std::uint16_t minute = 0;  // after midnight
};
[[nodiscard]] LocalMinute local_minute(std::chrono::system_clock::time_point at) noexcept;
[[nodiscard]] bool covers(const Rule::Window& window, LocalMinute now) noexcept;

class RuleMatch {
 public:
  /// Keeps views into `rule`, which must stay where it is.
  explicit RuleMatch(const Rule& rule);

  /// `now` is worked out by the first rule that asks for it and serves the others.
  [[nodiscard]] bool matches(const Question& question, std::optional<LocalMinute>& now) const noexcept;

  /// Could the rule match something between these two?
  [[nodiscard]] bool concerns(std::string_view user, std::string_view peer,
                              const boost::asio::ip::address& client) const noexcept;
  /// True when the rule matches everything between those it concerns.
  [[nodiscard]] bool unconditional() const noexcept;

  [[nodiscard]] const Rule& rule() const noexcept { return *rule_; }

 private:
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
