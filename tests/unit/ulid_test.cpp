#include "proxy/ulid.hpp"

#include <chrono>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gate {
namespace {

using std::chrono::milliseconds;
using Time = std::chrono::system_clock::time_point;

TEST(Ulid, TheFirstTenDigitsAreTheTime) {
  UlidSource source;
  // 1469918176385 ms is the example of the ULID specification: 01ARYZ6S41.
  EXPECT_EQ(source.next(Time(milliseconds(1'469'918'176'385))).substr(0, 10), "01ARYZ6S41");
}

TEST(Ulid, HasTwentySixDigitsOfCrockford) {
  UlidSource source;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_THAT(source.next(Time(milliseconds(1'700'000'000'000 + i))),
                testing::MatchesRegex("[0-7][0-9A-HJKMNP-TV-Z]{25}"));
  }
}

TEST(Ulid, SortsInTheOrderOfMakingWithinOneMillisecond) {
  UlidSource source;
  std::string last;
  for (int i = 0; i < 100'000; ++i) {
    const std::string next = source.next(Time(milliseconds(1'700'000'000'000)));
    ASSERT_LT(last, next);
    last = next;
  }
}

TEST(Ulid, SortsInTheOrderOfMakingWhenTheClockIsSetBack) {
  UlidSource source;
  const std::string before = source.next(Time(milliseconds(1'700'000'000'000)));
  EXPECT_LT(before, source.next(Time(milliseconds(1'600'000'000'000))));
}

TEST(Ulid, TwoSourcesDoNotMakeTheSameName) {
  std::set<std::string> names;
  for (int i = 0; i < 1000; ++i) names.insert(UlidSource().next(Time(milliseconds(1'700'000'000'000))));
  EXPECT_EQ(names.size(), 1000U);
}

}  // namespace
}  // namespace gate
