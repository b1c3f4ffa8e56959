#include "proxy/deadlines.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace gate {
namespace {

struct Thing : Timed {};

TEST(DeadlineList, GivesWhatIsDueInTheOrderOfStarting) {
  DeadlineList<Thing> list{1'000};
  Thing first;
  Thing second;
  list.start(first, 0);
  list.start(second, 400);
  EXPECT_EQ(list.take_due(999), nullptr);
  EXPECT_EQ(list.take_due(1'000), &first);
  EXPECT_EQ(list.take_due(1'000), nullptr);
  EXPECT_EQ(list.take_due(1'400), &second);
  EXPECT_TRUE(list.empty());
}

TEST(DeadlineList, StartingAgainPostpones) {
  DeadlineList<Thing> list{1'000};
  Thing busy;
  Thing quiet;
  list.start(busy, 0);
  list.start(quiet, 100);
  list.start(busy, 900);
  EXPECT_EQ(list.take_due(1'100), &quiet);
  EXPECT_EQ(list.take_due(1'100), nullptr);
  EXPECT_EQ(list.take_due(1'900), &busy);
}

TEST(DeadlineList, AnItemHasOneDeadlineAtATime) {
  DeadlineList<Thing> connecting{100};
  DeadlineList<Thing> idle{1'000};
  Thing thing;
  connecting.start(thing, 0);
  idle.start(thing, 50);
  EXPECT_TRUE(connecting.empty());
  EXPECT_EQ(idle.take_due(1'050), &thing);
}

TEST(DeadlineList, ZeroIsNeverAndEndsTheDeadlineBefore) {
  DeadlineList<Thing> connecting{100};
  DeadlineList<Thing> never{0};
  Thing thing;
  connecting.start(thing, 0);
  never.start(thing, 0);
  EXPECT_TRUE(connecting.empty());
  EXPECT_TRUE(never.empty());
}

TEST(DeadlineList, AnotherDurationHoldsForWhatIsRunningToo) {
  DeadlineList<Thing> list{1'000};
  Thing first;
  Thing second;
  list.start(first, 0);
  list.start(second, 400);
  list.change(300);
  EXPECT_EQ(list.take_due(300), &first);
  EXPECT_EQ(list.take_due(699), nullptr);
  list.change(0);
  EXPECT_FALSE(list.lasts());
  EXPECT_TRUE(list.empty()) << "never is no deadline, and no tick";
}

TEST(DeadlineList, ADestroyedItemHasNoDeadline) {
  DeadlineList<Thing> list{100};
  {
    Thing gone;
    list.start(gone, 0);
  }
  EXPECT_EQ(list.take_due(1'000), nullptr);
}

TEST(DeadlineList, UntimedTakesItOut) {
  DeadlineList<Thing> list{100};
  Thing thing;
  list.start(thing, 0);
  thing.untimed();
  EXPECT_TRUE(list.empty());
}

}  // namespace
}  // namespace gate
