#include "proxy/readiness.hpp"

#include <sys/epoll.h>

#include <cerrno>

#include <boost/system/system_error.hpp>

#include "proxy/event_loop.hpp"

namespace gate {

void Readiness::adopt(Descriptor owned) noexcept {
  fd_ = std::move(owned);
  loop_->joined();
}

std::uint32_t Readiness::armed() const noexcept {
  return (read_.is_set() ? EPOLLIN : 0U) | (write_.is_set() ? EPOLLOUT : 0U);
}

void Readiness::watch() {
  if (loop_->telling_ == this && watched_ != 0) return;  // once, by `settle`
  const std::uint32_t wanted = armed();
  if ((wanted & ~watched_) == 0) return;
  if (!ask_kernel(wanted | (watched_ & EPOLLIN))) {
    throw boost::system::system_error(errno, boost::system::system_category(), "epoll_ctl");
  }
}

void Readiness::settle(bool keeps_reading) noexcept {
  (void)ask_kernel(armed() | (keeps_reading ? watched_ & EPOLLIN : 0U));  // MOD and DEL do not fail
}

bool Readiness::ask_kernel(std::uint32_t events) noexcept {
  if (events == watched_) return true;
  epoll_event event{};
  event.events = events;
  event.data.ptr = this;
  const int operation = watched_ == 0 ? EPOLL_CTL_ADD : events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
  if (::epoll_ctl(loop_->set_.get(), operation, fd(), &event) != 0) return false;
  watched_ = events;
  return true;
}

void Readiness::close() noexcept {
  if (!fd_) return;
  // What the handlers hold goes last: it may be the owner of this object.
  const OneShot read = std::move(read_);
  const OneShot write = std::move(write_);
  watched_ = 0;
  QueuedHook::unlink();
  loop_->left(*this);
  fd_ = Descriptor();  // which takes it out of the set
}

}  // namespace gate
