#include "proxy/bound_index.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace {

using gate::BoundIndex;
using gate::RuleBits;
using Bounds = std::vector<std::optional<std::int64_t>>;

std::vector<std::size_t> found(const BoundIndex& index, std::size_t count, std::int64_t amount) {
  RuleBits bits(count);
  index.add_to(bits, amount);
  std::vector<std::size_t> numbers;
  bits.each([&](std::size_t number) {
    numbers.push_back(number);
    return false;
  });
  return numbers;
}

TEST(BoundIndex, LeavesRulesWhoseBoundIsNotExceeded) {
  const BoundIndex index(Bounds{10, std::nullopt, 20, 10});
  EXPECT_TRUE(index.selects());
  EXPECT_EQ(found(index, 4, 10), (std::vector<std::size_t>{0, 1, 2, 3}));
  EXPECT_EQ(found(index, 4, 11), (std::vector<std::size_t>{1, 2}));
  EXPECT_EQ(found(index, 4, 20), (std::vector<std::size_t>{1, 2}));
  EXPECT_EQ(found(index, 4, 21), (std::vector<std::size_t>{1}));
}

TEST(BoundIndex, ReachesToTheEndsOfTheNumbers) {
  constexpr auto lowest = std::numeric_limits<std::int64_t>::min();
  constexpr auto highest = std::numeric_limits<std::int64_t>::max();
  const BoundIndex index(Bounds{lowest, highest});
  EXPECT_EQ(found(index, 2, lowest), (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(found(index, 2, lowest + 1), (std::vector<std::size_t>{1}));
  EXPECT_EQ(found(index, 2, highest), (std::vector<std::size_t>{1}));
}

TEST(BoundIndex, SelectsNothingWithoutABound) {
  EXPECT_FALSE(BoundIndex(Bounds{std::nullopt}).selects());
}

TEST(BoundIndex, AsksOnlyAFewInVainHoweverManyBoundsThereAre) {
  Bounds bounds;
  for (std::int64_t bound = 0; bound < 6'400; ++bound) bounds.emplace_back(bound);
  const BoundIndex index(bounds);
  for (const std::int64_t amount : {0, 1, 99, 100, 3'217, 6'399, 6'400}) {
    const auto numbers = found(index, bounds.size(), amount);
    const auto right = static_cast<std::size_t>(6'400 - amount);
    EXPECT_GE(numbers.size(), right) << amount;
    EXPECT_LE(numbers.size(), right + 101) << amount;
  }
}

}  // namespace
