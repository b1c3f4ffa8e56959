// The audit file: JSON Lines, appended to and never rewritten.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "proxy/audit.hpp"
#include "proxy/config.hpp"
#include "proxy/ulid.hpp"

namespace gate {

/// Shared by all workers. The order on disk is the order of `seq`, without gaps, also across restarts.
///
/// A record is one write(2), so a killed process loses none that was reported as written, and other
/// readers of the file see whole lines. When the disk takes only a part of a line, that part is cut off
/// again at once; where the file cannot be cut (chattr +a), the next record begins on a new line. Records
/// that could not be written are counted, and the first that can be is preceded by a `failure` record with
/// reason `audit-write-failed` telling how many are missing.
///
/// The process must ignore SIGXFSZ if its file size is limited.
class AuditLog final : public AuditSink {
 public:
  /// Opens or creates the file (mode 0640) and holds a lock on it: two writers would break the order
  /// of `seq`. A torn last line, left by a crash and never reported as written, is cut off likewise; a last
  /// line that is whole but lacks its LF gets one. Throws std::runtime_error, with the path in its
  /// text, if the file cannot be opened, is locked by another process, or ends in a line that is no
  /// audit record.
  explicit AuditLog(const AuditSettings& settings);
  ~AuditLog();
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  /// True once the whole record is in the file, and with `fsync = "always"` on the disk.
  [[nodiscard]] bool record(const AuditEvent& event) noexcept override;

  /// Records that could not be written and were not yet told of in the file.
  [[nodiscard]] std::uint64_t missing() const noexcept;

 private:
  void take_up_where_it_ended();
  [[nodiscard]] bool append(const AuditEvent& event);
  enum class Outcome : std::uint8_t {
    written,
    unsure,  // in the file, but neither known to be on the disk nor to be cut off again
    absent,
  };
  [[nodiscard]] Outcome write_line(std::string_view line) noexcept;
  [[nodiscard]] AuditEvent about_missing(const AuditEvent& next) const;

  mutable std::mutex mutex_;  // guards everything below
  UlidSource ids_;
  std::string path_;
  AuditSync sync_;
  int file_ = -1;
  std::uint64_t seq_ = 0;  // of the last record in the file
  std::uint64_t missing_ = 0;
  bool torn_ = false;  // the file ends in a part of a line
};

}  // namespace gate
