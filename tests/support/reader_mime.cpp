#include "tests/support/reader_mime.hpp"

#include <algorithm>
#include <cctype>

namespace gate::test::reading {
namespace {

constexpr std::size_t most_lines = 256;

bool is_blank(char one) {
  return one == ' ' || one == '\t';
}

struct Line {
  std::string_view text;
  std::size_t taken = 0;  // with its end
  bool ended = false;
};

Line line_of(LineEnd kind, std::string_view text) {
  std::size_t end = std::string_view::npos;
  std::size_t length = 1;
  switch (kind) {
    case LineEnd::crlf:
      end = text.find("\r\n");
      length = 2;
      break;
    case LineEnd::crlf_or_lf:
      end = text.find('\n');
      break;
    case LineEnd::any:
      end = text.find_first_of("\r\n");
      if (end != std::string_view::npos && text.substr(end).starts_with("\r\n")) length = 2;
      break;
  }
  if (end == std::string_view::npos) return {text, text.size(), false};
  Line line{text.substr(0, end), end + length, true};
  if (kind == LineEnd::crlf_or_lf && line.text.ends_with('\r')) line.text.remove_suffix(1);
  return line;
}

bool equal(std::string_view one, std::string_view other, bool any_case) {
  return any_case ? lower(one) == lower(other) : one == other;
}

}  // namespace

std::string lower(std::string_view text) {
  std::string all(text);
  for (char& one : all) one = static_cast<char>(std::tolower(static_cast<unsigned char>(one)));
  return all;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

void Headers::add(std::string_view line) {
  if (lines_.size() == most_lines) return;
  if (reading_.folds && line.starts_with('\t') && !lines_.empty()) {
    lines_.back().second += trimmed(line);
    return;
  }
  if (!reading_.needs_colon) {
    lines_.emplace_back(line, std::string());
    return;
  }
  const std::string_view separator = reading_.colon_and_blank ? ": " : ":";
  const std::size_t end = line.find(separator);
  if (end == std::string_view::npos) return;
  std::string_view name = line.substr(0, end);
  std::string_view value = line.substr(end + separator.size());
  if (!reading_.colon_and_blank) {
    name = trimmed(name);
    value = trimmed(value);
  }
  lines_.emplace_back(name, value);
}

std::optional<std::string> Headers::found(std::string_view name) const {
  std::optional<std::string> last;
  for (const auto& [line_name, line_value] : lines_) {
    if (reading_.needs_colon) {
      if (!equal(line_name, name, reading_.any_case)) continue;
      last = line_value;
    } else {
      if (!equal(std::string_view(line_name).substr(0, name.size()), name, reading_.any_case)) continue;
      std::string_view behind = std::string_view(line_name).substr(name.size());
      while (!behind.empty() && (is_blank(behind.front()) || behind.front() == ':')) behind.remove_prefix(1);
      last = std::string(behind);
    }
    if (reading_.duplicates == Duplicates::first_wins) break;
  }
  return last;
}

std::optional<std::string> Headers::value(std::string_view name) const {
  auto straight = found(name);
  if (straight || !reading_.mirrored) return straight;
  auto backwards = found(std::string(name.rbegin(), name.rend()));
  if (backwards) std::reverse(backwards->begin(), backwards->end());
  return backwards;
}

std::optional<Block> read_block(const HeaderReading& reading, std::string_view text) {
  Block block{Headers(reading), {}};
  const std::string_view whole = text;
  if (reading.nul == Nul::ends_headers) text = text.substr(0, text.find('\0'));
  while (!text.empty()) {
    const Line line = line_of(reading.line_end, text);
    if (line.ended && (line.text.empty() || (reading.blank_line_ends && trimmed(line.text).empty()))) {
      const auto headers = static_cast<std::size_t>(line.text.data() - whole.data());
      if (reading.nul == Nul::drops_message &&
          whole.substr(0, headers).find('\0') != std::string_view::npos) {
        return std::nullopt;
      }
      block.rest = whole.substr(headers + line.taken);
      return block;
    }
    block.headers.add(line.text);
    text.remove_prefix(line.taken);
  }
  if (!reading.end_optional) return std::nullopt;
  block.rest = text;  // a client that stops at a NUL goes on with what stands there
  if (reading.nul == Nul::ends_headers) block.rest = whole.substr(std::min(whole.find('\0'), whole.size()));
  return block;
}

}  // namespace gate::test::reading
