#include "proxy/moment.hpp"

#include <gtest/gtest.h>

namespace gate {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;

constexpr system_clock::time_point noon{1'795'348'800s};  // 2026-11-22T12:00:00Z

TEST(Moment, IsReadAsRfc3339) {
  EXPECT_EQ(moment_of("2026-11-22T12:00:00Z"), noon);
  EXPECT_EQ(moment_of("2026-11-22T12:00:00.123456Z"), noon + 123'456us);
  EXPECT_EQ(moment_of("2026-11-22t12:00:00.1234567z"), noon + 123'456us);
  EXPECT_EQ(moment_of("2026-11-22T13:30:00+01:30"), noon);
  EXPECT_EQ(moment_of("2026-11-22T12:00:00."), noon);
  EXPECT_EQ(moment_of("2026-11-22T12:00:00.5"), noon + 500ms);
  EXPECT_EQ(moment_of("2026-11-22T12:00:00.25+00:00"), noon + 250ms);
  EXPECT_EQ(moment_of("2026-11-22 04:00-0800"), noon);
  EXPECT_EQ(moment_of("2026-11-22 12:00"), noon);
  EXPECT_EQ(moment_of("2026-11-22"), noon - 12h);
}

TEST(Moment, OrAsATimeAgo) {
  EXPECT_EQ(moment_of("90s", noon), noon - 90s);
  EXPECT_EQ(moment_of("15m", noon), noon - 15min);
  EXPECT_EQ(moment_of("24h", noon), noon - 24h);
  EXPECT_EQ(moment_of("7d", noon), noon - 168h);
  EXPECT_EQ(moment_of("2w", noon), noon - 336h);
  EXPECT_EQ(moment_of("2026-11-22 12:00", noon), noon);
}

TEST(Moment, AnythingElseIsNone) {
  for (const char* const text : {"",
                                 "x",
                                 "7",
                                 "7x",
                                 "-7d",
                                 "7dd",
                                 "99999999999d",
                                 "2026",
                                 "2026-13-01",
                                 "2026-02-30",
                                 "2026-11-22T",
                                 "2026-11-22T24:00",
                                 "2026-11-22T12:60",
                                 "2026-11-22T12:00:61",
                                 "2026-11-22T12:00:00+25:00",
                                 "2026-11-22T12:00:00Zx",
                                 "20a6-11-22",
                                 "2026/11-22",
                                 "2026-1a-22",
                                 "2026-11/22",
                                 "2026-11-2a",
                                 "2026-11-22x12:00",
                                 "2026-11-22T1a:00",
                                 "2026-11-22T12-00",
                                 "2026-11-22T12:0a",
                                 "2026-11-22T12:00:0a",
                                 "2026-11-22T12:00:00*01:00",
                                 "2026-11-22T12:00:00+0a:00",
                                 "2026-11-22T12:00:00+01:6",
                                 "2026-11-22T12:00:00+01:60"}) {
    EXPECT_FALSE(moment_of(text, noon)) << text;
  }
}

}  // namespace
}  // namespace gate
