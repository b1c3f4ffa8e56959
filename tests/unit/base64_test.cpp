#include "msnp/base64.hpp"

#include <gtest/gtest.h>

#include "tests/support/invitations.hpp"

namespace {

using msnp::decode_base64;

TEST(Base64, DecodesEveryByteThatWasEncoded) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    EXPECT_EQ(decode_base64(gate::test::base64(bytes.substr(0, size)), 1000), bytes.substr(0, size));
  }
}

TEST(Base64, NeedsNoPadding) {
  EXPECT_EQ(decode_base64("YQ", 10), "a");
  EXPECT_EQ(decode_base64("YWI", 10), "ab");
}

TEST(Base64, SkipsWhatIsNoDigit) {
  EXPECT_EQ(decode_base64(" Y\tW-J_j!\r\n", 10), "abc");
  EXPECT_EQ(decode_base64(std::string_view("Y\0W\xC3\xBCJj", 8), 10), "abc");
}

TEST(Base64, GoesOnBehindPadding) {
  EXPECT_EQ(decode_base64("YWI=YWI=", 10), decode_base64("YWIYWI", 10));
}

TEST(Base64, ALoneDigitIsNoByte) {
  EXPECT_EQ(decode_base64("Y", 10), "");
  EXPECT_EQ(decode_base64("YWJjY", 10), "abc");
}

TEST(Base64, StopsAtItsLimit) {
  EXPECT_EQ(decode_base64("YWJjZGVm", 4), "abcd");
  EXPECT_EQ(decode_base64("YWJjZGVm", 6), "abcdef");
  EXPECT_EQ(decode_base64("YWJj", 0), "");
  EXPECT_EQ(decode_base64(std::string(1 << 20, 'A'), 570).size(), 570U);
}

}  // namespace
