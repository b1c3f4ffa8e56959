// How the audit log begins, and how its current file is closed and a new one takes its place.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "proxy/audit_json.hpp"
#include "proxy/audit_log.hpp"
#include "proxy/audit_record.hpp"
#include "proxy/audit_segments.hpp"
#include "proxy/log.hpp"
#include "proxy/moment.hpp"

namespace gate {
namespace {

using namespace std::chrono_literals;

/// After a rotation that failed.
constexpr auto rotation_pause = 60s;

std::filesystem::path next_path(const std::filesystem::path& log) {
  return log.string() + ".next";
}

[[noreturn]] void fail(const std::filesystem::path& path, std::string_view what) {
  throw std::runtime_error("audit log " + path.string() + ": " + std::string(what));
}

/// Never replaces a file that is there.
void rename_new(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return;
  if (errno == EINVAL &&
      ::link(from.c_str(), to.c_str()) == 0) {  // a file system that knows no such renaming
    ::unlink(from.c_str());
    return;
  }
  const int error = errno;
  fail(from, "cannot be renamed to " + to.string() + ": " + std::generic_category().message(error));
}

/// The last line that is not empty, of a text that ends with an LF.
std::string_view last_line(std::string_view text) noexcept {
  text.remove_suffix(1);
  const std::size_t feed = text.rfind('\n');
  return feed == std::string_view::npos ? text : text.substr(feed + 1);
}

}  // namespace

void AuditLog::take_up_where_it_ended() {
  // A rotation that a crash interrupted leaves an empty file.
  std::error_code ignored;
  if (std::filesystem::file_size(next_path(settings_.path), ignored) == 0) {
    std::filesystem::remove(next_path(settings_.path), ignored);
  }
  // Room for a torn line and the whole one before it.
  const std::string end = file_.end(2 * audit_line_limit);
  const std::string_view text = end;
  const std::size_t last_feed = text.rfind('\n');
  const std::size_t tail_start = last_feed == std::string_view::npos ? 0 : last_feed + 1;
  const std::string_view tail = text.substr(tail_start);
  if (record_of(tail)) {
    take_over_last(tail);
    file_.lacks_feed();
  } else {
    if (tail_start == 0 && !tail.empty() && !tail.starts_with(R"({"time":")")) {
      fail(file_.path(), "is not an audit log; move the file away");
    }
    if (tail_start == 0) {
      take_up_from_closed_segments();
    } else {
      take_over_last(last_line(text.substr(0, tail_start)));
    }
    if (!tail.empty()) file_.drop_torn_line(tail.size());
  }
  const std::string start = file_.start(audit_line_limit);
  const auto first = record_of(std::string_view(start).substr(0, start.find('\n')));
  first_ = first ? first->seq : end_.seq + 1;
  if (first) opened_ = moment_of(first->values[static_cast<std::size_t>(AuditKey::time)]).value_or(opened_);
  end_.size = file_.size();
}

void AuditLog::take_up_from_closed_segments() {
  const std::vector<AuditSegment> segments = segments_of(settings_.path);
  std::string lines;
  // From the newest.
  // NOLINTNEXTLINE(modernize-loop-convert)
  for (auto segment = segments.rbegin(); segment != segments.rend(); ++segment) {
    if (segment->form == AuditSegment::Form::current) continue;
    const std::vector<AuditChunk> chunks = chunks_of({*segment});
    // NOLINTNEXTLINE(modernize-loop-convert)
    for (auto chunk = chunks.rbegin(); chunk != chunks.rend(); ++chunk) {
      read_chunk(*segment, *chunk, lines);
      lines.resize(lines.rfind('\n') + 1);  // what is behind was torn by a crash
      if (!lines.empty()) return take_over_last(last_line(lines));
    }
  }
}

void AuditLog::take_over_last(std::string_view line) {
  const auto record = record_of(line);
  if (!record) fail(settings_.path, "ends in a line that is no audit record; move the file away");
  const auto links = links_of(line);
  if (!links || hash_of(*links, sha256_) != links->hash) {
    fail(settings_.path,
         "ends in a record that is not as it was written (see msnpgate audit verify); move the file away");
  }
  end_.seq = record->seq;
  end_.hash = links->hash;
}

void AuditLog::close_segment(Clock::time_point now) {
  const auto monotonic = std::chrono::steady_clock::now();
  if (!file_.regular() || first_ > end_.seq || monotonic < no_rotation_before_) return;
  try {
    rotate(now);
    health_.rotation_error.clear();
    ++health_.rotations;
  } catch (const std::exception& error) {
    no_rotation_before_ = monotonic + rotation_pause;
    log(Level::error, {error.what(), "; the current file is used on"});
    health_.rotation_error = error.what();
  }
}

// The old file is ours, and locked, until the new one has its name: a failure anywhere leaves us with it. No
// reader misses a record: the old file has its number before the new one appears.
void AuditLog::rotate(Clock::time_point now) {
  AuditFile next = AuditFile::make(next_path(settings_.path));
  try {
    if (settings_.fsync != AuditSync::never && !file_.sync())
      fail(file_.path(), "cannot be forced to the disk");
    settle(waiting_, true);
    kept_ = end_;
    told_ = 0;
    const std::filesystem::path closed = closed_path(settings_.path, first_);
    if (file_.path() != closed) {
      rename_new(settings_.path, closed);
      file_.renamed(closed);
    }
    rename_new(next.path(), settings_.path);
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(next.path(), ignored);
    throw;
  }
  next.renamed(settings_.path);
  if (key_) (void)append_checkpoint(CheckpointReason::rotation, now);
  if (settings_.fsync != AuditSync::never) (void)file_.sync();
  file_ = std::move(next);
  end_.size = 0;
  kept_ = end_;
  first_ = end_.seq + 1;
  opened_ = now;
  if (settings_.fsync != AuditSync::never) sync_directory(settings_.path);
}

}  // namespace gate
