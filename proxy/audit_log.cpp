#include "proxy/audit_log.hpp"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proxy/audit_json.hpp"

namespace gate {
namespace {

[[noreturn]] void fail(const std::string& path, std::string_view what) {
  throw std::runtime_error("audit log " + path + ": " + std::string(what));
}

[[noreturn]] void fail_with_errno(const std::string& path, std::string_view what) {
  const int error = errno;
  fail(path, std::string(what) + ": " + std::generic_category().message(error));
}

// The last `limit` bytes of a file, or all of it.
std::string end_of(int file, off_t size, std::size_t limit, const std::string& path) {
  std::string text(std::min(static_cast<std::size_t>(size), limit), '\0');
  const off_t start = size - static_cast<off_t>(text.size());
  std::size_t have = 0;
  while (have < text.size()) {
    const ssize_t got = pread(file, text.data() + have, text.size() - have, start + static_cast<off_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_with_errno(path, "cannot be read");
    if (got == 0) fail(path, "became shorter while it was read");
    have += static_cast<std::size_t>(got);
  }
  return text;
}

struct Write {
  ssize_t taken = 0;
  bool whole = false;
};

// One write(2) of the whole line. What is left after a short one is not tried again: the disk is full.
Write write_once(int file, std::string_view line) noexcept {
  ssize_t taken = -1;
  do {
    taken = write(file, line.data(), line.size());
  } while (taken < 0 && errno == EINTR);
  return {.taken = std::max<ssize_t>(taken, 0), .whole = taken == static_cast<ssize_t>(line.size())};
}

}  // namespace

AuditLog::AuditLog(const AuditSettings& settings) : path_(settings.path.string()), sync_(settings.fsync) {
  constexpr mode_t owner_writes_group_reads = 0640;
  file_ = open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, owner_writes_group_reads);
  if (file_ < 0) fail_with_errno(path_, "cannot be opened");
  try {
    take_up_where_it_ended();
  } catch (...) {
    close(file_);
    throw;
  }
}

AuditLog::~AuditLog() {
  close(file_);
}

void AuditLog::take_up_where_it_ended() {
  struct stat status {};
  if (fstat(file_, &status) != 0) fail_with_errno(path_, "cannot be examined");
  if (!S_ISREG(status.st_mode)) return;  // a device keeps no records to take up
  if (flock(file_, LOCK_EX | LOCK_NB) != 0) fail_with_errno(path_, "is in use by another process");
  // Examined again: whoever held the lock until now may have written.
  if (fstat(file_, &status) != 0) fail_with_errno(path_, "cannot be examined");

  // Room for a torn line and the whole one before it.
  const std::string end = end_of(file_, status.st_size, 2 * audit_line_limit, path_);
  const std::string_view text = end;
  const std::size_t last_feed = text.rfind('\n');
  const std::size_t tail_start = last_feed == std::string_view::npos ? 0 : last_feed + 1;
  const std::string_view tail = text.substr(tail_start);
  if (const auto seq = seq_of_line(tail)) {
    seq_ = *seq;
    torn_ = true;  // the next record brings the LF
    return;
  }
  if (tail_start != 0) {
    const std::string_view whole = text.substr(0, last_feed);
    const std::size_t before = whole.rfind('\n');
    const auto seq = seq_of_line(before == std::string_view::npos ? whole : whole.substr(before + 1));
    if (!seq) fail(path_, "ends in a line that is no audit record; move the file away");
    seq_ = *seq;
  } else if (!tail.empty() && !tail.starts_with(R"({"time":")")) {
    fail(path_, "is not an audit log; move the file away");
  }
  torn_ = !tail.empty() && ftruncate(file_, status.st_size - static_cast<off_t>(tail.size())) != 0;
}

bool AuditLog::record(const AuditEvent& event) noexcept {
  const std::lock_guard lock(mutex_);
  try {
    if (missing_ != 0 && append(about_missing(event))) missing_ = 0;
    if (missing_ == 0 && append(event)) return true;
  } catch (const std::exception&) {
    // Out of memory or of random numbers: as good as a full disk.
  }
  ++missing_;
  return false;
}

std::uint64_t AuditLog::missing() const noexcept {
  const std::lock_guard lock(mutex_);
  return missing_;
}

AuditEvent AuditLog::about_missing(const AuditEvent& next) const {
  AuditEvent event;
  event.event = AuditKind::failure;
  event.time = next.time;
  event.reason = name_of(Cause::audit_write_failed);
  event.policy = next.policy;
  event.detail = std::to_string(missing_) + " records before this one could not be written";
  return event;
}

// The one place where a record gets its number and its name and becomes a line of the file.
bool AuditLog::append(const AuditEvent& event) {
  const Outcome outcome = write_line(to_json_line(event, seq_ + 1, ids_.next(event.time)));
  if (outcome != Outcome::absent) ++seq_;
  return outcome == Outcome::written;
}

AuditLog::Outcome AuditLog::write_line(std::string_view line) noexcept {
  // A write of its own for the LF that a torn line lacks, so that the record itself stays one write.
  if (torn_ && !write_once(file_, "\n").whole) return Outcome::absent;
  torn_ = false;
  const Write write = write_once(file_, line);
  if (write.whole && (sync_ == AuditSync::never || fdatasync(file_) == 0)) return Outcome::written;

  // With O_APPEND the position stands where the write ended, whoever has cut the file meanwhile.
  const off_t end = write.taken == 0 ? 0 : lseek(file_, 0, SEEK_CUR);
  if (write.taken == 0 || (end >= write.taken && ftruncate(file_, end - write.taken) == 0))
    return Outcome::absent;
  torn_ = !write.whole;
  return write.whole ? Outcome::unsure : Outcome::absent;
}

}  // namespace gate
