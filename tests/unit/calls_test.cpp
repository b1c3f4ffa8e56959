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
  EXPECT_FALSE(calls.is_refused("{1}"));
  EXPECT_EQ(calls.session(1, ours).standing, CallStanding::unknown);
  EXPECT_FALSE(calls.by_cookie("1"));
  calls.refuse(ours, Kind::file_transfer, call("{1}", 10));
  EXPECT_FALSE(calls.by_cookie("")) << "a call without a cookie is not that of an empty one";
}

TEST_F(Calls, ARefusedCallIsKnownByEachOfItsNamesAndItsSide) {
  calls.refuse(theirs, Kind::file_transfer, {{"{1}", "{2}"}, {10, 11}, "c"});
  EXPECT_TRUE(calls.is_refused("{1}"));
  EXPECT_TRUE(calls.is_refused("{2}"));
  EXPECT_EQ(calls.session(10, ours).standing, CallStanding::refused);
  EXPECT_EQ(calls.session(11, theirs).standing, CallStanding::refused);
  ASSERT_TRUE(calls.by_cookie("c"));
  EXPECT_TRUE(calls.by_cookie("c")->refused);
  EXPECT_EQ(calls.by_cookie("c")->offered, theirs);
}

TEST_F(Calls, CallIdsCompareWithoutCase) {
  calls.refuse(ours, Kind::file_transfer, call("{ABCD}", 1));
  EXPECT_TRUE(calls.is_refused("{abcd}"));
  calls.admit(ours, Kind::file_transfer, call("{aBcD}", 2));
  EXPECT_FALSE(calls.is_refused("{ABCD}"));
}

TEST_F(Calls, AnAdmittedCallRefusesNothing) {
  calls.admit(ours, Kind::file_transfer, {{"{1}"}, {10}, "c"});
  EXPECT_FALSE(calls.is_refused("{1}"));
  EXPECT_EQ(calls.session(10, ours).standing, CallStanding::admitted);
  ASSERT_TRUE(calls.by_cookie("c"));
  EXPECT_FALSE(calls.by_cookie("c")->refused);
}

TEST_F(Calls, AdmittingClearsTheRefusalOfTheSameSide) {
  calls.refuse(ours, Kind::file_transfer, call("{1}", 10));
  calls.admit(ours, Kind::file_transfer, call("{1}", 10));
  EXPECT_FALSE(calls.is_refused("{1}"));
  EXPECT_EQ(calls.session(10, ours).standing, CallStanding::admitted);
}

TEST_F(Calls, AdmittingLeavesTheRefusalOfTheOtherSide) {
  calls.refuse(theirs, Kind::file_transfer, call("{1}", 10));
  calls.admit(ours, Kind::file_transfer, call("{2}", 10));
  EXPECT_TRUE(calls.is_refused("{1}"));
}

TEST_F(Calls, TheSameSessionOnBothSidesIsToldApartByTheWayItsDataFlows) {
  // libpurple gives both users the same SessionIDs.
  calls.refuse(theirs, Kind::file_transfer, call("{1}", 10));
  calls.admit(ours, Kind::file_transfer, call("{2}", 10));
  EXPECT_EQ(calls.session(10, ours).standing, CallStanding::admitted);
  EXPECT_EQ(calls.session(10, theirs).standing, CallStanding::refused);
}

TEST_F(Calls, AnObjectFlowsTowardsTheSideThatAskedForIt) {
  for (const Kind kind :
       {Kind::display_picture, Kind::custom_emoticon, Kind::wink, Kind::voice_clip, Kind::background}) {
    PairCalls fresh(limits);
    fresh.refuse(ours, Kind::file_transfer, call("{1}", 10));
    fresh.admit(theirs, kind, call("{2}", 10));
    EXPECT_EQ(fresh.session(10, ours).standing, CallStanding::admitted) << msnp::name_of(kind);
    EXPECT_EQ(fresh.session(10, theirs).standing, CallStanding::refused) << msnp::name_of(kind);
  }
}

TEST_F(Calls, AKindWithoutOneDirectionFlowsBothWays) {
  calls.refuse(theirs, Kind::file_transfer, call("{1}", 10));
  calls.admit(ours, Kind::webcam, call("{2}", 10));
  EXPECT_EQ(calls.session(10, ours).standing, CallStanding::admitted);
  EXPECT_EQ(calls.session(10, theirs).standing, CallStanding::admitted);
}

