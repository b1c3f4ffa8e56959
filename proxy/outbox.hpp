// The only writer of one socket. What the kernel does not take at once waits here, in order, and
// nowhere else; an outbox with nothing waiting owns no memory.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <boost/system/error_code.hpp>

#include "msnp/bytes.hpp"

namespace gate {

class Outbox {
 public:
  /// Sends the slices with one system call when nothing waits (one for every 64 slices), and keeps a
  /// copy of what was not taken. An error means that the socket takes nothing any more.
  /// Throws std::bad_alloc only.
  [[nodiscard]] boost::system::error_code send(int fd, std::span<const msnp::Bytes> slices);

  /// Sends what waits, as far as it goes. The memory is freed when all has gone.
  [[nodiscard]] boost::system::error_code flush(int fd) noexcept;

  /// Drops what waits.
  void discard() noexcept;

  [[nodiscard]] bool empty() const noexcept { return sent_ == waiting_.size(); }
  /// Bytes that wait.
  [[nodiscard]] std::size_t size() const noexcept { return waiting_.size() - sent_; }

 private:
  void keep(std::span<const msnp::Bytes> slices, std::size_t skip);

  std::vector<std::byte> waiting_;
  std::size_t sent_ = 0;  // bytes at the front of waiting_ that have gone
};

}  // namespace gate
