#include "proxy/tcp_connections.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace gate {
namespace {

using msnp::Direction;

const TcpEndpoint ann{boost::asio::ip::make_address("10.0.0.1"), 40'000};
const TcpEndpoint server{boost::asio::ip::make_address("10.0.0.2"), 1863};

/// Feeds segments and keeps what became readable.
class Wire {
 public:
  explicit Wire(std::uint32_t client_isn = 1'000, std::uint32_t server_isn = 9'000, TcpLimits limits = {})
      : connections(limits), client_isn_(client_isn), server_isn_(server_isn) {}

  Wire& shake() {
    raw(ann, server, client_isn_, 0, "S");
    raw(server, ann, server_isn_, client_isn_ + 1, "SA");
    return raw(ann, server, client_isn_ + 1, server_isn_ + 1, "A");
  }
  /// `offset` counts from the first byte of the stream.
  Wire& client(std::uint32_t offset, std::string_view text, std::string_view flags = "A") {
    return raw(ann, server, client_isn_ + 1 + offset, server_isn_ + 1, flags, text);
  }
  Wire& from_server(std::uint32_t offset, std::string_view text, std::uint32_t acknowledged = 0,
                    std::string_view flags = "A") {
    return raw(server, ann, server_isn_ + 1 + offset, client_isn_ + 1 + acknowledged, flags, text);
  }
  Wire& raw(const TcpEndpoint& from, const TcpEndpoint& to, std::uint32_t sequence,
            std::uint32_t acknowledgement, std::string_view flags, std::string_view text = {},
            std::size_t cut = 0) {
    Segment segment;
    segment.sender = from;
    segment.receiver = to;
    segment.sequence = sequence;
    segment.acknowledgement = acknowledgement;
    segment.syn = flags.find('S') != std::string_view::npos;
    segment.ack = flags.find('A') != std::string_view::npos;
    segment.fin = flags.find('F') != std::string_view::npos;
    segment.rst = flags.find('R') != std::string_view::npos;
    segment.payload = msnp::as_bytes(text.substr(0, text.size() - cut));
    segment.payload_size = text.size();
    if (const auto progress = connections.add(segment)) {
      for (const msnp::Bytes piece : progress->pieces) {
        read[progress->direction == Direction::to_server ? 0 : 1] += msnp::as_text(piece);
        order.push_back(std::string(progress->direction == Direction::to_server ? ">" : "<") +
                        std::string(msnp::as_text(piece)));
      }
      ends += progress->ended ? 1 : 0;
    }
    return *this;
  }

  [[nodiscard]] const std::string& to_server() const { return read[0]; }
  [[nodiscard]] const std::string& to_client() const { return read[1]; }
  [[nodiscard]] bool complete() const { return connections.all().back().complete(); }

  TcpConnections connections;
  std::array<std::string, 2> read;
  std::vector<std::string> order;
  int ends = 0;

 private:
  std::uint32_t client_isn_;
  std::uint32_t server_isn_;
};

TEST(TcpConnections, StreamsComeInTheOrderOfArrival) {
  Wire wire;
  wire.shake().client(0, "VER").from_server(0, "ver", 3).client(3, "CVR").from_server(3, "cvr", 6);
  EXPECT_EQ(wire.order, (std::vector<std::string>{">VER", "<ver", ">CVR", "<cvr"}));
  EXPECT_TRUE(wire.complete());
  EXPECT_EQ(wire.connections.all().size(), 1U);
  EXPECT_EQ(wire.connections.all()[0].client, ann);
  EXPECT_EQ(wire.connections.all()[0].server, server);
}

TEST(TcpConnections, SequenceNumbersWrapAround) {
  Wire wire(0xFFFFFFFDU, 0xFFFFFFFFU);
  wire.shake().client(0, "ab").client(2, "cd").client(6, "gh").client(4, "ef").from_server(0, "xyz", 8);
  EXPECT_EQ(wire.to_server(), "abcdefgh");
  EXPECT_EQ(wire.to_client(), "xyz");
  EXPECT_TRUE(wire.complete());
}

TEST(TcpConnections, APacketSeenTwiceCountsOnce) {
  Wire wire;
  wire.shake().shake().client(0, "abc").client(0, "abc").client(3, "def").client(3, "def").client(0, "abc");
  EXPECT_EQ(wire.to_server(), "abcdef");
  EXPECT_EQ(wire.connections.all().size(), 1U);
  EXPECT_TRUE(wire.complete());
}

TEST(TcpConnections, ReorderedSegmentsWaitForTheHole) {
  Wire wire;
  wire.shake().client(6, "ghi").client(3, "def").client(6, "ghi");
  EXPECT_EQ(wire.to_server(), "");
  EXPECT_FALSE(wire.complete());
  wire.client(0, "abc");
  EXPECT_EQ(wire.to_server(), "abcdefghi");
  EXPECT_TRUE(wire.complete());
}

TEST(TcpConnections, TheFirstOfTwoOverlappingSegmentsWins) {
  Wire wire;
  wire.shake().client(2, "CD").client(5, "F").client(1, "xxxxxx").client(0, "a");
  EXPECT_EQ(wire.to_server(), "axCDxFx");
  wire.client(4, "yyyZ");  // a retransmission with one byte more
  EXPECT_EQ(wire.to_server(), "axCDxFxZ");
  EXPECT_TRUE(wire.complete());
}

TEST(TcpConnections, NothingBehindAHoleIsReadAndTheHoleIsTold) {
  Wire wire;
  wire.shake().client(0, "abc").client(6, "ghi").client(9, "jkl", "AF").from_server(0, "ok", 12);
  EXPECT_EQ(wire.to_server(), "abc");
  EXPECT_EQ(wire.to_client(), "ok");
  EXPECT_FALSE(wire.complete());
  EXPECT_EQ(wire.ends, 0);
}

TEST(TcpConnections, AnAcknowledgementTellsOfBytesTheCaptureDoesNotHold) {
  Wire wire;
  wire.shake().client(0, "abc").from_server(0, "ok", 3);
  EXPECT_TRUE(wire.complete());
  wire.from_server(2, "ok", 9);
  EXPECT_FALSE(wire.complete());
}

TEST(TcpConnections, ACutPacketLeavesAHole) {
  Wire wire;
  wire.shake().raw(ann, server, 1'001, 9'001, "A", "abcdef", 2);
  EXPECT_EQ(wire.to_server(), "abcd");
  EXPECT_FALSE(wire.complete());
  wire.client(6, "ghi");
  EXPECT_EQ(wire.to_server(), "abcd");
}

TEST(TcpConnections, WhatBeganBeforeTheCaptureIsNotRead) {
  Wire wire;
  wire.client(0, "VER 1 MSNP8\r\n").from_server(0, "VER 1 MSNP8\r\n", 13);
  ASSERT_EQ(wire.connections.all().size(), 1U);
  EXPECT_TRUE(wire.connections.all()[0].began_before);
  EXPECT_EQ(wire.to_server(), "");
}

TEST(TcpConnections, TheAnswerToAMissedSynBeginsAConnection) {
  Wire wire;
  wire.raw(server, ann, 9'000, 1'001, "SA").client(0, "abc").from_server(0, "ok", 3);
  EXPECT_EQ(wire.to_server(), "abc");
  EXPECT_EQ(wire.to_client(), "ok");
  EXPECT_EQ(wire.connections.all()[0].client, ann);
  EXPECT_TRUE(wire.complete());
}

TEST(TcpConnections, TheFirstAcknowledgementStandsInForAMissedSynOfTheServer) {
  Wire wire;
  wire.raw(ann, server, 1'000, 0, "S").client(0, "abc").from_server(0, "ok", 3);
  EXPECT_EQ(wire.to_client(), "ok");
  EXPECT_TRUE(wire.complete());
}

TEST(TcpConnections, AServerWhoseNumbersAreUnknownIsNotRead) {
  Wire wire;
  wire.raw(ann, server, 1'000, 0, "S").from_server(0, "ok", 3);
  EXPECT_EQ(wire.to_client(), "");
  EXPECT_FALSE(wire.complete());
}

TEST(TcpConnections, BothFinsEndAConnectionOnce) {
  Wire wire;
  wire.shake().client(0, "abc", "AF").from_server(0, "more", 4).from_server(4, "", 4, "AF");
  EXPECT_EQ(wire.to_client(), "more");
  EXPECT_EQ(wire.ends, 1);
  wire.client(0, "abc", "AF").from_server(4, "", 4, "AF");
  wire.raw(ann, server, 1'005, 9'006, "A").from_server(5, "", 4);  // the last acknowledgements
  EXPECT_EQ(wire.ends, 1);
  EXPECT_EQ(wire.connections.all().size(), 1U);
  EXPECT_TRUE(wire.complete());
}

TEST(TcpConnections, NothingIsReadBehindAFin) {
  Wire wire;
  wire.shake().client(0, "abc", "AF").client(3, "def");
  EXPECT_EQ(wire.to_server(), "abc");
}

TEST(TcpConnections, AResetEndsAConnectionButNotWhatWasUnderWay) {
  Wire wire;
  wire.shake()
      .client(0, "abc")
      .raw(ann, server, 1'004, 0, "R", "no data of the stream")
      .from_server(0, "late", 3);
  EXPECT_EQ(wire.ends, 1);
  EXPECT_EQ(wire.to_server(), "abc");
  EXPECT_EQ(wire.to_client(), "late");
}

TEST(TcpConnections, TheSameEndpointsWithAnotherSynAreAnotherConnection) {
  Wire wire;
  wire.shake().client(0, "abc", "AF").from_server(0, "", 4, "AF");
  wire.raw(ann, server, 77'000, 0, "S").raw(server, ann, 88'000, 77'001, "SA");
  wire.raw(ann, server, 77'001, 88'001, "A", "new");
  ASSERT_EQ(wire.connections.all().size(), 2U);
  EXPECT_EQ(wire.to_server(), "abcnew");
}

TEST(TcpConnections, WhatWaitsBehindAHoleIsBounded) {
  TcpLimits limits;
  limits.flow_waiting = 1'000;
  Wire wire(1'000, 9'000, limits);
  wire.shake();
  for (std::uint32_t i = 1; i < 100; ++i) wire.client(i * 2, "x");
  wire.client(0, "ab").from_server(0, "ok", 1);
  EXPECT_FALSE(wire.complete());
  EXPECT_EQ(wire.to_client(), "ok");
}

TEST(TcpConnections, ABudgetIsReturnedWhenTheHoleIsFilled) {
  TcpLimits limits;
  limits.waiting = 300;
  Wire wire(1'000, 9'000, limits);
  wire.shake();
  for (std::uint32_t i = 0; i < 100; ++i) wire.client(i * 2 + 1, "b").client(i * 2, "a");
  EXPECT_EQ(wire.to_server().size(), 200U);
  EXPECT_TRUE(wire.complete());
}

TEST(TcpConnections, ASegmentFarAheadIsNotKeptAndIsTold) {
  Wire wire;
  wire.shake().client(0x7000'0000U, "stray").client(0, "abc");
  EXPECT_EQ(wire.to_server(), "abc");
  EXPECT_FALSE(wire.complete());
}

TEST(TcpConnections, ConnectionsBeyondTheLimitAreCounted) {
  TcpLimits limits;
  limits.connections = 2;
  Wire wire(1'000, 9'000, limits);
  for (std::uint16_t port = 1; port <= 5; ++port) wire.raw({ann.address(), port}, server, 7, 0, "S");
  EXPECT_EQ(wire.connections.all().size(), 2U);
  EXPECT_EQ(wire.connections.not_followed(), 3U);
}

}  // namespace
}  // namespace gate
