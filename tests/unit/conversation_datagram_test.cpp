// SDG (framing.md 8.3, transfers.md 4.4): read as packages and as a bare text, whatever its headers say;
// refused as over P2P v2, with the words of the routing exchanged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "msnp/conversation.hpp"
#include "tests/support/bridge_story.hpp"
#include "tests/support/transfer_vectors.hpp"

namespace {

using namespace std::string_literals;
using namespace gate::test;
using gate::Action;
using msnp::Direction;
using msnp::Kind;
using msnp::opposite;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string datagram(const std::string& headers, const std::string& content) {
  const std::string payload =
      "Routing: 1.0\r\nTo: 1:Bob@example.org;epid={b2}\r\nFrom: 1:alice@example.com;epid={a1}\r\n\r\n"
      "Reliability: 1.0\r\n\r\nMessaging: 2.0\r\n" +
      headers + "\r\n\r\n" + content;
  return "SDG 5 " + std::to_string(payload.size()) + "\r\n" + payload;
}

/// The packages of one message of a bridge that this opens.
std::vector<std::string> packages_of(const Words& words) {
  return BridgeEnd("", "", 70'000).packages(words);
}

struct Datagrams : testing::Test {
  Datagrams() : rig(policy_with(Action::block)) { rig.sign_in("alice@example.com"); }
  std::string through(const std::string& bytes) {
    rig.from_client(bytes);
    return rig.to_server();
  }
  std::string down(const std::string& bytes) {
    rig.from_server(bytes);
    return rig.to_client();
  }
  FilterRig rig;
  std::string offer = slp_file_offer({});
};

TEST_F(Datagrams, AnOfferInPackagesIsToldOfWhom) {
  (void)through(datagram("Message-Type: Data", packages_of({.data = offer, .opens = true}).front()));
  ASSERT_EQ(rig.audit.events.size(), 1U);
  EXPECT_EQ(rig.audit.events[0].form, msnp::Form::sdg);
  EXPECT_EQ(rig.audit.events[0].kind, Kind::file_transfer);
  EXPECT_EQ(rig.audit.events[0].peers, std::vector{"bob@example.org"s});
  EXPECT_EQ(rig.audit.events[0].answer, "603 to client");
}

TEST_F(Datagrams, PackagesAreReadAtTheirOffsetsAndEmptiedWhereTheyStand) {
  const auto packages = packages_of({.data = offer, .opens = true, .most = 300});
  for (const std::string& junk : {""s, "junk"s}) {
    std::string content = junk;
    std::string offsets;
    for (const std::string& package : packages) {
      offsets += (offsets.empty() ? "" : ",") + std::to_string(content.size());
      content += package;
    }
    FilterRig fresh(policy_with(Action::block));
    fresh.sign_in("alice@example.com");
    const std::string whole = datagram("Message-Type: Data\r\nBridging-Offsets: " + offsets, content);
    fresh.from_client(whole);
    const std::string went_on = fresh.to_server();
    ASSERT_EQ(went_on.size(), whole.size());
    EXPECT_EQ(went_on.substr(0, went_on.find("NONE MSNMSGR:")),
              whole.substr(0, whole.find("INVITE MSNMSGR:")));
    EXPECT_THAT(went_on, Not(HasSubstr("EUF-GUID")));
    EXPECT_EQ(fresh.audit.events.size(), 1U) << junk;
    std::size_t place = whole.size() - content.size() + junk.size();
    for (const std::string& package : packages) {
      const std::size_t header = static_cast<std::size_t>(package[0]) +
                                 static_cast<std::size_t>(package[static_cast<std::size_t>(package[0])]);
      EXPECT_EQ(went_on.substr(place, header), package.substr(0, header));
      EXPECT_EQ(went_on.substr(place + package.size() - 4, 4), std::string(4, '\0'));
      place += package.size();
    }
  }
}

TEST_F(Datagrams, TheOffersOfTheVectorsGoOnEmpty) {
  for (const char* const id : {"s01-sdg-offer", "s02-sdg-offsets", "s03-sdg-ct-text"}) {
    FilterRig fresh(policy_with(Action::block));
    fresh.sign_in("alice@example.com");
    std::string sent, went_on;
    for (const VectorFrame& frame : transfer_vector(id).frames) {
      fresh.from_client(frame.bytes);
      sent += frame.bytes;
      went_on += fresh.to_server();
    }
    const bool began_unseen = id == "s02-sdg-offsets"s;  // its first package has no SYN: taken out
    EXPECT_EQ(went_on.size(), began_unseen ? 0 : sent.size()) << id;
    EXPECT_THAT(went_on, Not(HasSubstr("INVITE"))) << id;
    fresh.tick(250);
    const std::string answer = fresh.to_client();
    EXPECT_THAT(answer, StartsWith("SDG 0 ")) << id;
    EXPECT_THAT(answer, HasSubstr("MSNSLP/1.0 603 Decline\r\nTo: <msnmsgr:alice@example.com;")) << id;
    EXPECT_THAT(answer,
                HasSubstr("\r\nTo: 1:alice@example.com;epid={a1a1a1a1-0001-4001-8001-0123456789ab}\r\n"
                          "From: 1:bob@example.org;epid={b2b2b2b2-0002-4002-8002-ba9876543210}\r\n"))
        << id;
  }
}

TEST_F(Datagrams, ABareTextIsReadWhateverItsTypeIsCalledAndAnsweredWithABareOne) {
  for (const char* const type : {"Signal/P2P", "Data", "Data\r\nContent-Type: text/plain", "Text/P2P"}) {
    FilterRig fresh(policy_with(Action::block));
    fresh.sign_in("alice@example.com");
    fresh.from_client(datagram("Message-Type: "s + type, offer));
    EXPECT_EQ(fresh.to_server(), "") << type;
    EXPECT_EQ(fresh.audit.events.size(), 1U) << type;
    const std::string answer = fresh.to_client();
    EXPECT_THAT(answer, StartsWith("SDG 0 ")) << type;
    EXPECT_THAT(answer,
                HasSubstr("\r\nTo: 1:alice@example.com;epid={a1}\r\nFrom: 1:Bob@example.org;epid={b2}\r\n"));
    EXPECT_THAT(answer, HasSubstr("Message-Type: Signal/P2P\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\n\r\nMSNSLP/1.0 603 Decline\r\nTo: <msnmsgr:alice@example.com>\r\n"));
    EXPECT_THAT(answer, EndsWith("SessionID: 7001\r\n\r\n")) << "no NUL";
    const std::size_t payload = answer.size() - answer.find("\r\n") - 2;
    EXPECT_THAT(answer, StartsWith("SDG 0 " + std::to_string(payload) + "\r\n"));
    const std::size_t content = answer.size() - answer.find("MSNSLP/1.0");
    EXPECT_THAT(answer, HasSubstr("Content-Length: " + std::to_string(content) + "\r\n\r\nMSNSLP"));
  }
}

TEST_F(Datagrams, ABareTextFromOutsideIsAnsweredWithANumberOfOurs) {
  const std::string bare = datagram("Message-Type: Signal/P2P", offer);
  std::string inbound = bare;
  inbound.replace(0, 5, "SDG 0");
  EXPECT_EQ(down(inbound), "");
  EXPECT_THAT(rig.to_server(), StartsWith("SDG 2000000001 "));
  EXPECT_EQ(down(inbound), "");
  EXPECT_THAT(rig.to_server(), StartsWith("SDG 2000000002 "));
  EXPECT_EQ(down("282 2000000002\r\nQNG 50\r\n"), "QNG 50\r\n");
}

TEST_F(Datagrams, TheReplyToOneOfOursStops) {
  std::string inbound = datagram("Message-Type: Signal/P2P", offer);
  EXPECT_EQ(down(inbound.replace(0, 5, "SDG 0")), "");
  EXPECT_EQ(down("SDG 2000000001 OK 0\r\nSDG 2000000003 OK 0\r\nSDG 5 OK 0\r\n"),
            "SDG 2000000003 OK 0\r\nSDG 5 OK 0\r\n");
}

TEST_F(Datagrams, TypedTextMayQuoteAnOffer) {
  const std::string chat = datagram("Message-Type: Text\r\nContent-Type: text/plain", offer);
  EXPECT_EQ(through(chat), chat);
  EXPECT_EQ(through(datagram("Message-Type: Text\r\nMessage-Type: Data", offer)), "")
      << "two types, one of them data";
}

TEST_F(Datagrams, OthersPassUnchanged) {
  for (const std::string& bytes :
       {datagram("Message-Type: Control/Typing", ""), datagram("Message-Type: Nudge", "\r\n"),
        datagram("Message-Type: Data\r\nBridging-Offsets: none", "x"), "SDG 5 0\r\n"s,
        datagram("Message-Type: Data",
                 packages_of({.data = slp_invite({}, object_guid, ""), .opens = true}).front())}) {
    EXPECT_EQ(through(bytes), bytes);
  }
  EXPECT_TRUE(rig.audit.events.empty());
}

TEST_F(Datagrams, OffsetsAtWhichNoPackagesStandOneBehindTheOtherAreStopped) {
  const auto packages = packages_of({.data = "ink", .session = 64, .opens = true});
  const std::string& one = packages.front();
  const std::string size = std::to_string(one.size());
  for (const std::string& offsets :
       {"99999999999,7"s, "7"s, "0,0"s, size + ",0", "0,9"s, "0," + size + ",2000"}) {
    FilterRig fresh(policy_with(Action::block));
    fresh.sign_in("alice@example.com");
    fresh.from_client(datagram("Message-Type: Data\r\nBridging-Offsets: " + offsets, one + one));
    EXPECT_EQ(fresh.to_server(), "") << offsets;
    ASSERT_EQ(fresh.audit.events.size(), 1U) << offsets;
    EXPECT_EQ(fresh.audit.events[0].reason, "disordered") << offsets;
  }
}

TEST_F(Datagrams, DataNeedsAnInvitation) {
  const auto packages = packages_of({.data = "data", .session = 1234, .kind = 6, .opens = true});
  const std::string sent = datagram("Message-Type: Data", packages.front());
  std::string empty = sent;
  empty.replace(empty.size() - 8, 4, 4, '\0');
  EXPECT_EQ(through(sent), empty);
  EXPECT_EQ(rig.audit.events.at(0).reason, "data-without-session");
}

// --- bridges in datagrams -------------------------------------------------------------------------

struct DatagramBridge : BridgeStory, testing::TestWithParam<Setting> {
  DatagramBridge() : BridgeStory(GetParam(), policy_that_allows_texts(), Carriage::datagrams) {}
  void TearDown() override { expect_no_complaints(); }
};
INSTANTIATE_TEST_SUITE_P(Bridges, DatagramBridge, every_setting());

TEST_P(DatagramBridge, IsTranslatedAsOnSwitchboards) {
  warm_up();
  for (int round = 0; round < 3; ++round) {
    const int number = 10 + 10 * round;
    const std::size_t told = offerer.declines();
    rig.say(offerer, {.data = file(offerer, number), .urgent = true, .most = 900});
    EXPECT_TRUE(says_nothing(other.latest().data));
    ASSERT_EQ(offerer.declines(), told + 1);
    EXPECT_EQ(offerer.latest().data, decline(offerer, number));
    fetch_picture(offerer, other, number + 1);
    rig.say(other, {.data = file(other, number + 2), .urgent = true, .most = 300});
    fetch_picture(other, offerer, number + 3);
  }
  EXPECT_EQ(refusals(), 6U);
}

TEST_P(DatagramBridge, SpeaksInTheNameOfTheOtherEnd) {
  warm_up();
  rig.say(offerer, {.data = file(offerer, 2), .urgent = true});
  const bool to_client = way == Direction::to_server;
  const auto& frames = rig.left[lane(opposite(way))];
  const auto ours = std::find_if(frames.begin(), frames.end(), [](const std::string& frame) {
    return frame.find("603 Decline") != std::string::npos;
  });
  ASSERT_NE(ours, frames.end());
  const std::size_t payload = ours->size() - ours->find("\r\n") - 2;
  EXPECT_THAT(*ours,
              StartsWith((to_client ? "SDG 0 " : "SDG 2000000001 ") + std::to_string(payload) +
                         "\r\nRouting: 1.0\r\nTo: " + offerer.self() + "\r\nFrom: " + other.self() + "\r\n"));
  EXPECT_THAT(*ours, HasSubstr("\r\nMessage-Type: Data\r\nContent-Type: application/x-msnmsgrp2p\r\n"));
}

TEST_P(DatagramBridge, FollowsTheColdRule) {
  other.answers = false;
  rig.say(offerer, {.data = file(offerer, 2), .opens = true, .urgent = true, .most = 700});
  EXPECT_EQ(offerer.declines(), 0U);
  rig.tick(250);
  rig.tick(250);
  EXPECT_EQ(offerer.declines(), 1U);
  other.answers = true;
  rig.tick(1);
  fetch_picture(other, offerer, 3);
  fetch_picture(offerer, other, 4);
}

TEST_P(DatagramBridge, SeveralPackagesInOneDatagramAreTranslatedEach) {
  warm_up();
  rig.say(offerer, {.data = file(offerer, 2), .urgent = true});
  rig.say(other, {.data = file(other, 3), .urgent = true});
  for (BridgeEnd* const end : {&offerer, &other}) {
    const std::string text = picture(*end, 4, 600);
    const auto packages = end->packages({.data = text, .urgent = true, .most = 400});
    for (const std::string& package : packages) end->said(package);
    rig.send(end == &alice ? Direction::to_server : Direction::to_client, rig.frame_around(*end, packages));
    EXPECT_EQ((end == &offerer ? other : offerer).latest().data, text);
    EXPECT_EQ(end->last_acknowledged(), end->next());
  }
}

}  // namespace
