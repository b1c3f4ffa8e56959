// Chance that can be repeated: the same seed throws the same on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>

namespace differential {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) noexcept : state_(seed) {}

  /// splitmix64.
  std::uint64_t next() noexcept {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }
  /// 0 ... end - 1.
  std::size_t below(std::size_t end) noexcept { return static_cast<std::size_t>(next() % end); }
  /// first ... last.
  std::size_t between(std::size_t first, std::size_t last) noexcept {
    return first + below(last - first + 1);
  }
  bool chance(unsigned percent) noexcept { return below(100) < percent; }
  template <class Item>
  Item pick(std::initializer_list<Item> items) noexcept {
    return *std::next(items.begin(), static_cast<std::ptrdiff_t>(below(items.size())));
  }

 private:
  std::uint64_t state_;
};

}  // namespace differential
