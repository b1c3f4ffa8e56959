// What is said when something is withheld: to whom, in whose name, and when.
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
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string classic_offer = classic_block(
    "Application-Name: File Transfer\r\nInvitation-Command: INVITE\r\nInvitation-Cookie: 7\r\n"
    "Application-File: a.exe\r\nApplication-FileSize: 9\r\n\r\n");
std::string classic(const std::string& fields) {
  return classic_block("Invitation-Cookie: 7\r\n" + fields + "\r\n");
}
const std::string address = "Invitation-Command: ACCEPT\r\nIP-Address: 10.1.2.3\r\nPort: 6891\r\n";

struct Answers : testing::Test {
  Answers() : rig(policy_with(Action::block)) { enter({"bob@example.org"}); }
  void enter(const std::vector<std::string>& peers) { rig.enter_switchboard("alice@example.com", peers); }
  std::string up(const std::string& payload, char letter = 'N', const std::string& transaction = "7") {
    rig.from_client(message_to_server(transaction, letter, payload));
    return rig.to_server();
  }
  std::string down(const std::string& payload) {
    rig.from_server(message_to_client("bob@example.org", "Bob", payload));
    return rig.to_client();
  }
  FilterRig rig;
};

TEST_F(Answers, OnlyLettersThatWaitForAnAcknowledgementGetOne) {
  for (const char letter : {'A', 'D', 'S'}) {
    EXPECT_EQ(up(classic_offer, letter, "12"), "");
    EXPECT_THAT(rig.to_client(), StartsWith("ACK 12\r\nMSG bob@example.org Bob ")) << letter;
  }
  for (const char letter : {'U', 'N'}) {
    EXPECT_EQ(up(classic_offer, letter), "");
    EXPECT_THAT(rig.to_client(), StartsWith("MSG bob@example.org Bob ")) << letter;
  }
}

TEST_F(Answers, AnInboundOfferIsDeclinedTowardsTheServerWithNumbersNoClientUses) {
  EXPECT_EQ(down(classic_offer), "");
  const std::string answer = rig.to_server();
  EXPECT_THAT(answer, StartsWith("MSG 2000000001 U "));
  EXPECT_THAT(answer, HasSubstr("Invitation-Cookie: 7\r\nCancel-Code: REJECT"));
  EXPECT_EQ(down(classic_offer), "");
  EXPECT_THAT(rig.to_server(), StartsWith("MSG 2000000002 U "));
  rig.from_server("NAK 2000000001\r\n282 2000000002\r\nACK 2000000003\r\n");
  EXPECT_EQ(rig.to_client(), "ACK 2000000003\r\n") << "only its own";
}

TEST_F(Answers, TheAcceptOfARefusedCookieIsSwallowedInBothDirections) {
  EXPECT_EQ(up(classic_offer), "");
  (void)rig.to_client();
  EXPECT_EQ(down(classic("Invitation-Command: ACCEPT\r\n")), "");
  EXPECT_EQ(up(classic("Invitation-Command: ACCEPT\r\n"), 'A', "9"), "");
  EXPECT_EQ(rig.to_client(), "ACK 9\r\n");
}

TEST_F(Answers, AnAddressWithoutAnInvitationThatWasSeenIsStopped) {
  EXPECT_EQ(up(classic(address)), "");
  EXPECT_EQ(down(classic(address)), "");
  ASSERT_EQ(rig.audit.events.size(), 2U);
  EXPECT_EQ(rig.audit.events[0].reason, "accept");
  const std::string asking = classic("Invitation-Command: ACCEPT\r\nRequest-Data: IP-Address:\r\n");
  EXPECT_EQ(down(asking), message_to_client("bob@example.org", "Bob", asking));
}

