#include "msnp/output.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using msnp::as_bytes;
using msnp::as_text;
using msnp::Direction;
using msnp::Output;

std::string all(Output& output, Direction direction) {
  std::string bytes;
  for (const msnp::Bytes slice : output.slices(direction)) bytes += as_text(slice);
  return bytes;
}

TEST(Output, KeepsTheOrderOfForwardedAndWrittenBytes) {
  const std::string in = "one two three";
  Output output;
  output.forward(Direction::to_server, as_bytes(in).first(4));
  output.write(Direction::to_server, as_bytes("and "));
  output.forward(Direction::to_server, as_bytes(in).subspan(8));
  EXPECT_EQ(all(output, Direction::to_server), "one and three");
  EXPECT_EQ(output.size(Direction::to_server), 13U);
  EXPECT_TRUE(output.empty(Direction::to_client));
}

TEST(Output, ForwardsWithoutCopyingAndMergesNeighbours) {
  const std::string in = "abcdef";
  Output output;
  output.forward(Direction::to_client, as_bytes(in).first(2));
  output.forward(Direction::to_client, as_bytes(in).subspan(2, 3));
  ASSERT_EQ(output.slices(Direction::to_client).size(), 1U);
  EXPECT_EQ(output.slices(Direction::to_client)[0].data(), as_bytes(in).data());
  EXPECT_EQ(all(output, Direction::to_client), "abcde");
}

TEST(Output, DoesNotMergeAcrossAGap) {
  const std::string in = "abcdef";
  Output output;
  output.forward(Direction::to_client, as_bytes(in).first(2));
  output.forward(Direction::to_client, as_bytes(in).subspan(3));
  EXPECT_EQ(output.slices(Direction::to_client).size(), 2U);
  EXPECT_EQ(all(output, Direction::to_client), "abdef");
}

TEST(Output, CopiesWhatIsWritten) {
  Output output;
  {
    std::string gone = "mine ";
    output.write(Direction::to_server, as_bytes(gone));
    output.write(Direction::to_server, as_bytes(gone));
    gone.assign(gone.size(), 'x');
  }
  EXPECT_EQ(output.slices(Direction::to_server).size(), 1U);
  EXPECT_EQ(all(output, Direction::to_server), "mine mine ");
}

TEST(Output, WrittenBytesOfBothDirectionsDoNotMix) {
  Output output;
  for (int i = 0; i < 100; ++i) {
    output.write(Direction::to_server, as_bytes("up"));
    output.write(Direction::to_client, as_bytes("down"));
  }
  std::string up, down;
  for (int i = 0; i < 100; ++i) {
    up += "up";
    down += "down";
  }
  EXPECT_EQ(all(output, Direction::to_server), up);
  EXPECT_EQ(all(output, Direction::to_client), down);
}

TEST(Output, EmptyBytesAreNothing) {
  Output output;
  output.forward(Direction::to_server, {});
  output.write(Direction::to_server, {});
  EXPECT_TRUE(output.empty(Direction::to_server));
  EXPECT_TRUE(output.slices(Direction::to_server).empty());
}

TEST(Output, TellsWhatWasWrittenFromWhatWasForwarded) {
  const std::string in = "abc";
  Output output;
  output.forward(Direction::to_server, as_bytes(in));
  output.write(Direction::to_server, as_bytes("de"));
  output.write(Direction::to_client, as_bytes("f"));
  EXPECT_EQ(output.size(Direction::to_server), 5U);
  EXPECT_EQ(output.written(Direction::to_server), 2U);
  EXPECT_EQ(output.written(Direction::to_client), 1U);
  output.clear();
  EXPECT_EQ(output.written(Direction::to_server), 0U);
}

TEST(Output, IsEmptyAfterClear) {
  const std::string in = "abc";
  Output output;
  output.forward(Direction::to_server, as_bytes(in));
  output.write(Direction::to_client, as_bytes("x"));
  output.clear();
  EXPECT_TRUE(output.empty(Direction::to_server));
  EXPECT_TRUE(output.slices(Direction::to_client).empty());
  output.write(Direction::to_client, as_bytes("y"));
  EXPECT_EQ(all(output, Direction::to_client), "y");
}

}  // namespace
