// How an offer is refused: who is told what, and what stays quiet afterwards.
#include "msnp/conversation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/filter_rig.hpp"
#include "tests/support/transfer_vectors.hpp"

namespace {

using gate::Action;
using gate::test::FilterRig;
using gate::test::message_to_client;
using gate::test::message_to_server;
using gate::test::policy_with;
using gate::test::transfer_vector;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct Conversation : testing::Test {
  Conversation() : rig(policy_with(Action::block)) {
    rig.enter_switchboard("alice@example.com", {"bob@example.org"});
  }
  void feed(const std::string& vector, std::size_t frame = 0) {
    const auto& one = transfer_vector(vector).frames.at(frame);
    rig.feed(one.direction, one.bytes);
  }
  FilterRig rig;
};

/// Replaces the numbers a reply may choose: Identifier of a package and AckSession of the 603.
std::string without_chosen_numbers(std::string bytes) {
  const std::size_t blank = bytes.find("\r\n\r\n");
  if (blank == std::string::npos || bytes.find("x-msnmsgrp2p") == std::string::npos) return bytes;
  const std::size_t header = blank + 4;
  bytes.replace(header + 4, 4, "IIII");
  const bool is_ack = bytes[header + 28] == 2;
  if (!is_ack) bytes.replace(header + 32, 4, "SSSS");
  return bytes;
}

std::vector<std::string> frames_in(const std::string& bytes) {
  std::vector<std::string> frames;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t end = bytes.find("\r\n", at) + 2;
    const std::string line = bytes.substr(at, end - at);
    std::size_t length = 0;
    if (line.starts_with("MSG ")) length = std::stoul(line.substr(line.rfind(' ')));
    frames.push_back(without_chosen_numbers(bytes.substr(at, end - at + length)));
    at = end + length;
  }
  return frames;
}

class WorkedReply : public testing::TestWithParam<std::string> {};

TEST_P(WorkedReply, IsByteForByteThatOfTheDocument) {
  const auto& replies = gate::test::vector_replies();
  const auto reply =
      std::find_if(replies.begin(), replies.end(), [](const auto& one) { return one.id == GetParam(); });
  ASSERT_NE(reply, replies.end());
  FilterRig rig(policy_with(Action::block));
  rig.enter_switchboard("alice@example.com", {"bob@example.org"});
  for (const auto& frame : transfer_vector(reply->answers).frames) rig.feed(frame.direction, frame.bytes);
  std::vector<std::string> wanted;
  for (const auto& frame : reply->sent) wanted.push_back(without_chosen_numbers(frame.bytes));
  EXPECT_EQ(frames_in(rig.sent(reply->sent.front().direction)), wanted);
  EXPECT_EQ(rig.sent(msnp::opposite(reply->sent.front().direction)), "");
}

INSTANTIATE_TEST_SUITE_P(Replies, WorkedReply,
                         testing::Values("r01-v1-out", "r02-v1-in", "r03-classic-out", "r04-classic-in"),
                         [](const auto& one) { return one.param.substr(0, 3); });

TEST_F(Conversation, AcknowledgesEveryHeldPackageAtOnceAndRefusesOnTheLast) {
  feed("p02-offer-2chunks", 0);
  EXPECT_EQ(rig.to_client(), "ACK 11\r\n");
  EXPECT_EQ(rig.to_server(), "");
  EXPECT_TRUE(rig.audit.events.empty());
  feed("p02-offer-2chunks", 1);
  EXPECT_THAT(rig.to_client(), testing::AllOf(StartsWith("ACK 12\r\n"), HasSubstr("603 Decline")));
  EXPECT_EQ(rig.to_server(), "");
  ASSERT_EQ(rig.audit.events.size(), 1U);
  EXPECT_EQ(rig.audit.events[0].answer, "603 to client");
}

