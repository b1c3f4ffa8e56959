// The policy in force: one snapshot for the whole process, replaced as a whole. Workers keep the snapshot
// they have and look at a number, which changes with every replacement; the lock is taken only then.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "proxy/policy.hpp"

namespace gate {

class PolicyStore {
 public:
  /// `policy` is not null.
  explicit PolicyStore(std::shared_ptr<const Policy> policy) : policy_(std::move(policy)) {}

  [[nodiscard]] std::shared_ptr<const Policy> current() const;
  /// `policy` is not null. Open sessions obey it from their next event on.
  void replace(std::shared_ptr<const Policy> policy);

  /// Another number after every `replace`; from any thread.
  [[nodiscard]] std::uint64_t generation() const noexcept {
    return generation_.load(std::memory_order_acquire);
  }

 private:
  mutable std::mutex mutex_;  // guards policy_
  std::shared_ptr<const Policy> policy_;
  std::atomic<std::uint64_t> generation_{1};
};

/// One thread's own snapshot. Never changes within an event: whoever handles one calls `refresh` first.
class PolicyView {
 public:
  /// `store` outlives the view.
  explicit PolicyView(const PolicyStore& store) : store_(&store) {}

  /// Takes the newest policy over into `policy` if there is another than at the last call.
  void refresh(std::shared_ptr<const Policy>& policy) {
    const std::uint64_t newest = store_->generation();
    if (newest == seen_) return;
    policy = store_->current();
    seen_ = newest;
  }

 private:
  const PolicyStore* store_;
  std::uint64_t seen_ = 0;
};

}  // namespace gate
