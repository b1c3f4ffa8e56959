#include "proxy/json_line.hpp"

#include <array>
#include <charconv>

#include "proxy/escape.hpp"

namespace gate {
namespace {

void append_unit(std::string& to, std::uint32_t unit) {
  constexpr std::string_view digits = "0123456789abcdef";
  to += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) to += digits[(unit >> static_cast<unsigned>(shift)) & 0xFU];
}

void append_hidden(std::string& to, char32_t value) {
  switch (value) {
    case '\b':
      to += "\\b";
      return;
    case '\f':
      to += "\\f";
      return;
    case '\n':
      to += "\\n";
      return;
    case '\r':
      to += "\\r";
      return;
    case '\t':
      to += "\\t";
      return;
    default:
      break;
  }
  if (value < 0x10000) return append_unit(to, value);
  append_unit(to, 0xD800U + ((value - 0x10000U) >> 10U));
  append_unit(to, 0xDC00U + ((value - 0x10000U) & 0x3FFU));
}

void append_escaped(std::string& to, std::string_view text) {
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    if (point.valid && is_hidden(point.value)) {
      append_hidden(to, point.value);
    } else {
      if (text.front() == '"' || text.front() == '\\') to += '\\';
      to += text.substr(0, point.size);
    }
    text.remove_prefix(point.size);
  }
}

}  // namespace

bool is_plain(std::string_view text) noexcept {
  unsigned odd = 0;  // no early end: nearly every text is plain
  for (const char letter : text) {
    odd |= static_cast<unsigned>(letter < ' ') | static_cast<unsigned>(letter > '~') |
           static_cast<unsigned>(letter == '"') | static_cast<unsigned>(letter == '\\');
  }
  return odd == 0;
}

JsonLine& JsonLine::key(std::string_view name) {
  separate();
  to_ += '"';
  to_ += name;
  to_ += "\":";
  first_ = true;  // the value is not separated from its key
  return *this;
}

void JsonLine::text(std::string_view utf8) {
  separate();
  to_ += '"';
  if (is_plain(utf8)) {
    to_ += utf8;
  } else {
    append_escaped(to_, utf8);
  }
  to_ += '"';
}

void JsonLine::number(std::uint64_t value) {
  separate();
  std::array<char, 20> digits{};
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  to_.append(digits.data(), written.ptr);
}

void JsonLine::begin(char bracket) {
  separate();
  to_ += bracket;
  first_ = true;
}

void JsonLine::end(char bracket) {
  to_ += bracket;
  first_ = false;
}

void JsonLine::separate() {
  if (!first_) to_ += ',';
  first_ = false;
}

}  // namespace gate