TEST_F(Conversation, SwallowsTheClientsAcknowledgementOfTheRefusal) {
  feed("p01-offer-single");
  const auto replies = frames_in(rig.to_client());
  ASSERT_EQ(replies.size(), 3U);
  // The 603 of r01 carries Identifier I + 1; the client acknowledges it by AckSession.
  FilterRig fresh(policy_with(Action::block));
  fresh.enter_switchboard("alice@example.com", {"bob@example.org"});
  const auto& offer = transfer_vector("p01-offer-single").frames[0];
  fresh.feed(offer.direction, offer.bytes);
  const std::string answer = fresh.to_client();
  const std::size_t decline = answer.find("MSG ", answer.find("MSG ") + 4);
  const std::size_t header = answer.find("\r\n\r\n", decline) + 4;
  std::string package(48, '\0');
  package.replace(4, 4, "\x01\x02\x03\x04");
  package[28] = 2;
  package.replace(32, 4, answer.substr(header + 4, 4));
  package.append(4, '\0');
  const std::string block =
      "MIME-Version: 1.0\r\nContent-Type: application/x-msnmsgrp2p\r\nP2P-Dest: bob@example.org\r\n\r\n";
  fresh.from_client(message_to_server("12", 'D', block + package));
  EXPECT_EQ(fresh.to_client(), "ACK 12\r\n");
  EXPECT_EQ(fresh.to_server(), "");

  package[32] = static_cast<char>(package[32] ^ 0x55);  // an acknowledgement of something of bob's own
  fresh.from_client(message_to_server("13", 'D', block + package));
  EXPECT_EQ(fresh.to_server(), message_to_server("13", 'D', block + package));
}

TEST_F(Conversation, SwallowsTheServersRepliesToMessagesOfItsOwn) {
  feed("p06-offer-in");
  EXPECT_THAT(rig.to_server(), StartsWith("MSG 2000000001 D "));
  rig.from_server("ACK 2000000001\r\nNAK 2000000002\r\nACK 7\r\n");
  EXPECT_EQ(rig.to_client(), "ACK 7\r\n");
}

TEST_F(Conversation, ChatAndPicturesGoOnAfterARefusal) {
  feed("p01-offer-single");
  (void)rig.to_client();
  feed("m01-text");
  EXPECT_EQ(rig.to_server(), transfer_vector("m01-text").frames[0].bytes);
  for (const auto& frame : transfer_vector("p11-display-picture").frames) {
    rig.feed(frame.direction, frame.bytes);
    EXPECT_EQ(rig.sent(frame.direction), frame.bytes);
  }
}

TEST_F(Conversation, StopsDataOfTheRefusedSessionWithoutAnotherRecord) {
  for (const auto& frame : transfer_vector("p10-ft-full").frames) {
    rig.feed(frame.direction, frame.bytes);
    if (frame.direction == msnp::Direction::to_server) {
      EXPECT_THAT(rig.to_server(), Not(HasSubstr("INVITE")));
    }
  }
  EXPECT_EQ(rig.audit.events.size(), 1U);
}

TEST_F(Conversation, AnswersTheByeOfARefusedCallInThePeersName) {
  feed("p01-offer-single");
  (void)rig.to_client();
  const auto& offer = transfer_vector("p01-offer-single").frames[0].bytes;
  const std::size_t id = offer.find("Call-ID: ");
  const std::string call_id = offer.substr(id + 9, 38);
  std::string text =
      "BYE MSNMSGR:bob@example.org MSNSLP/1.0\r\nTo: <msnmsgr:bob@example.org>\r\n"
      "From: <msnmsgr:alice@example.com>\r\nCall-ID: " +
      call_id + "\r\n\r\n";
  text.push_back('\0');
  std::string package(48, '\0');
  package[4] = 9;
  package[16] = package[24] = static_cast<char>(text.size());
  package += text + std::string(4, '\0');
  rig.from_client(message_to_server(
      "12", 'D',
      "MIME-Version: 1.0\r\nContent-Type: application/x-msnmsgrp2p\r\nP2P-Dest: bob@example.org\r\n\r\n" +
          package));
  EXPECT_EQ(rig.to_server(), "");
  const std::string reply = rig.to_client();
  EXPECT_THAT(reply, StartsWith("ACK 12\r\nMSG bob@example.org Bob "));
  EXPECT_THAT(reply, Not(HasSubstr("603")));
}

TEST_F(Conversation, SwallowsTheWithdrawalOfARefusedClassicOfferOnly) {
  feed("c01-offer-out");
  (void)rig.to_client();
  const std::string withdrawal =
      "MIME-Version: 1.0\r\nContent-Type: text/x-msmsgsinvite; charset=UTF-8\r\n\r\n"
      "Invitation-Command: CANCEL\r\nInvitation-Cookie: 4711\r\nCancel-Code: TIMEOUT\r\n\r\n";
  rig.from_client(message_to_server("12", 'A', withdrawal));
  EXPECT_EQ(rig.to_server(), "");
  EXPECT_EQ(rig.to_client(), "ACK 12\r\n");
  std::string other = withdrawal;
  other.replace(other.find("4711"), 4, "4712");
  rig.from_client(message_to_server("13", 'A', other));
  EXPECT_EQ(rig.to_server(), message_to_server("13", 'A', other));
}

