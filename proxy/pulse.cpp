#include "proxy/pulse.hpp"

namespace gate {

std::vector<std::size_t> Pulse::silent_workers() {
  std::vector<std::size_t> silent;
  for (std::size_t number = 0; answered_ && number < answered_->size(); ++number) {
    if (!(*answered_)[number].load()) silent.push_back(number);
  }
  if (silent.empty()) {
    answered_ = std::make_shared<std::vector<std::atomic<bool>>>(gateway_.workers());
    gateway_.ask_workers([answered = answered_](std::size_t number) { (*answered)[number].store(true); });
  }
  return silent;
}

}  // namespace gate
