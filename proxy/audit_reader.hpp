// Reading the audit log: all its segments in order, by several threads, and new records as they come.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "proxy/audit_query.hpp"
#include "proxy/audit_record.hpp"
#include "proxy/audit_segments.hpp"

namespace gate {

/// Calls `read(i)` for every i below `count` on `threads` threads, and `take(result)` on this one with each
/// result in the order of i, until `take` returns false. Results wait for their turn, at most two a
/// thread. An exception of either ends the work and is thrown here.
template <class Result, class Read, class Take>
void in_order(std::size_t count, std::size_t threads, Read read, Take take) {
  const std::size_t window = 2 * threads;
  std::vector<std::optional<Result>> slots(window);
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t begun = 0;
  std::size_t taken = 0;
  bool over = false;
  std::exception_ptr fault;

  const auto work = [&] {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [&] { return over || begun == count || begun < taken + window; });
      if (over || begun == count) return;
      const std::size_t mine = begun++;
      lock.unlock();
      std::optional<Result> result;
      std::exception_ptr failed;
      try {
        result.emplace(read(mine));
      } catch (...) {
        failed = std::current_exception();
      }
      lock.lock();
      if (failed) {
        over = true;
        fault = failed;
      } else {
        slots[mine % window] = std::move(result);
      }
      changed.notify_all();
    }
  };
  std::vector<std::thread> workers;
  for (std::size_t i = 0; i < threads; ++i) workers.emplace_back(work);
  {
    std::unique_lock lock(mutex);
    while (taken < count && !over) {
      std::optional<Result>& slot = slots[taken % window];
      changed.wait(lock, [&] { return over || slot.has_value(); });
      if (over) break;
      const Result result = std::move(*slot);
      slot.reset();
      lock.unlock();
      bool more = false;
      std::exception_ptr failed;
      try {
        more = take(result);
      } catch (...) {
        failed = std::current_exception();
      }
      lock.lock();
      ++taken;
      if (failed) fault = failed;
      if (!more) over = true;
      changed.notify_all();
    }
    over = true;
    changed.notify_all();
  }
  for (std::thread& worker : workers) worker.join();
  if (fault) std::rethrow_exception(fault);
}

/// The next record among whole lines that matches, taken off the front with all before it; what is no record
/// is left out.
[[nodiscard]] std::optional<AuditRecord> next_match(std::string_view& lines, const AuditMatcher& matcher);

/// The log as it is when this is made; later records are not seen, and a rotation, compression or removal
/// meanwhile changes nothing. Every function throws std::exception, with the path in its text, if a file
/// cannot be read.
class AuditReader {
 public:
  explicit AuditReader(const std::filesystem::path& log);

  /// Every matching record, oldest first, until `take` returns false. The record is valid in the call only.
  void each(const AuditQuery& query, const std::function<bool(const AuditRecord&)>& take) const;
  /// The same, newest first.
  void each_from_the_end(const AuditQuery& query, const std::function<bool(const AuditRecord&)>& take) const;

  /// Every chunk of the log turned into a `Result` by `read(records, result)`, which is called on several
  /// threads, and handed to `take` in order: for what is too much for one thread.
  template <class Result, class Read, class Take>
  void each_chunk(const AuditQuery& query, bool newest_first, Read read, Take take) const {
    const AuditMatcher matcher(query);
    const std::vector<std::size_t> chosen = chunks_for(matcher, newest_first);
    in_order<Result>(
        chosen.size(), threads_for(chosen.size()),
        [&](std::size_t i) {
          std::string lines;
          read_chunk(segments_[chunks_[chosen[i]].segment], chunks_[chosen[i]], lines);
          Result result;
          std::string_view rest = lines;
          while (const auto record = next_match(rest, matcher)) read(*record, result);
          return result;
        },
        take);
  }

  [[nodiscard]] const std::vector<AuditSegment>& segments() const noexcept { return segments_; }
  [[nodiscard]] const std::vector<AuditChunk>& chunks() const noexcept { return chunks_; }

 private:
  [[nodiscard]] std::vector<std::size_t> chunks_for(const AuditMatcher& matcher, bool newest_first) const;
  [[nodiscard]] static std::size_t threads_for(std::size_t chunks);

  std::vector<AuditSegment> segments_;
  std::vector<AuditChunk> chunks_;
};

/// New records as they are written, over rotations. Not safe to share between threads.
class AuditFollower {
 public:
  /// Begins with the first record whose seq is above `after`; with no number at the present end. Of a log
  /// that is not there yet it begins with the first record of all.
  AuditFollower(std::filesystem::path log, std::optional<std::uint64_t> after);

  /// Whole lines that come next, LF included, about a MiB at most, valid until the next call; empty: none for
  /// now, ask again a little later. Throws std::exception, with the path in its text, if a file cannot be
  /// read.
  [[nodiscard]] std::string_view more();
  /// The number of the last record given, or of the one behind which it begins.
  [[nodiscard]] std::uint64_t last() const noexcept { return last_; }

 private:
  [[nodiscard]] bool at_current_end() const;
  enum class Next : std::uint8_t { none, same, other };
  [[nodiscard]] Next go_on();
  [[nodiscard]] std::string_view whole_lines();
  [[nodiscard]] std::string_view behind_start(std::string_view lines);

  std::filesystem::path log_;
  std::uint64_t last_ = 0;  // seq of the last record given away
  std::optional<AuditSegment> segment_;
  std::vector<AuditChunk> chunks_;  // of a compressed segment, those not yet read
  std::uint64_t offset_ = 0;        // in a plain one
  std::string text_;
};

}  // namespace gate
