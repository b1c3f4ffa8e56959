#include "proxy/outbox.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace gate {
namespace {

// Nearly always there is one slice; a batch with many answers takes a few calls more.
constexpr std::size_t slices_per_call = 64;

struct Taken {
  std::size_t bytes = 0;
  boost::system::error_code error;
};

/// A full socket buffer is no error: nothing is taken.
template <class Call>
Taken send_once(Call call) noexcept {
  for (;;) {
    const ssize_t sent = call(MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) return {static_cast<std::size_t>(sent), {}};
    if (errno == EINTR) continue;
    // ENOBUFS: the kernel is short of memory for a moment; writability is reported again.
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) return {};
    return {0, {errno, boost::system::system_category()}};
  }
}

/// One system call for at most `slices_per_call` slices.
Taken send_together(int fd, std::span<const msnp::Bytes> slices) noexcept {
  if (slices.size() == 1) {  // nearly always; the kernel has less to copy and to check
    return send_once(
        [&](int flags) { return ::send(fd, slices.front().data(), slices.front().size(), flags); });
  }
  // On the hot path only what is used is filled in.
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
  std::array<iovec, slices_per_call> parts;
  for (std::size_t i = 0; i < slices.size(); ++i) {
    // sendmsg does not write through the pointer; iovec has no const form.
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast)
    parts[i] = {const_cast<std::byte*>(slices[i].data()), slices[i].size()};
  }
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = slices.size();
  return send_once([&](int flags) { return ::sendmsg(fd, &message, flags); });
}

std::size_t total(std::span<const msnp::Bytes> slices) noexcept {
  std::size_t bytes = 0;
  for (const msnp::Bytes& slice : slices) bytes += slice.size();
  return bytes;
}

}  // namespace

boost::system::error_code Outbox::send(int fd, std::span<const msnp::Bytes> slices) {
  if (!empty()) {
    keep(slices, 0);
    return {};
  }
  while (!slices.empty()) {
    const auto group = slices.first(std::min(slices.size(), slices_per_call));
    const Taken taken = send_together(fd, group);
    if (taken.error) return taken.error;
    if (taken.bytes < total(group)) {
      keep(slices, taken.bytes);
      return {};
    }
    slices = slices.subspan(group.size());
  }
  return {};
}

boost::system::error_code Outbox::flush(int fd) noexcept {
  if (empty()) return {};
  const msnp::Bytes rest = msnp::Bytes{waiting_}.subspan(sent_);
  const Taken taken = send_together(fd, {&rest, 1});
  if (taken.error) return taken.error;
  sent_ += taken.bytes;
  if (empty()) discard();
  return {};
}

void Outbox::discard() noexcept {
  std::vector<std::byte>{}.swap(waiting_);
  sent_ = 0;
}

void Outbox::keep(std::span<const msnp::Bytes> slices, std::size_t skip) {
  if (sent_ > 0) {
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(sent_));
    sent_ = 0;
  }
  waiting_.reserve(waiting_.size() + total(slices) - skip);
  for (const msnp::Bytes& slice : slices) {
    const std::size_t gone = std::min(skip, slice.size());
    skip -= gone;
    const msnp::Bytes rest = slice.subspan(gone);
    waiting_.insert(waiting_.end(), rest.begin(), rest.end());
  }
}

}  // namespace gate
