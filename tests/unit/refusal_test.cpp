#include "msnp/refusal.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace {

using msnp::as_bytes;
using msnp::read_p2p_v1;

std::string package_in(const std::string& payload) {
  return payload.substr(payload.find("\r\n\r\n") + 4);
}

msnp::SlpMessage invitation() {
  msnp::SlpMessage message;
  message.to = "<msnmsgr:Bob@example.org>";
  message.from = "<msnmsgr:alice@Example.com>";
  message.via = "MSNSLP/1.0/TLP ;branch={B}";
  message.call_id = "{c}";
  message.session_id = "0042";
  return message;
}

TEST(Refusal, TheClassicOneIsTheOnlyCodeThatEveryClientHeeds) {
  EXPECT_EQ(msnp::classic_reject("4711"),
            "MIME-Version: 1.0\r\nContent-Type: text/x-msmsgsinvite; charset=UTF-8\r\n\r\n"
            "Invitation-Command: CANCEL\r\nInvitation-Cookie: 4711\r\nCancel-Code: REJECT\r\n\r\n");
}

TEST(Refusal, ACookieThatIsAnOfferIsNotAnsweredWith) {
  EXPECT_EQ(msnp::classic_reject("{5D3E02AB-6190-11d3-BBBB-00C04F795683}"), std::nullopt);
}

TEST(Refusal, ATombstoneIsExactlyAsLongAsWhatItReplaces) {
  for (const std::size_t size : {0U, 1U, 200U, 400U, 1274U, 60'000U}) {
    EXPECT_EQ(msnp::tombstone_text(invitation(), size, 7).size(), size);
  }
}

TEST(Refusal, TheAcknowledgementNamesTheLastPackageOfTheMessage) {
  msnp::PackageV1 last;
  last.identifier = 77;
  last.ack_session = 88;
  last.total = 1274;
  last.offset = 1202;
  last.length = 72;
  const std::string payload = msnp::acknowledgement_v1("alice@example.com", 99, last);
  EXPECT_TRUE(payload.starts_with(
      "MIME-Version: 1.0\r\nContent-Type: application/x-msnmsgrp2p\r\nP2P-Dest: alice@example.com\r\n\r\n"));
  const std::string bytes = package_in(payload);
  EXPECT_EQ(bytes.size(), 52U);
  const auto package = read_p2p_v1(as_bytes(bytes));
  EXPECT_EQ(package->session, 0U);
  EXPECT_EQ(package->identifier, 99U);
  EXPECT_EQ(package->offset, 0U);
  EXPECT_EQ(package->total, 1274U);
  EXPECT_EQ(package->length, 0U);
  EXPECT_EQ(package->flags, 2U);
  EXPECT_EQ(package->ack_session, 77U);
  EXPECT_EQ(package->ack_uid, 88U);
  EXPECT_EQ(package->ack_size, 1274U);
  EXPECT_EQ(bytes.substr(48), std::string(4, '\0'));
}

TEST(Refusal, TheDeclineRepeatsTheInvitationToTheLetter) {
  const auto text = msnp::decline_text(invitation());
  ASSERT_TRUE(text);
  const std::string bytes = package_in(msnp::message_v1("alice@Example.com", 100, *text));
  const auto package = read_p2p_v1(as_bytes(bytes));
  EXPECT_EQ(package->identifier, 100U);
  EXPECT_EQ(package->flags, 0U);
  EXPECT_EQ(package->offset, 0U);
  EXPECT_EQ(package->total, package->data.size());
  EXPECT_EQ(package->length, package->data.size());
  EXPECT_NE(package->ack_session, 0U);
  std::string wanted =
      "MSNSLP/1.0 603 Decline\r\nTo: <msnmsgr:alice@Example.com>\r\nFrom: <msnmsgr:Bob@example.org>\r\n"
      "Via: MSNSLP/1.0/TLP ;branch={B}\r\nCSeq: 1 \r\nCall-ID: {c}\r\nMax-Forwards: 0\r\n"
      "Content-Type: application/x-msnmsgr-sessionreqbody\r\nContent-Length: 20\r\n\r\n"
      "SessionID: 0042\r\n\r\n";
  wanted.push_back('\0');
  EXPECT_EQ(msnp::as_text(package->data), wanted);
}

TEST(Refusal, ADeclineWithoutSessionOrViaLeavesThemOut) {
  msnp::SlpMessage message = invitation();
  message.session_id.clear();
  message.via.clear();
  const auto payload = msnp::decline_text(message);
  ASSERT_TRUE(payload);
  EXPECT_EQ(payload->find("SessionID"), std::string::npos);
  EXPECT_EQ(payload->find("Via"), std::string::npos);
  EXPECT_NE(payload->find("Content-Length: 3\r\n\r\n\r\n"), std::string::npos);
}

TEST(Refusal, WithoutWhatAClientNeedsToFindItsCallThereIsNoDecline) {
  for (std::string msnp::SlpMessage::*const needed :
       {&msnp::SlpMessage::to, &msnp::SlpMessage::from, &msnp::SlpMessage::call_id}) {
    msnp::SlpMessage message = invitation();
    (message.*needed).clear();
    EXPECT_FALSE(msnp::decline_text(message));
  }
}

TEST(Refusal, ADeclineThatFitsNoPackageIsNotMade) {
  msnp::SlpMessage message = invitation();
  message.via.append(1202 - msnp::decline_text(message)->size(), 'x');
  const auto largest = msnp::decline_text(message);
  ASSERT_TRUE(largest);
  EXPECT_EQ(largest->size(), 1202U);
  EXPECT_LE(msnp::message_v1("alice@example.com", 1, *largest).size(), 1664U);
  message.via.push_back('x');
  EXPECT_FALSE(msnp::decline_text(message));
}

}  // namespace
