// How often each rule of a policy decided, since that policy came into force. Shared by all workers: offers
// are rare.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "proxy/rule.hpp"

namespace gate {

class RuleHits {
 public:
  /// `rules` outlive this, and stay where they are.
  explicit RuleHits(const std::vector<Rule>& rules);

  /// `rule` decided, or "default" did; others (grants) have no place here. From any thread.
  void count(std::string_view rule) const noexcept;
  [[nodiscard]] std::uint64_t of_rule(std::size_t index) const noexcept {
    return hits_[index].load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t of_default() const noexcept { return of_rule(places_.size()); }

 private:
  std::unordered_map<std::string_view, std::size_t> places_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> hits_;  // of the rules in order, then of the default
};

}  // namespace gate
