// Records of the audit log as people and other programs want them.
#pragma once

#include <string>
#include <string_view>

#include "proxy/audit_record.hpp"
#include "proxy/config.hpp"

namespace gate {

/// What comes before the first record; empty for JSON.
[[nodiscard]] std::string_view heading(AuditFormat format) noexcept;

/// One record and an LF, behind what is in `to`. Whatever is in the record, no cell of the table has a
/// control character, and no cell of the CSV begins like a formula.
void append(std::string& to, const AuditRecord& record, AuditFormat format);

}  // namespace gate