TEST_F(Conversation, NeverSpeaksWithANameThatBreaksALine) {
  rig.from_server("JOI bob@example.org x\t5\r\n");
  (void)rig.to_client();
  feed("c01-offer-out");
  EXPECT_THAT(rig.to_client(), StartsWith("MSG bob@example.org bob@example.org "));
}

TEST_F(Conversation, AnOddSpellingOfThePackageTypeIsRefusedWithAnAnswerToo) {
  feed("p58-ct-nospace");
  EXPECT_THAT(rig.to_client(), HasSubstr("603 Decline"));
}

TEST_F(Conversation, GivesUpWhatIsNeverFinishedAndSaysSo) {
  feed("p02-offer-2chunks", 0);
  EXPECT_FALSE(rig.filter->idle());
  rig.tick(61'000);
  EXPECT_TRUE(rig.filter->idle());
  ASSERT_EQ(rig.audit.events.size(), 1U);
  EXPECT_EQ(rig.audit.events[0].reason, "reassembly-limit");
  EXPECT_EQ(rig.to_server(), "");
}

TEST_F(Conversation, KeepsTenThousandHalfOpenInvitationsWithinItsBounds) {
  const auto& half = transfer_vector("p02-offer-2chunks").frames[0].bytes;
  const std::size_t identifier = half.find("\r\n\r\n") + 4 + 4;
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    std::string one = half;
    one[identifier] = static_cast<char>(i & 0xFF);
    one[identifier + 1] = static_cast<char>(i >> 8);
    rig.from_client(one);
  }
  EXPECT_EQ(rig.to_server(), "");
  EXPECT_FALSE(rig.closed);
  EXPECT_LT(256U * 1024 * 1024 - rig.shared.memory_left(), 200'000U);
}

TEST_F(Conversation, ASizeOf2To63IsNoTrouble) {
  auto frame = transfer_vector("p02-offer-2chunks").frames[0].bytes;
  const std::size_t header = frame.find("\r\n\r\n") + 4;
  frame.replace(header + 8, 8, std::string("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F", 8));
  frame.replace(header + 16, 8, std::string("\0\0\0\0\0\0\0\x80", 8));
  rig.from_client(frame);
  EXPECT_EQ(rig.to_server(), "");
  ASSERT_EQ(rig.audit.events.size(), 1U);
  EXPECT_EQ(rig.audit.events[0].reason, "reassembly-limit");
}

TEST_F(Conversation, AnOfferBeforeTheServerAcceptedAnybodyIsBlocked) {
  FilterRig nobody(policy_with(Action::block));
  nobody.from_client("USR 1 alice@example.com 123.456\r\n");
  (void)nobody.to_server();
  const auto& offer = transfer_vector("p01-offer-single").frames[0];
  nobody.feed(offer.direction, offer.bytes);
  EXPECT_EQ(nobody.to_server(), "");
  ASSERT_EQ(nobody.audit.events.size(), 1U);
  EXPECT_EQ(nobody.audit.events[0].user, "");
}

gate::Rule allow_alice() {
  gate::Rule rule;
  rule.name = "alice may send text files";
  rule.action = Action::allow;
  rule.users = {"alice@example.com"};
  rule.names = {"*.txt"};
  return rule;
}

/// The NetMeeting invitation of c20, cut into this many parts: payloads.
std::vector<std::string> netmeeting_parts(std::size_t count) {
  const std::string& bytes = transfer_vector("c20-netmeeting").frames.at(0).bytes;
  const std::string payload = bytes.substr(bytes.find("\r\n") + 2);
  const std::size_t body = payload.find("\r\n\r\n");
  const std::string fields = payload.substr(body + 4);
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string head =
        i == 0 ? payload.substr(0, body) + "\r\nMessage-ID: {77}\r\nChunks: " + std::to_string(count)
               : "Message-ID: {77}\r\nChunk: " + std::to_string(i);
    const std::size_t begin = fields.size() * i / count, end = fields.size() * (i + 1) / count;
    parts.push_back(head + "\r\n\r\n" + fields.substr(begin, end - begin));
  }
  return parts;
}

