// The notice in the chat window (decisions.md 6, `[policy] notice`): to the local user only, in the
// conversation it is about, at the boundary of a frame.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/bridge_story.hpp"
#include "tests/support/filter_rig.hpp"
#include "tests/support/invitations.hpp"

namespace {

using namespace std::string_literals;
using namespace gate::test;
using gate::Action;
using testing::HasSubstr;
using testing::Not;

std::shared_ptr<const gate::Policy> telling(std::vector<gate::Rule> rules = {}) {
  gate::Policy::Source source;
  source.rules = std::move(rules);
  source.revision = "test";
  source.notice.on = true;
  source.notice.text = "STOPPED {file} ({kind}) {peer} {rule} {contact}";
  source.notice.contact = "Ruth";
  source.notice.sender = "Gate";
  return std::make_shared<const gate::Policy>(std::move(source));
}

constexpr auto headers =
    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n"
    "X-MMS-IM-Format: FN=Segoe%20UI; EF=; CO=0; CS=0; PF=0\r\nP4-Context: Gate\r\n\r\n";

std::string notice(const std::string& text) {
  const std::string payload = headers + text;
  return "MSG bob@example.org Bob " + std::to_string(payload.size()) + "\r\n" + payload;
}

std::string classic_offer(const std::string& cookie, const std::string& file) {
  return "MIME-Version: 1.0\r\nContent-Type: text/x-msmsgsinvite; charset=UTF-8\r\n\r\n"
         "Application-Name: File Transfer\r\nApplication-GUID: {5D3E02AB-6190-11d3-BBBB-00C04F795683}\r\n"
         "Invitation-Command: INVITE\r\nInvitation-Cookie: " +
         cookie + "\r\nApplication-File: " + file + "\r\nApplication-FileSize: 10\r\n\r\n";
}

std::string v1_offer(unsigned identifier) {
  return p2p_block(v1_package(whole(identifier, slp_file_offer({}))));
}

/// How often `what` is in `text`.
std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

struct Notice : testing::Test {
  Notice() : rig(telling()) { rig.enter_switchboard("alice@example.com", {"bob@example.org"}); }
  FilterRig rig;
};

TEST_F(Notice, IsShownForAClassicOfferOfTheLocalUserAndThePeerHearsNothing) {
  rig.from_client(message_to_server("7", 'A', classic_offer("33", "plan.doc")));
  EXPECT_EQ(rig.to_server(), "");
  const std::string shown = rig.to_client();
  EXPECT_THAT(shown, HasSubstr("Cancel-Code: REJECT"));
  EXPECT_THAT(shown,
              testing::EndsWith(notice("STOPPED plan.doc (file-transfer) bob@example.org default Ruth")));
}

TEST_F(Notice, IsShownForAnOfferThatComesAndThePeerHearsOnlyTheDecline) {
  rig.from_server(message_to_client("bob@example.org", "Bob", classic_offer("33", "plan.doc")));
  EXPECT_THAT(rig.to_client(), HasSubstr("STOPPED plan.doc (file-transfer) bob@example.org default Ruth"));
  const std::string answered = rig.to_server();
  EXPECT_THAT(answered, HasSubstr("Cancel-Code: REJECT"));
  EXPECT_THAT(answered, Not(HasSubstr("STOPPED")));
}

TEST_F(Notice, IsShownForP2PVersionOneBothWays) {
  rig.from_client(message_to_server("7", 'D', v1_offer(5)));
  EXPECT_EQ(count(rig.to_client(), "STOPPED a.txt"), 1U);
  EXPECT_EQ(rig.to_server(), "");
  rig.from_server(message_to_client("bob@example.org", "Bob", v1_offer(6)));
  EXPECT_EQ(count(rig.to_client(), "STOPPED a.txt"), 1U);
  EXPECT_THAT(rig.to_server(), Not(HasSubstr("STOPPED")));
}

TEST_F(Notice, IsNotShownAgainWhenTheOfferIsTriedAgain) {
  for (int turn = 0; turn < 5; ++turn) {
    const std::string number = std::to_string(100 + turn);
    rig.from_client(message_to_server(number, 'A', classic_offer(number, "plan.doc")));
  }
  EXPECT_EQ(count(rig.to_client(), "STOPPED"), 1U);
  EXPECT_EQ(rig.audit.events.size(), 5U);
  rig.tick(60'001);
  rig.from_client(message_to_server("200", 'A', classic_offer("200", "plan.doc")));
  EXPECT_EQ(count(rig.to_client(), "STOPPED"), 1U);
}

TEST_F(Notice, IsNotShownWhenThePolicySaysSo) {
  rig.shared.policy = policy_with(Action::block);
  rig.from_client(message_to_server("7", 'A', classic_offer("33", "plan.doc")));
  EXPECT_THAT(rig.to_client(), Not(HasSubstr("text/plain")));
  EXPECT_THAT(rig.audit.events, testing::SizeIs(1));
}

TEST_F(Notice, IsNotShownForWhatPasses) {
  rig.from_client(message_to_server("7", 'N', "MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nhello"));
  EXPECT_EQ(rig.to_client(), "");
}

TEST_F(Notice, IsNotShownWhereNobodyIs) {
  FilterRig alone(telling());
  alone.enter_switchboard("alice@example.com", {});
  alone.from_client(message_to_server("7", 'A', classic_offer("33", "plan.doc")));
  EXPECT_EQ(alone.audit.events.size(), 1U);
  EXPECT_THAT(alone.to_client(), Not(HasSubstr("STOPPED")));
}

TEST_F(Notice, WaitsForTheEndOfAFrameThatIsUnderWay) {
  const std::string chat = message_to_client("bob@example.org", "Bob",
                                             "MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nhello");
  rig.from_server(chat.substr(0, chat.size() - 3));
  rig.from_client(message_to_server("7", 'A', classic_offer("33", "plan.doc")));
  rig.from_server(chat.substr(chat.size() - 3));
  const std::string shown = rig.to_client();
  EXPECT_THAT(shown, HasSubstr(chat));
  EXPECT_EQ(count(shown, "STOPPED plan.doc"), 1U);
}

TEST_F(Notice, OfAHostileNameIsOneFrameOfChat) {
  rig.from_server(message_to_client("bob@example.org", "Bob",
                                    classic_offer("33",
                                                  "x\x01\x7F\xE2\x80\xAE"
                                                  "exe.\xFF " +
                                                      std::string(1500, 'y'))));
  const std::string shown = rig.to_client();
  const std::size_t begin = shown.find("MSG bob@example.org Bob ");
  ASSERT_NE(begin, std::string::npos);
  const std::size_t size = std::stoul(shown.substr(begin + 24));
  EXPECT_LE(size, 1664U);
  EXPECT_EQ(shown.size() - shown.find("\r\n", begin) - 2, size);
  EXPECT_EQ(shown.find("\xE2\x80\xAE"), std::string::npos);
}

TEST_F(Notice, InADialectWithoutSwitchboardsIsADatagram) {
  FilterRig late(telling());
  late.sign_in("alice@example.com");
  const std::string payload =
      "Routing: 1.0\r\nTo: 1:Bob@example.org;epid={b2}\r\nFrom: 1:alice@example.com;epid={a1}\r\n\r\n"
      "Reliability: 1.0\r\n\r\nMessaging: 2.0\r\nMessage-Type: Signal/P2P\r\n\r\n" +
      slp_file_offer({});
  late.from_client("SDG 5 " + std::to_string(payload.size()) + "\r\n" + payload);
  ASSERT_EQ(late.audit.events.size(), 1U);
  const std::string shown = late.to_client();
  EXPECT_THAT(shown, HasSubstr("To: 1:alice@example.com;epid={a1}\r\nFrom: 1:Bob@example.org;epid={b2}\r\n"));
  EXPECT_THAT(shown, HasSubstr("Message-Type: Text\r\nContent-Type: text/plain; charset=UTF-8\r\n"
                               "IM-Display-Name: Gate\r\n"));
  EXPECT_EQ(count(shown, "STOPPED a.txt (file-transfer) bob@example.org default Ruth"), 1U);
  EXPECT_THAT(late.to_server(), Not(HasSubstr("STOPPED")));
}

TEST_F(Notice, OnANotificationServerHasNoConversationToBeShownIn) {
  FilterRig late(telling());
  late.sign_in("alice@example.com");
  const std::string text = slp_file_offer({});
  late.from_client("UUN 5 bob@example.org 3 " + std::to_string(text.size()) + "\r\n" + text);
  ASSERT_EQ(late.audit.events.size(), 1U);
  EXPECT_THAT(late.to_client(), Not(HasSubstr("STOPPED")));
}

}  // namespace
