#include "proxy/moment.hpp"

#include <charconv>
#include <cstdint>

namespace gate {
namespace {

using namespace std::chrono;

/// So many digits, taken off the front.
std::optional<int> take_digits(std::string_view& text, std::size_t count) noexcept {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char wanted) noexcept {
  if (!text.starts_with(wanted)) return false;
  text.remove_prefix(1);
  return true;
}

/// ".123456", of which more than six digits are left out.
microseconds take_fraction(std::string_view& text) noexcept {
  std::int64_t value = 0;
  int digits = 0;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1)) {
    if (++digits <= 6) value = value * 10 + (text.front() - '0');
  }
  for (; digits < 6; ++digits) value *= 10;
  return microseconds(value);
}

std::optional<minutes> take_zone(std::string_view& text) noexcept {
  if (text.empty() || take(text, 'Z') || take(text, 'z')) return minutes(0);
  const bool west = text.front() == '-';
  if (!take(text, '+') && !take(text, '-')) return std::nullopt;
  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 23) return std::nullopt;
  take(text, ':');
  const auto minute = take_digits(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  const minutes offset = hours(*hour) + minutes(*minute);
  return west ? -offset : offset;
}

}  // namespace

std::optional<system_clock::time_point> moment_of(std::string_view text) {
  const auto year_number = take_digits(text, 4);
  if (!year_number || !take(text, '-')) return std::nullopt;
  const auto month_number = take_digits(text, 2);
  if (!month_number || !take(text, '-')) return std::nullopt;
  const auto day_number = take_digits(text, 2);
  if (!day_number) return std::nullopt;
  const year_month_day date{year(*year_number), month(static_cast<unsigned>(*month_number)),
                            day(static_cast<unsigned>(*day_number))};
  if (!date.ok()) return std::nullopt;
  microseconds time{0};
  minutes zone{0};
  if (!text.empty()) {
    if (!take(text, 'T') && !take(text, 't') && !take(text, ' ')) return std::nullopt;
    const auto hour = take_digits(text, 2);
    if (!hour || *hour > 23 || !take(text, ':')) return std::nullopt;
    const auto minute = take_digits(text, 2);
    if (!minute || *minute > 59) return std::nullopt;
    time = hours(*hour) + minutes(*minute);
    if (take(text, ':')) {
      const auto second = take_digits(text, 2);
      if (!second || *second > 60) return std::nullopt;
      time += seconds(*second);
      if (take(text, '.')) time += take_fraction(text);
    }
    const auto offset = take_zone(text);
    if (!offset || !text.empty()) return std::nullopt;
    zone = *offset;
  }
  return system_clock::time_point(sys_days(date).time_since_epoch() + time - zone);
}

std::optional<system_clock::time_point> moment_of(std::string_view text, system_clock::time_point now) {
  std::int64_t count = 0;
  constexpr std::int64_t most = 1'000'000'000;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error == std::errc() && end + 1 == text.data() + text.size() && count >= 0 && count <= most) {
    switch (*end) {
      case 's':
        return now - seconds(count);
      case 'm':
        return now - minutes(count);
      case 'h':
        return now - hours(count);
      case 'd':
        return now - hours(24 * count);
      case 'w':
        return now - hours(24 * 7 * count);
      default:
        return std::nullopt;
    }
  }
  return moment_of(text);
}

}  // namespace gate