TEST_F(Answers, AVoiceCallThatWasAdmittedMayTellItsAddresses) {
  const std::string voice = classic(
      "Application-Name: a Computer Call\r\nApplication-GUID: {02D3C01F-BF30-4825-A83A-DE7AF41648AA}\r\n"
      "Invitation-Command: INVITE\r\n");
  EXPECT_EQ(up(voice), message_to_server("7", 'N', voice));
  EXPECT_EQ(down(classic(address)), message_to_client("bob@example.org", "Bob", classic(address)));
  EXPECT_EQ(up(classic(address)), message_to_server("7", 'N', classic(address)));
  EXPECT_TRUE(rig.audit.events.empty());
}

TEST_F(Answers, ACancelOfWhatBothSidesKnowPasses) {
  const std::string cancel = classic("Invitation-Command: CANCEL\r\nCancel-Code: TIMEOUT\r\n");
  EXPECT_EQ(up(cancel), message_to_server("7", 'N', cancel));
  EXPECT_EQ(down(cancel), message_to_client("bob@example.org", "Bob", cancel));
}

TEST_F(Answers, TheRefusalSpeaksForThePersonNamedByTheOfferElseForTheFirst) {
  rig.from_server("JOI carol@example.net Carol\r\n");
  (void)rig.to_client();
  const auto offered_to = [&](const std::string& account) {
    Call call;
    call.to = account;
    EXPECT_EQ(up(p2p_block(v1_package(whole(5, slp_file_offer(call)))), 'D'), "");
    return rig.to_client();
  };
  EXPECT_THAT(offered_to("Carol@Example.net"), StartsWith("ACK 7\r\nMSG carol@example.net Carol "));
  EXPECT_THAT(offered_to("bob@example.org"), StartsWith("ACK 7\r\nMSG bob@example.org Bob "));
  EXPECT_THAT(offered_to("nobody@example.org"), StartsWith("ACK 7\r\nMSG bob@example.org Bob "));
}

TEST_F(Answers, WithNobodyPresentOnlyTheServersAcknowledgementIsGiven) {
  rig.from_server("BYE bob@example.org\r\n");
  (void)rig.to_client();
  EXPECT_EQ(up(p2p_block(v1_package(whole(5, slp_file_offer({})))), 'D'), "");
  EXPECT_EQ(rig.to_client(), "ACK 7\r\n");
}

