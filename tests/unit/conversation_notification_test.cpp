// UUN and UBN (framing.md 8.2): offers in bare texts between endpoints, and what else they carry.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "msnp/conversation.hpp"
#include "tests/support/filter_rig.hpp"
#include "tests/support/invitations.hpp"
#include "tests/support/transfer_vectors.hpp"

namespace {

using namespace std::string_literals;
using namespace gate::test;
using gate::Action;
using msnp::Direction;
using msnp::Kind;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

const std::string bob = "bob@example.org;{b2b2b2b2-0002-4002-8002-ba9876543210}";

std::string uun(const std::string& type, const std::string& text) {
  return "UUN 11 " + bob + " " + type + " " + std::to_string(text.size()) + "\r\n" + text;
}
std::string ubn(const std::string& type, const std::string& text) {
  return "UBN " + bob + " " + type + " " + std::to_string(text.size()) + "\r\n" + text;
}

struct Notifications : testing::Test {
  Notifications() : rig(policy_with(Action::block)) { rig.sign_in("alice@example.com"); }
  std::string up(const std::string& bytes) {
    rig.from_client(bytes);
    return rig.to_server();
  }
  std::string down(const std::string& bytes) {
    rig.from_server(bytes);
    return rig.to_client();
  }
  /// A bare 603 to a call that `from` made.
  static std::string decline(const Call& call) {
    std::string text = slp_status(call, "603 Decline");
    text.pop_back();
    return text.replace(text.find("Content-Length: 22"), 18, "Content-Length: 19");
  }
  FilterRig rig;
};

TEST_F(Notifications, AnOfferOfTheUserIsAnsweredWithABare603OfTheSameType) {
  for (const std::string& type : {"3"s, "10"s, "11"s, "12"s}) {
    EXPECT_EQ(up(uun(type, slp_file_offer({}))), "") << type;
    EXPECT_EQ(rig.to_client(), "UUN 11 OK\r\n" + ubn(type, decline({})));
    EXPECT_EQ(rig.audit.events.back().form, msnp::Form::uun);
    EXPECT_EQ(rig.audit.events.back().answer, "603 to client");
    EXPECT_EQ(rig.audit.events.back().peers, std::vector{"bob@example.org"s});
  }
  EXPECT_EQ(rig.audit.events.size(), 4U);
}

TEST_F(Notifications, AnOfferFromOutsideIsAnsweredWithANumberOfOursWhoseReplyStops) {
  Call call;
  std::swap(call.from, call.to);
  std::uint32_t number = 2'000'000'000;
  for (const std::string& type : {"3"s, "10"s, "11"s, "12"s}) {
    EXPECT_EQ(down(ubn(type, slp_file_offer(call))), "") << type;
    std::string expected = uun(type, decline(call));
    expected.replace(4, 2, std::to_string(++number));
    EXPECT_EQ(rig.to_server(), expected);
  }
  EXPECT_EQ(down("UUN 2000000001 OK\r\n"), "");
  EXPECT_EQ(down("282 2000000004\r\n"), "");
  EXPECT_EQ(down("UUN 2000000005 OK\r\nUUN 11 OK\r\n"), "UUN 2000000005 OK\r\nUUN 11 OK\r\n");
  EXPECT_EQ(rig.audit.events.size(), 4U);
  EXPECT_EQ(rig.audit.events.back().answer, "603 to server");
}

TEST_F(Notifications, AnOfferFromANameThatNoClientCouldWriteIsStoppedWithoutAnAnswer) {
  Call call;
  std::swap(call.from, call.to);
  const std::string text = slp_file_offer(call);
  EXPECT_EQ(down("UBN b\xF6rn@example.org 3 " + std::to_string(text.size()) + "\r\n" + text), "");
  EXPECT_EQ(rig.to_server(), "");
  EXPECT_EQ(rig.audit.events.size(), 1U);
}

TEST_F(Notifications, TheOfferOfTheVectorIsAnswered) {
  EXPECT_EQ(up(transfer_vector("n01-uun-offer").frames.front().bytes), "");
  const std::string answers = rig.to_client();
  EXPECT_THAT(answers, StartsWith("UUN 11 OK\r\nUBN " + bob + " 3 "));
  EXPECT_THAT(answers, HasSubstr("MSNSLP/1.0 603 Decline\r\n"));
  EXPECT_THAT(answers, EndsWith("\r\n\r\n"));
  const std::size_t line = answers.find("\r\n", 11);
  EXPECT_THAT(answers.substr(0, line), EndsWith(" " + std::to_string(answers.size() - line - 2)));
}

TEST_F(Notifications, WhatFollowsOnARefusedCallIsTakenOutQuietly) {
  EXPECT_EQ(up(uun("3", slp_file_offer({}))), "");
  (void)rig.to_client();
  EXPECT_EQ(up(uun("3", slp_request({}, "BYE", "application/x-msnmsgr-sessionclosebody", ""))), "");
  EXPECT_EQ(rig.to_client(), "UUN 11 OK\r\n");
  EXPECT_EQ(down(ubn("3", slp_status({}, "200 OK"))), "");
  EXPECT_EQ(rig.to_server(), "");
  EXPECT_EQ(rig.audit.events.size(), 1U);
}

TEST_F(Notifications, TheHandshakeOfASharingFolderIsStoppedBothWays) {
  EXPECT_EQ(up(uun("1", "<SNM/>")), "");
  EXPECT_EQ(rig.to_client(), "UUN 11 OK\r\n");
  EXPECT_EQ(down(transfer_vector("n03-ubn-sharing").frames.front().bytes), "");
  EXPECT_EQ(rig.to_server(), "");
  ASSERT_EQ(rig.audit.events.size(), 2U);
  for (const auto& event : rig.audit.events) EXPECT_EQ(event.kind, Kind::sharing_folder);
  EXPECT_EQ(rig.audit.events[0].direction, Direction::to_server);
  EXPECT_EQ(rig.audit.events[1].direction, Direction::to_client);
}

TEST_F(Notifications, OtherTypesPassUnchanged) {
  for (const std::string& type : {"4"s, "5"s, "6"s, "8"s}) {
    for (const std::string& text : {"gtfo"s, "goawyplzthxbye"s, "<x>\r\n</x>"s}) {
      EXPECT_EQ(up(uun(type, text)), uun(type, text));
      EXPECT_EQ(down(ubn(type, text)), ubn(type, text));
    }
  }
  const std::string& logout = transfer_vector("n05-ubn-logout").frames.front().bytes;
  EXPECT_EQ(down(logout), logout);
  const std::string picture =
      uun("3", slp_invite({}, object_guid, base64("<msnobj Size=\"9\" Type=\"3\"/>")));
  EXPECT_EQ(up(picture), picture);
  EXPECT_EQ(down("UUN 11 OK\r\n"), "UUN 11 OK\r\n");
  EXPECT_TRUE(rig.audit.events.empty());
}

}  // namespace
