// Letters as the protocol means them: ASCII only, no locale.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace msnp {

[[nodiscard]] constexpr char fold(char letter) noexcept {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

[[nodiscard]] inline std::string folded(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), fold);
  return lower;
}

[[nodiscard]] inline std::string reversed(std::string_view text) {
  return {text.rbegin(), text.rend()};
}

[[nodiscard]] inline bool equal_folded(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return fold(x) == fold(y); });
}

[[nodiscard]] inline bool starts_folded(std::string_view text, std::string_view prefix) noexcept {
  return text.size() >= prefix.size() && equal_folded(text.substr(0, prefix.size()), prefix);
}

/// Without the blanks, tabs and NULs at both ends: some reader drops each of them.
[[nodiscard]] constexpr std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view blanks{" \t\0", 3};
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// How many digits stand at the front of `text`, `most` at most.
[[nodiscard]] constexpr std::size_t leading_digits(std::string_view text, std::size_t most) noexcept {
  std::size_t count = 0;
  while (count < text.size() && count < most && text[count] >= '0' && text[count] <= '9') ++count;
  return count;
}

/// The number at the front of `text`; nothing if there is none or it does not fit.
template <class Unsigned>
[[nodiscard]] std::optional<Unsigned> leading_number(std::string_view text) noexcept {
  Unsigned value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{}) return std::nullopt;
  return value;
}

}  // namespace msnp
