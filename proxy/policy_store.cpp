#include "proxy/policy_store.hpp"

#include <utility>

namespace gate {

std::shared_ptr<const Policy> PolicyStore::current() const {
  const std::lock_guard lock(mutex_);
  return policy_;
}

void PolicyStore::replace(std::shared_ptr<const Policy> policy) {
  {
    const std::lock_guard lock(mutex_);
    policy_.swap(policy);
  }
  generation_.fetch_add(1, std::memory_order_release);
  // The old policy, if nobody else holds it, is destroyed here, outside the lock.
}

}  // namespace gate
