// The loop of one worker: an edge-triggered epoll set, tasks that other threads post, and one tick.
//
//   epoll_wait ─► small reads and writes ─► what the last ones left ─► one bulk read ─► the tick, when due ─►
//   turned
//
// A ready descriptor costs one epoll_wait and no epoll_ctl; an idle one costs nothing and wakes nobody.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <utility>

#include <sys/epoll.h>

#include "proxy/clock.hpp"
#include "proxy/descriptor.hpp"
#include "proxy/readiness.hpp"

namespace gate {

class EventLoop {
 public:
  /// `tick` is called once for every time it is armed, `turned` at the end of every turn that no handler
  /// broke off by throwing. Throws if the system refuses.
  explicit EventLoop(
      std::function<void()> tick, std::function<void()> turned = [] {});
  ~EventLoop() = default;
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Tells what is ready, until `quit` was called and no descriptor is left. What a handler, a task or the
  /// tick throws is thrown on; nothing else is lost by it, and another `run` continues.
  void run();
  /// Only what is ready now, without waiting: how many were told.
  std::size_t poll() { return turn(0); }
  /// From the loop's own thread.
  void quit() noexcept { quitting_ = true; }

  /// From any thread: the loop runs it, soon and in the order of posting; never if it does not run any more.
  template <class Task>
  void post(Task task) {
    put(std::packaged_task<void()>(std::move(task)));
  }

  /// From the loop's own thread: one time for all that is told in a turn, read when it is first asked for. It
  /// is behind by what the turn has taken so far.
  [[nodiscard]] Now now() noexcept;
  /// From the loop's own thread. An armed tick stays as it is.
  void arm_tick(std::chrono::milliseconds after) noexcept;

 private:
  friend class Readiness;
  using Clock = std::chrono::steady_clock;
  using Queue = boost::intrusive::list<Readiness, boost::intrusive::base_hook<QueuedHook>,
                                       boost::intrusive::constant_time_size<false>>;

  void put(std::packaged_task<void()> task);
  void joined() noexcept { ++members_; }
  void left(const Readiness& one) noexcept;
  /// Tells it in a later turn if it can be read and somebody waits for that: the kernel told it already.
  void read_later(Readiness& one) noexcept;
  [[nodiscard]] int patience() const noexcept;
  std::size_t turn(int patience);
  /// `events`: news of the kernel. `its_turn`: among the bulk reads.
  void tell(Readiness& one, std::uint32_t events, bool its_turn = false);
  void run_posted();
  void tick_if_due();

  std::function<void()> tick_;
  std::function<void()> turned_;
  Descriptor set_;
  Descriptor wake_;  // readable while tasks wait
  std::array<epoll_event, 64> events_{};
  std::size_t next_ = 0;   // of `events_` to be told
  std::size_t count_ = 0;  // of `events_`
  Queue later_;            // can be read, and are told in the next turn
  Queue due_;              // in this one
  Queue bulk_;             // one in a turn
  const Readiness* telling_ = nullptr;
  std::size_t members_ = 0;
  std::optional<Now> now_;  // of this turn
  std::optional<Clock::time_point> tick_at_;
  bool quitting_ = false;
  std::mutex posting_;
  std::deque<std::packaged_task<void()>> posted_;
};

}  // namespace gate
