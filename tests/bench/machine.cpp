#include "machine.hpp"

#include <sched.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <system_error>

namespace bench {
namespace {

std::filesystem::path proc(pid_t pid) {
  return std::filesystem::path("/proc") / std::to_string(pid);
}

/// Idle and waiting for disk, summed over all cores.
std::int64_t idle_ns() {
  const std::int64_t tick = 1'000'000'000 / ::sysconf(_SC_CLK_TCK);
  std::ifstream stat("/proc/stat");
  std::string name;
  std::int64_t user = 0;
  std::int64_t nice = 0;
  std::int64_t system = 0;
  std::int64_t idle = 0;
  std::int64_t waiting = 0;
  stat >> name >> user >> nice >> system >> idle >> waiting;
  return (idle + waiting) * tick;
}

}  // namespace

std::int64_t now_ns() noexcept {
  using namespace std::chrono;
  return duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count();
}

bool pin_to_core(int core) noexcept {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(static_cast<unsigned>(core), &cores);
  return ::sched_setaffinity(0, sizeof cores, &cores) == 0;
}

std::int64_t run_time_of(pid_t pid) {
  std::int64_t total = 0;
  std::error_code gone;
  for (const auto& task : std::filesystem::directory_iterator(proc(pid) / "task", gone)) {
    std::ifstream schedstat(task.path() / "schedstat");
    std::int64_t ran = 0;
    if (schedstat >> ran) total += ran;
  }
  return total;
}

std::size_t resident_bytes(pid_t pid) {
  std::ifstream rollup(proc(pid) / "smaps_rollup");
  std::string word;
  while (rollup >> word) {
    std::size_t kilobytes = 0;
    if (word == "Rss:" && rollup >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

Usage Usage::now(pid_t relay) {
  return {now_ns(), run_time_of(relay), run_time_of(::getpid()), idle_ns()};
}

Usage Usage::since(const Usage& before) const noexcept {
  return {wall - before.wall, relay - before.relay, load - before.load, idle - before.idle};
}

double Usage::foreign_cores() const noexcept {
  const double cores = static_cast<double>(::sysconf(_SC_NPROCESSORS_ONLN));
  return cores - static_cast<double>(idle + relay + load) / static_cast<double>(wall);
}

}  // namespace bench
