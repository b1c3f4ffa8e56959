#include "proxy/outbox.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/socket_pair.hpp"

namespace gate {
namespace {

using msnp::as_bytes;
using msnp::Bytes;

std::vector<Bytes> slices(std::initializer_list<std::string_view> texts) {
  std::vector<Bytes> made;
  for (const std::string_view text : texts) made.push_back(as_bytes(text));
  return made;
}

TEST(Outbox, SendsSlicesInOrderAndKeepsNothing) {
  SocketPair ends;
  Outbox outbox;
  EXPECT_FALSE(outbox.send(ends.ours(), slices({"MSG 1 ", "N 3\r\n", "abc"})));
  EXPECT_TRUE(outbox.empty());
  EXPECT_EQ(ends.read(), "MSG 1 N 3\r\nabc");
}

TEST(Outbox, OneBatchIsOneSend) {
  SocketPair ends{SOCK_SEQPACKET};  // keeps the borders of sends
  Outbox outbox;
  EXPECT_FALSE(outbox.send(ends.ours(), slices({"one ", "two ", "three"})));
  EXPECT_EQ(ends.read_once(), "one two three");
}

TEST(Outbox, MoreSlicesThanOneCallTakesAllArrive) {
  SocketPair ends;
  Outbox outbox;
  std::vector<std::string> texts;
  std::vector<Bytes> many;
  for (int i = 0; i < 1000; ++i) texts.push_back(std::to_string(i) + ' ');
  std::string all;
  for (const std::string& text : texts) {
    many.push_back(as_bytes(text));
    all += text;
  }
  EXPECT_FALSE(outbox.send(ends.ours(), many));
  EXPECT_EQ(ends.read(), all);
}

TEST(Outbox, KeepsWhatTheSocketDoesNotTakeAndSendsItLaterInOrder) {
  SocketPair ends;
  Outbox outbox;
  const std::string first(3'000'000, 'a');
  const std::string second(70'000, 'b');
  EXPECT_FALSE(outbox.send(ends.ours(), slices({first, "|"})));
  ASSERT_FALSE(outbox.empty());
  const std::size_t waiting = outbox.size();
  EXPECT_FALSE(outbox.send(ends.ours(), slices({second})));
  EXPECT_EQ(outbox.size(), waiting + second.size());

  std::string received;
  for (int turn = 0; turn < 10'000 && !outbox.empty(); ++turn) {
    received += ends.read();
    ASSERT_FALSE(outbox.flush(ends.ours()));
  }
  received += ends.read();
  EXPECT_TRUE(outbox.empty());
  EXPECT_TRUE(received == first + '|' + second);
}

TEST(Outbox, KeepingMoreAfterAPartWentDoesNotRepeatThatPart) {
  SocketPair ends;
  Outbox outbox;
  const std::string first(1'000'000, 'a');
  EXPECT_FALSE(outbox.send(ends.ours(), slices({first})));
  std::string received = ends.read();
  EXPECT_FALSE(outbox.flush(ends.ours()));
  ASSERT_FALSE(outbox.empty());
  EXPECT_FALSE(outbox.send(ends.ours(), slices({"end"})));
  while (!outbox.empty()) {
    received += ends.read();
    ASSERT_FALSE(outbox.flush(ends.ours()));
  }
  received += ends.read();
  EXPECT_TRUE(received == first + "end");
}

TEST(Outbox, AClosedPeerIsAnErrorAndNoSignal) {
  SocketPair ends;
  Outbox outbox;
  ends.close_theirs();
  EXPECT_TRUE(outbox.send(ends.ours(), slices({"x"})));
}

}  // namespace
}  // namespace gate
