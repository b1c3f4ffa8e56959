#include "msnp/utf8.hpp"

#include <gtest/gtest.h>

namespace {

TEST(Utf8, TakesEveryWellFormedLengthAndItsBorders) {
  for (const std::string_view text :
       {"", "plain", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80", "\xEF\xBF\xBF",
        "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "a\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80z"}) {
    EXPECT_TRUE(msnp::is_utf8(text)) << text;
  }
}

TEST(Utf8, RefusesOverlongFormsSurrogatesAndWhatIsTooHighOrCutShort) {
  for (const std::string_view text :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xC3", "\xE2\x82", "\xF0\x9F\x98", "\xC3z",
        "\xE2\x82z", "\xF0\x9F\x98z"}) {
    EXPECT_FALSE(msnp::is_utf8(text)) << text;
  }
}

}  // namespace
