#include "proxy/escape.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "msnp/utf8.hpp"

namespace gate {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

struct Range {
  char32_t first, last;
};

constexpr std::array<Range, 13> hidden_ranges{{
    {0x0000, 0x001F},    // C0 controls
    {0x007F, 0x009F},    // DEL, C1 controls
    {0x00AD, 0x00AD},    // soft hyphen
    {0x034F, 0x034F},    // combining grapheme joiner
    {0x061C, 0x061C},    // Arabic letter mark
    {0x115F, 0x1160},    // Hangul fillers
    {0x180B, 0x180F},    // Mongolian variation selectors and vowel separator
    {0x200B, 0x200F},    // zero width, left-to-right and right-to-left marks
    {0x2028, 0x202E},    // line and paragraph separators, bidirectional embeddings and overrides
    {0x2060, 0x206F},    // word joiner, invisible operators, bidirectional isolates
    {0xFEFF, 0xFEFF},    // byte order mark
    {0xFFF0, 0xFFFB},    // interlinear annotations and their unassigned neighbours
    {0xE0000, 0xE0FFF},  // tags, variation selectors
}};

std::string hex(std::uint32_t value, std::size_t least_digits) {
  std::string digits;
  while (value != 0 || digits.size() < least_digits) {
    digits.insert(digits.begin(), hex_digits[value & 0xFU]);
    value >>= 4U;
  }
  return digits;
}

enum class Hidden : bool { keep, escape };

std::string escaped(std::string_view text, std::size_t limit, Hidden hidden) {
  std::string result;
  result.reserve(std::min(text.size(), limit));
  const std::size_t whole = text.size();
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    std::string piece;
    if (!point.valid) {
      piece = "\\x" + hex(static_cast<unsigned char>(text.front()), 2);
    } else if (hidden == Hidden::escape && is_hidden(point.value)) {
      piece = "\\u{" + hex(point.value, 4) + "}";
    } else {
      piece = text.substr(0, point.size);
    }
    if (result.size() + piece.size() > limit)
      return result + "...[cut, of " + std::to_string(whole) + " bytes]";
    result += piece;
    text.remove_prefix(point.size);
  }
  return result;
}

bool is_word_character(char letter) noexcept {
  return (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9');
}

std::string counted(std::size_t count, std::string_view noun) {
  return std::to_string(count) + ' ' + std::string(noun) + (count == 1 ? "" : "s");
}

}  // namespace

CodePoint first_code_point(std::string_view text) noexcept {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return {.value = lead, .size = 1, .valid = true};
  const std::size_t size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (text.size() < size || !msnp::is_utf8(text.substr(0, size))) return {};
  char32_t value = lead & (0x7FU >> size);
  for (std::size_t at = 1; at < size; ++at)
    value = (value << 6U) | (static_cast<unsigned char>(text[at]) & 0x3FU);
  return {.value = value, .size = size, .valid = true};
}

bool is_hidden(char32_t value) noexcept {
  return std::any_of(hidden_ranges.begin(), hidden_ranges.end(),
                     [value](const Range& range) { return value >= range.first && value <= range.last; });
}

std::string storable(std::string_view text, std::size_t limit) {
  return escaped(text, limit, Hidden::keep);
}

std::string showable(std::string_view text, std::size_t limit) {
  return escaped(text, limit, Hidden::escape);
}

std::string safe_excerpt(msnp::Bytes bytes) {
  const std::string_view text = msnp::as_text(bytes);
  if (text.empty()) return "nothing";
  const std::string_view line = text.substr(0, text.find_first_of("\r\n"));
  const std::string_view word = line.substr(0, line.find(' '));
  const bool is_command = word.size() == 3 && std::all_of(word.begin(), word.end(), is_word_character);
  if (!is_command) {
    return "no command word, first byte 0x" + hex(static_cast<unsigned char>(text.front()), 2) + ", " +
           counted(line.size(), "byte");
  }
  const auto tokens = static_cast<std::size_t>(std::count(line.begin(), line.end(), ' '));
  return std::string(word) + ", " + counted(tokens, "token") + ", " + counted(line.size(), "byte");
}

}  // namespace gate
