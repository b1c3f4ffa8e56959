#include "msnp/numbering.hpp"

#include <algorithm>

namespace msnp {
namespace {

/// Insertions remembered. A package is sent again within moments, or not at all.
constexpr std::size_t insertions_limit = 64;
/// How far a number may lie behind before it is no longer compared: half of what "before" can tell.
constexpr std::int32_t remembered_distance = 1 << 30;

/// Negative if `number` comes before `origin`.
std::int32_t distance(std::uint32_t number, std::uint32_t origin) noexcept {
  return static_cast<std::int32_t>(number - origin);
}

}  // namespace

bool Numbering::arrived(std::uint32_t base_id, std::uint32_t length) noexcept {
  if (!began_) {
    began_ = true;
    next_ = first_ = expected_ = base_id;
    cold_ = cold_ && counted_;
    if (cold_) first_shift_ = cold_end_ - base_id;
  }
  const bool follows = base_id == expected_;
  if (distance(base_id + length, expected_) > 0) expected_ = base_id + length;
  return follows;
}

void Numbering::restart(std::uint32_t base_id, std::uint32_t length) noexcept {
  first_shift_ = shift();
  insertions_.clear();
  cold_ = false;
  next_ = base_id;
  expected_ = base_id + length;
}

void Numbering::went_on(std::uint32_t base_id, std::uint32_t length) noexcept {
  if (distance(base_id + length, next_) > 0) next_ = base_id + length;
  const auto is_old = [this](std::uint32_t number) { return distance(next_, number) > remembered_distance; };
  if (cold_ && is_old(first_)) cold_ = false;
  while (!insertions_.empty() &&
         (insertions_.size() > insertions_limit || is_old(insertions_.front().from))) {
    first_shift_ = insertions_.front().shift;
    insertions_.erase(insertions_.begin());
  }
}

std::uint32_t Numbering::insert_cold(std::uint32_t length, std::uint32_t seed) noexcept {
  if (!cold_) cold_begin_ = cold_end_ = seed;
  cold_ = true;
  const std::uint32_t base_id = cold_end_;
  cold_end_ += length;
  return base_id;
}

std::uint32_t Numbering::borrow(std::uint32_t length, std::uint32_t seed) {
  return began_ ? next_ + shift() : insert_cold(length, seed);
}

std::uint32_t Numbering::insert(std::uint32_t length, std::uint32_t seed) {
  if (!began_) {
    counted_ = true;
    return insert_cold(length, seed);
  }
  const std::uint32_t base_id = next_ + shift();
  if (!insertions_.empty() && insertions_.back().from == next_) {
    insertions_.back().shift += length;
  } else {
    insertions_.push_back({next_, shift() + length});
  }
  return base_id;
}

std::uint32_t Numbering::to_receiver(std::uint32_t base_id) const noexcept {
  const auto last_before =
      std::find_if(insertions_.rbegin(), insertions_.rend(),
                   [base_id](const Insertion& one) { return distance(base_id, one.from) >= 0; });
  return base_id + (last_before == insertions_.rend() ? first_shift_ : last_before->shift);
}

std::uint32_t Numbering::to_sender(std::uint32_t value) const noexcept {
  for (auto one = insertions_.rbegin(); one != insertions_.rend(); ++one) {
    if (distance(value, one->from + one->shift) >= 0) return value - one->shift;
    const std::uint32_t before = one + 1 == insertions_.rend() ? first_shift_ : (one + 1)->shift;
    if (distance(value, one->from + before) >= 0) return one->from;
  }
  const std::uint32_t number = value - first_shift_;
  return cold_ && began_ && distance(number, first_) < 0 ? first_ : number;
}

bool Numbering::is_ours_alone(std::uint32_t value) const noexcept {
  return cold_ && !began_ && value - cold_begin_ <= cold_end_ - cold_begin_;
}

}  // namespace msnp
