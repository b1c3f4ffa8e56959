// Sends the audit log on, record by record, in a thread of its own. The log itself is the queue: while the
// receiver is down nothing is kept in memory and nothing is lost, as long as the log keeps it. A cursor file
// remembers how far the receiver has it for certain; from there it is sent again after any break, and marked
// as such.
//
//   CONFIRMED SENT LF     the last record that was certainly received, the last that may have been sent
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "proxy/audit_outlet.hpp"
#include "proxy/audit_reader.hpp"

namespace gate {

struct AuditExportHealth {
  std::string to;
  bool connected = false;
  std::uint64_t confirmed = 0;  // seq
  std::uint64_t sent = 0;       // seq
  std::uint64_t lost = 0;       // records that the log no longer had when their turn came
  std::uint64_t retries = 0;    // connections that failed or broke, and were tried again
  std::string last_error;       // stays when it recovers
};

/// Records up to `newest`, the last of the log, that the receiver has not for certain.
[[nodiscard]] inline std::uint64_t records_behind(const AuditExportHealth& health,
                                                  std::uint64_t newest) noexcept {
  return newest > health.confirmed ? newest - health.confirmed : 0;
}

class AuditExport {
 public:
  /// Starts the thread. `log` is the path of the current file.
  AuditExport(std::filesystem::path log, const AuditExportSettings& settings);
  /// Ends it within seconds; what is not sent is sent after the next start.
  ~AuditExport();
  AuditExport(const AuditExport&) = delete;
  AuditExport& operator=(const AuditExport&) = delete;

  [[nodiscard]] AuditExportHealth health() const;

 private:
  using Steady = std::chrono::steady_clock;

  void run();
  void failed(std::string_view cause, bool was_connected) noexcept;
  void connect();
  void step();
  void send(std::string_view lines);
  void confirm();
  void read_cursor();
  void write_cursor();
  [[nodiscard]] bool sleep(std::chrono::milliseconds time);

  const std::filesystem::path log_;
  const AuditExportSettings settings_;
  const std::unique_ptr<AuditOutlet> outlet_;

  // The thread's own.
  std::optional<AuditFollower> follower_;
  std::deque<std::pair<Steady::time_point, std::uint64_t>> unconfirmed_;  // when what was sent
  std::uint64_t present_ = 0;  // last record sent on this connection
  std::pair<std::uint64_t, std::uint64_t> written_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  bool stopping_ = false;
  AuditExportHealth health_;
  std::thread thread_;
};

}  // namespace gate
