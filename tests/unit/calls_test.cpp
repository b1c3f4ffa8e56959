#include "msnp/calls.hpp"

#include <gtest/gtest.h>

namespace {

using msnp::CallBook;
using msnp::CallNames;
using msnp::CallStanding;
using msnp::Direction;
using msnp::Kind;
using msnp::PairCalls;

constexpr Direction ours = Direction::to_server;
constexpr Direction theirs = Direction::to_client;

CallNames call(const std::string& id, std::uint32_t session) {
  return {{id}, {session}, {}};
}
CallNames classic(const std::string& cookie) {
  return {{}, {}, cookie};
}

struct Calls : testing::Test {
  msnp::Limits limits;
  PairCalls calls{limits};
};

TEST_F(Calls, NobodyKnowsACallThatNeverWas) {
  EXPECT_FALSE(calls.refused_by_call_id("{1}"));
  EXPECT_EQ(calls.session(1, ours), CallStanding::unknown);
  EXPECT_FALSE(calls.by_cookie("1"));
  calls.refuse(ours, Kind::file_transfer, call("{1}", 10));
  EXPECT_FALSE(calls.by_cookie("")) << "a call without a cookie is not that of an empty one";
}

TEST_F(Calls, ARefusedCallIsKnownByEachOfItsNamesAndItsSide) {
  calls.refuse(theirs, Kind::file_transfer, {{"{1}", "{2}"}, {10, 11}, "c"});
  EXPECT_EQ(calls.refused_by_call_id("{1}"), theirs);
  EXPECT_EQ(calls.refused_by_call_id("{2}"), theirs);
  EXPECT_EQ(calls.session(10, ours), CallStanding::refused);
  EXPECT_EQ(calls.session(11, theirs), CallStanding::refused);
  ASSERT_TRUE(calls.by_cookie("c"));
  EXPECT_TRUE(calls.by_cookie("c")->refused);
  EXPECT_EQ(calls.by_cookie("c")->offered, theirs);
}

TEST_F(Calls, CallIdsCompareWithoutCase) {
  calls.refuse(ours, Kind::file_transfer, call("{ABCD}", 1));
  EXPECT_TRUE(calls.refused_by_call_id("{abcd}"));
  calls.admit(ours, Kind::file_transfer, call("{aBcD}", 2));
  EXPECT_FALSE(calls.refused_by_call_id("{ABCD}"));
}

TEST_F(Calls, AnAdmittedCallRefusesNothing) {
  calls.admit(ours, Kind::file_transfer, {{"{1}"}, {10}, "c"});
  EXPECT_FALSE(calls.refused_by_call_id("{1}"));
  EXPECT_EQ(calls.session(10, ours), CallStanding::admitted);
  ASSERT_TRUE(calls.by_cookie("c"));
  EXPECT_FALSE(calls.by_cookie("c")->refused);
}

TEST_F(Calls, AdmittingClearsTheRefusalOfTheSameSide) {
  calls.refuse(ours, Kind::file_transfer, call("{1}", 10));
  calls.admit(ours, Kind::file_transfer, call("{1}", 10));
  EXPECT_FALSE(calls.refused_by_call_id("{1}"));
  EXPECT_EQ(calls.session(10, ours), CallStanding::admitted);
}

TEST_F(Calls, AdmittingLeavesTheRefusalOfTheOtherSide) {
  calls.refuse(theirs, Kind::file_transfer, call("{1}", 10));
  calls.admit(ours, Kind::file_transfer, call("{2}", 10));
  EXPECT_EQ(calls.refused_by_call_id("{1}"), theirs);
}

TEST_F(Calls, TheSameSessionOnBothSidesIsToldApartByTheWayItsDataFlows) {
  // libpurple gives both users the same SessionIDs.
  calls.refuse(theirs, Kind::file_transfer, call("{1}", 10));
  calls.admit(ours, Kind::file_transfer, call("{2}", 10));
  EXPECT_EQ(calls.session(10, ours), CallStanding::admitted);
  EXPECT_EQ(calls.session(10, theirs), CallStanding::refused);
}

TEST_F(Calls, AnObjectFlowsTowardsTheSideThatAskedForIt) {
  for (const Kind kind :
       {Kind::display_picture, Kind::custom_emoticon, Kind::wink, Kind::voice_clip, Kind::background}) {
    PairCalls fresh(limits);
    fresh.refuse(ours, Kind::file_transfer, call("{1}", 10));
    fresh.admit(theirs, kind, call("{2}", 10));
    EXPECT_EQ(fresh.session(10, ours), CallStanding::admitted) << msnp::name_of(kind);
    EXPECT_EQ(fresh.session(10, theirs), CallStanding::refused) << msnp::name_of(kind);
  }
}

TEST_F(Calls, AKindWithoutOneDirectionFlowsBothWays) {
  calls.refuse(theirs, Kind::file_transfer, call("{1}", 10));
  calls.admit(ours, Kind::webcam, call("{2}", 10));
  EXPECT_EQ(calls.session(10, ours), CallStanding::admitted);
  EXPECT_EQ(calls.session(10, theirs), CallStanding::admitted);
}

TEST_F(Calls, RefusingASessionEndsTheAdmissionOfItsSide) {
  calls.admit(ours, Kind::display_picture, call("{1}", 10));
  calls.refuse(ours, Kind::file_transfer, call("{2}", 10));
  EXPECT_EQ(calls.session(10, ours), CallStanding::refused);
  EXPECT_EQ(calls.session(10, theirs), CallStanding::refused);
}

TEST_F(Calls, ASecondRefusedInvitationDoesNotSilenceAnAdmittedCall) {
  calls.admit(ours, Kind::display_picture, call("{1}", 10));
  calls.refuse(ours, Kind::file_transfer, call("{1}", 11));
  EXPECT_FALSE(calls.refused_by_call_id("{1}"));
  EXPECT_EQ(calls.session(10, theirs), CallStanding::admitted);
  EXPECT_EQ(calls.session(11, ours), CallStanding::refused);
}

TEST_F(Calls, OfACookieTheLatestWordCounts) {
  calls.refuse(ours, Kind::file_transfer, classic("7"));
  calls.admit(ours, Kind::voice, classic("7"));
  EXPECT_FALSE(calls.by_cookie("7")->refused);
  calls.refuse(theirs, Kind::file_transfer, classic("7"));
  EXPECT_TRUE(calls.by_cookie("7")->refused);
  EXPECT_EQ(calls.by_cookie("7")->offered, theirs);
}

TEST_F(Calls, ForgetsTheOldestBeyondItsLimit) {
  for (std::uint32_t i = 0; i < limits.calls_per_pair; ++i) {
    calls.refuse(ours, Kind::file_transfer, call("{" + std::to_string(i) + "}", i));
  }
  EXPECT_TRUE(calls.refused_by_call_id("{0}"));
  calls.refuse(ours, Kind::file_transfer, call("{new}", 9999));
  EXPECT_FALSE(calls.refused_by_call_id("{0}"));
  EXPECT_TRUE(calls.refused_by_call_id("{1}"));
  EXPECT_TRUE(calls.refused_by_call_id("{new}"));
}

TEST_F(Calls, AnAdmittedSessionInUseIsNotForgotten) {
  calls.admit(theirs, Kind::file_transfer, call("{kept}", 5000));
  for (std::uint32_t i = 0; i < 3 * limits.calls_per_pair; ++i) {
    calls.refuse(ours, Kind::file_transfer, call("{" + std::to_string(i) + "}", i));
    EXPECT_EQ(calls.session(5000, theirs), CallStanding::admitted) << i;
  }
}

TEST_F(Calls, TheSameCallAgainTakesNoSecondPlace) {
  for (std::uint32_t i = 0; i < 10 * limits.calls_per_pair; ++i) {
    calls.refuse(ours, Kind::file_transfer, call("{1}", 10));
    calls.admit(theirs, Kind::display_picture, call("{2}", 11));
  }
  calls.refuse(ours, Kind::file_transfer, call("{3}", 12));
  EXPECT_TRUE(calls.refused_by_call_id("{1}"));
  EXPECT_EQ(calls.session(11, ours), CallStanding::admitted);
}

TEST_F(Calls, IdentifiersOfOursAreFarFromTheTrueOnesAndKnownAgain) {
  calls.saw_identifier(theirs, 1000);
  const std::uint32_t first = calls.fresh_identifier(theirs, 5);
  const std::uint32_t second = calls.fresh_identifier(theirs, 5);
  EXPECT_EQ(first, 1000U + 0x40000000U);
  EXPECT_EQ(second, first + 1);
  EXPECT_TRUE(calls.is_ours(theirs, first));
  EXPECT_TRUE(calls.is_ours(theirs, second));
  EXPECT_FALSE(calls.is_ours(theirs, second + 1));
  EXPECT_FALSE(calls.is_ours(theirs, first - 1));
  EXPECT_FALSE(calls.is_ours(theirs, 1000));
  EXPECT_FALSE(calls.is_ours(ours, first)) << "the other direction has numbers of its own";
}

TEST_F(Calls, WithoutATrueIdentifierTheSeedIsTheStart) {
  EXPECT_EQ(calls.fresh_identifier(ours, 5), 5U + 0x40000000U);
  EXPECT_FALSE(calls.is_ours(theirs, 0));
}

TEST_F(Calls, IdentifiersOfOursAreNeverZeroWhereverTheTrueOnesStand) {
  for (const std::uint32_t seen : {0xBFFFFFFDU, 0xBFFFFFFEU, 0xBFFFFFFFU, 0xC0000000U, 0xFFFFFFFFU}) {
    PairCalls fresh(limits);
    fresh.saw_identifier(ours, seen);
    std::vector<std::uint32_t> given;
    for (int i = 0; i < 8; ++i) given.push_back(fresh.fresh_identifier(ours, 1));
    for (const std::uint32_t one : given) {
      EXPECT_NE(one, 0U) << seen;
      EXPECT_TRUE(fresh.is_ours(ours, one)) << seen << ' ' << one;
    }
  }
}

TEST(Book, GivesTheSamePairTheSameCallsWhoeverAsks) {
  CallBook book{msnp::Limits{}};
  const auto pair = book.pair("alice@example.com", "bob@example.org");
  EXPECT_EQ(book.pair("alice@example.com", "bob@example.org"), pair);
  EXPECT_NE(book.pair("bob@example.org", "alice@example.com"), pair);
  EXPECT_NE(book.pair("alice@example.com", "carol@example.net"), pair);
  EXPECT_EQ(book.size(), 3U);
}

TEST(Book, ForgetsThePairLongestUnusedAndKeepsWhatSomebodyHolds) {
  msnp::Limits limits;
  limits.pairs = 3;
  CallBook book(limits);
  const auto first = book.pair("a", "1");
  const auto second = book.pair("a", "2");
  (void)book.pair("a", "3");
  (void)book.pair("a", "1");  // used again
  (void)book.pair("a", "4");
  EXPECT_EQ(book.size(), 3U);
  EXPECT_EQ(book.pair("a", "1"), first);
  EXPECT_NE(book.pair("a", "2"), second) << "forgotten, and begun anew";
  second->refuse(ours, Kind::file_transfer, call("{1}", 1));
  EXPECT_TRUE(second->refused_by_call_id("{1}")) << "who holds it can still use it";
}

TEST_F(Calls, ASessionInUseOutlivesAnyNumberOfLaterCalls) {
  calls.admit(ours, Kind::file_transfer, call("{file}", 1));
  for (std::uint32_t i = 2; i < 1000; ++i) {
    calls.admit(theirs, Kind::custom_emoticon, call("{" + std::to_string(i) + "}", i));
    ASSERT_EQ(calls.session(1, ours), CallStanding::admitted) << i;
  }
  EXPECT_EQ(calls.session(2, ours), CallStanding::unknown);
}

}  // namespace
