// Rules and routes that deliver marked packets to this machine, in a network of the test's own.
#include "proxy/policy_routing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/own_network.hpp"

namespace {

using gate::test::in_own_network;
using gate::test::said_by;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string rules(const char* family) {
  return said_by(std::string("ip ") + family + " rule show priority 1863");
}
std::string routes(const char* family, const char* table = "1863") {
  return said_by(std::string("ip ") + family + " route show table " + table);
}

TEST(PolicyRouting, LoadingTwiceIsLoadingOnce) {
  in_own_network([] {
    const gate::InterceptSettings intercept;
    for (int time = 0; time < 2; ++time) {
      EXPECT_EQ(gate::load_policy_routing(intercept, {.v4 = true, .v6 = true}), std::nullopt);
      for (const char* family : {"-4", "-6"}) {
        EXPECT_THAT(rules(family), AllOf(HasSubstr("fwmark 0x4d53 lookup 1863"), HasSubstr("proto")));
        EXPECT_EQ(rules(family).find('\n'), rules(family).size() - 1) << "one line";
        EXPECT_THAT(routes(family), HasSubstr("local default dev lo"));
      }
    }
  });
}

TEST(PolicyRouting, OtherNumbersTakeThePlaceOfTheOldOnes) {
  in_own_network([] {
    gate::InterceptSettings intercept;
    EXPECT_EQ(gate::load_policy_routing(intercept, {.v4 = true, .v6 = true}), std::nullopt);
    intercept.table = 77;
    intercept.mark = 5;
    EXPECT_EQ(gate::load_policy_routing(intercept, {.v4 = true, .v6 = false}), std::nullopt);
    EXPECT_THAT(rules("-4"), AllOf(HasSubstr("fwmark 0x5 lookup 77"), Not(HasSubstr("0x4d53"))));
    EXPECT_THAT(routes("-4", "77"), HasSubstr("local default"));
    EXPECT_THAT(routes("-4"), Not(HasSubstr("default")));
    EXPECT_THAT(rules("-6"), IsEmpty());
  });
}

TEST(PolicyRouting, UnloadingTakesOursAndLeavesWhatOthersMade) {
  in_own_network([] {
    EXPECT_EQ(said_by("ip rule add priority 1863 fwmark 9 lookup 1863 && ip route add local default dev lo "
                      "table 1863 metric 5"),
              "");
    EXPECT_EQ(gate::load_policy_routing({}, {.v4 = true, .v6 = true}), std::nullopt);
    EXPECT_EQ(gate::unload_policy_routing(), std::nullopt);
    EXPECT_THAT(rules("-4"), AllOf(HasSubstr("fwmark 0x9"), Not(HasSubstr("0x4d53"))));
    EXPECT_THAT(routes("-4"), HasSubstr("metric 5"));
    EXPECT_THAT(rules("-6"), IsEmpty());
    EXPECT_EQ(gate::unload_policy_routing(), std::nullopt) << "there is nothing, and that is fine";
  });
}

}  // namespace
