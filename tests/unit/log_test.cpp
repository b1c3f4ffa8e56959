#include "proxy/log.hpp"

#include <string>

#include <gtest/gtest.h>

namespace gate {
namespace {

template <class Work>
std::string written(Work work) {
  testing::internal::CaptureStderr();
  work();
  return testing::internal::GetCapturedStderr();
}

TEST(Log, IsOneLineUnderTheProgramsName) {
  EXPECT_EQ(written([] { log(Level::error, "out of memory"); }), "msnpgate: out of memory\n");
  EXPECT_EQ(written([] { log(Level::info, ""); }), "msnpgate: \n");
}

TEST(Log, PartsAreJoinedAndThoseBeyondTheSixthLeftOut) {
  EXPECT_EQ(written([] { log(Level::error, {"a", "b: ", "c"}); }), "msnpgate: ab: c\n");
  EXPECT_EQ(written([] { log(Level::error, {"1", "2", "3", "4", "5", "6", "7"}); }), "msnpgate: 123456\n");
}

TEST(Trickle, LetsOneASecondThroughAndCountsTheOthers) {
  Trickle trickle;
  EXPECT_EQ(trickle.pass(10'000), 0U);
  EXPECT_FALSE(trickle.pass(10'000));
  EXPECT_FALSE(trickle.pass(10'999));
  EXPECT_EQ(trickle.pass(11'000), 2U);
  EXPECT_EQ(trickle.pass(12'000), 0U);
}

}  // namespace
}  // namespace gate
