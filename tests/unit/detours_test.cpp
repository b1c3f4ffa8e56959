#include "proxy/detours.hpp"

#include <gtest/gtest.h>

namespace gate {
namespace {

using boost::asio::ip::address;
using boost::asio::ip::make_address;

class DetoursTest : public testing::Test {
 protected:
  static InterceptSettings settings() {
    InterceptSettings made;
    made.follow_ports = {47'101, 47'104};
    made.follow_for = std::chrono::minutes(2);
    return made;
  }
  const address ann_ = make_address("10.1.0.2");
  const address ben_ = make_address("2001:db8::2");
  Detours detours_{settings()};
};

TEST_F(DetoursTest, APortStandsForTheOneThatWasMeantForThatClientOnly) {
  const auto port = detours_.port_for(ann_, 5555, 0);
  ASSERT_TRUE(port);
  EXPECT_EQ(detours_.meant_by(ann_, *port, 1), 5555);
  EXPECT_EQ(detours_.meant_by(ben_, *port, 1), std::nullopt);
  EXPECT_EQ(detours_.meant_by(ann_, static_cast<std::uint16_t>(*port + 1), 1), std::nullopt);
  EXPECT_EQ(detours_.meant_by(ann_, 5555, 1), std::nullopt);
}

TEST_F(DetoursTest, TheSamePortIsMeantByTheSameOne) {
  const auto port = detours_.port_for(ann_, 5555, 0);
  EXPECT_NE(detours_.port_for(ann_, 5556, 0), port);
  EXPECT_EQ(detours_.port_for(ann_, 5555, 100'000), port);
}

TEST_F(DetoursTest, WhatIsInUseIsNotGivenAwayAndNobodyTakesFromOthers) {
  for (std::uint16_t meant = 1; meant <= 4; ++meant) EXPECT_TRUE(detours_.port_for(ann_, meant, meant));
  EXPECT_EQ(detours_.port_for(ann_, 5, 5), std::nullopt);
  EXPECT_TRUE(detours_.port_for(ben_, 5, 5));
  (void)detours_.meant_by(ann_, 47'101, 60'000);  // in use again
  const auto port = detours_.port_for(ann_, 5, 120'003);
  ASSERT_TRUE(port) << "the one that was due first";
  EXPECT_EQ(*port, 47'102);
  EXPECT_EQ(detours_.meant_by(ann_, 47'101, 120'003), 1);
}

TEST_F(DetoursTest, MoreClientsThanItRemembersAreRefusedUntilSomeAreOld) {
  const auto client = [](std::uint32_t index) {
    return address(boost::asio::ip::address_v4(0x0A000000 + index));
  };
  for (std::uint32_t index = 0; index < Detours::most_clients; ++index) {
    ASSERT_TRUE(detours_.port_for(client(index), 5555, 0));
  }
  EXPECT_EQ(detours_.port_for(client(Detours::most_clients), 5555, 1), std::nullopt);
  EXPECT_TRUE(detours_.port_for(client(0), 5556, 1)) << "who is known may go on";
  EXPECT_TRUE(detours_.port_for(client(Detours::most_clients), 5555, 120'000));
}

}  // namespace
}  // namespace gate
