#include "proxy/audit_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace gate {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, std::string_view what) {
  throw std::runtime_error("audit log " + path.string() + ": " + std::string(what));
}

[[noreturn]] void fail_with_errno(const std::filesystem::path& path, std::string_view what) {
  const int error = errno;
  fail(path, std::string(what) + ": " + std::generic_category().message(error));
}

ssize_t write_once(int file, std::string_view text) noexcept {
  ssize_t taken = -1;
  do {
    taken = ::write(file, text.data(), text.size());
  } while (taken < 0 && errno == EINTR);
  return taken;
}

}  // namespace

AuditFile::AuditFile(const std::filesystem::path& path, int flags) : path_(path) {
  constexpr mode_t owner_writes_group_reads = 0640;
  // cppcheck-suppress useInitializationList ; the mode has a name here
  file_ = Descriptor(::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | flags,
                            owner_writes_group_reads));
  if (!file_) fail_with_errno(path, "cannot be opened");
  struct stat status {};
  if (::fstat(file_.get(), &status) != 0) fail_with_errno(path, "cannot be examined");
  regular_ = S_ISREG(status.st_mode);
  if (!regular_) return;
  if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) fail_with_errno(path, "is in use by another process");
  // Examined again: whoever held the lock until now may have written, or given the name to another file.
  struct stat named {};
  if (::fstat(file_.get(), &status) != 0 || ::stat(path.c_str(), &named) != 0 ||
      named.st_ino != status.st_ino) {
    fail(path, "is in use by another process");
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

AuditFile AuditFile::open(const std::filesystem::path& path) {
  return {path, 0};
}

AuditFile AuditFile::make(const std::filesystem::path& path) {
  AuditFile file(path, 0);
  if (file.size_ != 0) fail(path, "is not empty; move the file away");
  return file;
}

std::size_t AuditFile::append(std::string_view lines) noexcept {
  // A write of its own for the LF that a torn line lacks, so that the lines themselves stay one write.
  if (torn_) {
    if (write_once(file_.get(), "\n") != 1) return 0;
    ++size_;
    torn_ = false;
  }
  const ssize_t result = write_once(file_.get(), lines);
  if (result <= 0) return 0;
  const auto taken = static_cast<std::size_t>(result);
  size_ += taken;
  if (taken == lines.size()) return taken;
  // With O_APPEND the position stands where the write ended, whoever has cut the file meanwhile.
  const off_t end = ::lseek(file_.get(), 0, SEEK_CUR);
  const bool cut_off = end >= result && ::ftruncate(file_.get(), end - result) == 0;
  errno = ENOSPC;  // a short write says no more
  if (cut_off) {
    size_ -= taken;
    return 0;
  }
  const std::size_t whole = lines.substr(0, taken).rfind('\n') + 1;  // npos + 1 is 0
  torn_ = whole != taken;
  return whole;
}

bool AuditFile::sync() noexcept {
  return ::fdatasync(file_.get()) == 0;
}

bool AuditFile::cut(std::uint64_t size) noexcept {
  struct stat status {};
  // Never longer: somebody else may have made the file shorter.
  if (!regular_ || ::fstat(file_.get(), &status) != 0 || static_cast<std::uint64_t>(status.st_size) < size ||
      ::ftruncate(file_.get(), static_cast<off_t>(size)) != 0) {
    return false;
  }
  size_ = size;
  char last = '\n';
  if (size != 0 && ::pread(file_.get(), &last, 1, static_cast<off_t>(size - 1)) != 1) last = '\0';
  torn_ = last != '\n';
  return true;
}

std::string AuditFile::part(std::uint64_t from, std::size_t size) const {
  std::string text(size, '\0');
  std::size_t have = 0;
  while (have < text.size()) {
    const ssize_t got =
        ::pread(file_.get(), text.data() + have, text.size() - have, static_cast<off_t>(from + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_with_errno(path_, "cannot be read");
    if (got == 0) fail(path_, "became shorter while it was read");
    have += static_cast<std::size_t>(got);
  }
  return text;
}

std::string AuditFile::end(std::size_t limit) const {
  const std::size_t size = std::min<std::uint64_t>(size_, limit);
  return part(size_ - size, size);
}

std::string AuditFile::start(std::size_t limit) const {
  return part(0, std::min<std::uint64_t>(size_, limit));
}

void AuditFile::drop_torn_line(std::size_t size) noexcept {
  if (!cut(size_ - size)) torn_ = true;
}

}  // namespace gate
