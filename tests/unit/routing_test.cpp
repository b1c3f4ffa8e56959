#include "msnp/routing.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/transfer_vectors.hpp"

namespace {

using namespace std::string_literals;
using msnp::is_chat;
using msnp::package_offsets;
using msnp::read_routing;

using Offsets = std::vector<std::size_t>;

TEST(Routing, OfARealDatagramIsReadToItsContent) {
  const std::string& frame = gate::test::transfer_vector("s01-sdg-offer").frames.front().bytes;
  const std::string payload = frame.substr(frame.find("\r\n") + 2);
  const auto routing = read_routing(payload);
  EXPECT_EQ(routing.to, "1:bob@example.org;epid={b2b2b2b2-0002-4002-8002-ba9876543210}");
  EXPECT_EQ(routing.from, "1:alice@example.com;epid={a1a1a1a1-0001-4001-8001-0123456789ab}");
  EXPECT_EQ(routing.content.size(), 1072U) << "its Content-Length";
  EXPECT_EQ(routing.content[0], '\x18');
  EXPECT_EQ(std::string(routing.headers) + std::string(routing.content), payload);
  EXPECT_EQ(package_offsets(routing.headers), Offsets{0});
  EXPECT_FALSE(is_chat(routing.headers));
}

TEST(Routing, TheFirstToAndFromCountAndThoseInTheContentDoNot) {
  const std::string blocks =
      "Routing: 1.0\r\nto:  1:a \r\nFROM:1:b\r\nTo: 1:c\r\n\r\nReliability: 1.0\r\n\r\nMessaging: "
      "2.0\r\n\r\n";
  const std::string datagram = blocks + "From: 1:d\r\n\r\nmore";
  const auto routing = read_routing(datagram);
  EXPECT_EQ(routing.to, "1:a");
  EXPECT_EQ(routing.from, "1:b");
  EXPECT_EQ(routing.content, "From: 1:d\r\n\r\nmore");
  EXPECT_EQ(read_routing("x\r\n\r\n\r\n\r\n\r\n\r\nTo: 1:c").to, "");
}

TEST(Routing, BlocksThatDoNotEndAreContent) {
  const std::string text = "Routing: 1.0\nTo: 1:a\r\n\r\nFrom: 1:b\r\n\r\nMessaging: 2.0\r\n";
  const auto routing = read_routing(text);
  EXPECT_EQ(routing.content, text);
  EXPECT_EQ(routing.headers, "");
  EXPECT_EQ(routing.to, "1:a");
  EXPECT_EQ(routing.from, "1:b");
  EXPECT_EQ(read_routing("").content, "");
}

TEST(Routing, OnlyTypedTextIsChat) {
  EXPECT_TRUE(is_chat("Message-Type: Text\r\n"));
  EXPECT_TRUE(is_chat("MESSAGE-TYPE: TEXT\r\nX: y\r\n"));
  for (const char* const headers : {"", "Message-Type: Data\r\n", "Message-Type: Text/P2P\r\n",
                                    "Message-Type: Text\r\nMessage-Type: Data\r\n", "Message-Type : Text\r\n",
                                    "Message-Type: Text", "Message-Type: Signal/P2P\r\n"}) {
    EXPECT_FALSE(is_chat(headers)) << headers;
  }
}

TEST(Routing, OffsetsOfAllHeadersCount) {
  EXPECT_EQ(package_offsets("Bridging-Offsets: 12,1068\r\n"), (Offsets{12, 1068}));
  EXPECT_EQ(package_offsets("bridging-offsets:0 , 52;7\r\nBRIDGING-OFFSETS: 9"), (Offsets{0, 52, 7, 9}));
  EXPECT_EQ(package_offsets("X: y\r\n"), Offsets{});
  EXPECT_EQ(package_offsets("Bridging-Offsets: none\r\n"), Offsets{});
  EXPECT_EQ(package_offsets("Bridging-Offsets: 99999999999,7\r\n"), Offsets{7}) << "more than 32 bits";
}

TEST(Routing, OffsetsAreBounded) {
  std::string many = "Bridging-Offsets: ";
  for (int i = 0; i < 1000; ++i) many += std::to_string(i) + ",";
  EXPECT_EQ(package_offsets(many + "\r\n" + many).size(), msnp::offsets_limit + 1)
      << "and too many are told as such";
}

}  // namespace
