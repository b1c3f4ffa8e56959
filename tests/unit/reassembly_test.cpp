#include "msnp/reassembly.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace {

using msnp::Fragment;
using msnp::Reassembly;
using State = Reassembly::State;

struct Piece {
  std::uint64_t offset;
  std::string data;
  std::uint64_t total;
};

Fragment fragment(const Piece& piece) {
  return {piece.offset, piece.total, static_cast<std::uint32_t>(piece.data.size()),
          msnp::as_bytes(piece.data)};
}

struct Reassembled : testing::Test {
  State add(std::uint64_t offset, const std::string& data, std::uint64_t total) {
    return text.add(fragment({offset, data, total}), limits);
  }
  State add(std::uint64_t offset, const std::string& data, std::uint64_t total, std::uint32_t declared) {
    return text.add({offset, total, declared, msnp::as_bytes(data)}, limits);
  }
  bool reads(std::string_view wanted) {
    const auto readings = text.readings();
    return std::find(readings.begin(), readings.end(), wanted) != readings.end();
  }
  msnp::Limits limits;
  Reassembly text;
};

TEST_F(Reassembled, AnOrderlyMessageHasOneReading) {
  EXPECT_EQ(add(0, "abc", 8), State::open);
  EXPECT_EQ(add(3, "def", 8), State::open);
  EXPECT_EQ(add(6, "gh", 8), State::complete);
  EXPECT_TRUE(text.is_orderly());
  ASSERT_EQ(text.readings().size(), 1U);
  EXPECT_EQ(text.readings()[0], "abcdefgh");
}

TEST_F(Reassembled, ReversedPackagesAreReadByOffsetAndInOrder) {
  EXPECT_EQ(add(4, "efgh", 8), State::complete) << "pecan calls it complete with the last package";
  EXPECT_EQ(add(0, "abcd", 8), State::complete);
  EXPECT_FALSE(text.is_orderly());
  EXPECT_TRUE(reads("abcdefgh"));
  EXPECT_TRUE(reads("efghabcd"));
  EXPECT_EQ(text.in_order(), "efghabcd");
}

TEST_F(Reassembled, LaterBytesWinByOffsetAndEarlierOnesInSequence) {
  EXPECT_EQ(add(0, "benign--", 10), State::open);
  EXPECT_EQ(add(0, "INVITE", 10), State::complete) << "papyon counts bytes";
  EXPECT_EQ(add(8, "!!", 10), State::complete);
  EXPECT_TRUE(reads("INVITE--!!"));
  EXPECT_TRUE(reads("benign--!!"));
  EXPECT_TRUE(reads("benign--INVITE!!"));
}

TEST_F(Reassembled, AHoleIsNul) {
  EXPECT_EQ(add(0, "ab", 6), State::open);
  EXPECT_EQ(add(4, "ef", 6), State::complete) << "Miranda: the highest end is the total";
  EXPECT_TRUE(reads(std::string("ab\0\0ef", 6)));
  EXPECT_TRUE(reads("abef"));
}

TEST_F(Reassembled, ALengthThatLiesIsReadBothWays) {
  EXPECT_EQ(add(0, "0123456789", 10, 4), State::complete) << "all bytes are there";
  EXPECT_TRUE(reads("0123456789"));
  EXPECT_TRUE(reads("0123"));
}

TEST_F(Reassembled, ALengthThatPromisesMoreCompletesNothing) {
  EXPECT_EQ(add(0, "abc", 6, 6), State::open);
  EXPECT_EQ(add(3, "def", 6), State::complete);
  EXPECT_TRUE(reads("abcdef"));
}

TEST_F(Reassembled, TheFirstTotalAndThatOfThePackageBothComplete) {
  EXPECT_EQ(add(0, "abc", 6), State::open);
  EXPECT_EQ(add(3, "def", 100), State::complete) << "papyon: the first total counts";
  Reassembly other;
  EXPECT_EQ(other.add(fragment({0, "abc", 100}), limits), State::open);
  EXPECT_EQ(other.add(fragment({3, "def", 6}), limits), State::complete) << "libpurple: that of the package";
}

