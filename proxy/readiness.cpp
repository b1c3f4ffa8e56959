#include "proxy/readiness.hpp"

#include <sys/epoll.h>

#include <cerrno>

#include <boost/system/system_error.hpp>

#include "proxy/event_loop.hpp"

namespace gate {
namespace {

constexpr std::uint32_t reading = EPOLLIN | EPOLLRDHUP | EPOLLPRI | EPOLLET;

}  // namespace

void Readiness::adopt(Descriptor owned) noexcept {
  fd_ = std::move(owned);
  loop_->joined();
}

void Readiness::watch_reading() {
  if (!watched_) ask_kernel(reading);
  loop_->read_later(*this);
}

void Readiness::watch_writing() {
  ask_kernel(reading | EPOLLOUT);
}

void Readiness::ask_kernel(std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = this;
  if (::epoll_ctl(loop_->set_.get(), watched_ ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd(), &event) != 0) {
    throw boost::system::system_error(errno, boost::system::system_category(), "epoll_ctl");
  }
  watched_ = true;
}

void Readiness::close() noexcept {
  if (!fd_) return;
  // What the handlers hold goes last: it may be the owner of this object.
  const OneShot read = std::move(read_);
  const OneShot write = std::move(write_);
  watched_ = readable_ = failed_ = false;
  QueuedHook::unlink();
  loop_->left(*this);
  fd_ = Descriptor();  // which takes it out of the set
}

void Readiness::close_shared() noexcept {
  if (watched_) (void)::epoll_ctl(loop_->set_.get(), EPOLL_CTL_DEL, fd(), nullptr);
  close();
}

}  // namespace gate
