// One file of the audit log, open to append lines: what is in it are whole lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "proxy/descriptor.hpp"

namespace gate {

class AuditFile {
 public:
  /// Opens or creates the file (mode 0640) and holds a lock on it, as long as it is a regular one. Throws
  /// std::runtime_error, with the path in its text, if it cannot be opened or another process has the lock.
  static AuditFile open(const std::filesystem::path& path);
  /// Makes a new file, instead of one that is there and empty.
  static AuditFile make(const std::filesystem::path& path);

  /// Appends whole lines with one write(2). When the disk takes only a part, that is cut off again at once;
  /// where nothing can be cut off (chattr +a), whole lines stay and the next one begins behind an LF. Returns
  /// the bytes that are in the file as lines; `errno` tells why they are less.
  [[nodiscard]] std::size_t append(std::string_view lines) noexcept;
  /// Forces everything to the disk. False: `errno` tells why.
  [[nodiscard]] bool sync() noexcept;
  /// Takes back what was appended behind `size`. False if that is not possible. Where that leaves a part of a
  /// line, the next one begins behind an LF.
  [[nodiscard]] bool cut(std::uint64_t size) noexcept;

  /// The last `limit` bytes of it, or all. Throws std::runtime_error.
  [[nodiscard]] std::string end(std::size_t limit) const;
  /// The first `limit` bytes.
  [[nodiscard]] std::string start(std::size_t limit) const;
  /// Cuts off the last `size` bytes, which are a torn line; if that is not possible the next line begins
  /// behind an LF.
  void drop_torn_line(std::size_t size) noexcept;
  /// The last line is whole but lacks its LF, which the next one will bring.
  void lacks_feed() noexcept { torn_ = true; }

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  /// For its owner to keep when the file is renamed.
  void renamed(std::filesystem::path path) { path_ = std::move(path); }
  /// Bytes in it.
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  /// Not a device, which keeps nothing and is never rotated.
  [[nodiscard]] bool regular() const noexcept { return regular_; }

 private:
  AuditFile(const std::filesystem::path& path, int flags);
  [[nodiscard]] std::string part(std::uint64_t from, std::size_t size) const;

  std::filesystem::path path_;
  Descriptor file_;
  std::uint64_t size_ = 0;
  bool regular_ = false;
  bool torn_ = false;  // the file ends in a part of a line
};

}  // namespace gate
