#include "proxy/rule_hits.hpp"

namespace gate {

RuleHits::RuleHits(const std::vector<Rule>& rules) {
  for (const Rule& rule : rules) places_.emplace(rule.name, places_.size());  // no two have one name
  hits_ = std::make_unique<std::atomic<std::uint64_t>[]>(places_.size() + 1);
}

void RuleHits::count(std::string_view rule) const noexcept {
  const auto found = places_.find(rule);
  if (found == places_.end() && rule != "default") return;
  hits_[found == places_.end() ? places_.size() : found->second].fetch_add(1, std::memory_order_relaxed);
}

}  // namespace gate
