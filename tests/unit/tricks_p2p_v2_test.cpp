// transfers.md 10, tricks 51-58: P2P version 2 and its carriers. What is refused may leave as a tombstone: no
// client finds an offer in it.
#include <gtest/gtest.h>

#include "tests/support/tricks.hpp"

namespace {

using namespace std::string_literals;
using namespace gate::test;
using enum Client;
using msnp::Direction;

V2Message picture() {
  V2Message message;
  message.text = picture_text_v2();
  return message;
}

/// A bare SLP text over the notification server, as n01 carries its offer.
Script notification(std::string_view type, const std::string& text) {
  const std::string bytes = "UUN 0 bob@example.org;{b2b2b2b2-0002-4002-8002-ba9876543210} " +
                            std::string(type) + " " + std::to_string(text.size()) + "\r\n" + text;
  return {{{Direction::to_server, bytes}}, true, {}};
}

std::string without_nul(std::string text) {
  text.resize(text.find('\0'));
  return text;
}

TEST(Trick51, UnknownTlvsThatPushTheDataHeaderAwayAreStopped) {
  expect_stopped(from_vector("q20-unknown-tlv"), {miranda, msnp_sharp, papyon, msnp11});
}

TEST(Trick51Twin, PictureBehindUnknownTlvsPasses) {
  V2Message message = picture();
  message.tlvs =
      "\x7F\x0A"
      "abcdefghij"
      "A<" +
      std::string(60, 'x');
  expect_untouched(picture_session_v2(message));
}

TEST(Trick52, SlpWithTheFlagsOfAFileIsStopped) {
  expect_stopped(from_vector("q21-tf-7"), {miranda, papyon, msnp11});
}

TEST(Trick52Twin, PictureAskedForWithTheFlagsOfAFilePasses) {
  V2Message message = picture();
  message.first_flags = 7;
  expect_untouched(picture_session_v2(message));
}

TEST(Trick53, SmallPackagesAreStopped) {
  expect_stopped(from_vector("q22-small-chunks"), {miranda, msnp_sharp, papyon});
}

TEST(Trick53Twin, PictureAskedForInSmallPackagesPasses) {
  V2Message message = picture();
  message.most = 100;
  expect_untouched(picture_session_v2(message));
}

TEST(Trick54, OfferInterleavedWithAPictureIsStopped) {
  expect_stopped(from_vector("q23-interleaved"), {miranda, papyon, msnp_sharp, msnp11});
}

TEST(Trick54, ThePictureInBetweenArrives) {
  const Script script = from_vector("q23-interleaved");
  const Outcome outcome = through_gate(script, Gate::of_alice);
  for (const std::size_t i : {1U, 3U}) {
    EXPECT_NE(outcome.to_server.find(payload_of(script.frames[i])), std::string::npos) << i;
  }
}

TEST(Trick54Twin, TwoPicturesAskedForInterleavedPass) {
  V2Message first = picture();
  first.most = 500;
  V2Message second = first;
  second.number = 10;
  second.base_id += 5000;
  second.text = replaced(first.text, "706298397", "706298398");
  const auto one = v2_packages(first);
  const auto other = v2_packages(second);
  ASSERT_EQ(one.size(), 2U);
  expect_untouched(sent_as_v2({one[0], other[0], one[1], other[1]}));
}

TEST(Trick55, DestinationInOtherCaseIsStopped) {
  expect_stopped(from_vector("q25-dest-upper"), {miranda, msnp_sharp, papyon, msnp11});
}

TEST(Trick55Twin, PictureUnderADestinationInOtherCasePasses) {
  const std::string package = v2_packages(picture()).front();
  expect_untouched(
      {{message(Direction::to_server, mime_block("application/x-msnmsgrp2p\r\n"
                                                 "P2P-Dest: Bob@Example.ORG;{B2B2B2B2-0002-4002-"
                                                 "8002-BA9876543210}\r\nP2P-Src: alice@example.com;"
                                                 "{a1a1a1a1-0001-4001-8001-0123456789ab}",
                                                 package))},
       false,
       {}});
}

TEST(Trick56, OfferOverTheNotificationServerIsStopped) {
  expect_stopped(from_vector("n01-uun-offer"), {papyon});
}

TEST(Trick56, OfferUnderOtherTypesIsStopped) {
  for (const char* type : {"10", "11", "12"}) {
    SCOPED_TRACE(type);
    expect_stopped(notification(type, without_nul(offer_text_v2())));
  }
}

TEST(Trick56Twin, PictureAndTransportRequestsOverTheNotificationServerPass) {
  expect_untouched(from_vector("n02-ubn-transreq"));
  expect_untouched(from_vector("n05-ubn-logout"));
  expect_untouched(notification("3", without_nul(picture_text_v2())));
}

TEST(Trick57, SeveralPackagesBehindJunkAreStopped) {
  expect_stopped(from_vector("s02-sdg-offsets"), {msnp_sharp});
}

TEST(Trick57Twin, PictureInSeveralPackagesBehindJunkPasses) {
  V2Message message = picture();
  message.most = 400;
  const auto packages = v2_packages(message);
  ASSERT_EQ(packages.size(), 2U);
  const std::string junk = "JUNKJUNKJUNK";
  const std::string offsets = "12," + std::to_string(junk.size() + packages[0].size());
  expect_untouched(
      datagram("Message-Type: Data\r\nContent-Type: application/x-msnmsgrp2p\r\n"
               "Content-Transfer-Encoding: binary\r\nBridging-Offsets: " +
                   offsets,
               junk + packages[0] + packages[1]));
}

TEST(Trick57Twin, PictureOverSeveralDatagramsPasses) {
  V2Message message = picture();
  message.most = 400;
  Script script{{}, true, {}};
  for (const std::string& package : v2_packages(message)) {
    script = joined(script, datagram("Message-Type: Data\r\nContent-Type: application/x-msnmsgrp2p\r\n"
                                     "Content-Transfer-Encoding: binary\r\nBridging-Offsets: 0",
                                     package));
  }
  expect_untouched(script);
}

TEST(Trick58, DataCalledPlainTextIsStopped) {
  expect_stopped(from_vector("s03-sdg-ct-text"), {msnp_sharp});
}

TEST(Trick58Twin, PictureCalledPlainTextPasses) {
  expect_untouched(
      datagram("Message-Type: Data\r\nContent-Type: text/plain\r\n"
               "Content-Transfer-Encoding: binary\r\nBridging-Offsets: 0",
               v2_packages(picture()).front()));
}

TEST(Trick58Twin, ChatThatQuotesAnOfferPasses) {
  expect_untouched(datagram("Message-Type: Text\r\nContent-Type: text/plain; charset=UTF-8",
                            without_nul(offer_text_v2())));
}

}  // namespace