TEST_F(Answers, TheDestinationIsSpelledAsItsOwnerSpellsIt) {
  Call call;
  call.from = "Alice@Example.com";
  EXPECT_EQ(up(p2p_block(v1_package(whole(5, slp_file_offer(call)))), 'D'), "");
  EXPECT_THAT(rig.to_client(), HasSubstr("P2P-Dest: Alice@Example.com\r\n"));
  call.from = "mallory@example.com";
  EXPECT_EQ(up(p2p_block(v1_package(whole(6, slp_file_offer(call)))), 'D'), "");
  const std::string answer = rig.to_client();
  EXPECT_THAT(answer, HasSubstr("P2P-Dest: alice@example.com\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("P2P-Dest: mallory")));
}

TEST_F(Answers, AWithdrawalByeOr603OfTheOffererIsAcknowledgedInThePeersName) {
  EXPECT_EQ(up(p2p_block(v1_package(whole(5, slp_file_offer({})))), 'D'), "");
  (void)rig.to_client();
  std::uint32_t identifier = 6;
  for (const std::string& text : {slp_request({}, "BYE", "application/x-msnmsgr-sessionclosebody", ""),
                                  slp_status({}, "603 Decline")}) {
    EXPECT_EQ(up(p2p_block(v1_package(whole(identifier++, text))), 'D', "9"), "");
    const std::string answer = rig.to_client();
    EXPECT_THAT(answer, StartsWith("ACK 9\r\nMSG bob@example.org Bob "));
    EXPECT_THAT(answer, Not(HasSubstr("MSNSLP/1.0")));
  }
  EXPECT_EQ(rig.audit.events.size(), 1U);
}

TEST_F(Answers, AnOfferWithoutACallIdIsWithheldWithoutADecline) {
  std::string offer = slp_file_offer({});
  offer.replace(offer.find("Call-ID"), 7, "Cell-ID");
  EXPECT_EQ(up(p2p_block(v1_package(whole(5, offer))), 'D'), "");
  const std::string answer = rig.to_client();
  EXPECT_THAT(answer, StartsWith("ACK 7\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("603")));
}

// --- the notification side ---------------------------------------------------------------------

struct NotificationAnswers : testing::Test {
  NotificationAnswers() : rig(policy_with(Action::block)) { rig.sign_in("alice@example.com"); }
  static std::string notification(const std::string& type, const std::string& text) {
    return "UUN 11 bob@example.org " + type + " " + std::to_string(text.size()) + "\r\n" + text;
  }
  FilterRig rig;
};

TEST_F(NotificationAnswers, ARefusedOneIsSaidToHaveArrived) {
  rig.from_client(notification("3", slp_file_offer({})));
  EXPECT_EQ(rig.to_server(), "");
  const std::string answers = rig.to_client();
  EXPECT_TRUE(answers.starts_with("UUN 11 OK\r\nUBN bob@example.org 3 ")) << answers;
  EXPECT_NE(answers.find("MSNSLP/1.0 603 Decline\r\nTo: <msnmsgr:alice@example.com>"), std::string::npos);
  EXPECT_TRUE(answers.ends_with("SessionID: 7001\r\n\r\n")) << "no NUL ends a bare text";
}

TEST_F(NotificationAnswers, NoAnswerStandsInsideAPayloadThatStreams) {
  const std::string list = "<ml><d n=\"example.org\"><c n=\"bob\" l=\"1\" t=\"1\"/></d></ml>";
  const std::string add = "ADL 0 " + std::to_string(list.size()) + "\r\n" + list;
  rig.from_server(add.substr(0, 30));
  EXPECT_EQ(rig.to_client(), add.substr(0, 30));
  rig.from_client(notification("3", slp_file_offer({})));
  rig.from_client(notification("1", "<SNM/>"));
  EXPECT_EQ(rig.to_server(), "");
  EXPECT_EQ(rig.to_client(), "") << "the list is half way";
  rig.from_server(add.substr(30, 10));
  EXPECT_EQ(rig.to_client(), add.substr(30, 10));
  rig.from_server(add.substr(40) + "QNG 50\r\n");
  const std::string answers = rig.to_client();
  EXPECT_TRUE(answers.starts_with(add.substr(40) + "UUN 11 OK\r\nUBN bob@example.org 3 ")) << answers;
  EXPECT_TRUE(answers.ends_with("UUN 11 OK\r\nQNG 50\r\n")) << answers;
  rig.from_server("QNG 51\r\n");
  EXPECT_EQ(rig.to_client(), "QNG 51\r\n") << "said once";
}

TEST_F(NotificationAnswers, AnyTypeThatHoldsAnOfferIsStopped) {
  for (const char* const type : {"2", "3", "10", "11", "12", "77"}) {
    rig.from_client(notification(type, slp_file_offer({})));
    EXPECT_EQ(rig.to_server(), "") << type;
  }
}

TEST_F(NotificationAnswers, OthersPassUnchanged) {
  for (const std::string& bytes :
       {notification("4", "gtfo"), notification("5", "x"), notification("1", ""),
        notification("3",
                     slp_request({}, "INVITE", "application/x-msnmsgr-transreqbody", "Bridges: TCPv1\r\n")),
        notification("2", "INVITE sip:bob@example.org SIP/2.0\r\n\r\n")}) {
    rig.from_client(bytes);
    EXPECT_EQ(rig.to_server(), bytes);
  }
  EXPECT_TRUE(rig.audit.events.empty());
}

TEST_F(NotificationAnswers, ASharingFolderOfSomebodyElseJustDoesNotArrive) {
  rig.from_server("UBN bob@example.org 1 6\r\n<SNM/>");
  EXPECT_EQ(rig.to_client(), "");
  EXPECT_EQ(rig.to_server(), "");
  ASSERT_EQ(rig.audit.events.size(), 1U);
  EXPECT_EQ(rig.audit.events[0].kind, msnp::Kind::sharing_folder);
  EXPECT_EQ(rig.audit.events[0].direction, msnp::Direction::to_client);
}

}  // namespace
