#include "msnp/numbering.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace {

using msnp::Numbering;

TEST(Numbering, LeavesEverythingAsItIsUntilSomethingIsInserted) {
  Numbering numbers;
  numbers.arrived(5000);
  numbers.went_on(5000, 300);
  EXPECT_EQ(numbers.to_receiver(5300), 5300U);
  EXPECT_EQ(numbers.to_sender(5300), 5300U);
}

TEST(Numbering, ShiftsWhatFollowsAnInsertionAndShiftsItsAcknowledgementsBack) {
  Numbering numbers;
  numbers.arrived(49'000);
  numbers.went_on(49'000, 1000);
  EXPECT_EQ(numbers.insert(419, 0), 50'000U);
  EXPECT_EQ(numbers.to_receiver(50'000), 50'419U);
  EXPECT_EQ(numbers.to_receiver(50'700), 51'119U);
  EXPECT_EQ(numbers.to_sender(51'119), 50'700U);
  EXPECT_EQ(numbers.to_sender(50'419), 50'000U) << "our package is acknowledged: so is all before it";
}

TEST(Numbering, LeavesAPackageFromBeforeTheInsertionThatIsSentAgain) {
  Numbering numbers;
  numbers.arrived(49'000);
  numbers.went_on(49'000, 1000);
  (void)numbers.insert(419, 0);
  EXPECT_EQ(numbers.to_receiver(49'000), 49'000U);
  EXPECT_EQ(numbers.to_sender(49'500), 49'500U);
}

TEST(Numbering, TurnsAnAcknowledgementInsideOursIntoThePlaceOfInsertion) {
  Numbering numbers;
  numbers.arrived(50'000);
  (void)numbers.insert(419, 0);
  EXPECT_EQ(numbers.to_sender(50'001), 50'000U);
  EXPECT_EQ(numbers.to_sender(50'418), 50'000U);
}

TEST(Numbering, AddsUpInsertionsWithAndWithoutPackagesBetween) {
  Numbering numbers;
  numbers.arrived(1000);
  EXPECT_EQ(numbers.insert(100, 0), 1000U);
  EXPECT_EQ(numbers.insert(10, 0), 1100U);
  numbers.went_on(1000, 50);
  EXPECT_EQ(numbers.insert(7, 0), 1160U);
  EXPECT_EQ(numbers.to_receiver(1000), 1110U);
  EXPECT_EQ(numbers.to_receiver(1050), 1167U);
  EXPECT_EQ(numbers.to_sender(1167), 1050U);
  EXPECT_EQ(numbers.to_sender(1163), 1050U);
  EXPECT_EQ(numbers.to_sender(1160), 1050U);
  EXPECT_EQ(numbers.to_sender(1150), 1040U);
}

TEST(Numbering, CountsOverTheEndOfTheNumbers) {
  Numbering numbers;
  numbers.arrived(0xFFFFFF00U);
  numbers.went_on(0xFFFFFF00U, 0x80);
  EXPECT_EQ(numbers.insert(0x100, 0), 0xFFFFFF80U);
  EXPECT_EQ(numbers.to_receiver(0xFFFFFF80U), 0x80U);
  EXPECT_EQ(numbers.to_receiver(0xFFFFFF00U), 0xFFFFFF00U);
  EXPECT_EQ(numbers.to_sender(0x90), 0xFFFFFF90U);
  EXPECT_EQ(numbers.to_sender(0x10), 0xFFFFFF80U);
  numbers.went_on(0xFFFFFF80U, 0x200);
  EXPECT_EQ(numbers.to_receiver(0x180), 0x280U);
}

TEST(Numbering, StartsAnywhereWhenTheTrueSenderHasNotSpokenAndJoinsItsNumbersOnAfterwards) {
  Numbering numbers;
  EXPECT_EQ(numbers.insert(420, 0x12345678), 0x12345678U);
  EXPECT_EQ(numbers.insert(421, 77), 0x12345678U + 420);
  EXPECT_TRUE(numbers.is_ours_alone(0x12345678U + 420));
  EXPECT_TRUE(numbers.is_ours_alone(0x12345678U + 841));
  EXPECT_FALSE(numbers.is_ours_alone(0x12345678U + 842));
  numbers.arrived(9000);
  EXPECT_FALSE(numbers.is_ours_alone(0x12345678U + 420));
  EXPECT_EQ(numbers.to_receiver(9000), 0x12345678U + 841);
  EXPECT_EQ(numbers.to_sender(0x12345678U + 841 + 100), 9100U);
  EXPECT_EQ(numbers.to_sender(0x12345678U + 5), 9000U) << "before its first number: its first number";
  numbers.went_on(9000, 100);
  EXPECT_EQ(numbers.insert(10, 0), 0x12345678U + 941);
  EXPECT_EQ(numbers.to_receiver(9100), 0x12345678U + 951);
}

TEST(Numbering, KeepsItsShiftHoweverFarTheNumbersRun) {
  Numbering numbers;
  numbers.arrived(0);
  (void)numbers.insert(500, 0);
  std::uint32_t base = 0;
  for (int step = 0; step < 100; ++step, base += 100'000'000U) {  // more than twice around
    ASSERT_EQ(numbers.to_receiver(base), base + 500);
    ASSERT_EQ(numbers.to_sender(base + 500), base);
    numbers.went_on(base, 100'000'000U);
  }
}

TEST(Numbering, RemembersABoundedNumberOfInsertions) {
  Numbering numbers;
  numbers.arrived(0);
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    (void)numbers.insert(3, 0);
    numbers.went_on(i, 1);
  }
  EXPECT_EQ(numbers.to_receiver(10'000), 40'000U);
  EXPECT_EQ(numbers.to_sender(40'000), 10'000U);
}

// What a receiver sees has neither gap nor overlap, and what it acknowledges comes back as what was sent.
TEST(Numbering, GivesTheReceiverOneUnbrokenStream) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::mt19937 engine(seed);
    const auto random = [&engine] { return static_cast<std::uint32_t>(engine()); };
    Numbering numbers;
    std::uint32_t truth = random();
    std::uint32_t seen = 0;
    bool spoke = false;
    bool ours = false;
    for (int step = 0; step < 60; ++step) {
      const std::uint32_t length = random() % 1500 + 1;
      if (random() % 3 == 0) {
        const std::uint32_t base = numbers.insert(length, random());
        if (spoke || ours) {
          ASSERT_EQ(base, seen) << "seed " << seed;
        }
        ours = true;
        seen = base + length;
      } else {
        numbers.arrived(truth);
        const std::uint32_t base = numbers.to_receiver(truth);
        if (spoke || ours) {
          ASSERT_EQ(base, seen) << "seed " << seed;
        }
        numbers.went_on(truth, length);
        spoke = true;
        truth += length;
        seen = base + length;
        ASSERT_EQ(numbers.to_sender(seen), truth) << "seed " << seed;
      }
    }
  }
}

}  // namespace
