// Multi-packet MIME messages (framing.md 7.2).
#include "msnp/parts.hpp"

#include <gtest/gtest.h>

#include "tests/support/filter_rig.hpp"
#include "tests/support/invitations.hpp"

namespace {

using namespace std::string_literals;
using gate::test::mime_block;
using msnp::as_bytes;
using msnp::Parts;
using Ruling = Parts::Ruling;

std::string first_part(const std::string& type, int parts, const std::string& body,
                       const std::string& id = "{A}") {
  return mime_block(type + "\r\nMessage-ID: " + id + "\r\nChunks: " + std::to_string(parts), body);
}
std::string part(int number, const std::string& body, const std::string& id = "{A}") {
  return "Message-ID: " + id + "\r\nChunk: " + std::to_string(number) + "\r\n\r\n" + body;
}

struct MimeParts : testing::Test {
  Ruling add(const std::string& payload, const std::string& sender = "bob@example.org") {
    return parts.add(sender, msnp::read_mime(as_bytes(payload)), as_bytes(payload), as_bytes(payload), limits,
                     now);
  }
  msnp::Limits limits;
  msnp::Moment now = 0;
  Parts parts;
};

TEST_F(MimeParts, InkAndTextPassPartByPart) {
  for (const char* const type : {"image/gif", "application/x-ms-ink", "text/plain; charset=UTF-8"}) {
    EXPECT_EQ(add(first_part(type, 3, "1")), Ruling::pass) << type;
    EXPECT_EQ(add(part(1, "2")), Ruling::pass) << type;
    EXPECT_EQ(add(part(2, "3")), Ruling::pass) << type;
    EXPECT_TRUE(parts.empty()) << type;
  }
}

TEST_F(MimeParts, AnythingElseIsWithheldAndPutTogether) {
  EXPECT_EQ(add(first_part("text/x-msmsgsinvite", 3, "Application-Fi")), Ruling::withhold);
  EXPECT_EQ(add(part(1, "le: a.exe\r\n")), Ruling::withhold);
  EXPECT_EQ(add(part(2, "X: y")), Ruling::finished);
  EXPECT_TRUE(parts.whole().ends_with("\r\n\r\nApplication-File: a.exe\r\nX: y")) << parts.whole();
  EXPECT_NE(parts.whole().find("text/x-msmsgsinvite"), std::string::npos);
  EXPECT_TRUE(parts.empty());
}

TEST_F(MimeParts, ALaterPartThatNamesAnotherTypeTurnsTheMessage) {
  EXPECT_EQ(add(first_part("text/plain", 3, "1")), Ruling::pass);
  EXPECT_EQ(add("Message-ID: {A}\r\nChunk: 1\r\nContent-Type: text/x-msmsgsinvite\r\n\r\n2"),
            Ruling::withhold);
  EXPECT_EQ(add(part(2, "3")), Ruling::finished) << "what belongs to it stops as well";
}

TEST_F(MimeParts, APartOfAnUnknownMessageCouldBeAPartOfAnything) {
  EXPECT_EQ(add(part(1, "x")), Ruling::withhold);
  EXPECT_EQ(add(first_part("image/gif", 2, "y")), Ruling::finished) << "in whatever order they come";
}

TEST_F(MimeParts, MessagesAreToldApartBySenderAndId) {
  EXPECT_EQ(add(first_part("image/gif", 2, "1"), "bob@example.org"), Ruling::pass);
  EXPECT_EQ(add(part(1, "2"), "carol@example.net"), Ruling::withhold);
  EXPECT_EQ(add(part(1, "2", "{a}"), "bob@example.org"), Ruling::withhold) << "ids compare exactly";
  EXPECT_EQ(add(part(1, "2"), "bob@example.org"), Ruling::pass);
}

TEST_F(MimeParts, AMessageThatNeverEndsIsEndedAtItsLimit) {
  const std::string one = first_part("text/x-msmsgsinvite", 1'000'000, "x");
  for (std::size_t i = 1; i < limits.parts_per_message; ++i) ASSERT_EQ(add(one), Ruling::withhold) << i;
  EXPECT_EQ(add(one), Ruling::lost);
  EXPECT_TRUE(parts.empty());
}

TEST_F(MimeParts, TooManyOpenMessagesForgetTheOldest) {
  ASSERT_EQ(add(first_part("image/gif", 2, "x", "{0}")), Ruling::pass);
  for (std::size_t i = 1; i <= limits.open_part_messages; ++i) {
    ASSERT_EQ(add(first_part("image/gif", 2, "x", "{" + std::to_string(i) + "}")), Ruling::pass);
  }
  EXPECT_EQ(add(part(1, "x", "{0}")), Ruling::withhold) << "forgotten: unknown";
  EXPECT_EQ(add(part(1, "x", "{" + std::to_string(limits.open_part_messages) + "}")), Ruling::pass);
}

TEST_F(MimeParts, WhatIsKeptIsBounded) {
  for (int id = 0; id < 100; ++id) {
    for (int i = 0; i < 50; ++i) {
      (void)add(
          first_part("text/x-msmsgsinvite", 60, std::string(60'000, 'x'), "{" + std::to_string(id) + "}"));
    }
  }
  EXPECT_LT(parts.footprint(), 3 * limits.open_part_messages * limits.slp_text);
}

TEST_F(MimeParts, UnfinishedRefusedMessagesAreCountedWhenTheyExpire) {
  (void)add(first_part("image/gif", 2, "x", "{ink}"));
  (void)add(first_part("text/x-msmsgsinvite", 2, "x", "{bad}"));
  now = 30'000;
  (void)add(first_part("text/x-msmsgsinvite", 2, "x", "{later}"));
  EXPECT_EQ(parts.expire(limits, limits.message_age), 0U) << "not older than its age";
  EXPECT_EQ(parts.expire(limits, limits.message_age + 1), 1U);
  EXPECT_FALSE(parts.empty());
  EXPECT_EQ(parts.expire(limits, 30'000 + limits.message_age + 1), 1U);
  EXPECT_TRUE(parts.empty());
}

TEST_F(MimeParts, WhatIsFinishedHoldsTheEarlierPartsInOrder) {
  const std::string one = first_part("text/x-msmsgsinvite", 3, "1"), two = part(1, "2"), three = part(2, "3");
  ASSERT_EQ(add(one), Ruling::withhold);
  ASSERT_EQ(add(part(1, "of another"), "carol@example.net"), Ruling::withhold);
  ASSERT_EQ(add(two), Ruling::withhold);
  ASSERT_EQ(add(three), Ruling::finished);
  ASSERT_EQ(parts.held().size(), 2U) << "not the last one, and none of another message";
  EXPECT_EQ(parts.held()[0], one);
  EXPECT_EQ(parts.held()[1], two);
}

TEST_F(MimeParts, OfWhatIsLostNothingIsKept) {
  const std::string endless = first_part("text/x-msmsgsinvite", 1'000'000, std::string(100, 'x'));
  for (std::size_t i = 1; i < limits.parts_per_message; ++i) ASSERT_EQ(add(endless), Ruling::withhold);
  ASSERT_EQ(add(endless), Ruling::lost);
  EXPECT_TRUE(parts.held().empty()) << "too many parts";

  const std::string large =
      first_part("text/x-msmsgsinvite", 3, std::string(limits.slp_text / 2, 'x'), "{B}");
  ASSERT_EQ(add(large), Ruling::withhold);
  ASSERT_EQ(add(large), Ruling::withhold);
  ASSERT_EQ(add(large), Ruling::lost);
  EXPECT_TRUE(parts.held().empty()) << "too many bytes";
}

struct PartsInAChat : testing::Test {
  PartsInAChat() : rig(gate::test::policy_with(gate::Action::block)) {
    rig.enter_switchboard("alice@example.com", {"bob@example.org"});
  }
  std::string up(const std::string& payload) { return gate::test::message_to_server("5", 'A', payload); }
  gate::test::FilterRig rig;
};

TEST_F(PartsInAChat, WithheldPartsAreAcknowledgedAndTheWholeIsTold) {
  rig.from_client(up(first_part("text/x-msmsgsinvite; charset=UTF-8", 2, "Application-File: a.e")));
  EXPECT_EQ(rig.to_client(), "ACK 5\r\n");
  rig.from_client(up(part(1, "xe\r\nApplication-FileSize: 7\r\nInvitation-Cookie: 9\r\n")));
  EXPECT_EQ(rig.to_server(), "");
  const std::string reply = rig.to_client();
  EXPECT_TRUE(reply.starts_with("ACK 5\r\nMSG bob@example.org Bob ")) << reply;
  EXPECT_NE(reply.find("Invitation-Cookie: 9\r\nCancel-Code: REJECT"), std::string::npos);
  ASSERT_EQ(rig.audit.events.size(), 1U);
  ASSERT_TRUE(rig.audit.events[0].file);
  EXPECT_EQ(rig.audit.events[0].file->names, std::vector{"a.exe"s});
  EXPECT_EQ(rig.audit.events[0].file->size, 7U);
}

TEST_F(PartsInAChat, PartsOfAPackageAreNeverLetThrough) {
  const std::string package = gate::test::v1_package(gate::test::whole(1, gate::test::slp_file_offer({})));
  rig.from_client(up(first_part("application/x-msnmsgrp2p", 2, package.substr(0, 600))));
  rig.from_client(up(part(1, package.substr(600))));
  EXPECT_EQ(rig.to_server(), "");
  ASSERT_EQ(rig.audit.events.size(), 1U);
  EXPECT_EQ(rig.audit.events[0].kind, msnp::Kind::file_transfer);
}

TEST_F(PartsInAChat, PartsWithNothingNameableInThemAreAnUnknownApplication) {
  rig.from_client(up(first_part("text/html", 1, "<b>")));
  EXPECT_EQ(rig.to_server(), "");
  ASSERT_EQ(rig.audit.events.size(), 1U);
  EXPECT_EQ(rig.audit.events[0].kind, msnp::Kind::unknown_application);
  EXPECT_EQ(rig.audit.events[0].reason, "chunked");
}

TEST_F(PartsInAChat, UnfinishedOnesAreGivenUpAndToldOnce) {
  rig.from_client(up(first_part("text/x-msmsgsinvite", 2, "Application-File: a.exe")));
  EXPECT_FALSE(rig.filter->idle());
  rig.tick(61'000);
  EXPECT_TRUE(rig.filter->idle());
  ASSERT_EQ(rig.audit.events.size(), 1U);
  EXPECT_EQ(rig.audit.events[0].reason, "reassembly-limit");
}

TEST_F(PartsInAChat, AUserWhoMayDoEverythingMayCutEverything) {
  gate::test::FilterRig open(gate::test::policy_with(gate::Action::allow));
  open.enter_switchboard("alice@example.com", {"bob@example.org"});
  const std::string bytes = up(first_part("text/html", 2, "<b>")) + up(part(1, "</b>"));
  open.from_client(bytes);
  EXPECT_EQ(open.to_server(), bytes);
}

}  // namespace