class CutInvitation : public testing::TestWithParam<std::size_t> {};

TEST_P(CutInvitation, IsHeldAndReleasedWholeAndInOrder) {
  FilterRig rig(policy_with(Action::block));
  rig.enter_switchboard("alice@example.com", {"bob@example.org"});
  std::string sent, replies, forged;
  int transaction = 10;
  for (const std::string& part : netmeeting_parts(GetParam())) {
    EXPECT_EQ(rig.to_server(), "") << "held until the last";
    forged = replies;
    replies += "ACK " + std::to_string(transaction) + "\r\n";
    const std::string one = message_to_server(std::to_string(transaction++), 'A', part);
    sent += one;
    rig.from_client(one);
  }
  EXPECT_EQ(rig.to_server(), sent);
  EXPECT_EQ(rig.to_client(), forged);
  rig.from_server(replies);
  EXPECT_EQ(rig.to_client(), replies.substr(forged.size()));
  EXPECT_TRUE(rig.audit.events.empty());
  EXPECT_TRUE(rig.filter->idle());
}

TEST_P(CutInvitation, ThatComesInIsHeldAndReleasedWholeAndInOrder) {
  FilterRig rig(policy_with(Action::block));
  rig.enter_switchboard("alice@example.com", {"bob@example.org", "carol@example.net"});
  std::string sent;
  const std::string chat = message_to_client("carol@example.net", "Carol",
                                             "MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nhello");
  for (const std::string& part : netmeeting_parts(GetParam())) {
    EXPECT_EQ(rig.to_client(), "");
    rig.from_server(chat);
    EXPECT_EQ(rig.to_client(), chat) << "chat does not wait for it";
    const std::string one = message_to_client("bob@example.org", "Bob", part);
    sent += one;
    rig.from_server(one);
  }
  EXPECT_EQ(rig.to_client(), sent);
  EXPECT_EQ(rig.to_server(), "");
}

TEST_P(CutInvitation, ThatMayNotPassIsTakenOutWholeAndAnswered) {
  gate::Rule rule;
  rule.name = "no meetings";
  rule.action = Action::block;
  rule.kinds = {msnp::Kind::netmeeting};
  FilterRig rig(policy_with(Action::allow, {rule}));
  rig.enter_switchboard("alice@example.com", {"bob@example.org"});
  for (const std::string& part : netmeeting_parts(GetParam())) {
    rig.from_client(message_to_server("10", 'A', part));
    EXPECT_EQ(rig.to_server(), "");
  }
  EXPECT_THAT(rig.to_client(), testing::AllOf(StartsWith("ACK 10\r\n"), HasSubstr("Cancel-Code: REJECT")));
  ASSERT_EQ(rig.audit.events.size(), 1U);
  EXPECT_EQ(rig.audit.events[0].kind, msnp::Kind::netmeeting);
  EXPECT_EQ(rig.audit.events[0].rule, "no meetings");
  const auto& text = transfer_vector("m01-text").frames[0];
  rig.feed(text.direction, text.bytes);
  EXPECT_EQ(rig.to_server(), text.bytes) << "and nothing of it is left to send";
}

INSTANTIATE_TEST_SUITE_P(Parts, CutInvitation, testing::Values(2, 3, 17),
                         [](const auto& one) { return std::to_string(one.param); });

