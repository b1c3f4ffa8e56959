#include "proxy/relay.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/support/socket_pair.hpp"

namespace gate {
namespace {

using msnp::as_bytes;
using msnp::as_text;
using msnp::Direction;

class RelayTest : public ::testing::Test {
 protected:
  RelayTest() { relay_.start(client_.ours(), server_.ours()); }

  /// As a filter that passes everything: forwards all that one read brings.
  Relay::Event pump(End from) {
    const Relay::Received received = relay_.receive(from, scratch_);
    out_.clear();
    out_.forward(direction_from(from), received.bytes);
    relay_.deliver(out_);
    relay_.forward_ends();
    return received.event;
  }

  void answer(End to, std::string_view text) {
    out_.clear();
    out_.write(direction_from(opposite(to)), as_bytes(text));
    relay_.deliver(out_);
  }

  SocketPair client_;
  SocketPair server_;
  Scratch scratch_;
  msnp::Output out_;
  Relay relay_;
};

TEST_F(RelayTest, PassesBytesInBothDirections) {
  client_.write("VER 1 MSNP12 CVR0\r\n");
  EXPECT_EQ(pump(End::client), Relay::Event::bytes);
  EXPECT_EQ(server_.read(), "VER 1 MSNP12 CVR0\r\n");
  server_.write("VER 1 MSNP12\r\n");
  EXPECT_EQ(pump(End::server), Relay::Event::bytes);
  EXPECT_EQ(client_.read(), "VER 1 MSNP12\r\n");
  EXPECT_EQ(relay_.received(End::client), 19U);
  EXPECT_EQ(relay_.received(End::server), 14U);
  EXPECT_EQ(relay_.held(), 0U);
}

TEST_F(RelayTest, AReadinessThatBringsNothingIsHarmless) {
  EXPECT_EQ(pump(End::client), Relay::Event::nothing);
  EXPECT_TRUE(relay_.wants_read(End::client));
}

TEST_F(RelayTest, PresentsTheLeftoverInFrontOfNewBytes) {
  client_.write("MSG 1 N 5\r\nhe");
  const auto first = relay_.receive(End::client, scratch_);
  ASSERT_TRUE(relay_.keep(End::client, first.bytes, 0));
  EXPECT_EQ(relay_.leftover(End::client), 13U);
  client_.write("llo");
  const auto second = relay_.receive(End::client, scratch_);
  EXPECT_EQ(as_text(second.bytes), "MSG 1 N 5\r\nhello");
  EXPECT_EQ(relay_.held(), 0U) << "a leftover is freed once it is presented";
}

TEST_F(RelayTest, WaitsForTheWantedSize) {
  client_.write("MSG 1 N 5\r\n");
  ASSERT_TRUE(relay_.keep(End::client, relay_.receive(End::client, scratch_).bytes, 16));
  client_.write("hell");
  EXPECT_EQ(relay_.receive(End::client, scratch_).event, Relay::Event::nothing);
  client_.write("oPNG");
  EXPECT_EQ(as_text(relay_.receive(End::client, scratch_).bytes), "MSG 1 N 5\r\nhelloPNG");
}

TEST_F(RelayTest, ALeftoverOfOneEndIsNotMixedWithTheOther) {
  client_.write("half of a line");
  ASSERT_TRUE(relay_.keep(End::client, relay_.receive(End::client, scratch_).bytes, 0));
  server_.write("NLN\r\n");
  EXPECT_EQ(as_text(relay_.receive(End::server, scratch_).bytes), "NLN\r\n");
  client_.write("\r\n");
  EXPECT_EQ(as_text(relay_.receive(End::client, scratch_).bytes), "half of a line\r\n");
}

TEST_F(RelayTest, TheLargestLeftoverFitsAndOneByteMoreIsRefused) {
  const std::string most(Scratch::leftover_size, 'x');
  EXPECT_TRUE(relay_.keep(End::client, as_bytes(most), 0));
  client_.write("end");
  EXPECT_EQ(as_text(relay_.receive(End::client, scratch_).bytes), most + "end");
  EXPECT_FALSE(relay_.keep(End::client, as_bytes(most + "x"), 0));
}

TEST_F(RelayTest, StopsReadingWhileTheOtherEndTakesNothing) {
  answer(End::server, std::string(3'000'000, 'a'));
  EXPECT_TRUE(relay_.wants_write(End::server));
  EXPECT_FALSE(relay_.wants_read(End::client));
  EXPECT_TRUE(relay_.overfull());
  std::size_t arrived = 0;
  while (relay_.wants_write(End::server)) {
    arrived += server_.read().size();
    relay_.flush(End::server);
  }
  EXPECT_EQ(arrived + server_.read().size(), 3'000'000U);
  EXPECT_TRUE(relay_.wants_read(End::client));
  EXPECT_EQ(relay_.held(), 0U);
}

TEST_F(RelayTest, WhatWaitsForAnEndDoesNotKeepItFromSpeaking) {
  // Fill the socket first, so that the size of what waits is known.
  answer(End::client, std::string(3'000'000, 'a'));
  std::size_t waiting = relay_.held();
  while (waiting > Relay::answers_pause) {
    (void)client_.read();
    relay_.flush(End::client);
    waiting = relay_.held();
  }
  EXPECT_TRUE(relay_.wants_read(End::client)) << "what the server sent does not silence the client";
  EXPECT_EQ(relay_.wants_read(End::server), waiting == 0);
}

TEST_F(RelayTest, AnEndOfStreamFollowsWhatCameBeforeIt) {
  answer(End::server, std::string(1'000'000, 'a'));
  client_.finish_theirs();
  EXPECT_EQ(pump(End::client), Relay::Event::ended);
  (void)server_.read();
  EXPECT_FALSE(server_.at_end());
  EXPECT_TRUE(relay_.half_closed());
  EXPECT_FALSE(relay_.finished());
  while (relay_.wants_write(End::server)) {
    (void)server_.read();
    relay_.flush(End::server);
  }
  relay_.forward_ends();
  (void)server_.read();
  EXPECT_TRUE(server_.at_end());
  EXPECT_FALSE(relay_.finished()) << "the server may still answer";
  server_.write("BYE");
  EXPECT_EQ(pump(End::server), Relay::Event::bytes);
  EXPECT_EQ(client_.read(), "BYE");
  server_.finish_theirs();
  EXPECT_EQ(pump(End::server), Relay::Event::ended);
  EXPECT_TRUE(relay_.finished());
}

TEST_F(RelayTest, ABrokenEndStillHasItsLastWordsRead) {
  server_.write("OUT OTH\r\n");
  server_.close_theirs();
  client_.write("PNG\r\n");
  pump(End::client);  // fails: the server takes nothing any more
  EXPECT_FALSE(relay_.wants_read(End::client));
  ASSERT_TRUE(relay_.wants_read(End::server));
  EXPECT_EQ(pump(End::server), Relay::Event::bytes);
  EXPECT_EQ(client_.read(), "OUT OTH\r\n");
  EXPECT_FALSE(relay_.finished());
  EXPECT_EQ(pump(End::server), Relay::Event::ended);
  EXPECT_TRUE(relay_.finished());
}

TEST_F(RelayTest, ClosingDeliversWhatWaitsThenEndsBothAndDropsWhatComes) {
  answer(End::client, "603 last words");
  relay_.close_after_delivery();
  relay_.forward_ends();
  EXPECT_EQ(client_.read(), "603 last words");
  EXPECT_TRUE(client_.at_end());
  EXPECT_TRUE(server_.at_end());
  client_.write("MSG 2 N 100");
  EXPECT_EQ(pump(End::client), Relay::Event::nothing);
  EXPECT_EQ(server_.read(), "");
  EXPECT_FALSE(relay_.finished());
  client_.finish_theirs();
  server_.finish_theirs();
  EXPECT_EQ(pump(End::client), Relay::Event::ended);
  EXPECT_EQ(pump(End::server), Relay::Event::ended);
  EXPECT_TRUE(relay_.finished());
}

TEST_F(RelayTest, NothingIsWrittenBehindAnEndOfStream) {
  server_.finish_theirs();
  EXPECT_EQ(pump(End::server), Relay::Event::ended);
  EXPECT_TRUE(client_.at_end());
  answer(End::client, "too late");
  EXPECT_FALSE(relay_.finished());
  EXPECT_TRUE(relay_.wants_read(End::client)) << "the client may still speak";
}

}  // namespace
}  // namespace gate
