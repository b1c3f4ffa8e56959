#include "proxy/ready_set.hpp"

#include <cerrno>
#include <chrono>
#include <exception>

#include <boost/system/system_error.hpp>

namespace gate {
namespace {

/// Rounds before Asio looks after its timers and posts. A round waits a millisecond at most.
constexpr int most_rounds = 32;
/// Events that come closer together than this are worth staying for: going back to Asio, being woken there
/// and coming here again are three system calls a message. What comes more rarely never finds anybody waiting
/// here.
constexpr std::chrono::microseconds close_together{500};

Descriptor new_set() {
  Descriptor set{::epoll_create1(EPOLL_CLOEXEC)};
  if (!set) throw boost::system::system_error(errno, boost::system::system_category(), "epoll_create1");
  return set;
}

}  // namespace

ReadySet::ReadySet(boost::asio::io_context& io) : set_(io, new_set().release()) {}

void ReadySet::joined() {
  ++members_;
  if (!waiting_) wait();
}

void ReadySet::left(const Readiness& one) noexcept {
  for (std::size_t i = next_; i < count_; ++i) {
    if (events_[i].data.ptr == &one) events_[i].data.ptr = nullptr;
  }
  if (telling_ == &one) telling_ = nullptr;
  if (--members_ != 0) return;
  boost::system::error_code ignored;
  set_.cancel(ignored);  // nothing keeps the io_context running
}

void ReadySet::wait() {
  set_.async_wait(Stream::wait_read, [this](const boost::system::error_code&) {
    waiting_ = false;
    turn();
    while (members_ != 0 && !waiting_) {
      try {
        wait();
      } catch (const std::exception&) {
        turn();  // no memory to wait: look again instead
      }
    }
  });
  waiting_ = true;
}

void ReadySet::turn() {
  int patience = 0;  // milliseconds
  for (int round = 0; round < most_rounds; ++round) {
    const int count =
        ::epoll_wait(set_.native_handle(), events_.data(), static_cast<int>(events_.size()), patience);
    next_ = 0;
    count_ = count > 0 ? static_cast<std::size_t>(count) : 0;
    if (count_ == 0 && bulk_.empty()) return;
    while (next_ < count_) {
      const epoll_event event = events_[next_++];
      if (event.data.ptr != nullptr) tell(*static_cast<Readiness*>(event.data.ptr), event.events);
    }
    if (!bulk_.empty()) {
      Readiness& one = bulk_.front();
      bulk_.pop_front();
      tell(one, EPOLLIN, true);
    }
    const auto now = std::chrono::steady_clock::now();
    const bool busy = now - last_event_ < close_together;
    last_event_ = now;
    if (!busy || members_ == 0) return;
    patience = bulk_.empty() ? 1 : 0;
  }
}

void ReadySet::tell(Readiness& one, std::uint32_t events, bool its_turn) {
  constexpr std::uint32_t failed = EPOLLERR | EPOLLHUP;
  const bool readable = (events & (EPOLLIN | failed)) != 0;
  const bool writable = (events & (EPOLLOUT | failed)) != 0;
  const bool read_wanted = one.read_.is_set();
  if (readable && read_wanted && one.bulk_ && !its_turn) {
    if (!one.QueuedHook::is_linked()) bulk_.push_back(one);
    if (!writable) return;
  }
  telling_ = &one;
  if (writable && one.write_.is_set()) one.write_.call();
  const bool queued = telling_ == &one && one.QueuedHook::is_linked();
  if (telling_ == &one && readable && !queued && one.read_.is_set()) one.read_.call();
  if (telling_ != &one) return;  // closed, and perhaps gone
  telling_ = nullptr;
  // Level-triggered: what nobody waits for would be told for ever.
  one.settle(/*keeps_reading=*/!readable || read_wanted);
}

}  // namespace gate