TEST_F(Conversation, ACutInvitationOverTheCapIsDroppedAndToldOnce) {
  std::vector<std::string> parts = netmeeting_parts(60);
  for (std::string& part : parts) part += std::string(1'400, ' ');
  for (const std::string& part : parts) {
    rig.from_client(message_to_server("10", 'A', part));
    EXPECT_EQ(rig.to_server(), "");
    EXPECT_EQ(rig.to_client(), "ACK 10\r\n") << "whoever sent it does not send it again";
  }
  ASSERT_EQ(rig.audit.events.size(), 1U);
  EXPECT_EQ(rig.audit.events[0].event, gate::AuditKind::failure);
  EXPECT_EQ(rig.audit.events[0].reason, "reassembly-limit");
  EXPECT_EQ(rig.audit.events[0].peers, std::vector<std::string>{"bob@example.org"});
  EXPECT_TRUE(rig.filter->idle());
  std::string sent;
  for (const std::string& part : netmeeting_parts(2)) sent += message_to_server("11", 'N', part);
  rig.from_client(sent);
  EXPECT_EQ(rig.to_server(), sent) << "another under the same Message-ID begins anew";
}

TEST(ConversationWithRules, ReleasesAHeldOfferWholeAndSwallowsTheServersSecondAcknowledgement) {
  FilterRig rig(policy_with(Action::block, {allow_alice()}));
  rig.enter_switchboard("alice@example.com", {"bob@example.org"});
  const auto& frames = transfer_vector("p02-offer-2chunks").frames;
  rig.from_client(frames[0].bytes);
  EXPECT_EQ(rig.to_client(), "ACK 11\r\n");
  EXPECT_EQ(rig.to_server(), "");
  rig.from_client(frames[1].bytes);
  EXPECT_EQ(rig.to_server(), frames[0].bytes + frames[1].bytes);
  rig.from_server("ACK 11\r\nACK 12\r\n");
  EXPECT_EQ(rig.to_client(), "ACK 12\r\n");
  ASSERT_EQ(rig.audit.events.size(), 1U);
  EXPECT_EQ(rig.audit.events[0].action, Action::allow);
  EXPECT_EQ(rig.audit.events[0].rule, "alice may send text files");
}

TEST(ConversationWithRules, AnAllowedTransferRunsToItsEndUntouched) {
  gate::Rule rule = allow_alice();
  rule.names = {"*.bin"};
  FilterRig rig(policy_with(Action::block, {rule}));
  rig.enter_switchboard("alice@example.com", {"bob@example.org"});
  for (const auto& frame : transfer_vector("p10-ft-full").frames) {
    rig.feed(frame.direction, frame.bytes);
    EXPECT_EQ(rig.sent(frame.direction), frame.bytes);
  }
}

TEST(ConversationWithRules, NothingIsAllowedThatCannotBeRecorded) {
  FilterRig rig(policy_with(Action::allow));
  rig.enter_switchboard("alice@example.com", {"bob@example.org"});
  rig.audit.works = false;
  const auto& offer = transfer_vector("p01-offer-single").frames[0];
  rig.feed(offer.direction, offer.bytes);
  EXPECT_EQ(rig.to_server(), "");
  EXPECT_THAT(rig.to_client(), HasSubstr("603 Decline"));
  const auto& text = transfer_vector("m01-text").frames[0];
  rig.feed(text.direction, text.bytes);
  EXPECT_EQ(rig.to_server(), text.bytes);
}

TEST(ConversationWithRules, ACallLivesOnWhenItMovesToAnotherSwitchboard) {
  FilterRig rig(policy_with(Action::block));
  rig.enter_switchboard("alice@example.com", {"bob@example.org"});
  const auto& frames = transfer_vector("p11-display-picture").frames;
  rig.feed(frames[0].direction, frames[0].bytes);
  // The rest of the call on a connection of its own, with the same book of calls.
  const gate::Ends ends{{boost::asio::ip::make_address("10.77.1.2"), 40001},
                        {boost::asio::ip::make_address("10.77.0.1"), 1864}};
  rig.filter = std::make_unique<gate::Filter>(rig.shared, ends);
  rig.enter_switchboard("alice@example.com", {"bob@example.org"});
  for (std::size_t i = 1; i < frames.size(); ++i) {
    rig.feed(frames[i].direction, frames[i].bytes);
    EXPECT_EQ(rig.sent(frames[i].direction), frames[i].bytes);
  }
  EXPECT_TRUE(rig.audit.events.empty());
}

TEST(ConversationWithRules, OneBlockedPersonInTheSwitchboardBlocksTheOffer) {
  gate::Rule rule = allow_alice();
  rule.names.clear();
  rule.peers = {"bob@example.org"};
  FilterRig rig(policy_with(Action::block, {rule}));
  rig.enter_switchboard("alice@example.com", {"bob@example.org", "carol@example.net"});
  const auto& offer = transfer_vector("p01-offer-single").frames[0];
  rig.feed(offer.direction, offer.bytes);
  EXPECT_EQ(rig.to_server(), "");
  ASSERT_EQ(rig.audit.events.size(), 1U);
  EXPECT_EQ(rig.audit.events[0].rule, "default");
}

}  // namespace
