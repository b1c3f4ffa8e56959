#include "msnp/line_scan.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace msnp {
namespace {

bool is_control(char letter) {
  return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F;
}
bool is_high(char letter) {
  return static_cast<unsigned char>(letter) >= 0x80;
}

/// Texts of every length around the width of a look, mostly printable, so that runs are long.
std::vector<std::string> texts() {
  std::mt19937 random(1863);
  const std::string odd("\x00\x01\x1F\x20\x21\x7E\x7F\x80\xA0\xFF\r\n\r\n   ", 17);
  std::vector<std::string> all;
  for (std::size_t size = 0; size < 100; ++size) {
    for (int round = 0; round < 40; ++round) {
      std::string text(size, 'a');
      for (char& letter : text) {
        if (random() % 24 == 0) letter = odd[random() % odd.size()];
      }
      if (size > 1 && random() % 4 == 0) text.replace(random() % (size - 1), 2, "\r\n");
      all.push_back(text);
    }
  }
  return all;
}

void expect_equal(const Marks& a, const Marks& b) {
  EXPECT_EQ(a.controls, b.controls);
  EXPECT_EQ(a.blanks, b.blanks);
  EXPECT_EQ(a.high, b.high);
}

TEST(LineScan, EveryByteIsMarkedForWhatItIsWhateverItsNeighbours) {
  for (int byte = 0; byte < 256; ++byte) {
    const char letter = static_cast<char>(byte);
    for (const char neighbour : {'a', '\0', '\x1F', ' ', '\x7F', '\x80', '\xFF'}) {
      for (std::size_t at = 0; at < 16; ++at) {
        std::string text(16, neighbour);
        text[at] = letter;
        Marks expected;
        for (std::size_t i = 0; i < text.size(); ++i) {
          if (is_control(text[i])) expected.controls |= std::uint64_t{1} << i;
          if (text[i] == ' ') expected.blanks |= std::uint64_t{1} << i;
          if (is_high(text[i])) expected.high |= std::uint64_t{1} << i;
        }
        expect_equal(sixteen::marks_at(text.data()), expected);
        expect_equal(sixteen::portable_marks_at(text.data()), expected);
      }
    }
  }
}

TEST(LineScan, ARunEndsAtTheFirstControlByte) {
  for (const std::string& text : texts()) {
    for (std::size_t at = 0; at <= text.size(); at += 7) {
      msnp::Run expected{at, false};
      while (expected.end < text.size() && !is_control(text[expected.end])) {
        if (is_high(text[expected.end])) expected.non_ascii = true;
        ++expected.end;
      }
      const msnp::Run run = run_at(text, at);
      ASSERT_EQ(run.end, expected.end) << at << ' ' << text;
      ASSERT_EQ(run.non_ascii, expected.non_ascii) << at << ' ' << text;
    }
  }
}

TEST(LineScan, ClassesAreThoseOfAllBytes) {
  for (const std::string& text : texts()) {
    const ByteClasses classes = byte_classes(text);
    EXPECT_EQ(classes.control, std::any_of(text.begin(), text.end(), is_control));
    EXPECT_EQ(classes.non_ascii, std::any_of(text.begin(), text.end(), is_high));
  }
}

TEST(LineScan, AShortLineEndsInTheFirstControlBytesWhichAreCrAndLf) {
  std::size_t found = 0;
  for (const std::string& text : texts()) {
    const ShortLine line = short_line_of(text);
    if (line.size == 0) continue;
    ++found;
    const std::string_view inside = std::string_view(text).substr(0, line.size);
    ASSERT_EQ(text.substr(line.size, 2), "\r\n");
    EXPECT_FALSE(byte_classes(inside).control);
    EXPECT_EQ(line.non_ascii, byte_classes(inside).non_ascii);
    for (std::size_t i = 0; i < 64; ++i) {
      EXPECT_EQ(line.blanks >> i & 1U, i < inside.size() && inside[i] == ' ' ? 1U : 0U);
    }
  }
  EXPECT_GT(found, 20U);
  for (std::size_t size = 1; size < 80; ++size) {  // the longest, and one more
    const std::string text = std::string(size, 'a') + "\r\n" + std::string(64, 'b');
    EXPECT_EQ(short_line_of(text).size, size <= 62 ? size : 0U);
  }
}

TEST(LineScan, TokensAreTheSameFromTheTextAndFromItsBlanks) {
  using Tokens = TokenScan<9>;
  for (const std::string line :
       {"MSG", "MSG 1 N 133", "ADL  1", "UBX a@b.c 1 0", "NLN NLN bob@test.example Bob%20Builders 2788999228",
        "SDC 1 2 3 4 5 6 7 8 9", "SDC 1 2 3 4 5 6 7 8 9 10 11"}) {
    const std::string text = line + "\r\n" + std::string(64, 'x');
    const ShortLine found = short_line_of(text);
    ASSERT_EQ(found.size, line.size());
    const Tokens one(line);
    const Tokens other(line, found.blanks);
    ASSERT_EQ(one.count(), other.count());
    for (std::size_t i = 0; i < std::min<std::size_t>(one.count(), 9); ++i) EXPECT_EQ(one[i], other[i]);
  }
}

}  // namespace
}  // namespace msnp
