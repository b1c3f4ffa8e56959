#include "proxy/json_line.hpp"

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include "proxy/escape.hpp"

namespace gate {
namespace {

namespace json = boost::json;
using namespace std::string_literals;

std::string written(std::string_view text) {
  std::string line;
  JsonLine(line).text(text);
  return line;
}

TEST(JsonLine, MembersAndElementsAreSeparatedByCommas) {
  std::string line;
  JsonLine to(line);
  to.begin_object();
  to.key("a").number(0);
  to.key("b").begin_array();
  to.text("x");
  to.text("y");
  to.end_array();
  to.key("c").begin_object();
  to.end_object();
  to.key("d").begin_array();
  to.end_array();
  to.key("e").number(18'446'744'073'709'551'615U);
  to.end_object();
  EXPECT_EQ(line, R"({"a":0,"b":["x","y"],"c":{},"d":[],"e":18446744073709551615})");
}

TEST(JsonLine, QuotesBackslashesAndHiddenCharactersAreEscaped) {
  EXPECT_EQ(written("a\"b\\c/"), R"("a\"b\\c/")");
  EXPECT_EQ(written("\b\f\n\r\t\x01\x7F"), R"("\b\f\n\r\t\u0001\u007f")");
  EXPECT_EQ(written("\0"s), R"("\u0000")");
  EXPECT_EQ(written("\u00E9\u202E\U000E0041\U0001F600"), "\"\u00E9\\u202e\\udb40\\udc41\U0001F600\"");
}

TEST(JsonLine, PlainTextIsPrintableAsciiThatNeedsNoEscape) {
  EXPECT_TRUE(is_plain(""));
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = "ab" + std::string(1, static_cast<char>(byte)) + "cd";
    const bool plain = byte >= 0x20 && byte <= 0x7E && byte != '"' && byte != '\\';
    EXPECT_EQ(is_plain(text), plain) << byte;
    if (plain) {
      EXPECT_EQ(showable(text), text);
    }
  }
}

TEST(JsonLine, AnyTextIsReadBackAsItWasWritten) {
  std::mt19937 random(20061122);
  const std::vector<std::string> pieces{"a",      "\"",     "\\",     "\n",         "\x1F",       "\x7F",
                                        "\u00E9", "\u202E", "\u2028", "\U0001F600", "\U000E0041", " plain "};
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (auto left = random() % 20; left > 0; --left) text += pieces[random() % pieces.size()];
    const std::string line = written(text);
    ASSERT_EQ(json::parse(line).as_string(), text) << line;
    // Nothing in it that a terminal would obey.
    for (std::string_view rest = line; !rest.empty();) {
      const CodePoint point = first_code_point(rest);
      ASSERT_TRUE(point.valid && !is_hidden(point.value)) << line;
      rest.remove_prefix(point.size);
    }
  }
}

}  // namespace
}  // namespace gate
