// Who learns addresses: limits and answers, in a network of the test's own.
#include "proxy/follower.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "tests/support/own_network.hpp"

namespace {

using boost::asio::ip::make_address;
using gate::Follower;
using gate::Lead;
using gate::test::in_own_network;
using gate::test::said_by;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

Lead lead_to(std::string host, std::uint16_t port) {
  return {.client = make_address("10.20.0.7"),
          .host = std::move(host),
          .ports = {port, 0},
          .to_notification = false};
}
/// What came of it.
std::string learned(Follower& follower, Lead lead) {
  auto answer = std::make_shared<std::promise<std::string>>();
  std::future<std::string> fault = answer->get_future();
  follower.learn(std::move(lead), [answer](std::string said) { answer->set_value(std::move(said)); });
  return fault.get();
}
void make_sets() {
  EXPECT_EQ(said_by("nft 'table inet msnpgate {"
                    " set learned4 { type ipv4_addr . inet_service; flags timeout; };"
                    " set learned6 { type ipv6_addr . inet_service; flags timeout; }; }'"),
            "");
}

TEST(Follower, AddressesOfBothFamiliesAndMappedOnesAreLearned) {
  in_own_network([] {
    make_sets();
    Follower follower({});
    EXPECT_EQ(learned(follower, lead_to("192.0.2.7", 5555)), "");
    EXPECT_EQ(learned(follower, lead_to("2001:db8::7", 5556)), "");
    EXPECT_EQ(learned(follower, lead_to("::ffff:192.0.2.8", 5557)), "");
    const std::string sets = said_by("nft list table inet msnpgate");
    EXPECT_THAT(sets,
                AllOf(HasSubstr("192.0.2.7 . 5555 timeout 2m"), HasSubstr("2001:db8::7 . 5556 timeout 2m"),
                      HasSubstr("192.0.2.8 . 5557 timeout 2m")));
  });
}

TEST(Follower, BothPortsOfALineWithoutOneAreLearnedAndNotificationServersForADay) {
  in_own_network([] {
    make_sets();
    Follower follower({});
    Lead lead = lead_to("192.0.2.7", 1863);
    lead.ports[1] = 5555;
    lead.to_notification = true;
    EXPECT_EQ(learned(follower, lead), "");
    EXPECT_THAT(said_by("nft list table inet msnpgate"),
                AllOf(HasSubstr("192.0.2.7 . 1863 timeout 1d"), HasSubstr("192.0.2.7 . 5555 timeout 1d")));
  });
}

TEST(Follower, WhatWentWrongIsSaid) {
  in_own_network([] {
    Follower follower({});
    EXPECT_THAT(learned(follower, lead_to("192.0.2.7", 5555)),
                HasSubstr("192.0.2.7:5555 does not get into the ruleset's set: No such file"));
    EXPECT_THAT(learned(follower, lead_to("nowhere.invalid", 5555)),
                HasSubstr("no address of nowhere.invalid"));
  });
}

TEST(Follower, OneClientFillsNoSet) {
  in_own_network([] {
    make_sets();
    Follower follower({});
    for (std::size_t number = 0; number < Follower::most_of_a_client; ++number) {
      ASSERT_EQ(learned(follower, lead_to("192.0.2.7", static_cast<std::uint16_t>(5000 + number))), "");
    }
    EXPECT_EQ(learned(follower, lead_to("192.0.2.7", 9000)), "too many redirects of one client");
    Lead other = lead_to("192.0.2.7", 9000);
    other.client = make_address("10.20.0.8");
    EXPECT_EQ(learned(follower, other), "");
    EXPECT_THAT(said_by("nft list set inet msnpgate learned4"), Not(HasSubstr(". 9001")));
  });
}

}  // namespace