TEST_F(Reassembled, SwappedOffsetsSpellBothTexts) {
  EXPECT_EQ(add(4, "INVI", 8), State::complete);
  EXPECT_EQ(add(0, "TE..", 8), State::complete);
  EXPECT_TRUE(reads("INVITE.."));
  EXPECT_TRUE(reads("TE..INVI"));
}

TEST_F(Reassembled, RetroPrplRepeatsAPackageWithACorrectedLength) {
  // As in the capture of published retro-prpl: the same data again, at the same place.
  const std::string data(1202, 'd');
  EXPECT_EQ(add(0, data, 1300), State::open);
  EXPECT_EQ(add(1202, std::string(98, 'e'), 1300), State::complete);
  EXPECT_EQ(add(1202, std::string(98, 'e'), 1300), State::complete);
  EXPECT_EQ(add(1202, std::string(98, 'e'), 1300), State::complete);
  EXPECT_TRUE(reads(data + std::string(98, 'e')));
}

TEST_F(Reassembled, AskedToReadItAgainAndAgainItGivesUp) {
  int completed = 0;
  while (add(0, "a", 1) == State::complete) ++completed;
  EXPECT_EQ(completed, 8);
}

TEST_F(Reassembled, TooManyPackagesAreOverTheLimit) {
  for (std::size_t i = 0; i < limits.packages_per_message; ++i) {
    ASSERT_EQ(add(i, "x", 1000), State::open) << i;
  }
  EXPECT_EQ(add(limits.packages_per_message, "x", 1000), State::over_limit);
}

TEST_F(Reassembled, TooLongATextIsOverTheLimit) {
  EXPECT_EQ(add(0, std::string(limits.slp_text, 'x'), limits.slp_text), State::complete);
  EXPECT_EQ(add(limits.slp_text, "x", limits.slp_text + 1), State::over_limit);
  Reassembly far;
  EXPECT_EQ(far.add(fragment({limits.slp_text - 1, "x", limits.slp_text}), limits), State::complete);
  Reassembly beyond;
  EXPECT_EQ(beyond.add(fragment({limits.slp_text, "x", limits.slp_text + 1}), limits), State::over_limit);
  Reassembly again;
  EXPECT_EQ(again.add(fragment({0, std::string(40'000, 'x'), 60'000}), limits), State::open);
  EXPECT_EQ(again.add(fragment({0, std::string(40'000, 'x'), 60'000}), limits), State::over_limit);
}

TEST_F(Reassembled, OffsetsNearTheEndOfTheNumbersAreOverTheLimit) {
  for (const std::uint64_t offset : {std::uint64_t{1} << 63U, ~std::uint64_t{0}, ~std::uint64_t{0} - 1}) {
    Reassembly fresh;
    EXPECT_EQ(fresh.add(fragment({offset, "abc", 10}), limits), State::over_limit);
    EXPECT_LT(fresh.footprint(), 100U);
  }
  EXPECT_EQ(add(0, "abc", ~std::uint64_t{0}), State::open);
}

TEST_F(Reassembled, ItsMemoryIsBoundedHoweverItIsFilled) {
  for (std::uint64_t i = 0; i < 1000; ++i)
    (void)add((i * 7919) % limits.slp_text, std::string(1200, 'x'), 1 << 30);
  EXPECT_LT(text.footprint(), 8 * limits.slp_text);
}

TEST_F(Reassembled, AnEmptyLastPackageCompletes) {
  EXPECT_EQ(add(0, "abcd", 8), State::open);
  EXPECT_EQ(add(8, "", 8), State::complete);
  EXPECT_TRUE(reads("abcd"));
}

TEST(Fragment, IsWholeIfNothingComesBeforeOrAfter) {
  EXPECT_TRUE(fragment({0, "abc", 3}).is_whole());
  EXPECT_FALSE(fragment({0, "abc", 4}).is_whole());
  EXPECT_FALSE(fragment({0, "abc", 2}).is_whole());
  EXPECT_FALSE(fragment({1, "abc", 3}).is_whole());
}

}  // namespace
