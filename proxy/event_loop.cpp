#include "proxy/event_loop.hpp"

#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include <boost/system/system_error.hpp>

namespace gate {
namespace {

[[noreturn]] void refused(const char* call) {
  throw boost::system::system_error(errno, boost::system::system_category(), call);
}

}  // namespace

EventLoop::EventLoop(std::function<void()> tick, std::function<void()> turned)
    : tick_(std::move(tick)),
      turned_(std::move(turned)),
      set_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!set_) refused("epoll_create1");
  if (!wake_) refused("eventfd");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = this;
  if (::epoll_ctl(set_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0) refused("epoll_ctl");
}

void EventLoop::run() {
  while (!quitting_ || members_ != 0) turn(patience());
}

void EventLoop::put(std::packaged_task<void()> task) {
  const std::lock_guard lock(posting_);
  posted_.push_back(std::move(task));
  // Its counter is far from full: it is read before another task finds nobody waiting.
  if (posted_.size() == 1) static_cast<void>(::eventfd_write(wake_.get(), 1));
}

Now EventLoop::now() noexcept {
  using namespace std::chrono;
  if (!now_) {
    now_ = {.monotonic = duration_cast<milliseconds>(Clock::now().time_since_epoch()).count(),
            .wall = system_clock::now()};
  }
  return *now_;
}

void EventLoop::arm_tick(std::chrono::milliseconds after) noexcept {
  if (!tick_at_) tick_at_ = Clock::now() + after;
}

void EventLoop::left(const Readiness& one) noexcept {
  for (std::size_t i = next_; i < count_; ++i) {
    if (events_[i].data.ptr == &one) events_[i].data.ptr = nullptr;
  }
  if (telling_ == &one) telling_ = nullptr;
  --members_;
}

int EventLoop::patience() const noexcept {
  if (!later_.empty() || !due_.empty() || !bulk_.empty()) return 0;
  if (!tick_at_) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*tick_at_ - Clock::now()).count();
  return static_cast<int>(std::clamp<decltype(left)>(left, 0, std::numeric_limits<int>::max()));
}

std::size_t EventLoop::turn(int patience) {
  const int found = ::epoll_wait(set_.get(), events_.data(), static_cast<int>(events_.size()), patience);
  now_.reset();
  telling_ = nullptr;
  next_ = 0;
  count_ = found > 0 ? static_cast<std::size_t>(found) : 0;
  std::size_t told = count_;
  due_.splice(due_.end(), later_);  // what a handler that threw left behind comes first
  while (next_ < count_) {
    const epoll_event event = events_[next_++];
    if (event.data.ptr == this) {
      run_posted();
    } else if (event.data.ptr != nullptr) {
      tell(*static_cast<Readiness*>(event.data.ptr), event.events);
    }
  }
  for (; !due_.empty(); ++told) {
    Readiness& one = due_.front();
    due_.pop_front();
    tell(one, 0);
  }
  if (!bulk_.empty()) {
    Readiness& one = bulk_.front();
    bulk_.pop_front();
    tell(one, 0, true);
    ++told;
  }
  tick_if_due();
  turned_();
  return told;
}

void EventLoop::tell(Readiness& one, std::uint32_t events, bool its_turn) {
  constexpr std::uint32_t failed = EPOLLERR | EPOLLHUP;
  constexpr std::uint32_t marks = EPOLLRDHUP | EPOLLPRI | failed;
  if ((events & (EPOLLIN | marks)) != 0) {
    one.readable_ = true;
    one.marked_ = (events & marks) != 0;
  }
  if ((events & EPOLLERR) != 0) one.failed_ = true;
  telling_ = &one;
  if ((events & (EPOLLOUT | failed)) != 0 && one.write_.is_set()) one.write_.call();
  if (telling_ == &one && one.can_tell_read() && (its_turn || !one.bulk_)) {
    one.QueuedHook::unlink();
    one.read_.call();
  }
  if (telling_ != &one) return;  // closed, and perhaps gone
  telling_ = nullptr;
  read_later(one);
}

void EventLoop::read_later(Readiness& one) noexcept {
  if (telling_ == &one || !one.can_tell_read() || one.QueuedHook::is_linked()) return;
  (one.bulk_ ? bulk_ : later_).push_back(one);
}

void EventLoop::run_posted() {
  std::unique_lock lock(posting_);
  // Those that are posted meanwhile wait for the next round, after everybody else.
  for (std::size_t waiting = posted_.size(); waiting != 0; --waiting) {
    std::packaged_task<void()> task = std::move(posted_.front());
    posted_.pop_front();
    // Before it runs: it may throw.
    eventfd_t count = 0;
    if (posted_.empty()) static_cast<void>(::eventfd_read(wake_.get(), &count));
    lock.unlock();
    std::future<void> outcome = task.get_future();
    task();
    now_.reset();  // tasks may take long: a whole policy
    outcome.get();
    lock.lock();
  }
}

void EventLoop::tick_if_due() {
  if (!tick_at_ || Clock::now() < *tick_at_) return;
  tick_at_.reset();
  tick_();
}

}  // namespace gate
