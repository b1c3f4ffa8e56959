// What the gateway writes into sets of the ruleset, in a network of the test's own.
#include "proxy/kernel_sets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "tests/support/own_network.hpp"

namespace {

using boost::asio::ip::make_address;
using gate::test::in_own_network;
using gate::test::said_by;
using std::chrono::minutes;
using testing::HasSubstr;

void make_sets() {
  EXPECT_EQ(said_by("nft 'table inet msnpgate {"
                    " set learned4 { type ipv4_addr . inet_service; flags timeout; };"
                    " set learned6 { type ipv6_addr . inet_service; flags timeout; };"
                    " set alive { type inet_proto; flags timeout; }; }'"),
            "");
}
std::string listed(const std::string& set) {
  return said_by("nft list set inet msnpgate " + set);
}

TEST(KernelSets, AnAddressAndItsPortAreLearnedForAWhile) {
  in_own_network([] {
    make_sets();
    gate::KernelSets kernel;
    EXPECT_FALSE(kernel.learn({make_address("192.0.2.7"), 5555}, minutes(2)));
    EXPECT_FALSE(kernel.learn({make_address("2001:db8::7"), 443}, minutes(90)));
    EXPECT_THAT(listed("learned4"), HasSubstr("192.0.2.7 . 5555 timeout 2m expires"));
    EXPECT_THAT(listed("learned6"), HasSubstr("2001:db8::7 . 443 timeout 1h30m expires"));
  });
}

TEST(KernelSets, WhatIsLearnedAgainLivesLonger) {
  in_own_network([] {
    make_sets();
    gate::KernelSets kernel;
    EXPECT_FALSE(kernel.learn({make_address("192.0.2.7"), 5555}, minutes(2)));
    EXPECT_FALSE(kernel.learn({make_address("192.0.2.7"), 5555}, minutes(5)));
    EXPECT_THAT(listed("learned4"), HasSubstr("192.0.2.7 . 5555 timeout 5m expires"));
  });
}

TEST(KernelSets, TheSignOfLifeIsAnElement) {
  in_own_network([] {
    make_sets();
    gate::KernelSets kernel;
    for (int time = 0; time < 3; ++time) EXPECT_FALSE(kernel.stay_alive(std::chrono::seconds(10)));
    EXPECT_THAT(listed("alive"), HasSubstr("tcp timeout 10s expires"));
  });
}

TEST(KernelSets, WithoutTheRulesetTheErrorSaysSo) {
  in_own_network([] {
    gate::KernelSets kernel;
    EXPECT_EQ(kernel.learn({make_address("192.0.2.7"), 5555}, minutes(2)).value(), ENOENT);
    make_sets();
    EXPECT_FALSE(kernel.learn({make_address("192.0.2.7"), 5555}, minutes(2)))
        << "and the next one is answered rightly";
  });
}

}  // namespace
