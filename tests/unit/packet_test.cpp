#include "proxy/packet.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <tuple>

#include "tests/support/pcap_writer.hpp"

namespace gate {
namespace {

using test::Ip;
using test::Link;

// libpcap's own numbers: raw IP is 12 there, 101 in files.
int data_link(Link link) {
  return link == Link::raw ? 12 : static_cast<int>(test::link_number(link));
}

constexpr test::Packet sample{.from = 7,
                              .from_port = 5'001,
                              .to = 9,
                              .to_port = 1'864,
                              .sequence = 0xFFFFFFF0U,
                              .acknowledgement = 0x80000001U,
                              .flags = "AF",
                              .payload = "BYE a@b.c\r\n"};

class EveryEnvelope : public testing::TestWithParam<std::tuple<Link, Ip>> {};

TEST_P(EveryEnvelope, HoldsTheSameSegment) {
  const auto [link, ip] = GetParam();
  const std::string packet = test::wire(sample, link, ip);
  const auto segment = parse_packet(data_link(link), msnp::as_bytes(packet));
  ASSERT_TRUE(segment);
  const bool v4 = ip == Ip::v4 || ip == Ip::v4_options;
  EXPECT_EQ(segment->sender.address().to_string(), v4 ? "10.0.0.7" : "fd00::7");
  EXPECT_EQ(segment->receiver.address().to_string(), v4 ? "10.0.0.9" : "fd00::9");
  EXPECT_EQ(segment->sender.port(), 5'001);
  EXPECT_EQ(segment->receiver.port(), 1'864);
  EXPECT_EQ(segment->sequence, 0xFFFFFFF0U);
  EXPECT_EQ(segment->acknowledgement, 0x80000001U);
  EXPECT_TRUE(segment->ack && segment->fin && !segment->syn && !segment->rst);
  EXPECT_EQ(msnp::as_text(segment->payload), sample.payload);
  EXPECT_EQ(segment->payload_size, sample.payload.size());
}

TEST_P(EveryEnvelope, CutAnywhereIsNoSegmentOrOneThatSaysSo) {
  const auto [link, ip] = GetParam();
  const std::string packet = test::wire(sample, link, ip);
  for (std::size_t size = 0; size < packet.size(); ++size) {
    const auto exact = std::make_unique<std::byte[]>(size);  // so that any over-read is seen
    std::copy_n(msnp::as_bytes(packet).begin(), size, exact.get());
    const auto segment = parse_packet(data_link(link), {exact.get(), size});
    if (!segment) continue;
    EXPECT_EQ(segment->payload_size, sample.payload.size());
    EXPECT_EQ(msnp::as_text(segment->payload), sample.payload.substr(0, segment->payload.size()));
    EXPECT_LT(segment->payload.size(), sample.payload.size());
  }
}

INSTANTIATE_TEST_SUITE_P(Packet, EveryEnvelope,
                         testing::Combine(testing::Values(Link::ethernet, Link::vlan, Link::cooked,
                                                          Link::cooked2, Link::raw, Link::loopback),
                                          testing::Values(Ip::v4, Ip::v4_options, Ip::v6,
                                                          Ip::v6_extensions)));

TEST(Packet, TheFillBehindAShortFrameIsNoPayload) {
  test::Packet empty = sample;
  empty.payload = {};
  const std::string packet = test::wire(empty);
  ASSERT_EQ(packet.size(), 60U);
  const auto segment = parse_packet(1, msnp::as_bytes(packet));
  ASSERT_TRUE(segment);
  EXPECT_EQ(segment->payload_size, 0U);
}

TEST(Packet, APieceOfAnIpPacketIsNoSegment) {
  std::string packet = test::wire(sample, Link::raw);
  packet[6] = 0x20;  // more fragments
  EXPECT_FALSE(parse_packet(12, msnp::as_bytes(packet)));
  packet[6] = 0x00;
  packet[7] = 0x05;  // not the first
  EXPECT_FALSE(parse_packet(12, msnp::as_bytes(packet)));
}

TEST(Packet, LengthsThatContradictEachOtherAreNoSegment) {
  std::string packet = test::wire(sample, Link::raw);
  std::string shorter = packet;
  shorter[3] = 10;  // total length below the header's
  EXPECT_FALSE(parse_packet(12, msnp::as_bytes(shorter)));
  std::string offset = packet;
  offset[32] = '\xF0';  // TCP header of 60 bytes in a body of 35
  EXPECT_FALSE(parse_packet(12, msnp::as_bytes(offset)));
  offset[32] = '\x40';  // TCP header of 16 bytes
  EXPECT_FALSE(parse_packet(12, msnp::as_bytes(offset)));
}

TEST(Packet, AHeaderWithoutATotalLengthTakesTheRest) {
  std::string packet = test::wire(sample, Link::raw);
  packet[2] = packet[3] = 0;  // segmentation is left to the network card
  const auto segment = parse_packet(12, msnp::as_bytes(packet));
  ASSERT_TRUE(segment);
  EXPECT_EQ(msnp::as_text(segment->payload), sample.payload);
}

TEST(Packet, OtherProtocolsAreNoSegment) {
  std::string packet = test::wire(sample, Link::raw);
  packet[9] = 17;
  EXPECT_FALSE(parse_packet(12, msnp::as_bytes(packet)));
  EXPECT_FALSE(link_type_supported(105));
}

}  // namespace
}  // namespace gate
