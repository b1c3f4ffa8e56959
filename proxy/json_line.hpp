// JSON written straight into a string, member by member: no tree in between, no allocation but the string's.
// Hidden characters are written as escapes, which JSON does not ask for: a terminal would obey them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gate {

/// Keys are ours and stand for themselves. Values are UTF-8 (proxy/escape.hpp makes any text that).
class JsonLine {
 public:
  /// Appends to `to`, which outlives it.
  explicit JsonLine(std::string& to) noexcept : to_(to) {}

  /// Begins a member of the present object; its value comes next.
  JsonLine& key(std::string_view name);
  void begin_object() { begin('{'); }
  void end_object() { end('}'); }
  void begin_array() { begin('['); }
  void end_array() { end(']'); }
  void text(std::string_view utf8);
  void number(std::uint64_t value);

 private:
  void begin(char bracket);
  void end(char bracket);
  void separate();

  std::string& to_;
  bool first_ = true;  // nothing stands yet in the present object or array
};

/// True if JSON and a terminal take the text as it is: printable ASCII without quotes and backslashes.
[[nodiscard]] bool is_plain(std::string_view text) noexcept;

}  // namespace gate
