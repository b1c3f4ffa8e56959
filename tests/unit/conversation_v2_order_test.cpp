// P2P v2: what is held, what waits behind it, and how bridges in one switchboard are told apart.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "msnp/conversation.hpp"
#include "tests/support/bridge_story.hpp"

namespace {

using namespace std::string_literals;
using namespace gate::test;
using gate::Action;
using msnp::Direction;
using msnp::opposite;

struct InOrder : BridgeStory, testing::TestWithParam<Setting> {
  InOrder() : BridgeStory(GetParam(), policy_that_allows_texts()) { warm_up(); }
  void TearDown() override { expect_no_complaints(); }
  std::size_t left() const { return rig.left[lane(way)].size(); }
  bool told_of_limit() const {
    return !rig.rig.audit.events.empty() && rig.rig.audit.events.back().reason == "reassembly-limit";
  }
};
INSTANTIATE_TEST_SUITE_P(Bridges, InOrder, every_setting());

TEST_P(InOrder, InterleavedMessagesLeaveInTheOrderTheyCame) {
  const std::string offer = file(offerer, 2);
  const std::string text = picture(offerer, 3, 600);
  const auto packages = offerer.alternating({.data = offer, .most = 400, .number = std::uint16_t{40}},
                                            {.data = text, .most = 400, .number = std::uint16_t{41}});
  ASSERT_GE(packages.size(), 6U);
  rig.send_packages(offerer, packages);
  ASSERT_EQ(left(), packages.size());
  for (std::size_t i = 0; i < packages.size(); ++i) {
    const std::string package = cargo_of(rig.left[lane(way)][i]);
    EXPECT_EQ(package.substr(0, 16), packages[i].substr(0, 16)) << i;
  }
  ASSERT_EQ(other.heard.size(), 2U);
  for (const BridgeEnd::Heard& one : other.heard) {
    if (one.number == 41) {
      EXPECT_EQ(one.data, text);
    } else {
      EXPECT_TRUE(says_nothing(one.data));
      EXPECT_EQ(one.data.size(), offer.size());
    }
  }
  EXPECT_EQ(offerer.declines(), 1U);
  EXPECT_EQ(refusals(), 1U);
}

TEST_P(InOrder, PapyonsMessagesThatAllHaveTheNumberZeroAreToldApart) {
  for (int number = 2; number < 8; ++number) {
    const bool is_file = number % 2 == 0;
    const std::string text = is_file ? file(offerer, number) : picture(offerer, number, 600);
    rig.say(offerer, {.data = text, .urgent = true, .most = 500, .number = std::uint16_t{0}});
    EXPECT_EQ(says_nothing(other.latest().data), is_file);
    EXPECT_EQ(other.latest().data == text, !is_file);
  }
  EXPECT_EQ(offerer.declines(), 3U);
  EXPECT_EQ(refusals(), 3U);
}

TEST_P(InOrder, WhatIsSaidBehindAHeldMessageWaitsAndGoesOnAfterIt) {
  const std::string text = picture(offerer, 2, 600);
  const auto parts = offerer.packages({.data = text, .urgent = true, .most = 500});
  const auto ink = offerer.packages({.data = "ink", .session = 64});
  rig.send_packages(offerer, {parts.begin(), parts.end() - 1});
  EXPECT_EQ(left(), 0U);
  // A package without data, and one that waits for nothing.
  const std::string acknowledgement = offerer.control(0, acknowledges(other.next()));
  rig.send_package(offerer, acknowledgement);
  EXPECT_EQ(left(), 0U);
  rig.send_package(offerer, parts.back());
  rig.send_packages(offerer, ink);
  ASSERT_EQ(other.heard.size(), 2U);
  EXPECT_EQ(other.heard[0].data, text);
  ASSERT_EQ(left(), parts.size() + 2);
  EXPECT_EQ(cargo_of(rig.left[lane(way)][parts.size() - 1]), acknowledgement) << "in its place";
}

TEST_P(InOrder, AMessageThatNeverEndsIsEmptiedAfterAMinuteAndLaterOnesGoOn) {
  const auto parts = offerer.packages({.data = file(offerer, 2), .urgent = true, .most = 500});
  const std::string text = picture(offerer, 3, 600);
  const auto later = offerer.packages({.data = text, .urgent = true});
  rig.send_package(offerer, parts.front());
  rig.send_packages(offerer, later);
  other.strict = false;  // the rest of the first message is missing
  rig.tick(60'000);
  EXPECT_EQ(left(), 0U);
  EXPECT_TRUE(rig.rig.audit.events.empty());
  rig.tick(250);
  ASSERT_EQ(left(), 1 + later.size());
  EXPECT_EQ(cargo_of(rig.left[lane(way)][0]),
            parts[0].substr(0, 28) + std::string(parts[0].size() - 28, '\0'));
  EXPECT_EQ(other.latest().data, text);
  ASSERT_EQ(rig.rig.audit.events.size(), 1U);
  EXPECT_TRUE(told_of_limit());
  EXPECT_TRUE(rig.rig.filter->idle());
  rig.send_packages(offerer, {parts.begin() + 1, parts.end()});
  EXPECT_EQ(offerer.declines(), 0U);
  EXPECT_EQ(refusals(), 0U);
  fetch_picture(other, offerer, 4);
  other.complaints.clear();  // the rest, late
}

TEST_P(InOrder, AMinuteIsCountedFromTheFirstPackage) {
  const auto parts = offerer.packages({.data = picture(offerer, 2, 900), .urgent = true, .most = 500});
  rig.send_package(offerer, parts[0]);
  rig.tick(59'000);
  rig.send_package(offerer, parts[1]);
  EXPECT_EQ(left(), 0U);
  rig.tick(1'001);
  EXPECT_EQ(left(), 2U);
  EXPECT_TRUE(told_of_limit());
}

TEST_P(InOrder, NoMoreThanSixtyFourFramesWaitBehindAHeldMessage) {
  const auto parts = offerer.packages({.data = file(offerer, 2), .urgent = true, .most = 500});
  rig.send_package(offerer, parts.front());
  other.strict = false;
  for (int i = 0; i < 63; ++i) rig.send_packages(offerer, offerer.packages({.data = "ink", .session = 64}));
  EXPECT_EQ(left(), 0U);
  EXPECT_TRUE(rig.rig.audit.events.empty());
  rig.send_packages(offerer, offerer.packages({.data = "ink", .session = 64}));
  EXPECT_EQ(left(), 65U);
  EXPECT_EQ(cargo_of(rig.left[lane(way)][0]).find("EUF-GUID"), std::string::npos);
  ASSERT_EQ(rig.rig.audit.events.size(), 1U);
  EXPECT_TRUE(told_of_limit());
  fetch_picture(other, offerer, 4);
}

TEST_P(InOrder, NoMoreThanSixteenMessagesAreOpen) {
  other.answers = false;
  for (std::uint16_t number = 0; number < 16; ++number) {
    const auto parts = offerer.packages({.data = file(offerer, 2 + number), .most = 500, .number = number});
    rig.send_package(offerer, parts.front());
  }
  EXPECT_EQ(left(), 0U);
  const auto parts = offerer.packages({.data = file(offerer, 30), .most = 500, .number = std::uint16_t{16}});
  rig.send_package(offerer, parts.front());
  EXPECT_EQ(left(), 1U) << "the oldest one";
  EXPECT_TRUE(told_of_limit());
  other.complaints.clear();  // the numbers of what was never sent
}

struct Acknowledged : testing::Test {
  Acknowledged()
      : alice(std::string(alice_end), std::string(bob_end), 1000),
        bob(std::string(bob_end), std::string(alice_end), 5000),
        rig(policy_with(Action::block)) {
    rig.join(alice, bob);
    rig.server_acknowledges = false;
    bob.answers = false;
    alice.answers = false;
  }
  BridgeEnd alice, bob;
  BridgedRig rig;
};

TEST_F(Acknowledged, WhatIsHeldIsAcknowledgedAtOnceAndTheServersOwnStops) {
  const std::string object = base64("<msnobj Size=\"3000\" Type=\"3\"/>" + std::string(600, ' '));
  const auto parts =
      alice.packages({.data = slp_invite({}, object_guid, object), .opens = true, .most = 400});
  ASSERT_EQ(parts.size(), 4U);
  for (int i = 0; i < 3; ++i) {
    rig.send_package(alice, parts[static_cast<std::size_t>(i)]);
    EXPECT_EQ(rig.replies, (i == 0   ? std::map<std::string, int>{{"11", 1}}
                            : i == 1 ? std::map<std::string, int>{{"11", 1}, {"12", 1}}
                                     : std::map<std::string, int>{{"11", 1}, {"12", 1}, {"13", 1}}));
  }
  rig.send_package(alice, parts[3]);
  EXPECT_EQ(rig.replies.count("14"), 0U);
  rig.rig.from_server("ACK 11\r\nNAK 12\r\n282 13\r\nACK 14\r\nACK 13\r\n");
  EXPECT_EQ(rig.rig.to_client(), "ACK 14\r\nACK 13\r\n") << "each once";
}

TEST_F(Acknowledged, WhatWaitsForNoReplyGetsNone) {
  const std::string object = base64("<msnobj Size=\"3000\" Type=\"3\"/>" + std::string(600, ' '));
  const auto parts =
      alice.packages({.data = slp_invite({}, object_guid, object), .opens = true, .most = 700});
  std::string frame = rig.frame_around(alice, {parts[0]});
  frame.replace(frame.find(" D "), 3, " N ");
  rig.send(Direction::to_server, frame);
  EXPECT_TRUE(rig.replies.empty());
  rig.send_package(alice, parts[1]);
  EXPECT_EQ(rig.left[0].size() + rig.left[1].size(), 2U);
  rig.rig.from_server("NAK 11\r\n");
  EXPECT_EQ(rig.rig.to_client(), "NAK 11\r\n");
}

TEST_F(Acknowledged, TheServersReplyToOurWordsStops) {
  const std::string offer = slp_file_offer(
      {std::string(bob_end), std::string(alice_end), "{10000000-0000-4000-8000-000000000001}", "7001"});
  rig.say(alice, {.data = "ink", .session = 64, .opens = true});
  rig.say(bob, {.data = offer, .opens = true, .urgent = true});
  ASSERT_EQ(bob.declines(), 1U);
  EXPECT_TRUE(rig.left[lane(Direction::to_server)].back().starts_with("MSG 2000000001 D "));
  rig.rig.from_server("ACK 2000000001\r\nNAK 2000000001\r\n282 2000000001\r\nACK 2000000002\r\n");
  EXPECT_EQ(rig.rig.to_client(), "ACK 2000000002\r\n");
}

// --- several bridges ----------------------------------------------------------------------------

TEST(Bridges, OfTwoEndpointsOfOneAccountAreCountedApart) {
  const std::string home = "bob@example.org;{b2b2b2b2-0002-4002-8002-ba9876543210}";
  const std::string work = "bob@example.org;{c3c3c3c3-0003-4003-8003-ba9876543210}";
  const std::string me(alice_end);
  BridgeEnd alice_home(me, home, 1000), alice_work(me, work, 90'000);
  BridgeEnd bob_home(home, me, 0xFFFFFF00), bob_work(work, me, 7);
  BridgedRig rig(policy_with(Action::block));
  rig.join(alice_home, bob_home);
  rig.join(alice_work, bob_work);
  int session = 7000;
  const auto offer = [&](BridgeEnd& from) {
    Call call{from.self(), from.other(),
              "{10000000-0000-4000-8000-" + std::to_string(100'000'000'000 + ++session) + "}",
              std::to_string(session)};
    rig.say(from, {.data = slp_file_offer(call), .opens = !from.opened, .urgent = true, .most = 600});
    rig.tick(250);
    rig.tick(250);
  };
  for (int round = 0; round < 3; ++round) {
    for (BridgeEnd* const end : {&alice_home, &alice_work, &bob_work, &bob_home, &alice_home}) {
      const std::size_t told = end->declines();
      offer(*end);
      EXPECT_EQ(end->declines(), told + 1);
      rig.say(*end, {.data = "ink", .session = 64, .urgent = true});
    }
  }
  EXPECT_THAT(rig.complaints(), testing::IsEmpty());
}

TEST(Bridges, OfThreePeopleAreCountedApart) {
  const std::string carol_end = "carol@example.net;{c3c3c3c3-0003-4003-8003-ba9876543210}";
  const std::string me(alice_end);
  const std::string him(bob_end);
  BridgeEnd alice_bob(me, him, 1000), alice_carol(me, carol_end, 90'000);
  BridgeEnd bob(him, me, 0xFFFFFF00), carol(carol_end, me, 7);
  BridgedRig rig(policy_with(Action::block), Carriage::messages, {"bob@example.org", "carol@example.net"});
  rig.join(alice_bob, bob);
  rig.join(alice_carol, carol);
  int session = 7000;
  for (int round = 0; round < 3; ++round) {
    for (BridgeEnd* const end : {&carol, &alice_bob, &alice_carol, &bob, &carol}) {
      const std::size_t told = end->declines();
      Call call{end->self(), end->other(),
                "{10000000-0000-4000-8000-" + std::to_string(100'000'000'000 + ++session) + "}",
                std::to_string(session)};
      rig.say(*end, {.data = slp_file_offer(call), .opens = !end->opened, .urgent = true, .most = 600});
      rig.tick(250);
      rig.tick(250);
      EXPECT_EQ(end->declines(), told + 1) << end->self() << " to " << end->other();
      rig.say(*end, {.data = "ink", .session = 64, .urgent = true});
    }
  }
  EXPECT_THAT(rig.complaints(), testing::IsEmpty());
}

TEST(Bridges, TellWhatTheyHeldWhenTooManyOthersMakeThemForgotten) {
  BridgeStory story({Direction::to_server, 1000, 5000}, policy_with(Action::block));
  story.warm_up();
  const auto parts = story.alice.packages({.data = story.picture(story.alice, 2, 700), .most = 400});
  story.rig.send_package(story.alice, parts.front());
  EXPECT_TRUE(story.rig.rig.audit.events.empty());
  std::vector<BridgeEnd> ends;
  for (int i = 10; i < 42; ++i) {
    ends.emplace_back("bob@example.org;{b2b2b2b2-0002-4002-8002-0000000000" + std::to_string(i) + "}",
                      std::string(alice_end), 1);
  }
  std::string frames;
  for (BridgeEnd& end : ends) {
    const std::string package = end.packages({.data = "ink", .session = 64, .opens = true}).front();
    frames += message_to_client("bob@example.org", "Bob",
                                mime_block("application/x-msnmsgrp2p\r\nP2P-Dest: " + std::string(alice_end) +
                                               "\r\nP2P-Src: " + end.self(),
                                           package));
  }
  story.rig.rig.from_server(frames);
  EXPECT_EQ(story.rig.rig.to_client(), frames);
  ASSERT_EQ(story.rig.rig.audit.events.size(), 1U);
  EXPECT_EQ(story.rig.rig.audit.events[0].reason, "reassembly-limit");
}

TEST(Bridges, AreFoundAgainHoweverTheirEndsAreSpelled) {
  BridgeStory story({Direction::to_client, 1000, 5000}, policy_with(Action::block));
  story.warm_up();
  story.rig.say(story.bob, {.data = story.file(story.bob, 2), .urgent = true});
  ASSERT_EQ(story.bob.declines(), 1U);
  // What alice says now is translated, however she spells him.
  const auto packages = story.alice.packages({.data = "ink", .session = 64});
  std::string frame = story.rig.frame_around(story.alice, packages);
  frame.replace(frame.find(bob_end), bob_end.size(),
                "Bob@Example.org;{B2B2B2B2-0002-4002-8002-BA9876543210}");
  story.rig.rig.from_client(frame);
  const std::string went_on = story.rig.rig.to_server();
  EXPECT_NE(went_on, frame);
  story.bob.hear(cargo_of(went_on));
  EXPECT_EQ(story.bob.latest().data, "ink");
  EXPECT_TRUE(story.bob.complaints.empty());
}

}  // namespace
