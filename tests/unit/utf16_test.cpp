#include "msnp/utf16.hpp"

#include <gtest/gtest.h>

namespace {

using msnp::to_utf8;

TEST(Utf16, WritesEachLengthOfUtf8) {
  EXPECT_EQ(to_utf8(u"a"), "a");
  EXPECT_EQ(to_utf8(u"\u007F\u0080"), "\x7F\xC2\x80");
  EXPECT_EQ(to_utf8(u"\u07FF\u0800"), "\xDF\xBF\xE0\xA0\x80");
  EXPECT_EQ(to_utf8(u"\uD7FF\uE000\uFFFF"), "\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF");
}

TEST(Utf16, JoinsSurrogatePairs) {
  EXPECT_EQ(to_utf8(u"\U00010000"), "\xF0\x90\x80\x80");
  EXPECT_EQ(to_utf8(u"x\U0001F600y"), "x\xF0\x9F\x98\x80y");
  EXPECT_EQ(to_utf8(u"\U0010FFFF"), "\xF4\x8F\xBF\xBF");
}

TEST(Utf16, ShowsALoneSurrogateAsTheReplacementCharacter) {
  const char16_t high = 0xD83D;
  const char16_t low = 0xDE00;
  EXPECT_EQ(to_utf8(std::u16string{high}), "\xEF\xBF\xBD");
  EXPECT_EQ(to_utf8(std::u16string{low}), "\xEF\xBF\xBD");
  EXPECT_EQ(to_utf8(std::u16string{high, u'a'}),
            "\xEF\xBF\xBD"
            "a");
  EXPECT_EQ(to_utf8(std::u16string{low, high}), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(to_utf8(std::u16string{high, 0xE000}), "\xEF\xBF\xBD\xEE\x80\x80");
  EXPECT_EQ(to_utf8(std::u16string{high, high, low}), "\xEF\xBF\xBD\xF0\x9F\x98\x80");
}

TEST(Utf16, KeepsNulAndControls) {
  EXPECT_EQ(to_utf8({u"a\0\u202E", 3}), (std::string("a\0\xE2\x80\xAE", 5)));
}

}  // namespace
