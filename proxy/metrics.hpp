// What is counted while connections are carried. Every worker has counters of its own, which it alone
// writes, with plain additions: nothing is shared on the data path, and a scrape reads and adds up.
//
// Two laws hold at any quiet moment (man msnpgate.metrics(7)); tests hold the gateway to them:
//   offers = allowed + blocked + withdrawn + timed out + failed
//   received = sent + withheld - injected + undelivered
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "msnp/kind.hpp"
#include "msnp/types.hpp"
#include "proxy/policy.hpp"

namespace gate {

enum class Ending : std::uint8_t;

/// Written by one thread, read by any.
class Counter {
 public:
  void add(std::uint64_t amount = 1) noexcept {
    // Not fetch_add: with one writer a locked instruction buys nothing.
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// How an offer ended, as seen from the gateway. Each ends once.
enum class Outcome : std::uint8_t {
  allowed,
  blocked,
  withdrawn,  // its connection ended before it was complete
  timed_out,  // it was never completed
  failed,     // it could not be held, or its record not be written: it is stopped
};
inline constexpr std::size_t outcome_count = 5;
/// "allowed", "blocked", "withdrawn", "timed-out", "failed".
[[nodiscard]] std::string_view name_of(Outcome outcome) noexcept;

/// Bytes of one direction.
struct TrafficMetrics {
  Counter received;     // from the end that sends this way
  Counter sent;         // to the other end; the kernel has them
  Counter withheld;     // received and not sent on
  Counter injected;     // the gateway's own, and what it held and sent on later
  Counter undelivered;  // could not be sent: the other end had gone
};

struct alignas(64) WorkerMetrics {
  std::array<TrafficMetrics, 2> traffic;  // by msnp::Direction
  std::array<Counter, 2> offers;          // by msnp::Direction; judged or given up
  std::array<std::array<Counter, outcome_count>, 2> outcomes;
  std::array<std::array<Counter, outcome_count>, msnp::kind_count> kinds;
  Counter calls_ended;              // transfers under way that a new policy stopped
  Counter sessions;                 // begun
  std::array<Counter, 24> endings;  // by Ending: of sessions, and of connections that were not begun
  std::array<Counter, cause_count> failures;
  Counter records;         // of the audit, written
  Counter records_failed;  // not written

  [[nodiscard]] TrafficMetrics& of(msnp::Direction direction) noexcept {
    return traffic[static_cast<std::size_t>(direction)];
  }
  /// An offer ended. One that nobody could read to its end counts as unknown-application.
  void end_offer(msnp::Direction direction, msnp::Kind kind, Outcome outcome) noexcept {
    outcomes[static_cast<std::size_t>(direction)][static_cast<std::size_t>(outcome)].add();
    kinds[static_cast<std::size_t>(kind)][static_cast<std::size_t>(outcome)].add();
  }
  void end_session(Ending ending) noexcept { endings[static_cast<std::size_t>(ending)].add(); }
  void fail(Cause cause, std::size_t times = 1) noexcept {
    failures[static_cast<std::size_t>(cause)].add(times);
  }
};

}  // namespace gate
