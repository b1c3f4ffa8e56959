#include "proxy/audit_record.hpp"

#include <charconv>
#include <cstring>

namespace gate {
namespace {

constexpr std::array<std::string_view, audit_key_count> key_names{
    "time",   "seq",       "id",     "event",  "action",     "reason", "rule", "policy",
    "kind",   "direction", "user",   "peers",  "file",       "form",   "call", "client",
    "server", "dialect",   "answer", "detail", "checkpoint", "prev",   "hash"};

// Deeper than any record of ours, and not so deep that a hostile line costs anything.
constexpr int deepest = 4;

/// Reads JSON from the front of a text.
class Cursor {
 public:
  explicit Cursor(std::string_view text) noexcept : rest_(text) {}

  [[nodiscard]] bool done() const noexcept { return rest_.empty(); }
  bool take(char wanted) noexcept {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }

  /// What is between the quotes.
  std::optional<std::string_view> string() noexcept {
    if (!take('"')) return std::nullopt;
    std::size_t at = 0;
    for (;;) {
      at = rest_.find('"', at);
      if (at == std::string_view::npos) return std::nullopt;
      std::size_t backslashes = 0;
      while (backslashes < at && rest_[at - backslashes - 1] == '\\') ++backslashes;
      if (backslashes % 2 == 0) break;
      ++at;
    }
    const std::string_view inside = rest_.substr(0, at);
    rest_.remove_prefix(at + 1);
    return inside;
  }

  /// Of a string what is inside, of anything else all of it.
  std::optional<std::string_view> value() noexcept {
    if (rest_.empty()) return std::nullopt;
    if (rest_.front() == '"') return string();
    if (rest_.front() == '{' || rest_.front() == '[') return bracketed();
    const std::size_t size = rest_.find_first_of(",}]");
    if (size == 0 || size == std::string_view::npos) return std::nullopt;
    const std::string_view plain = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return plain;
  }

 private:
  std::optional<std::string_view> bracketed() noexcept {
    const std::string_view all = rest_;
    int depth = 0;
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (c == '"') {
        if (!string()) return std::nullopt;
        continue;
      }
      rest_.remove_prefix(1);
      if ((c == '{' || c == '[') && ++depth > deepest) return std::nullopt;
      if ((c == '}' || c == ']') && --depth == 0) return all.substr(0, all.size() - rest_.size());
    }
    return std::nullopt;
  }

  std::string_view rest_;
};

std::optional<std::uint32_t> hex_unit(std::string_view text) noexcept {
  std::uint32_t unit = 0;
  if (text.size() < 4) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + 4, unit, 16);
  if (error != std::errc() || end != text.data() + 4) return std::nullopt;
  return unit;
}

void append_utf8(std::string& to, std::uint32_t point) {
  const auto put = [&to](std::uint32_t byte) { to += static_cast<char>(byte); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0U | point >> 6U);
    put(0x80U | (point & 0x3FU));
  } else if (point < 0x10000) {
    put(0xE0U | point >> 12U);
    put(0x80U | (point >> 6U & 0x3FU));
    put(0x80U | (point & 0x3FU));
  } else {
    put(0xF0U | point >> 18U);
    put(0x80U | (point >> 12U & 0x3FU));
    put(0x80U | (point >> 6U & 0x3FU));
    put(0x80U | (point & 0x3FU));
  }
}

/// Reads `uXXXX` and its other half; how many bytes that were, or none.
std::size_t append_unicode(std::string& to, std::string_view escape) {
  const auto first = hex_unit(escape.substr(1));
  if (!first) return 0;
  const bool high = *first >= 0xD800 && *first < 0xDC00;
  if (high && escape.substr(5).starts_with("\\u")) {
    const auto second = hex_unit(escape.substr(7));
    if (second && *second >= 0xDC00 && *second < 0xE000) {
      append_utf8(to, 0x10000U + ((*first - 0xD800U) << 10U) + (*second - 0xDC00U));
      return 11;
    }
  }
  if (*first >= 0xD800 && *first < 0xE000) return 0;
  append_utf8(to, *first);
  return 5;
}

}  // namespace

std::string_view name_of(AuditKey key) noexcept {
  return key_names[static_cast<std::size_t>(key)];
}

std::string_view AuditRecord::member(AuditKey key, std::string_view name) const noexcept {
  Cursor cursor((*this)[key]);
  if (!cursor.take('{')) return {};
  while (!cursor.done()) {
    const auto found = cursor.string();
    if (!found || !cursor.take(':')) return {};
    const auto value = cursor.value();
    if (!value) return {};
    if (*found == name) return *value;
    if (!cursor.take(',')) return {};
  }
  return {};
}

std::optional<AuditRecord> record_of(std::string_view line) noexcept {
  if (line.ends_with('\n')) line.remove_suffix(1);
  AuditRecord record;
  record.line = line;
  Cursor cursor(line);
  if (!cursor.take('{')) return std::nullopt;
  std::size_t expected = 0;
  do {
    const auto key = cursor.string();
    if (!key || !cursor.take(':')) return std::nullopt;
    const auto value = cursor.value();
    if (!value) return std::nullopt;
    // A key that is not known here is one of a later version.
    std::size_t at = expected;
    while (at < audit_key_count && key_names[at] != *key) ++at;
    if (at == audit_key_count) continue;
    record.values[at] = *value;
    expected = at + 1;
  } while (cursor.take(','));
  if (!cursor.take('}') || !cursor.done() || record[AuditKey::time].empty()) return std::nullopt;
  const std::string_view seq = record[AuditKey::seq];
  const auto [end, error] = std::from_chars(seq.data(), seq.data() + seq.size(), record.seq);
  if (error != std::errc() || end != seq.data() + seq.size()) return std::nullopt;
  return record;
}

std::string text_of_json(std::string_view escaped) {
  std::string text;
  text.reserve(escaped.size());
  for (std::size_t at = 0; at < escaped.size(); ++at) {
    if (escaped[at] != '\\' || at + 1 == escaped.size()) {
      text += escaped[at];
      continue;
    }
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    const std::size_t which = letters.find(escaped[at + 1]);
    std::size_t used = 0;
    if (which != std::string_view::npos) {
      text += meanings[which];
      used = 1;
    } else if (escaped[at + 1] == 'u') {
      used = append_unicode(text, escaped.substr(at + 1));
    }
    if (used == 0) text += '\\';
    at += used;
  }
  return text;
}

std::optional<std::string_view> next_text(std::string_view& array) noexcept {
  if (!array.starts_with('[') && !array.starts_with(',')) return std::nullopt;
  Cursor cursor(array.substr(1));
  const auto text = cursor.string();
  if (!text) return std::nullopt;
  array = array.substr(static_cast<std::size_t>(text->data() + text->size() - array.data()) + 1);
  return text;
}

}  // namespace gate
