#include "proxy/event_summary.hpp"

#include <algorithm>
#include <optional>

namespace gate {
namespace {

// More names than anybody reads, and few enough to hold: what comes later is not ranked.
constexpr std::size_t most_names = 10'000;

std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) noexcept {
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

}  // namespace

std::optional<std::chrono::sys_seconds> seconds_of(std::string_view rfc3339) noexcept {
  using namespace std::chrono;
  if (rfc3339.size() < 19) return std::nullopt;
  const auto year_number = digits(rfc3339, 0, 4);
  const auto month_number = digits(rfc3339, 5, 2);
  const auto day_number = digits(rfc3339, 8, 2);
  const auto hour = digits(rfc3339, 11, 2);
  const auto minute = digits(rfc3339, 14, 2);
  const auto second = digits(rfc3339, 17, 2);
  if (!year_number || !month_number || !day_number || !hour || !minute || !second) return std::nullopt;
  const year_month_day date{year{*year_number}, month{static_cast<unsigned>(*month_number)},
                            day{static_cast<unsigned>(*day_number)}};
  if (!date.ok()) return std::nullopt;
  return sys_days{date} + hours{*hour} + minutes{*minute} + seconds{*second};
}

void EventSummary::count(Ranking& ranking, std::string_view name, std::uint64_t amount) {
  const auto found = ranking.find(name);
  if (found != ranking.end()) {
    found->second += amount;
  } else if (ranking.size() < most_names) {
    ranking.emplace(name, amount);
  }
}

void EventSummary::add(const AuditRecord& record) {
  const auto time = seconds_of(record[AuditKey::time]);
  if (!time || *time < from_) return;
  const auto place = static_cast<std::size_t>((*time - from_) / bucket_);
  if (place >= bucket_count) return;
  const std::string_view event = record[AuditKey::event];
  if (event == "session") {
    ++sessions_;
  } else if (event == "failure") {
    ++buckets_[place][failure];
    count(causes_, record[AuditKey::reason], 1);
  } else if (event == "transfer" || event == "transport" || event == "object") {
    const std::string_view action = record[AuditKey::action];
    ++buckets_[place][action == "block" ? block : action == "allow" ? allow : observe];
    if (action != "block") return;
    count(kinds_, record[AuditKey::kind], 1);
    const std::string_view user = record[AuditKey::user];
    if (!user.empty()) count(users_, text_of_json(user), 1);
  }
}

void EventSummary::add(const EventSummary& other) {
  for (std::size_t i = 0; i < bucket_count; ++i) {
    for (std::size_t j = 0; j < series_count; ++j) buckets_[i][j] += other.buckets_[i][j];
  }
  for (const auto& [name, amount] : other.kinds_) count(kinds_, name, amount);
  for (const auto& [name, amount] : other.users_) count(users_, name, amount);
  for (const auto& [name, amount] : other.causes_) count(causes_, name, amount);
  sessions_ += other.sessions_;
}

EventSummary::Bucket EventSummary::totals() const noexcept {
  Bucket sum{};
  for (const Bucket& bucket : buckets_) {
    for (std::size_t j = 0; j < series_count; ++j) sum[j] += bucket[j];
  }
  return sum;
}

std::vector<std::pair<std::string, std::uint64_t>> EventSummary::top(const Ranking& ranking,
                                                                     std::size_t most) {
  std::vector<std::pair<std::string, std::uint64_t>> list(ranking.begin(), ranking.end());
  std::sort(list.begin(), list.end(), [](const auto& one, const auto& other) {
    return one.second != other.second ? one.second > other.second : one.first < other.first;
  });
  if (list.size() > most) list.resize(most);
  return list;
}

}  // namespace gate
