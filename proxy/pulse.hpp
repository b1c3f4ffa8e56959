// Whether all workers still answer. One that hangs makes the whole process count as hanging, so that its
// supervisor starts it anew: half of the users without a gateway is worse than a short gap for all.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "proxy/gateway.hpp"

namespace gate {

class Pulse {
 public:
  /// `gateway` outlives it.
  explicit Pulse(Gateway& gateway) : gateway_(gateway) {}

  /// The workers that have not answered the question of the last call, by number; then asks again. A worker
  /// that is silent is not asked more than once.
  [[nodiscard]] std::vector<std::size_t> silent_workers();

 private:
  Gateway& gateway_;
  // Of one question. Shared with the answers, which may come late.
  std::shared_ptr<std::vector<std::atomic<bool>>> answered_;
};

}  // namespace gate
