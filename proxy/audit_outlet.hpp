// Where records of the audit log are sent: a collector, the journal, another file. An outlet knows how to
// send one record; what to send, and when again, is the exporter's matter (proxy/audit_export.hpp).
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/audit_record.hpp"
#include "proxy/config.hpp"

namespace gate {

/// Used by one thread, except `interrupt`. Every failure is a std::runtime_error with the cause in its text;
/// then the outlet is to be closed, and may be opened again.
class AuditOutlet {
 public:
  virtual ~AuditOutlet() = default;
  virtual void open() = 0;
  virtual void close() noexcept = 0;
  /// `resent`: it may have been sent before; the receiver is told.
  virtual void send(const AuditRecord& record, bool resent) = 0;
  /// Whether everything sent so far has left for the other side, as far as can be known. Throws when the
  /// other side has gone meanwhile.
  [[nodiscard]] virtual bool delivered() = 0;
  /// How long the other side must stay after that before a record counts as received.
  [[nodiscard]] virtual std::chrono::milliseconds doubt() const noexcept = 0;
  /// The last record that the other side certainly has, if it can be asked (after `open`); else 0.
  [[nodiscard]] virtual std::uint64_t received() const noexcept { return 0; }
  /// Lets a waiting call of the other functions fail soon; from any thread.
  virtual void interrupt() noexcept {}
};

[[nodiscard]] std::unique_ptr<AuditOutlet> make_outlet(const AuditExportSettings& settings);
/// As an operator reads it: "syslog-tcp 192.0.2.5:601".
[[nodiscard]] std::string text_of(const AuditExportSettings& settings);

[[nodiscard]] std::unique_ptr<AuditOutlet> make_syslog_outlet(const AuditExportSettings& settings);
[[nodiscard]] std::unique_ptr<AuditOutlet> make_journal_outlet(const AuditExportSettings& settings);
[[nodiscard]] std::unique_ptr<AuditOutlet> make_file_outlet(const AuditExportSettings& settings);

/// Syslog severities: 4 (warning) of failures, 5 (notice) of what was blocked, 6 (info) of the rest.
[[nodiscard]] int severity_of(const AuditRecord& record) noexcept;

/// RFC 5424, with the record as JSON: <PRI>1 TIME HOST msnpgate PID EVENT [msnpgate@32473 seq="17" id="..."]
/// {...} 32473 is the number that RFC 5612 sets aside for who has none.
[[nodiscard]] std::string syslog_message(const AuditRecord& record, const AuditExportSettings& settings,
                                         std::string_view host, bool resent);
/// Fields of the journal's native protocol.
[[nodiscard]] std::string journal_message(const AuditRecord& record, bool resent);

}  // namespace gate
