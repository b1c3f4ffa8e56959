// The audit log: JSON Lines, chained by hash, appended to and never rewritten.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/account_hash.hpp"
#include "proxy/audit.hpp"
#include "proxy/audit_chain.hpp"
#include "proxy/audit_checkpoint.hpp"
#include "proxy/audit_file.hpp"
#include "proxy/config.hpp"
#include "proxy/sha256.hpp"
#include "proxy/signing_key.hpp"
#include "proxy/ulid.hpp"

namespace gate {

/// How the log does; figures since the start, unless they say otherwise.
struct AuditHealth {
  bool writable = true;              // the last attempt to write or force to the disk went well
  std::string last_error;            // of the last attempt that did not; stays when it recovers
  std::uint64_t failures = 0;        // records that could not be written
  std::uint64_t missing = 0;         // of those, not yet told of in the log
  std::uint64_t seq = 0;             // last record
  std::string hash;                  // its hash: what to compare a copy with
  std::uint64_t size = 0;            // bytes in the current segment
  std::uint64_t checkpoint_seq = 0;  // last signed record; 0: none
  std::uint64_t rotations = 0;
  std::string rotation_error;  // why the current segment cannot be closed; empty: it can
};

/// Shared by all workers. The order on disk is the order of `seq`, without gaps, also across restarts and
/// rotations.
///
/// What is recorded together is one write(2), so a killed process loses nothing that was reported as written,
/// and other readers of the file see whole lines. When the disk takes only a part of it, that part is cut off
/// again at once; where the file cannot be cut (chattr +a), whole lines stay and the next record begins on a
/// new one. Records that could not be written are counted, and the first that can be is preceded by a
/// `failure` record with reason `audit-write-failed` telling how many are missing.
///
/// With `fsync = "always"`, what is recorded together and threads that record at the same time share one
/// fdatasync.
///
/// When the current file is closed it gets the name of proxy/audit_segments.hpp; if that fails, records go on
/// into the same file and it is tried again a minute later.
///
/// The process must ignore SIGXFSZ if its file size is limited.
class AuditLog final : public AuditSink {
 public:
  using Clock = std::chrono::system_clock;

  /// Opens or creates the file (mode 0640) and holds a lock on it: two writers would break the order
  /// of `seq`. A torn last line, left by a crash and never reported as written, is cut off likewise; a last
  /// line that is whole but lacks its LF gets one. An empty file goes on where the last closed segment ends.
  /// Throws std::runtime_error, with the path in its text, if the file cannot be opened, is locked by another
  /// process, or ends in a line that is no audit record or not what its hash says, or if a key cannot be
  /// read.
  explicit AuditLog(const AuditSettings& settings);
  /// Ends with a checkpoint and forces the file to the disk, unless it says never.
  ~AuditLog();
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  /// True once the whole record is in the file, and with `fsync = "always"` on the disk.
  [[nodiscard]] bool record(const AuditEvent& event) noexcept override {
    return record_all({&event, 1}) == 1;
  }
  /// Several, of which there is at least one: how many of them, from the first on, are there.
  [[nodiscard]] std::size_t record_all(std::span<const AuditEvent> events) noexcept;

  /// What is due by the clock: forcing to the disk, a checkpoint, closing the file by its age. To be called
  /// about every second (proxy/audit_upkeep.hpp).
  void tick(Clock::time_point now) noexcept;
  /// Signs that the records before `oldest` were removed on purpose. True once that is written, and at once
  /// if the log is not signed.
  [[nodiscard]] bool record_removal(const OldestKept& oldest, Clock::time_point now) noexcept;

  [[nodiscard]] AuditHealth health() const;
  /// Records that could not be written and were not yet told of in the log.
  [[nodiscard]] std::uint64_t missing() const noexcept;

 private:
  struct Waiter {
    bool done = false;
    bool good = false;
  };
  struct Position {
    std::uint64_t size = 0;  // of the file
    std::uint64_t seq = 0;
    HexDigest hash = chain_start;
  };
  /// Lines for one write.
  struct Lines {
    std::string text;
    std::vector<Position> ends;  // of the log behind each; `size` counts from the first of them
  };
  using Lock = std::unique_lock<std::mutex>;

  void take_up_where_it_ended();
  void take_up_from_closed_segments();
  void take_over_last(std::string_view line);
  [[nodiscard]] std::size_t append(std::span<const AuditEvent> events);
  [[nodiscard]] std::size_t append_lines(const Lines& lines);
  [[nodiscard]] const Position& end_of(const Lines& lines) const noexcept {
    return lines.ends.empty() ? end_ : lines.ends.back();
  }
  void add(Lines& lines, std::string line);
  [[nodiscard]] bool append_checkpoint(CheckpointReason reason, Clock::time_point now,
                                       const std::optional<OldestKept>& oldest = std::nullopt);
  [[nodiscard]] bool on_disk(Lock& lock);
  void sync(Lock& lock);
  void settle(std::vector<Waiter*>& waiters, bool good);
  void take_back();
  [[nodiscard]] bool is_full() const noexcept;
  void close_segment(Clock::time_point now);
  void rotate(Clock::time_point now);
  void failed(int error);
  [[nodiscard]] AuditEvent about_missing(const AuditEvent& next) const;
  [[nodiscard]] AuditEvent without_accounts(const AuditEvent& event) const;

  const AuditSettings settings_;
  std::optional<SigningKey> key_;
  std::optional<AccountHash> accounts_;

  mutable std::mutex mutex_;  // guards everything below
  std::condition_variable synced_;
  AuditFile file_;
  UlidSource ids_;
  Sha256 sha256_;
  Position end_;              // of what is in the file
  Position kept_;             // of what is never taken back: it is on the disk, or was told to be written
  std::uint64_t first_ = 1;   // seq of the file's first record
  Clock::time_point opened_;  // time of the file's first record
  std::uint64_t missing_ = 0;
  std::uint64_t told_ = 0;  // missing ones told of by record told_seq_, which may be taken back
  std::uint64_t told_seq_ = 0;
  bool syncing_ = false;    // a thread forces the file to the disk, without the lock
  bool sync_each_ = false;  // every record is to be on the disk before it counts
  std::vector<Waiter*> waiting_;
  std::vector<Waiter*> batch_;
  Clock::time_point next_checkpoint_;
  Clock::time_point next_sync_;
  Clock::time_point last_tick_;
  std::chrono::steady_clock::time_point no_rotation_before_;
  AuditHealth health_;
};

}  // namespace gate