TEST_F(Calls, RefusingASessionEndsTheAdmissionOfItsSide) {
  calls.admit(ours, Kind::display_picture, call("{1}", 10));
  calls.refuse(ours, Kind::file_transfer, call("{2}", 10));
  EXPECT_EQ(calls.session(10, ours).standing, CallStanding::refused);
  EXPECT_EQ(calls.session(10, theirs).standing, CallStanding::refused);
}

TEST_F(Calls, ASecondRefusedInvitationDoesNotSilenceAnAdmittedCall) {
  calls.admit(ours, Kind::display_picture, call("{1}", 10));
  calls.refuse(ours, Kind::file_transfer, call("{1}", 11));
  EXPECT_FALSE(calls.is_refused("{1}"));
  EXPECT_EQ(calls.session(10, theirs).standing, CallStanding::admitted);
  EXPECT_EQ(calls.session(11, ours).standing, CallStanding::refused);
}

TEST_F(Calls, ACallIdOfBothSidesIsToldApartByWhoIsAnswered) {
  for (const bool refused_first : {true, false}) {
    PairCalls fresh(limits);
    if (refused_first) fresh.refuse(ours, Kind::file_transfer, call("{1}", 10));
    fresh.admit(theirs, Kind::display_picture, call("{1}", 11));
    if (!refused_first) fresh.refuse(ours, Kind::file_transfer, call("{1}", 10));
    EXPECT_FALSE(fresh.is_refused("{1}", theirs)) << "the answer to what they offered";
    EXPECT_TRUE(fresh.is_refused("{1}", ours)) << "nobody was offered this";
    EXPECT_FALSE(fresh.is_refused("{1}")) << "what goes on within the call that was let through";
    EXPECT_EQ(fresh.session(10, ours).standing, CallStanding::refused);
    fresh.end(theirs, Kind::display_picture, call("{1}", 11));
    EXPECT_TRUE(fresh.is_refused("{1}", theirs));
    EXPECT_TRUE(fresh.is_refused("{1}"));
  }
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
  EXPECT_TRUE(calls.is_refused("{0}"));
  calls.refuse(ours, Kind::file_transfer, call("{new}", 9999));
  EXPECT_FALSE(calls.is_refused("{0}"));
  EXPECT_TRUE(calls.is_refused("{1}"));
  EXPECT_TRUE(calls.is_refused("{new}"));
}

TEST_F(Calls, AnAdmittedSessionInUseIsNotForgotten) {
  calls.admit(theirs, Kind::file_transfer, call("{kept}", 5000));
  for (std::uint32_t i = 0; i < 3 * limits.calls_per_pair; ++i) {
    calls.refuse(ours, Kind::file_transfer, call("{" + std::to_string(i) + "}", i));
    EXPECT_EQ(calls.session(5000, theirs).standing, CallStanding::admitted) << i;
  }
}

