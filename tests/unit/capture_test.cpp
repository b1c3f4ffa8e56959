#include "proxy/capture.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/support/pcap_writer.hpp"

namespace gate {
namespace {

using test::Link;
using test::PcapFile;

std::string message_of(const std::variant<Capture, CaptureError>& opened) {
  const auto* const error = std::get_if<CaptureError>(&opened);
  return error == nullptr ? "opened" : error->message;
}

class EveryLink : public testing::TestWithParam<Link> {};

TEST_P(EveryLink, GivesItsSegmentsWithTheirTimes) {
  PcapFile file(GetParam());
  file.add({.flags = "S"})
      .wait(std::chrono::seconds(2))
      .add({.sequence = 1, .flags = "A", .payload = "hello"});
  auto opened = Capture::open(file.path());
  ASSERT_EQ(message_of(opened), "opened");
  Capture& capture = std::get<Capture>(opened);
  const auto first = capture.next();
  ASSERT_TRUE(first && first->syn);
  const auto time = first->time;
  const auto second = capture.next();
  ASSERT_TRUE(second);
  EXPECT_EQ(msnp::as_text(second->payload), "hello");
  EXPECT_EQ(second->time - time, std::chrono::milliseconds(2'001));
  EXPECT_EQ(time.time_since_epoch(), std::chrono::milliseconds(1'700'000'000'001));
  EXPECT_FALSE(capture.next());
  EXPECT_FALSE(capture.error());
  EXPECT_EQ(capture.packets(), 2U);
}

INSTANTIATE_TEST_SUITE_P(Capture, EveryLink,
                         testing::Values(Link::ethernet, Link::vlan, Link::cooked, Link::cooked2, Link::raw,
                                         Link::loopback));

TEST(Capture, ACutPacketTellsItsTrueSize) {
  PcapFile file;
  file.add({.flags = "A", .payload = "0123456789"}, 14 + 20 + 24 + 4);
  auto opened = Capture::open(file.path());
  const auto segment = std::get<Capture>(opened).next();
  ASSERT_TRUE(segment);
  EXPECT_EQ(msnp::as_text(segment->payload), "0123");
  EXPECT_EQ(segment->payload_size, 10U);
}

std::string little(std::uint32_t value) {
  std::string text;
  for (int i = 0; i < 4; ++i, value >>= 8U) text += static_cast<char>(value & 0xFFU);
  return text;
}

std::string pcapng_block(std::uint32_t type, const std::string& body) {
  const std::string padded = body + std::string((4 - body.size() % 4) % 4, '\0');
  const std::string size = little(static_cast<std::uint32_t>(padded.size() + 12));
  return little(type) + size + padded + size;
}

TEST(Capture, PcapngIsReadAsWell) {
  const std::string packet = test::wire({.flags = "A", .payload = "hello"}, Link::cooked2);
  const std::string size = little(static_cast<std::uint32_t>(packet.size()));
  PcapFile file;
  file.truncate(24);
  file.raw(pcapng_block(0x0A0D0D0A, little(0x1A2B3C4D) + little(1) + std::string(8, '\xFF')));
  file.raw(pcapng_block(1, little(276) + little(0)));
  // 0x0005AF3107A40000 microseconds are 1.6e9 seconds
  file.raw(pcapng_block(6, little(0) + little(0x0005AF31U) + little(0x07A40000U) + size + size + packet));
  auto opened = Capture::open(file.path());
  ASSERT_EQ(message_of(opened), "opened");
  const auto segment = std::get<Capture>(opened).next();
  ASSERT_TRUE(segment);
  EXPECT_EQ(msnp::as_text(segment->payload), "hello");
  EXPECT_EQ(segment->time.time_since_epoch(), std::chrono::microseconds(0x0005AF3107A40000));
}

TEST(Capture, ATruncatedFileIsReadToTheDamageAndThenSaysSo) {
  PcapFile file;
  file.add({.flags = "S"}).add({.sequence = 1, .flags = "A", .payload = "hello"});
  file.truncate(3);
  auto opened = Capture::open(file.path());
  Capture& capture = std::get<Capture>(opened);
  EXPECT_TRUE(capture.next());
  EXPECT_FALSE(capture.next());
  ASSERT_TRUE(capture.error());
  EXPECT_NE(capture.error()->message.find("damaged after packet 1"), std::string::npos)
      << capture.error()->message;
  EXPECT_FALSE(capture.next());
}

TEST(Capture, WhatIsNoCaptureIsRefused) {
  test::ScratchDirectory scratch;
  EXPECT_EQ(message_of(Capture::open(scratch.path())), "not a regular file");
  EXPECT_EQ(message_of(Capture::open(scratch.path() / "missing.pcap")), "No such file or directory");

  PcapFile garbage;
  garbage.truncate(24);
  EXPECT_NE(message_of(Capture::open(garbage.path())).find("not a readable capture"), std::string::npos);
  garbage.raw("VER 1 MSNP8 CVR0\r\nthis is no capture at all");
  EXPECT_NE(message_of(Capture::open(garbage.path())).find("not a readable capture"), std::string::npos);
}

TEST(Capture, AnUnknownLinkTypeIsNamed) {
  PcapFile file;
  file.truncate(4);
  file.raw(std::string("\x69\x00\x00\x00", 4));
  EXPECT_NE(message_of(Capture::open(file.path())).find("IEEE802_11"), std::string::npos);
}

}  // namespace
}  // namespace gate
