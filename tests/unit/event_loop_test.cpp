#include "proxy/event_loop.hpp"

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace gate {
namespace {

using namespace std::chrono_literals;

struct EventLoopTest : testing::Test {
  std::string told;
  EventLoop loop{[this] {
    told.push_back('t');
    loop.quit();
  }};

  auto note(char letter) {
    return [this, letter] { told.push_back(letter); };
  }
};

TEST_F(EventLoopTest, WhatIsPostedRunsInItsOrderAndOnlyInTheLoop) {
  for (const char letter : {'a', 'b', 'c'}) loop.post(note(letter));
  EXPECT_EQ(told, "");
  EXPECT_EQ(loop.poll(), 1U);
  EXPECT_EQ(told, "abc");
  EXPECT_EQ(loop.poll(), 0U) << "and nothing wakes it afterwards";
}

TEST_F(EventLoopTest, ATaskMayBeMovedOnlyAndMayPostAnother) {
  loop.post([this, kept = std::make_unique<char>('a')] {
    told.push_back(*kept);
    loop.post(note('b'));
  });
  loop.poll();
  EXPECT_EQ(told, "a") << "the other one waits until everybody else has had a turn";
  loop.poll();
  EXPECT_EQ(told, "ab");
}

TEST_F(EventLoopTest, ATaskThatThrowsTakesNoOtherWithIt) {
  loop.post(note('a'));
  loop.post([] { throw std::runtime_error("no memory"); });
  loop.post(note('c'));
  EXPECT_THROW(loop.poll(), std::runtime_error);
  EXPECT_EQ(told, "a");
  loop.poll();
  EXPECT_EQ(told, "ac");
  EXPECT_EQ(loop.poll(), 0U);
}

TEST_F(EventLoopTest, AnotherThreadWakesIt) {
  std::thread other([this] {
    loop.post([this] {
      told.push_back('a');
      loop.quit();
    });
  });
  loop.run();
  other.join();
  EXPECT_EQ(told, "a");
}

TEST_F(EventLoopTest, ATickComesOnceForEachTimeItIsArmed) {
  loop.arm_tick(1ms);
  loop.arm_tick(1h);
  loop.run();
  EXPECT_EQ(told, "t") << "the first arming counts";
  loop.poll();
  EXPECT_EQ(told, "t") << "nobody armed it again";
  loop.arm_tick(0ms);
  loop.poll();
  EXPECT_EQ(told, "tt");
}

TEST(EventLoopTurns, AtTheEndOfATurnItSaysSoUnlessAHandlerBrokeItOff) {
  std::string told;
  EventLoop loop{[&] { told.push_back('t'); }, [&] { told.push_back('|'); }};
  loop.arm_tick(0ms);
  loop.post([&] { told.push_back('a'); });
  loop.poll();
  loop.post([] { throw std::runtime_error("no memory"); });
  EXPECT_THROW(loop.poll(), std::runtime_error);
  loop.poll();
  EXPECT_EQ(told, "at||");
}

TEST_F(EventLoopTest, WhatIsToldInOneTurnHasOneTimeAndTheNextTurnAnother) {
  Now first;
  Now second;
  loop.post([&] {
    first = loop.now();
    std::this_thread::sleep_for(3ms);
    second = loop.now();
  });
  loop.poll();
  EXPECT_EQ(second.monotonic, first.monotonic);
  EXPECT_EQ(second.wall, first.wall);
  EXPECT_GE(loop.now().monotonic, first.monotonic + 3) << "what was posted may have taken long";
  const Now third = loop.now();
  std::this_thread::sleep_for(3ms);
  loop.poll();
  EXPECT_GE(loop.now().monotonic, third.monotonic + 3);
  EXPECT_GE(loop.now().wall, third.wall + 3ms);
}

}  // namespace
}  // namespace gate
