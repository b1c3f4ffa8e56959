// SDG (framing.md 8.3, transfers.md 4.4): read as packages and as a bare text, whatever its headers say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "msnp/conversation.hpp"
#include "tests/support/filter_rig.hpp"
#include "tests/support/invitations.hpp"

namespace {

using namespace std::string_literals;
using namespace gate::test;
using gate::Action;
using msnp::Kind;

std::string datagram(const std::string& headers, const std::string& content) {
  const std::string payload =
      "Routing: 1.0\r\nTo: 1:Bob@example.org;epid={b2}\r\nFrom: 1:alice@example.com;epid={a1}\r\n\r\n"
      "Reliability: 1.0\r\n\r\nMessaging: 2.0\r\n" +
      headers + "\r\n\r\n" + content;
  return "SDG 5 " + std::to_string(payload.size()) + "\r\n" + payload;
}

struct Datagrams : testing::Test {
  Datagrams() : rig(policy_with(Action::block)) { rig.sign_in("alice@example.com"); }
  std::string through(const std::string& bytes) {
    rig.from_client(bytes);
    return rig.to_server();
  }
  FilterRig rig;
  std::string offer = slp_file_offer({});
};

TEST_F(Datagrams, AnOfferInPackagesIsStoppedAndToldOfWhom) {
  EXPECT_EQ(through(datagram("Message-Type: Data", v2_package(1, true, 0, offer))), "");
  ASSERT_EQ(rig.audit.events.size(), 1U);
  EXPECT_EQ(rig.audit.events[0].form, msnp::Form::sdg);
  EXPECT_EQ(rig.audit.events[0].kind, Kind::file_transfer);
  EXPECT_EQ(rig.audit.events[0].peers, std::vector{"bob@example.org"s});
}

TEST_F(Datagrams, AnOfferOverTwoIsStopped) {
  EXPECT_EQ(
      through(datagram("Message-Type: Data", v2_package(1, true, offer.size() - 300, offer.substr(0, 300)))),
      "");
  EXPECT_EQ(through(datagram("Message-Type: Data", v2_package(1, false, 0, offer.substr(300)))), "");
  EXPECT_EQ(rig.audit.events.size(), 1U);
}

TEST_F(Datagrams, TwoPackagesInOneAreReadAtTheirOffsets) {
  const std::string one = v2_package(1, true, offer.size() - 300, offer.substr(0, 300));
  const std::string two = v2_package(1, false, 0, offer.substr(300));
  for (const std::string& junk : {""s, "junk"s}) {
    const std::string offsets =
        "Bridging-Offsets: " + std::to_string(junk.size()) + "," + std::to_string(junk.size() + one.size());
    FilterRig fresh(policy_with(Action::block));
    fresh.sign_in("alice@example.com");
    fresh.from_client(datagram("Message-Type: Data\r\n" + offsets, junk + one + two));
    EXPECT_EQ(fresh.to_server(), "") << junk;
    EXPECT_EQ(fresh.audit.events.size(), 1U) << junk;
  }
}

TEST_F(Datagrams, ABareTextIsReadWhateverItsTypeIsCalled) {
  for (const char* const type : {"Signal/P2P", "Data", "Data\r\nContent-Type: text/plain", "Text/P2P"}) {
    FilterRig fresh(policy_with(Action::block));
    fresh.sign_in("alice@example.com");
    fresh.from_client(datagram("Message-Type: "s + type, offer));
    EXPECT_EQ(fresh.to_server(), "") << type;
    EXPECT_EQ(fresh.audit.events.size(), 1U) << type;
  }
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
        datagram("Message-Type: Data\r\nBridging-Offsets: 99999999999,7", "x"), "SDG 5 0\r\n"s,
        datagram("Message-Type: Data", v2_package(1, true, 0, slp_invite({}, object_guid, "")))}) {
    EXPECT_EQ(through(bytes), bytes);
  }
  EXPECT_TRUE(rig.audit.events.empty());
}

TEST_F(Datagrams, DataNeedsAnInvitation) {
  EXPECT_EQ(through(datagram("Message-Type: Data", v2_package(1, true, 0, "data", 1234, 6))), "");
  EXPECT_EQ(rig.audit.events.at(0).reason, "data-without-session");
}

}  // namespace
