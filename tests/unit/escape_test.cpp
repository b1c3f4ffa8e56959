#include "proxy/escape.hpp"

#include <cstdint>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace gate {
namespace {

using namespace std::string_view_literals;

TEST(Escape, OrdinaryTextOfAnyScriptStaysAsItIs) {
  const std::string_view text = "Plan (2).doc — Größe 漢字 \U0001F600 \\o/";
  EXPECT_EQ(storable(text), text);
  EXPECT_EQ(showable(text), text);
}

TEST(Escape, BytesThatAreNoUtf8BecomeVisible) {
  EXPECT_EQ(storable("a\xFF"
                     "b"),
            "a\\xffb");
  EXPECT_EQ(storable("\x80"), "\\x80") << "a continuation byte alone";
  EXPECT_EQ(storable("\xC3"), "\\xc3") << "cut before its second byte";
  EXPECT_EQ(storable("\xC0\xAF"), "\\xc0\\xaf") << "an overlong slash";
  EXPECT_EQ(storable("\xE0\x80\xAF"), "\\xe0\\x80\\xaf") << "an overlong slash of three bytes";
  EXPECT_EQ(storable("\xED\xA0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
  EXPECT_EQ(storable("\xF4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "above U+10FFFF";
  EXPECT_EQ(storable("\xF8\x88\x80\x80\x80"), "\\xf8\\x88\\x80\\x80\\x80") << "five bytes";
  EXPECT_EQ(storable("\xC3(\xA9"), "\\xc3(\\xa9") << "the byte after a broken start is read anew";
}

TEST(Escape, TheEdgesOfUtf8AreValid) {
  for (const std::string_view text : {"\xC2\x80"sv, "\xDF\xBF"sv, "\xE0\xA0\x80"sv, "\xED\x9F\xBF"sv,
                                      "\xEE\x80\x80"sv, "\xF0\x90\x80\x80"sv, "\xF4\x8F\xBF\xBF"sv}) {
    EXPECT_TRUE(first_code_point(text).valid);
    EXPECT_EQ(first_code_point(text).size, text.size());
  }
}

TEST(Escape, HiddenCharactersAreKeptToStoreAndEscapedToShow) {
  const std::string_view name = "invoice\u202Efdp.exe";
  EXPECT_EQ(storable(name), name);
  EXPECT_EQ(showable(name), "invoice\\u{202e}fdp.exe");
  EXPECT_EQ(showable("a\0b\r\n\x1B[2J\x7F"sv), "a\\u{0000}b\\u{000d}\\u{000a}\\u{001b}[2J\\u{007f}");
  EXPECT_EQ(showable("x\u0085y"), "x\\u{0085}y") << "a C1 control";
  EXPECT_EQ(showable("\U000E0041"), "\\u{e0041}") << "a tag character";
}

TEST(Escape, EveryBidirectionalAndInvisibleCharacterIsHidden) {
  for (char32_t value = 0x202A; value <= 0x202E; ++value)
    EXPECT_TRUE(is_hidden(value)) << static_cast<std::uint32_t>(value);
  for (char32_t value = 0x2066; value <= 0x2069; ++value)
    EXPECT_TRUE(is_hidden(value)) << static_cast<std::uint32_t>(value);
  for (const char32_t value : {U'\u200B', U'\u200E', U'\u200F', U'\u2028', U'\u2029', U'\u061C', U'\uFEFF'}) {
    EXPECT_TRUE(is_hidden(value)) << static_cast<std::uint32_t>(value);
  }
  for (const char32_t value :
       {U' ', U'~', U'\u00A0', U'\u00E9', U'\u2027', U'\u202F', U'\u6F22', U'\U0001F600'}) {
    EXPECT_FALSE(is_hidden(value)) << static_cast<std::uint32_t>(value);
  }
}

TEST(Escape, WhatIsShownIsNotEscapedTwice) {
  const std::string once = showable("a\xFF\u202E\n");
  EXPECT_EQ(showable(once), once);
}

TEST(Escape, ALongTextIsCutBetweenCharactersAndSaysSo) {
  EXPECT_EQ(storable("abcdef", 6), "abcdef");
  EXPECT_EQ(storable("abcdefg", 6), "abcdef...[cut, of 7 bytes]");
  EXPECT_EQ(storable("abc\u6F22\u6F22", 7), "abc\u6F22...[cut, of 9 bytes]");
  EXPECT_EQ(showable("\n\n", 8), "\\u{000a}...[cut, of 2 bytes]") << "what is counted is the result";
  EXPECT_LT(showable(std::string(1'000'000, '\x01')).size(), text_limit + 64);
}

TEST(Escape, AnExcerptTellsOnlyTheCommandWordAndSizes) {
  const auto excerpt = [](std::string_view text) { return safe_excerpt(msnp::as_bytes(text)); };
  EXPECT_EQ(excerpt("USR 3 TWN S t=EwBsecret&p=\r\n"), "USR, 4 tokens, 26 bytes");
  EXPECT_EQ(excerpt("ANS 1 ann@example.org 123.456 11752013\r\nMSG"), "ANS, 4 tokens, 38 bytes");
  EXPECT_EQ(excerpt("OUT\r\n"), "OUT, 0 tokens, 3 bytes");
  EXPECT_EQ(excerpt("911 4"), "911, 1 token, 5 bytes");
  EXPECT_EQ(excerpt(""), "nothing");
}

TEST(Escape, AnExcerptOfWhatIsNoCommandTellsNothingOfIt) {
  const auto excerpt = [](std::string_view text) { return safe_excerpt(msnp::as_bytes(text)); };
  EXPECT_EQ(excerpt("my password is swordfish\r\n"), "no command word, first byte 0x6d, 24 bytes");
  EXPECT_EQ(excerpt("usr 3 TWN S t=secret"), "no command word, first byte 0x75, 20 bytes");
  EXPECT_EQ(excerpt("\x16\x03\x01\x02"), "no command word, first byte 0x16, 4 bytes");
  EXPECT_EQ(excerpt("\r\nsecret"), "no command word, first byte 0x0d, 0 bytes");
}

}  // namespace
}  // namespace gate
