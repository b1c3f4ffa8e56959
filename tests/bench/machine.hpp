// What the measured machine spent: processor time of the relay, of the load, and of everybody else.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace bench {

/// Nanoseconds of the steady clock.
[[nodiscard]] std::int64_t now_ns() noexcept;

/// Binds this thread to one core; false if the system refuses.
[[nodiscard]] bool pin_to_core(int core) noexcept;

/// Nanoseconds the threads of `pid` have run, from the scheduler (/proc/PID/task/*/schedstat): exact, where
/// utime and stime count ticks of 4 ms.
[[nodiscard]] std::int64_t run_time_of(pid_t pid);

/// Resident bytes of `pid`, from smaps_rollup: the counters in /proc/PID/status are only approximate.
[[nodiscard]] std::size_t resident_bytes(pid_t pid);

struct Usage {
  std::int64_t wall = 0;
  std::int64_t relay = 0;
  std::int64_t load = 0;
  std::int64_t idle = 0;  // of all cores

  [[nodiscard]] static Usage now(pid_t relay);
  [[nodiscard]] Usage since(const Usage& before) const noexcept;
  /// Cores that were busy for neither relay nor load: other programs, interrupts, and what the host took.
  [[nodiscard]] double foreign_cores() const noexcept;
};

}  // namespace bench
