#include "proxy/rate.hpp"

#include <gtest/gtest.h>

namespace gate {
namespace {

std::size_t taken_at_once(Micros& full_at, std::size_t per_second, Micros now) {
  std::size_t count = 0;
  while (const auto next = after_one_more(full_at, per_second, now)) {
    full_at = *next;
    if (++count > 10'000) break;
  }
  return count;
}

TEST(Rate, OneSecondsWorthMayComeAtOnceAndNoMore) {
  for (const std::size_t per_second : {1U, 2U, 10U, 1'000U}) {
    Micros full_at = 0;
    EXPECT_EQ(taken_at_once(full_at, per_second, 5 * one_second), per_second);
    EXPECT_EQ(taken_at_once(full_at, per_second, 5 * one_second), 0U);
  }
}

TEST(Rate, WhatWasTakenComesBackInTime) {
  Micros full_at = 0;
  ASSERT_EQ(taken_at_once(full_at, 10, 0), 10U);
  EXPECT_EQ(taken_at_once(full_at, 10, 99'999), 0U);
  EXPECT_EQ(taken_at_once(full_at, 10, 100'000), 1U);
  EXPECT_EQ(taken_at_once(full_at, 10, 600'000), 5U);
  EXPECT_EQ(taken_at_once(full_at, 10, 10 * one_second), 10U) << "a long rest earns no more than one second";
}

TEST(Rate, ZeroIsNoLimit) {
  Micros full_at = 0;
  EXPECT_GT(taken_at_once(full_at, 0, 0), 10'000U);
}

}  // namespace
}  // namespace gate