TEST_F(Calls, TheSameCallAgainTakesNoSecondPlace) {
  for (std::uint32_t i = 0; i < 10 * limits.calls_per_pair; ++i) {
    calls.refuse(ours, Kind::file_transfer, call("{1}", 10));
    calls.admit(theirs, Kind::display_picture, call("{2}", 11));
  }
  calls.refuse(ours, Kind::file_transfer, call("{3}", 12));
  EXPECT_TRUE(calls.is_refused("{1}"));
  EXPECT_EQ(calls.session(11, ours).standing, CallStanding::admitted);
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

std::shared_ptr<msnp::JudgedCall> judged() {
  return std::make_shared<msnp::JudgedCall>();
}

TEST_F(Calls, WhatIsRememberedOfACallIsFoundByItsSession) {
  const auto admitted = judged(), refused = judged();
  calls.admit(ours, Kind::file_transfer, {{"{1}"}, {10, 11}, {}}, admitted);
  calls.refuse(theirs, Kind::unknown_application, {{}, {12}, {}}, refused);
  calls.admit(ours, Kind::webcam, call("{3}", 13));
  EXPECT_EQ(calls.session(10, ours).call, admitted.get());
  EXPECT_EQ(calls.session(11, theirs).call, admitted.get());
  EXPECT_EQ(calls.session(12, ours).call, refused.get());
  EXPECT_EQ(calls.session(13, ours).standing, CallStanding::admitted);
  EXPECT_EQ(calls.session(13, ours).call, nullptr) << "nothing to judge again";
  EXPECT_EQ(calls.session(14, ours).call, nullptr);
}

TEST_F(Calls, WhatIsRememberedLivesAsLongAsTheCall) {
  std::weak_ptr<msnp::JudgedCall> remembered;
  {
    const auto one = judged();
    remembered = one;
    calls.admit(ours, Kind::file_transfer, call("{1}", 10), one);
  }
  EXPECT_EQ(calls.session(10, ours).call, remembered.lock().get());
  calls.admit(ours, Kind::file_transfer, call("{1}", 10), judged());
  EXPECT_TRUE(remembered.expired());
}

TEST_F(Calls, OfTheSameSessionOnBothSidesTheOneWhoseDataFlowsThisWayIsFound) {
  // Alice fetches bob's picture, bob hers; or each sends the other a file.
  for (const Kind kind : {Kind::display_picture, Kind::file_transfer}) {
    for (const bool ours_first : {true, false}) {
      PairCalls fresh(limits);
      const auto of_ours = judged(), of_theirs = judged();
      if (ours_first) fresh.admit(ours, kind, call("{1}", 10), of_ours);
      fresh.admit(theirs, kind, call("{2}", 10), of_theirs);
      if (!ours_first) fresh.admit(ours, kind, call("{1}", 10), of_ours);
      const bool with_offer = kind == Kind::file_transfer;
      EXPECT_EQ(fresh.session(10, ours).call, (with_offer ? of_ours : of_theirs).get()) << ours_first;
      EXPECT_EQ(fresh.session(10, theirs).call, (with_offer ? of_theirs : of_ours).get()) << ours_first;
    }
  }
}

TEST_F(Calls, WhatEndsIsRefusedByAllItsNamesAndItsSide) {
  calls.admit(ours, Kind::file_transfer, call("{1}", 10), judged());
  calls.end(ours, Kind::file_transfer, call("{1}", 10));
  EXPECT_TRUE(calls.is_refused("{1}")) << "its own Call-ID, though it was let through";
  EXPECT_EQ(calls.session(10, ours).standing, CallStanding::refused);
  EXPECT_EQ(calls.session(10, theirs).standing, CallStanding::refused);
  EXPECT_EQ(calls.session(10, ours).call, nullptr) << "there is nothing left to end";
}

TEST_F(Calls, AnEndLeavesOtherCallsAlone) {
  const auto other = judged(), of_theirs = judged();
  calls.admit(ours, Kind::file_transfer, call("{1}", 10), judged());
  calls.admit(ours, Kind::file_transfer, call("{2}", 11), other);
  calls.admit(theirs, Kind::file_transfer, call("{3}", 10), of_theirs);
  calls.end(ours, Kind::file_transfer, call("{1}", 10));
  EXPECT_FALSE(calls.is_refused("{2}"));
  EXPECT_FALSE(calls.is_refused("{3}"));
  EXPECT_EQ(calls.session(11, ours).call, other.get());
  EXPECT_EQ(calls.session(10, theirs).call, of_theirs.get()) << "the other side uses the same SessionID";
  EXPECT_EQ(calls.session(10, ours).standing, CallStanding::refused);
}

TEST_F(Calls, WhatEndedMayBeOfferedAndLetThroughAgain) {
  calls.admit(ours, Kind::file_transfer, call("{1}", 10), judged());
  calls.end(ours, Kind::file_transfer, call("{1}", 10));
  const auto again = judged();
  calls.admit(ours, Kind::file_transfer, call("{1}", 10), again);
  EXPECT_FALSE(calls.is_refused("{1}"));
  EXPECT_EQ(calls.session(10, ours).call, again.get());
}

TEST_F(Calls, WhatNobodyLetThroughCanEndToo) {
  calls.end(theirs, Kind::file_transfer, call("{1}", 10));
  EXPECT_TRUE(calls.is_refused("{1}"));
  EXPECT_EQ(calls.session(10, theirs).standing, CallStanding::refused);
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
  EXPECT_TRUE(second->is_refused("{1}")) << "who holds it can still use it";
}

TEST_F(Calls, ASessionInUseOutlivesAnyNumberOfLaterCalls) {
  calls.admit(ours, Kind::file_transfer, call("{file}", 1));
  for (std::uint32_t i = 2; i < 1000; ++i) {
    calls.admit(theirs, Kind::custom_emoticon, call("{" + std::to_string(i) + "}", i));
    ASSERT_EQ(calls.session(1, ours).standing, CallStanding::admitted) << i;
  }
  EXPECT_EQ(calls.session(2, ours).standing, CallStanding::unknown);
}

}  // namespace
