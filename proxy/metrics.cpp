#include "proxy/metrics.hpp"

namespace gate {

std::string_view name_of(Outcome outcome) noexcept {
  constexpr std::array<std::string_view, outcome_count> names{"allowed", "blocked", "withdrawn", "timed-out",
                                                              "failed"};
  return names[static_cast<std::size_t>(outcome)];
}

}  // namespace gate
