#include "proxy/bound_index.hpp"

#include <algorithm>
#include <iterator>
#include <limits>

namespace gate {
namespace {

/// Sets to choose from: a 64th of the rules may be asked in vain.
constexpr std::size_t most_steps = 64;

}  // namespace

BoundIndex::BoundIndex(std::span<const std::optional<std::int64_t>> bounds) {
  std::vector<std::int64_t> sorted;
  for (const auto& bound : bounds) {
    if (bound) sorted.push_back(*bound);
  }
  if (sorted.empty()) return;
  std::sort(sorted.begin(), sorted.end());
  constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t highest = std::numeric_limits<std::int64_t>::max();
  steps_.push_back({lowest, {}});
  const auto add_step_above = [this](std::int64_t bound) {
    if (bound != highest && bound + 1 != steps_.back().above) steps_.push_back({bound + 1, {}});
  };
  const std::size_t stride = sorted.size() / most_steps + 1;
  for (std::size_t index = 0; index < sorted.size(); index += stride) add_step_above(sorted[index]);
  add_step_above(sorted.back());
  for (Step& step : steps_) {
    for (std::size_t rule = 0; rule < bounds.size(); ++rule) {
      if (bounds[rule].value_or(highest) >= step.above) step.rules.add(rule);
    }
  }
}

void BoundIndex::add_to(RuleBits& bits, std::int64_t amount) const noexcept {
  auto step = std::upper_bound(steps_.begin(), steps_.end(), amount,
                               [](std::int64_t one, const Step& other) { return one < other.above; });
  std::prev(step)->rules.add_to(bits);  // nothing is below the first
}

}  // namespace gate
