#include "msnp/frame.hpp"

#include <gtest/gtest.h>

namespace {

msnp::CommandLine line(std::string_view text) {
  return {text, {}};
}

TEST(CommandLine, CountsNoTokenForACommandAlone) {
  EXPECT_EQ(line("PNG").token_count(), 0U);
  EXPECT_EQ(line("PNG  ").token_count(), 0U);
  EXPECT_EQ(line("PNG").token(0), "");
}

TEST(CommandLine, DropsTrailingBlanksAndKeepsEmptyTokens) {
  const msnp::CommandLine padded = line("PRP 7 PHH  ");
  EXPECT_EQ(padded.token_count(), 2U);
  EXPECT_EQ(padded.token(1), "PHH");
  EXPECT_EQ(padded.token(2), "");
  const msnp::CommandLine gap = line("MSG b@y.org  64");
  EXPECT_EQ(gap.token_count(), 3U);
  EXPECT_EQ(gap.token(0), "b@y.org");
  EXPECT_EQ(gap.token(1), "");
  EXPECT_EQ(gap.token(2), "64");
}

TEST(Word, PacksThreeLettersWithoutLoss) {
  EXPECT_EQ(msnp::word("MSG"), static_cast<msnp::Word>(0x4D5347));
  EXPECT_NE(msnp::word("MSG"), msnp::word("GSM"));
}

}  // namespace
