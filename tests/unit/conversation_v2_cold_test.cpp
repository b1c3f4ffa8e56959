// Offers over P2P v2 to somebody who has not spoken on the bridge yet: the cold rule (block-proof.md 4.3).
#include <gtest/gtest.h>

#include "msnp/conversation.hpp"
#include "tests/support/bridge_story.hpp"

namespace {

using namespace std::string_literals;
using namespace gate::test;
using gate::Action;
using msnp::Direction;
using msnp::opposite;

struct Cold : BridgeStory, testing::TestWithParam<Setting> {
  Cold() : BridgeStory(GetParam(), policy_that_allows_texts()) { other.answers = false; }
  void TearDown() override { expect_no_complaints(); }
  /// What the tick of a filter makes of half a second.
  void wait() {
    rig.tick(250);
    rig.tick(250);
  }
};
INSTANTIATE_TEST_SUITE_P(Bridges, Cold, every_setting());

TEST_P(Cold, TheOffererIsToldWithinHalfASecond) {
  rig.say(offerer, {.data = file(offerer, 2), .opens = true, .urgent = true, .most = 600});
  ASSERT_EQ(other.heard.size(), 1U);
  EXPECT_TRUE(says_nothing(other.heard[0].data));
  EXPECT_EQ(offerer.declines(), 0U);
  EXPECT_FALSE(rig.rig.filter->idle());
  wait();
  ASSERT_EQ(offerer.declines(), 1U);
  EXPECT_EQ(offerer.heard[0].data, decline(offerer, 2));
  EXPECT_LT(offerer.heard[0].base_id, 0x80000000U);
  wait();
  EXPECT_EQ(offerer.declines(), 1U) << "once";
  rig.tick(60'000);  // more packages of what was refused might have come
  EXPECT_TRUE(rig.rig.filter->idle());
  EXPECT_EQ(rig.rig.audit.events.size(), 1U);
}

TEST_P(Cold, WhoAnswersFirstGivesTheNumbers) {
  rig.say(offerer, {.data = file(offerer, 2), .opens = true, .urgent = true});
  rig.tick(100);
  EXPECT_EQ(offerer.declines(), 0U);
  const std::uint32_t first = other.next();
  other.answers = true;
  rig.tick(1);  // it answers the SYN
  ASSERT_EQ(offerer.declines(), 1U);
  EXPECT_EQ(offerer.heard[0].base_id, first);
  EXPECT_EQ(offerer.last_acknowledged(), offerer.next());
  wait();
  EXPECT_EQ(offerer.declines(), 1U);
  fetch_picture(offerer, other, 3);
  fetch_picture(other, offerer, 4);
}

TEST_P(Cold, TheFirstWordsAfterwardsContinueWhatWasSaidInTheOthersName) {
  rig.say(offerer, {.data = file(offerer, 2), .opens = true, .urgent = true});
  wait();
  ASSERT_EQ(offerer.declines(), 1U);
  other.answers = true;
  rig.tick(1);
  EXPECT_EQ(offerer.last_acknowledged(), offerer.next());
  fetch_picture(offerer, other, 3);
  fetch_picture(other, offerer, 4);
  EXPECT_EQ(other.last_acknowledged(), other.next());
  rig.say(offerer, {.data = file(offerer, 5), .urgent = true});
  EXPECT_EQ(offerer.declines(), 2U) << "warm now";
  fetch_picture(other, offerer, 6);
}

TEST_P(Cold, SeveralRefusalsWhileNobodySpeaksAreCountedTogether) {
  rig.say(offerer, {.data = file(offerer, 2), .opens = true, .urgent = true});
  rig.say(offerer, {.data = file(offerer, 3), .urgent = true});
  wait();
  EXPECT_EQ(offerer.declines(), 2U);
  rig.say(offerer, {.data = file(offerer, 4), .urgent = true, .most = 300});
  wait();
  ASSERT_EQ(offerer.declines(), 3U);
  EXPECT_EQ(offerer.heard[2].data, decline(offerer, 4));
  other.answers = true;
  rig.tick(1);
  EXPECT_EQ(offerer.last_acknowledged(), offerer.next());
  fetch_picture(other, offerer, 5);
  fetch_picture(offerer, other, 6);
}

TEST_P(Cold, WhatAcknowledgesOnlyUsIsNotSeenByWhoHasNotSpoken) {
  rig.say(offerer, {.data = file(offerer, 2), .opens = true, .urgent = true});
  wait();
  ASSERT_EQ(offerer.declines(), 1U);
  rig.left[lane(way)].clear();
  const std::uint32_t end = offerer.expected();
  for (const std::uint32_t value : {end, end - 1, offerer.heard[0].base_id}) {
    rig.send_package(offerer, offerer.control(0, acknowledges(value)));
    EXPECT_TRUE(rig.left[lane(way)].empty());
  }
  expect_no_complaints();  // a client got its ACK of each
  other.answers = true;
  rig.tick(1);
  const std::uint32_t first = other.next();
  rig.send_package(offerer, offerer.control(0, acknowledges(offerer.heard[0].base_id)));
  EXPECT_EQ(other.last_acknowledged(), first) << "a number from before its first becomes its first";
  rig.say(other, {.data = "x", .session = 64});
  rig.send_package(offerer, offerer.control(0, acknowledges(offerer.expected())));
  EXPECT_EQ(other.last_acknowledged(), other.next());
}

TEST_P(Cold, TheFirstWordsMayBeRefusedToo) {
  rig.say(offerer, {.data = file(offerer, 2), .opens = true, .urgent = true});
  wait();
  ASSERT_EQ(offerer.declines(), 1U);
  other.answers = true;
  rig.say(other, {.data = file(other, 3), .urgent = true, .most = 500});
  EXPECT_EQ(other.declines(), 1U);
  EXPECT_TRUE(says_nothing(offerer.latest().data));
  fetch_picture(other, offerer, 4);
  fetch_picture(offerer, other, 5);
  EXPECT_EQ(refusals(), 2U);
}

TEST_P(Cold, TheFirstWordsMayBeAFileThatIsAllowed) {
  rig.say(offerer, {.data = file(offerer, 2), .opens = true, .urgent = true});
  wait();
  other.answers = true;
  const std::string offer = file(other, 3, u"a.txt");
  rig.say(other, {.data = offer, .opens = true, .urgent = true});
  EXPECT_EQ(offerer.latest().data, offer);
  rig.say(offerer, {.data = slp_status(call(other, 3), "200 OK"), .urgent = true});
  const std::string data(20'000, 'f');
  rig.say(other, {.data = data, .session = 7003, .kind = 6, .urgent = true});
  EXPECT_EQ(offerer.latest().data, data);
}

// --- where the numbers are not known, or not to be translated ------------------------------------

struct Withheld : BridgeStory, testing::TestWithParam<Setting> {
  explicit Withheld(std::shared_ptr<const gate::Policy> policy = policy_by(msnp::RefusalMode::withhold))
      : BridgeStory(GetParam(), std::move(policy)) {
    // Nobody counts on: what was withheld is missing, and a number of ours is used again.
    offerer.strict = other.strict = false;
  }
  void TearDown() override { expect_no_complaints(); }
  void expect_untouched(BridgeEnd& from, const Words& words) {
    const Direction direction = &from == &offerer ? way : opposite(way);
    const auto packages = from.packages(words);
    (&from == &offerer ? other : offerer).answers = false;
    const std::size_t before = rig.left[lane(direction)].size();
    rig.send_packages(from, packages);
    ASSERT_EQ(rig.left[lane(direction)].size(), before + packages.size());
    for (std::size_t i = 0; i < packages.size(); ++i) {
      EXPECT_EQ(cargo_of(rig.left[lane(direction)][before + i]), packages[i]);
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Bridges, Withheld, every_setting());

TEST_P(Withheld, AnOfferThatOpensTheBridgeIsAnsweredInTheOthersName) {
  const auto packages =
      offerer.packages({.data = file(offerer, 2), .opens = true, .urgent = true, .most = 600});
  const std::uint32_t end = offerer.next();
  rig.send_packages(offerer, packages);
  EXPECT_TRUE(rig.left[lane(way)].empty());
  const auto& answers = rig.left[lane(opposite(way))];
  ASSERT_EQ(answers.size(), 2U) << "without waiting";
  const std::string reply = cargo_of(answers[0]);
  EXPECT_EQ(reply.substr(0, 4), "\x1C\x01\x00\x00"s);
  EXPECT_EQ(reply.substr(8), peer_information() + acknowledges(end) + std::string(4, '\0'));
  const std::string decline_package = cargo_of(answers[1]);
  EXPECT_EQ(reply.substr(4, 4), decline_package.substr(4, 4)) << "the same number";
  EXPECT_EQ(offerer.declines(), 1U);
  EXPECT_EQ(offerer.heard[0].data, decline(offerer, 2));
  EXPECT_EQ(refusals(), 1U);
  expect_untouched(other, {.data = picture(other, 3, 700), .opens = true, .urgent = true});
  expect_untouched(offerer, {.data = picture(offerer, 4, 700), .urgent = true});
}

TEST_P(Withheld, AWarmOfferIsAcknowledgedAndNumbersStayAsTheyAre) {
  warm_up();
  const std::uint32_t next = other.next();
  for (int number = 2; number < 4; ++number) {
    rig.left = {};
    rig.say(offerer, {.data = file(offerer, number), .urgent = true});
    EXPECT_TRUE(rig.left[lane(way)].empty());
    const auto& answers = rig.left[lane(opposite(way))];
    ASSERT_EQ(answers.size(), 2U);
    BridgeEnd forger("", "", next);
    EXPECT_EQ(cargo_of(answers[0]), forger.control(0, acknowledges(offerer.next())));
    EXPECT_EQ(offerer.latest().data, decline(offerer, number));
    EXPECT_EQ(offerer.latest().base_id, next);
  }
  expect_untouched(other, {.data = picture(other, 5, 700), .urgent = true});
  const std::string acknowledgement = offerer.control(0, acknowledges(other.next()));
  rig.send_package(offerer, acknowledgement);
  EXPECT_EQ(cargo_of(rig.left[lane(way)].back()), acknowledgement);
}

TEST_P(Withheld, AnOfferThatAsksForNothingIsOnlyDeclined) {
  warm_up();
  rig.say(offerer, {.data = file(offerer, 2), .most = 500});
  EXPECT_TRUE(rig.left[lane(way)].empty());
  EXPECT_EQ(rig.left[lane(opposite(way))].size(), 1U);
  EXPECT_EQ(offerer.declines(), 1U);
}

TEST_P(Withheld, SentAgainItIsWithheldAgainAndToldOnce) {
  warm_up();
  const auto packages = offerer.packages({.data = file(offerer, 2), .urgent = true, .most = 600});
  rig.send_packages(offerer, packages);
  rig.send_packages(offerer, packages);
  EXPECT_TRUE(rig.left[lane(way)].empty());
  EXPECT_EQ(offerer.declines(), 1U);
  EXPECT_EQ(refusals(), 1U);
}

TEST_P(Withheld, DataOfARefusedSessionIsWithheldToo) {
  warm_up();
  rig.say(offerer, {.data = file(offerer, 2)});
  rig.left = {};
  rig.say(offerer, {.data = std::string(2500, 'x'), .session = 7002, .kind = 6});
  EXPECT_TRUE(rig.left[lane(way)].empty());
}

struct Unseen : Withheld {
  Unseen() : Withheld(policy_that_allows_texts()) {}
};
INSTANTIATE_TEST_SUITE_P(Bridges, Unseen, every_setting());

TEST_P(Unseen, ABridgeThatBeganWithoutSynIsNotTranslated) {
  offerer.opened = other.opened = true;
  const std::uint32_t next = other.next();
  rig.say(other, {.data = picture(other, 1)});
  rig.left = {};
  rig.say(offerer, {.data = file(offerer, 2), .urgent = true, .most = 600});
  EXPECT_TRUE(rig.left[lane(way)].empty());
  EXPECT_EQ(rig.left[lane(opposite(way))].size(), 2U);
  EXPECT_EQ(offerer.declines(), 1U);
  EXPECT_NE(offerer.latest().base_id, next) << "after what it said";
  EXPECT_EQ(offerer.latest().base_id, other.next());
  expect_untouched(other, {.data = picture(other, 3, 700), .urgent = true});
  expect_untouched(offerer, {.data = picture(offerer, 4, 700), .urgent = true});
}

TEST_P(Unseen, AnOfferIsWithheldWhenItIsTheFirstThingSeen) {
  offerer.opened = true;
  rig.say(offerer, {.data = file(offerer, 2), .urgent = true, .most = 600});
  EXPECT_TRUE(rig.left[lane(way)].empty());
  EXPECT_EQ(rig.left[lane(opposite(way))].size(), 2U) << "acknowledged and declined, without waiting";
  EXPECT_EQ(offerer.declines(), 1U);
  expect_untouched(other, {.data = picture(other, 3, 700), .opens = true, .urgent = true});
}

}  // namespace
