// One record as it stands in the audit log, taken apart without being copied. Our own lines have their keys
// in a known order and are JSON without blanks, so that one walk finds every value; that is several times
// faster than a JSON library and needs no memory.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gate {

enum class AuditKey : std::uint8_t {
  time,
  seq,
  id,
  event,
  action,
  reason,
  rule,
  policy,
  kind,
  direction,
  user,
  peers,
  file,
  form,
  call,
  client,
  server,
  dialect,
  answer,
  detail,
  checkpoint,
  prev,
  hash,
};
inline constexpr std::size_t audit_key_count = 23;
/// The key as it is written. Order of the enumeration is order in the line.
[[nodiscard]] std::string_view name_of(AuditKey key) noexcept;

/// Views into the line; valid as long as that is.
struct AuditRecord {
  std::string_view line;  // without its LF
  std::uint64_t seq = 0;
  std::array<std::string_view, audit_key_count> values;

  /// The value: of a text what stands between its quotes, still escaped (`text_of`); of anything else its
  /// JSON. Empty if the record has no such key.
  [[nodiscard]] std::string_view operator[](AuditKey key) const noexcept {
    return values[static_cast<std::size_t>(key)];
  }
  /// A value of an inner object: member(AuditKey::file, "size").
  [[nodiscard]] std::string_view member(AuditKey key, std::string_view name) const noexcept;
};

/// Nothing if the line (with or without its LF) is no whole record.
[[nodiscard]] std::optional<AuditRecord> record_of(std::string_view line) noexcept;

/// A text without the escapes of JSON. A damaged escape stays as it is.
[[nodiscard]] std::string text_of_json(std::string_view escaped);

/// The next text of a JSON array of texts, taken off its front; still escaped. Start with the whole array.
[[nodiscard]] std::optional<std::string_view> next_text(std::string_view& array) noexcept;

}  // namespace gate
