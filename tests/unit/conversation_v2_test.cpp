// Offers over P2P v2 between two people who have both spoken (transfers.md 7.3, block-proof.md 4.2): what
// takes their place, what the offerer is told, and that both may count on afterwards.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "msnp/conversation.hpp"
#include "tests/support/bridge_story.hpp"
#include "tests/support/transfer_vectors.hpp"

namespace {

using namespace std::string_literals;
using namespace gate::test;
using gate::Action;
using msnp::Direction;
using msnp::opposite;
using testing::HasSubstr;

struct Warm : BridgeStory, testing::TestWithParam<Setting> {
  Warm() : BridgeStory(GetParam(), policy_that_allows_texts()) { warm_up(); }
  void TearDown() override { expect_no_complaints(); }
};
INSTANTIATE_TEST_SUITE_P(Bridges, Warm, every_setting());

TEST_P(Warm, ARefusedOfferSaysNothingAndTheOffererIsToldAtOnce) {
  const std::string text = file(offerer, 2);
  rig.say(offerer, {.data = text, .urgent = true});
  ASSERT_EQ(other.heard.size(), 1U);
  EXPECT_EQ(other.heard[0].data.size(), text.size());
  EXPECT_TRUE(other.heard[0].data.starts_with("NONE MSNMSGR:"));
  EXPECT_TRUE(says_nothing(other.heard[0].data));
  ASSERT_EQ(offerer.heard.size(), 1U);
  EXPECT_EQ(offerer.heard[0].data, decline(offerer, 2));
  EXPECT_EQ(offerer.heard[0].number, 0x4001U);
  EXPECT_EQ(offerer.last_acknowledged(), offerer.next()) << "the other side's own acknowledgement";
  EXPECT_EQ(refusals(), 1U);
}

TEST_P(Warm, AfterwardsPicturesFilesAndRefusalsGoOnBothWays) {
  for (int round = 0; round < 3; ++round) {
    const int number = 10 + 10 * round;
    const std::size_t told = offerer.declines();
    const std::size_t told_other = other.declines();
    rig.say(offerer, {.data = file(offerer, number), .urgent = true});
    fetch_picture(offerer, other, number + 1);
    rig.say(other, {.data = file(other, number + 2), .urgent = true, .most = 300});
    fetch_picture(other, offerer, number + 3);
    EXPECT_EQ(offerer.declines(), told + 1);
    EXPECT_EQ(other.declines(), told_other + 1);

    const std::string offer = file(other, number + 4, u"a.txt");
    rig.say(other, {.data = offer, .urgent = true});
    EXPECT_EQ(offerer.latest().data, offer);
    rig.say(offerer, {.data = slp_status(call(other, number + 4), "200 OK"), .urgent = true});
    const auto session = static_cast<std::uint32_t>(7000 + number + 4);
    rig.say(other, {.data = std::string(30'000, 'f'), .session = session, .kind = 6, .urgent = true});
    EXPECT_EQ(offerer.latest().data, std::string(30'000, 'f'));
  }
  EXPECT_EQ(refusals(), 6U);
}

TEST_P(Warm, SeveralRefusalsInARowEachHaveTheirAnswer) {
  for (int number = 2; number < 9; ++number) {
    rig.say(offerer, {.data = file(offerer, number), .urgent = true});
    EXPECT_EQ(offerer.latest().data, decline(offerer, number));
  }
  EXPECT_EQ(offerer.declines(), 7U);
  fetch_picture(other, offerer, 20);
}

TEST_P(Warm, TheAnswerWaitsForTheEndOfAMessage) {
  fetch_picture(offerer, other, 2);
  const std::string data(900, 'd');
  const auto pieces = other.packages({.data = data, .session = 7002, .kind = 4, .urgent = true, .most = 300});
  rig.send_package(other, pieces[0]);
  rig.say(offerer, {.data = file(offerer, 4), .urgent = true});
  EXPECT_EQ(offerer.declines(), 0U) << "in the middle of a message";
  rig.send_package(other, pieces[1]);
  EXPECT_EQ(offerer.declines(), 0U);
  rig.send_package(other, pieces[2]);
  ASSERT_EQ(offerer.declines(), 1U);
  EXPECT_EQ(offerer.latest().data, decline(offerer, 4));
  EXPECT_EQ(offerer.heard[offerer.heard.size() - 2].data, data);
}

TEST_P(Warm, WhatIsHeldComesAfterTheAnswer) {
  const std::string text = picture(other, 3, 700);
  const auto parts = other.packages({.data = text, .urgent = true, .most = 500});
  rig.send_packages(other, {parts.begin(), parts.end() - 1});
  EXPECT_TRUE(rig.left[lane(opposite(way))].empty());
  rig.say(offerer, {.data = file(offerer, 4), .urgent = true});
  ASSERT_EQ(offerer.declines(), 1U);
  rig.send_package(other, parts.back());
  EXPECT_EQ(offerer.latest().data, text);
  EXPECT_EQ(other.last_acknowledged(), other.next());
}

TEST_P(Warm, AMessageThatDoesNotEndKeepsItsNumbersAndTheAnswerBorrowsOne) {
  fetch_picture(offerer, other, 2);
  const auto pieces = other.packages(
      {.data = std::string(900, 'd'), .session = 7002, .kind = 4, .urgent = true, .most = 300});
  rig.send_package(other, pieces[0]);
  const std::uint32_t expected = offerer.expected();
  rig.say(offerer, {.data = file(offerer, 4), .urgent = true});
  offerer.strict = false;
  rig.tick(250);
  ASSERT_EQ(offerer.declines(), 1U);
  EXPECT_EQ(offerer.latest().base_id, expected);
  const std::size_t before = rig.left[lane(opposite(way))].size();
  rig.send_packages(other, {pieces[1], pieces[2]});
  const auto& frames = rig.left[lane(opposite(way))];
  ASSERT_EQ(frames.size(), before + 2);
  EXPECT_EQ(cargo_of(frames[before]), pieces[1]) << "not translated";
  EXPECT_EQ(cargo_of(frames[before + 1]), pieces[2]);
}

TEST_P(Warm, ARefusedPackageSentAgainStaysEmptyAndIsToldOnce) {
  const auto parts = offerer.packages({.data = file(offerer, 2), .urgent = true, .most = 600});
  ASSERT_GE(parts.size(), 2U);
  rig.send_packages(offerer, parts);
  rig.left[lane(way)].clear();
  rig.send_packages(offerer, parts);
  rig.send_package(offerer, parts[1]);
  const auto& again = rig.left[lane(way)];
  ASSERT_EQ(again.size(), parts.size() + 1);
  for (std::size_t i = 0; i < again.size(); ++i) {
    const std::string& was = parts[i < parts.size() ? i : 1];
    const std::size_t data = was[8] == 20 ? 28 : 16;
    EXPECT_EQ(cargo_of(again[i]), was.substr(0, data) + std::string(was.size() - data, '\0'));
  }
  other.complaints.clear();  // the words of the tombstone are not repeated
  EXPECT_EQ(offerer.declines(), 1U);
  EXPECT_EQ(refusals(), 1U);
  fetch_picture(offerer, other, 3);
  fetch_picture(other, offerer, 4);
}

TEST_P(Warm, AnAdmittedMessageSentAgainGoesOnAsBefore) {
  rig.say(offerer, {.data = file(offerer, 2), .urgent = true});
  for (const std::size_t most : {1202U, 700U, 300U}) {
    const auto packages = offerer.packages({.data = picture(offerer, 3, 300), .most = most});
    const auto mine = other.packages({.data = slp_status(call(offerer, 3), "200 OK"), .most = most});
    for (int times = 0; times < 2; ++times) {
      rig.send_packages(offerer, packages);
      rig.send_packages(other, mine);
    }
    EXPECT_EQ(std::exchange(other.repeats, 0), packages.size()) << most;
    EXPECT_EQ(std::exchange(offerer.repeats, 0), mine.size()) << most;
  }
  fetch_picture(offerer, other, 5);
  fetch_picture(other, offerer, 6);
}

TEST_P(Warm, OneAdmittedPackageSentAgainHoldsUpNothing) {
  const auto packages = offerer.packages({.data = picture(offerer, 3, 700), .most = 400});
  rig.send_packages(offerer, packages);
  for (const std::string& package : packages) {
    rig.send_package(offerer, package);
    EXPECT_EQ(std::exchange(other.repeats, 0), 1U);
  }
  fetch_picture(other, offerer, 6);
}

TEST_P(Warm, WhatIsAskedForAgainIsTranslatedAsWhatIsAcknowledged) {
  rig.say(offerer, {.data = file(offerer, 2), .urgent = true});
  const std::uint32_t before = other.next();
  rig.say(other, {.data = slp_status(call(offerer, 1), "500 Internal Error")});
  ASSERT_NE(offerer.expected(), other.next()) << "ours is between";
  rig.send_package(offerer, offerer.control(0, asks_again(offerer.latest().base_id)));
  EXPECT_EQ(other.asked_for, std::vector{before});
  rig.send_package(offerer, offerer.control(0, acknowledges(offerer.expected())));
  EXPECT_EQ(other.last_acknowledged(), other.next());
  // Inside and at the begin of the injected 603: the number where it was inserted.
  const std::uint32_t ours = offerer.heard[offerer.heard.size() - 2].base_id;
  for (const std::uint32_t value : {ours, ours + 1, offerer.latest().base_id}) {
    rig.send_package(offerer, offerer.control(0, acknowledges(value)));
    EXPECT_EQ(other.last_acknowledged(), before);
  }
}

TEST_P(Warm, AClientThatWasStartedAgainCountsFromElsewhere) {
  for (const std::uint32_t step : {0x00001000U, 0xFFFF0000U, 0x40000000U, 0xA0000000U}) {
    rig.say(offerer, {.data = file(offerer, 2), .urgent = true});
    other.begin_again(other.next() + step, offerer);
    rig.say(other, {.data = picture(other, 3), .opens = true});
    EXPECT_EQ(offerer.latest().data, picture(other, 3));
    EXPECT_EQ(other.last_acknowledged(), other.next()) << step;
    const std::size_t told = offerer.declines();
    rig.say(offerer, {.data = file(offerer, 4), .urgent = true});
    EXPECT_EQ(offerer.declines(), told + 1) << step;
    fetch_picture(other, offerer, 5);
  }
}

TEST_P(Warm, TheByeOfARefusedCallSaysNothing) {
  rig.say(offerer, {.data = file(offerer, 2), .urgent = true});
  const std::string bye =
      slp_request(call(offerer, 2), "BYE", "application/x-msnmsgr-sessionclosebody", "SessionID: 7002\r\n");
  rig.say(offerer, {.data = bye, .urgent = true});
  ASSERT_EQ(other.heard.size(), 2U);
  EXPECT_EQ(other.heard[1].data.size(), bye.size());
  EXPECT_TRUE(says_nothing(other.heard[1].data));
  EXPECT_EQ(offerer.declines(), 1U);
  EXPECT_EQ(offerer.last_acknowledged(), offerer.next());
  EXPECT_EQ(refusals(), 1U);
}

TEST_P(Warm, DataOfARefusedOrUnknownSessionIsNulsBehindItsHeaders) {
  rig.say(offerer, {.data = file(offerer, 2), .urgent = true});
  for (const std::uint32_t session : {7002U, 4242U}) {
    const std::size_t recorded = rig.rig.audit.events.size();
    const std::size_t told = offerer.declines();
    rig.left[lane(way)].clear();
    const auto packages =
        offerer.packages({.data = std::string(2500, 'x'), .session = session, .kind = 6, .urgent = true});
    rig.send_packages(offerer, packages);
    const auto& frames = rig.left[lane(way)];
    ASSERT_EQ(frames.size(), 3U);
    EXPECT_EQ(other.latest().data, std::string(2500, '\0'));
    EXPECT_EQ(other.latest().session, session);
    EXPECT_EQ(cargo_of(frames[0]),
              packages[0].substr(0, 28) + std::string(1202, '\0') + std::string(4, '\0'));
    EXPECT_EQ(offerer.last_acknowledged(), offerer.next());
    EXPECT_EQ(offerer.declines(), told);
    EXPECT_EQ(rig.rig.audit.events.size(), recorded + (session == 4242 ? 1 : 0)) << session;
  }
  EXPECT_EQ(rig.rig.audit.events.back().reason, "data-without-session");
}

TEST_P(Warm, TheTombstoneIsSpreadOverPackagesThatAreTooShortForItsWords) {
  const std::string text = file(offerer, 2);
  rig.say(offerer, {.data = text, .urgent = true, .most = 100});
  ASSERT_EQ(other.heard.size(), 1U);
  EXPECT_EQ(other.heard[0].data.size(), text.size());
  EXPECT_THAT(other.heard[0].data, HasSubstr("Content-Type: null\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_TRUE(other.heard[0].data.starts_with("NONE MSNMSGR:"));
  EXPECT_EQ(offerer.declines(), 1U);
}

TEST_P(Warm, AnOfferShorterThanTheWordsBecomesNuls) {
  std::string text =
      "INVITE x MSNSLP/1.0\r\nTo: <msnmsgr:" + call(offerer, 2).to +
      ">\r\nFrom: <msnmsgr:" + call(offerer, 2).from + ">\r\n" +
      "Call-ID: {10000000-0000-4000-8000-100000000002}\r\n\r\nEUF-GUID: " + std::string(file_guid) +
      "\r\n\r\n";
  rig.say(offerer, {.data = text, .urgent = true});
  ASSERT_EQ(other.heard.size(), 1U);
  EXPECT_EQ(other.heard[0].data, std::string(text.size(), '\0'));
  EXPECT_EQ(offerer.declines(), 1U);
}

// --- the numbers of the vector ------------------------------------------------------------------

/// Without the branch and the Call-ID of a tombstone, which are free.
std::string without_guids_of_tombstone(std::string bytes) {
  for (const std::string& name : {"branch={"s, "Call-ID: {"s}) {
    const std::size_t at = bytes.find(name);
    if (at != std::string::npos) bytes.replace(at + name.size(), 36, 36, '?');
  }
  return bytes;
}

std::string vector_package(std::uint32_t base_id, const std::string& tlvs, std::uint8_t operation) {
  BridgeEnd end("", "", base_id);
  return end.control(operation, tlvs);
}

struct Vector05 : testing::Test {
  Vector05() : rig(policy_with(Action::block)) {
    rig.enter_switchboard("alice@example.com", {"bob@example.org"});
    for (const VectorReply& reply : vector_replies()) {
      if (reply.id == "r05-v2-out") expected = reply.sent;
    }
  }
  static std::string from_bob(const std::string& package) {
    return message_to_client("bob@example.org", "Bob",
                             mime_block("application/x-msnmsgrp2p\r\nP2P-Dest: " + std::string(alice_end) +
                                            "\r\nP2P-Src: " + std::string(bob_end),
                                        package));
  }
  static std::string from_alice(const std::string& package) {
    return message_to_server("13", 'D',
                             mime_block("application/x-msnmsgrp2p\r\nP2P-Dest: " + std::string(bob_end) +
                                            "\r\nP2P-Src: " + std::string(alice_end),
                                        package));
  }
  FilterRig rig;
  std::vector<VectorFrame> expected;
};

TEST_F(Vector05, IsAnsweredByteForByte) {
  ASSERT_EQ(expected.size(), 3U);
  const auto& offer = transfer_vector("q01-offer-syn").frames;
  rig.from_client(offer[0].bytes);
  EXPECT_EQ(rig.to_server(), "");
  EXPECT_EQ(rig.to_client(), "ACK 11\r\n");
  rig.from_client(offer[1].bytes);
  const std::string went_on = rig.to_server();
  EXPECT_EQ(without_guids_of_tombstone(went_on),
            without_guids_of_tombstone(expected[0].bytes + expected[1].bytes));
  EXPECT_EQ(went_on.find("0356D3FF-32B9-9612-81ED-9794BA91D3B0"), std::string::npos) << "a Call-ID of nobody";
  EXPECT_EQ(went_on.find("3175DE5E-18C4-7AAC-5303-014E53CA3B64"), std::string::npos) << "a branch of nobody";
  EXPECT_EQ(rig.to_client(), "");
  rig.from_server("ACK 11\r\nACK 12\r\n");
  EXPECT_EQ(rig.to_client(), "ACK 12\r\n");

  const std::uint32_t end = 0x3D56223C + 0x6F;
  const std::string reply = from_bob(vector_package(50'000, peer_information() + acknowledges(end), 3));
  rig.from_server(reply);
  EXPECT_EQ(rig.to_client(), reply + expected[2].bytes);

  BridgeEnd bob("", "", 50'000);
  const std::string text = bob.packages({.data = "x"}).front();
  std::string translated = text;
  translated.replace(4, 4, "\x00\x00\xC4\xF3"s);  // 50000 + 419
  rig.from_server(from_bob(text));
  EXPECT_EQ(rig.to_client(), from_bob(translated));

  for (const std::uint32_t value : {50'419U, 50'428U, 51'000U}) {
    rig.from_client(from_alice(vector_package(end, acknowledges(value), 0)));
    EXPECT_EQ(rig.to_server(), from_alice(vector_package(end, acknowledges(value - 419), 0)));
    rig.from_client(from_alice(vector_package(end, asks_again(value), 0)));
    EXPECT_EQ(rig.to_server(), from_alice(vector_package(end, asks_again(value - 419), 0)));
  }
  for (const std::uint32_t value : {49'000U, 50'000U}) {
    const std::string frame = from_alice(vector_package(end, acknowledges(value), 0));
    rig.from_client(frame);
    EXPECT_EQ(rig.to_server(), frame);
  }
  EXPECT_EQ(rig.audit.events.size(), 1U);
  EXPECT_EQ(rig.audit.events[0].answer, "603 to client");
}

}  // namespace
