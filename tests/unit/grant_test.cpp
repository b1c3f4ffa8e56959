#include "proxy/grant.hpp"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using gate::GrantUse;

const std::chrono::system_clock::time_point noon{std::chrono::seconds{1'790'000'000}};

TEST(GrantUse, IsOneTransfersOnceItIsClaimed) {
  int spent = 0;
  GrantUse use([&spent] { ++spent; });
  EXPECT_TRUE(use.open_to("a", noon, false));
  EXPECT_TRUE(use.claim("a", noon));
  EXPECT_TRUE(use.spent());
  EXPECT_FALSE(use.open_to("b", noon, false));
  EXPECT_FALSE(use.claim("b", noon));
  EXPECT_TRUE(use.claim("a", noon + 59s));  // clients say an offer again
  EXPECT_EQ(spent, 1);
}

TEST(GrantUse, LetsTheTransferGoOnButNotBeginAgainLater) {
  GrantUse use;
  ASSERT_TRUE(use.claim("a", noon));
  EXPECT_TRUE(use.open_to("a", noon + 24h, true));
  EXPECT_FALSE(use.open_to("a", noon + 1min, false));
  EXPECT_FALSE(use.open_to("b", noon, true));
}

TEST(GrantUse, ThatIsNotClaimedHasNothingGoingOn) {
  const GrantUse use;
  EXPECT_FALSE(use.open_to("a", noon, true));
}

TEST(GrantUse, ExhaustedIsNobodys) {
  GrantUse use;
  use.exhaust();
  EXPECT_FALSE(use.claim("", noon));
  EXPECT_FALSE(use.open_to("a", noon, true));
}

}  // namespace
