#include "proxy/grant.hpp"

namespace gate {
namespace {

constexpr std::chrono::minutes said_again_within{1};

}  // namespace

void GrantUse::exhaust() {
  const std::lock_guard lock(mutex_);
  claimed_ = true;
  spent_ = nullptr;
}

bool GrantUse::is_open(std::string_view call, std::chrono::system_clock::time_point at, bool goes_on) const {
  if (!claimed_) return !goes_on;
  return !call.empty() && call == call_ && (goes_on || at - since_ < said_again_within);
}

bool GrantUse::open_to(std::string_view call, std::chrono::system_clock::time_point at, bool goes_on) const {
  const std::lock_guard lock(mutex_);
  return is_open(call, at, goes_on);
}

bool GrantUse::claim(std::string_view call, std::chrono::system_clock::time_point at) {
  const std::lock_guard lock(mutex_);
  if (!is_open(call, at, false)) return false;
  if (claimed_) return true;
  claimed_ = true;
  call_ = call;
  since_ = at;
  if (spent_) spent_();
  return true;
}

bool GrantUse::spent() const {
  const std::lock_guard lock(mutex_);
  return claimed_;
}

}  // namespace gate
