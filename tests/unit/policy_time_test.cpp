#include "proxy/policy.hpp"

#include <cstdlib>
#include <ctime>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/policy_questions.hpp"

namespace {

using namespace support;

/// 2026-11-23 is a Monday. Tests run in the zone they name.
std::chrono::system_clock::time_point local(int month, int day, int hour, int minute, int year = 2026) {
  std::tm when{};
  when.tm_year = year - 1900;
  when.tm_mon = month - 1;
  when.tm_mday = day;
  when.tm_hour = hour;
  when.tm_min = minute;
  when.tm_isdst = -1;
  return std::chrono::system_clock::from_time_t(std::mktime(&when));
}

class Zone {
 public:
  explicit Zone(const char* name) {
    if (const char* const before = std::getenv("TZ")) before_ = before;
    ::setenv("TZ", name, 1);
    ::tzset();
  }
  ~Zone() {
    if (before_) {
      ::setenv("TZ", before_->c_str(), 1);
    } else {
      ::unsetenv("TZ");
    }
    ::tzset();
  }
  Zone(const Zone&) = delete;
  Zone& operator=(const Zone&) = delete;

 private:
  std::optional<std::string> before_;
};

TEST(Policy, WhenIsTheGatewaysLocalTimeFromIncludedToExcluded) {
  const Zone zone("Europe/Berlin");
  Rule office = rule(Action::allow);
  office.when = {Rule::Window{0x1F, 8 * 60, 18 * 60}};
  Question question = file_from_ann();
  const auto at = [&](int day, int hour, int minute) {
    question.at = local(11, day, hour, minute);
    return decides(office, question);
  };
  EXPECT_FALSE(at(23, 7, 59));
  EXPECT_TRUE(at(23, 8, 0));
  EXPECT_TRUE(at(27, 17, 59));
  EXPECT_FALSE(at(27, 18, 0));
  EXPECT_FALSE(at(28, 12, 0));
  EXPECT_FALSE(at(29, 12, 0));
  // 07:30 UTC is 08:30 in a Berlin winter and 09:30 in its summer.
  question.at = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::minutes(7 * 60 + 30);
  EXPECT_TRUE(decides(office, question));
  question.at = std::chrono::sys_days(std::chrono::year(2026) / 7 / 20) + std::chrono::minutes(6 * 60 + 30);
  EXPECT_TRUE(decides(office, question));
  question.at -= std::chrono::minutes(31);
  EXPECT_FALSE(decides(office, question));
}

TEST(Policy, AWindowOverMidnightBelongsToTheDayItBeginsOn) {
  const Zone zone("Europe/Berlin");
  Rule night = rule(Action::allow);
  night.when = {Rule::Window{1U << 4U, 22 * 60, 6 * 60}};  // Friday
  Question question = file_from_ann();
  const auto at = [&](int day, int hour) {
    question.at = local(11, day, hour, 0);
    return decides(night, question);
  };
  EXPECT_FALSE(at(27, 5));
  EXPECT_FALSE(at(27, 21));
  EXPECT_TRUE(at(27, 22));
  EXPECT_TRUE(at(28, 5));
  EXPECT_FALSE(at(28, 6));
  EXPECT_FALSE(at(28, 22));
  night.when = {Rule::Window{1U << 6U, 22 * 60, 6 * 60}};  // Sunday night ends on a Monday
  EXPECT_TRUE(at(23, 3));
  EXPECT_FALSE(at(24, 3));
}

/// Whole UTC minutes, told apart from local ones.
std::chrono::system_clock::time_point utc(int month, int day, int hour, int minute) {
  return std::chrono::sys_days(std::chrono::year(2026) / month / day) +
         std::chrono::minutes(hour * 60 + minute);
}

TEST(Policy, InTheNightAnHourIsSkippedAWindowLosesItAndEndsByTheClock) {
  const Zone zone("Europe/Berlin");  // 2026-03-29: 02:00 becomes 03:00 at 01:00 UTC
  Rule night = rule(Action::allow);
  night.when = {Rule::Window{1U << 5U, 22 * 60, 6 * 60}};  // Saturday
  Rule skipped = rule(Action::allow);
  skipped.when = {Rule::Window{0x7F, 2 * 60, 3 * 60}};
  Rule sunday = rule(Action::allow);
  sunday.when = {Rule::Window{1U << 6U, 3 * 60, 4 * 60}};
  Question question = file_from_ann();
  question.at = utc(3, 29, 0, 59);  // 01:59
  EXPECT_TRUE(decides(night, question));
  EXPECT_FALSE(decides(sunday, question));
  question.at = utc(3, 29, 1, 0);  // 03:00
  EXPECT_TRUE(decides(night, question));
  EXPECT_TRUE(decides(sunday, question));
  question.at = utc(3, 29, 3, 59);  // 05:59
  EXPECT_TRUE(decides(night, question));
  question.at = utc(3, 29, 4, 0);  // 06:00: seven hours after it began
  EXPECT_FALSE(decides(night, question));
  for (int minute = 0; minute < 180; ++minute) {  // 00:00 to 03:59: there is no 02:xx
    question.at = utc(3, 28, 23, 0) + std::chrono::minutes(minute);
    EXPECT_FALSE(decides(skipped, question)) << minute;
  }
}

TEST(Policy, InTheNightAnHourComesTwiceAWindowHoldsBothTimes) {
  const Zone zone("Europe/Berlin");  // 2026-10-25: 03:00 becomes 02:00 at 01:00 UTC
  Rule night = rule(Action::allow);
  night.when = {Rule::Window{1U << 5U, 22 * 60, 6 * 60}};  // Saturday
  Rule twice = rule(Action::allow);
  twice.when = {Rule::Window{1U << 6U, 2 * 60 + 15, 2 * 60 + 45}};
  Question question = file_from_ann();
  int minutes = 0;
  for (int minute = 0; minute < 240; ++minute) {  // 01:00 to 03:59, with 02:xx twice
    question.at = utc(10, 24, 23, 0) + std::chrono::minutes(minute);
    minutes += decides(twice, question) ? 1 : 0;
    EXPECT_TRUE(decides(night, question)) << minute;
  }
  EXPECT_EQ(minutes, 60);
  question.at = utc(10, 25, 4, 59);  // 05:59
  EXPECT_TRUE(decides(night, question));
  question.at = utc(10, 25, 5, 0);  // 06:00: nine hours after it began
  EXPECT_FALSE(decides(night, question));
}

TEST(Policy, OneOfSeveralWindowsIsEnough) {
  const Zone zone("Europe/Berlin");
  Rule hours = rule(Action::allow);
  hours.when = {Rule::Window{0x1F, 8 * 60, 12 * 60}, Rule::Window{0x1F, 13 * 60, 17 * 60}};
  Question question = file_from_ann();
  const auto at = [&](int hour) {
    question.at = local(11, 23, hour, 0);
    return decides(hours, question);
  };
  EXPECT_TRUE(at(8));
  EXPECT_FALSE(at(12));
  EXPECT_TRUE(at(13));
  EXPECT_FALSE(at(17));
}

TEST(Policy, FromUntilOnARuleNeverMatches) {
  Rule one = rule(Action::allow);
  Question question = file_from_ann();
  one.until = question.at + std::chrono::seconds(1);
  EXPECT_TRUE(decides(one, question));
  one.until = question.at;
  EXPECT_FALSE(decides(one, question));
}

}  // namespace
