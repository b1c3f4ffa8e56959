// The canonical line of an audit record: keys in the order of decisions.md 7, no blanks, one LF at the
// end. Published as conf/audit.schema.json.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/audit.hpp"

namespace gate {

/// Longest line this can make, LF included: every foreign text is bounded, and so are the lists.
inline constexpr std::size_t audit_line_limit = 256 * 1024;

/// One JSON object and an LF. `id` is a ULID; empty leaves the key out, for output that must be the
/// same on every run. All hidden characters are JSON escapes, so a line can be shown on a terminal;
/// `file.name` alone still means them, every other text has them replaced (proxy/escape.hpp).
[[nodiscard]] std::string to_json_line(const AuditEvent& event, std::uint64_t seq, std::string_view id);

/// RFC 3339 in UTC with microseconds: 2026-11-22T16:02:20.123456Z.
[[nodiscard]] std::string to_rfc3339(std::chrono::system_clock::time_point time);

/// The `seq` of a line made by `to_json_line` (with or without its LF), or nothing if it is no record.
[[nodiscard]] std::optional<std::uint64_t> seq_of_line(std::string_view line);

}  // namespace gate
