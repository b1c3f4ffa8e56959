#include "proxy/http_edit.hpp"

#include <array>
#include <cstdio>

#include "msnp/ascii.hpp"

namespace gate {
namespace {

constexpr std::string_view length_name = "Content-Length:";
constexpr std::string_view line_end = "\r\n";

/// The digits of the Content-Length: where they stand in `head`, and how many there are. None: 0.
struct Digits {
  std::size_t at = 0;
  std::size_t count = 0;
};

Digits length_digits(std::string_view head) noexcept {
  for (std::size_t line = head.find(line_end); line != std::string_view::npos;
       line = head.find(line_end, line + line_end.size())) {
    const std::string_view text = head.substr(line + line_end.size());
    if (!msnp::starts_folded(text, length_name)) continue;
    const std::size_t first = text.find_first_not_of(" \t", length_name.size());
    const std::size_t end = text.find_first_not_of("0123456789", first);
    return {line + line_end.size() + first, end - first};
  }
  return {};
}

std::string in_hex(std::size_t number) {
  std::array<char, 20> text{};
  std::snprintf(text.data(), text.size(), "%zx", number);
  return text.data();
}

}  // namespace

std::string edited_message(std::string_view head, bool chunked, std::string_view body,
                           std::string_view target) {
  std::string message(head);
  if (!chunked) {
    const Digits digits = length_digits(head);
    if (digits.count > 0) {
      message.replace(digits.at, digits.count, std::to_string(body.size()));
    } else {
      std::string line(length_name);
      line += ' ' + std::to_string(body.size());
      message.insert(message.find(line_end), std::string(line_end) + line);
    }
  }
  if (!target.empty()) {
    const std::size_t begin = message.find(' ') + 1;
    message.replace(begin, message.find(' ', begin) - begin, target);
  }
  if (!chunked) return message.append(body);
  if (!body.empty()) message.append(in_hex(body.size())).append(line_end).append(body).append(line_end);
  return message.append("0\r\n\r\n");
}

}  // namespace gate
