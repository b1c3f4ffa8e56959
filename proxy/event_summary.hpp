// What the audit log says of a span of time, in numbers: for plots and rankings.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/audit_record.hpp"

namespace gate {

class EventSummary {
 public:
  /// Decisions by action, and failures.
  enum Series : std::size_t { block, allow, observe, failure };
  static constexpr std::size_t series_count = 4;
  static constexpr std::size_t bucket_count = 48;
  using Bucket = std::array<std::uint64_t, series_count>;
  using Ranking = std::map<std::string, std::uint64_t, std::less<>>;

  /// `bucket_count` buckets of this length, from `from` on.
  EventSummary(std::chrono::sys_seconds from, std::chrono::seconds bucket)
      : from_(from), bucket_(bucket), buckets_(bucket_count) {}

  void add(const AuditRecord& record);
  /// Adds another of the same span.
  void add(const EventSummary& other);

  [[nodiscard]] const std::vector<Bucket>& buckets() const noexcept { return buckets_; }
  [[nodiscard]] Bucket totals() const noexcept;
  [[nodiscard]] std::uint64_t sessions() const noexcept { return sessions_; }
  [[nodiscard]] const Ranking& kinds() const noexcept { return kinds_; }    // of what was stopped
  [[nodiscard]] const Ranking& users() const noexcept { return users_; }    // whose offers were stopped
  [[nodiscard]] const Ranking& causes() const noexcept { return causes_; }  // of failures
  /// The largest of a ranking, the largest first.
  [[nodiscard]] static std::vector<std::pair<std::string, std::uint64_t>> top(const Ranking& ranking,
                                                                              std::size_t most);

 private:
  static void count(Ranking& ranking, std::string_view name, std::uint64_t amount);

  std::chrono::sys_seconds from_;
  std::chrono::seconds bucket_;
  std::vector<Bucket> buckets_;
  Ranking kinds_, users_, causes_;
  std::uint64_t sessions_ = 0;
};

/// "2026-11-22T16:02:20..." to the second; nothing if it is none.
[[nodiscard]] std::optional<std::chrono::sys_seconds> seconds_of(std::string_view rfc3339) noexcept;

}  // namespace gate
