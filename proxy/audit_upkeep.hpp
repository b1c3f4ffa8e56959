// What an audit log needs besides records, in a thread of its own so that no record waits for it: what is due
// by the clock, compression of closed segments, and removal of old ones.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "proxy/audit_log.hpp"

namespace gate {

class AuditUpkeep {
 public:
  /// Starts the thread. `log` outlives this.
  AuditUpkeep(AuditLog& log, const AuditSettings& settings);
  /// Ends it, within one compression.
  ~AuditUpkeep();
  AuditUpkeep(const AuditUpkeep&) = delete;
  AuditUpkeep& operator=(const AuditUpkeep&) = delete;

 private:
  void run() noexcept;
  void look_after_files() noexcept;

  AuditLog& log_;
  const AuditSettings settings_;
  std::mutex mutex_;  // guards stopping_
  std::condition_variable wake_;
  bool stopping_ = false;
  std::string told_;  // of what went wrong; the thread's own
  std::thread thread_;
};

/// Compresses what is closed and removes what is older, or more, than the settings keep; of a signed log only
/// after a checkpoint has said so. Errors are returned, one a line; what they are about is tried again next
/// time.
[[nodiscard]] std::string keep_house(AuditLog& log, const AuditSettings& settings,
                                     AuditLog::Clock::time_point now);

}  // namespace gate
