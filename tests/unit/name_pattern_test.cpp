#include "proxy/name_pattern.hpp"

#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

namespace {

using gate::NamePattern;

bool matches(std::string_view pattern, std::string_view name) {
  return NamePattern(pattern).matches(name);
}

TEST(NamePattern, StarAndQuestionMarkAreThoseOfTheShellAndCoverLeadingDotsAndSlashes) {
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("*", "anything"));
  EXPECT_TRUE(matches("*.png", ".png"));
  EXPECT_TRUE(matches("*.png", "..\\dir/a.b.png"));
  EXPECT_FALSE(matches("*.png", "a.png.exe"));
  EXPECT_TRUE(matches("a*b*c", "aXXbYbZc"));
  EXPECT_FALSE(matches("a*b*c", "aXXbYbZ"));
  EXPECT_TRUE(matches("?.txt", "a.txt"));
  EXPECT_FALSE(matches("?.txt", ".txt"));
  EXPECT_FALSE(matches("", "a"));
  EXPECT_TRUE(matches("**a**", "bab"));
}

TEST(NamePattern, QuestionMarkIsOneCodePointNotOneByte) {
  EXPECT_TRUE(matches("?.txt", "\u00e4.txt"));
  EXPECT_TRUE(matches("?.txt", "\U0001F600.txt"));
  EXPECT_FALSE(matches("??.txt", "\u00e4.txt"));
}

TEST(NamePattern, CaseNeverMattersInAnyAlphabet) {
  EXPECT_TRUE(matches("*.exe", "RUN.EXE"));
  EXPECT_TRUE(matches("*.EXE", "run.exe"));
  EXPECT_TRUE(matches("\u00dcbung*", "\u00fcBUNG.doc"));
  EXPECT_TRUE(matches("\u043e\u0442\u0447\u0451\u0442*", "\u041e\u0422\u0427\u0401\u0422.doc"));
  EXPECT_TRUE(matches("\u03c3\u03bf\u03c6\u03cc\u03c2", "\u03a3\u039f\u03a6\u038c\u03a3"));
  // Long s and the Kelvin sign are an s and a k.
  EXPECT_TRUE(matches("*.jse", "a.j\u017fe"));
  EXPECT_TRUE(matches("*.lnk", "a.ln\u212a"));
}

TEST(NamePattern, SetsHoldRangesNegationAndEitherCase) {
  EXPECT_TRUE(matches("[abc].txt", "B.txt"));
  EXPECT_TRUE(matches("[A-C].txt", "b.txt"));
  EXPECT_FALSE(matches("[a-c].txt", "d.txt"));
  EXPECT_TRUE(matches("[!a-c].txt", "d.txt"));
  EXPECT_FALSE(matches("[!a-c].txt", "B.txt"));
  EXPECT_FALSE(matches("[^A-C].txt", "b.txt"));
  EXPECT_TRUE(matches("[]a].txt", "].txt"));
  EXPECT_TRUE(matches("[a-].txt", "-.txt"));
  EXPECT_TRUE(matches("[\u0430-\u044f].txt", "\u0416.txt"));
  EXPECT_TRUE(matches("[\\]].txt", "].txt"));
}

TEST(NamePattern, ABackslashMakesTheNextCharacterPlain) {
  EXPECT_TRUE(matches("\\*.txt", "*.txt"));
  EXPECT_FALSE(matches("\\*.txt", "a.txt"));
  EXPECT_TRUE(matches("\\[a]", "[a]"));
}

TEST(NamePattern, BytesThatAreNoUtf8MatchOnlyWildcards) {
  for (const std::string& name : {std::string("a\xff"
                                              "b"),
                                  std::string("a\xc0\xaf"), std::string("a\xe2\x82"), std::string("a\xed"),
                                  std::string("a\xf8"), std::string("a\x80")}) {
    EXPECT_TRUE(matches("a*", name));
    EXPECT_TRUE(matches("a?*", name));
    EXPECT_FALSE(matches("a\u00ff*", name));
    EXPECT_FALSE(matches("a/*", name));
  }
  EXPECT_TRUE(matches(std::string_view("a\0b", 3), std::string_view("A\0B", 3)));
}

TEST(NamePattern, WorkIsBoundedByPatternTimesName) {
  // A matcher that tried every star would need more steps than there are atoms.
  std::string pattern;
  for (int stars = 0; stars < 50; ++stars) pattern += "*a";
  EXPECT_FALSE(matches(pattern + "b", std::string(2000, 'a')));
}

TEST(NamePattern, HoldsAnotherWhenItMatchesAllThatTheOtherDoes) {
  const auto holds = [](std::string_view outer, std::string_view inner) {
    return NamePattern(outer).holds(NamePattern(inner));
  };
  for (const auto& [outer, inner] : {std::pair{"*", "*"},
                                     {"*", "a?[x-z]*"},
                                     {"*.zip", "PLAN.Zip"},
                                     {"*.zip", "plan-*.zip"},
                                     {"*a*", "b*a?*"},
                                     {"?.c", "[ab].c"},
                                     {"[a-c].c", "b.c"},
                                     {"x[0-9]*", "x[0-9]-*.txt"},
                                     {"*[!x]", "ay"},
                                     {"\\*", "\\*"}}) {
    EXPECT_TRUE(holds(outer, inner)) << outer << " and " << inner;
  }
  for (const auto& [outer, inner] : {std::pair{"*.zip", "*"},
                                     {"?", "*"},
                                     {"a", "?"},
                                     {"[ab]", "?"},
                                     {"[a-c]", "[a-d]"},
                                     {"[ab]", "[!ab]"},
                                     {"*.zip", "*.zi?"},
                                     {"\\*", "*"},
                                     {"*?", "*"},
                                     {"a*b", "a*"}}) {
    EXPECT_FALSE(holds(outer, inner)) << outer << " and " << inner;
  }
}

TEST(NamePattern, FaultsAreNamed) {
  EXPECT_FALSE(NamePattern::fault_in("*.[ch]pp"));
  EXPECT_FALSE(NamePattern::fault_in("\\["));
  EXPECT_TRUE(NamePattern::fault_in(""));
  EXPECT_TRUE(NamePattern::fault_in("[a"));
  EXPECT_TRUE(NamePattern::fault_in("[]"));
  EXPECT_TRUE(NamePattern::fault_in("[z-a]"));
  EXPECT_TRUE(NamePattern::fault_in("a\\"));
  EXPECT_TRUE(matches("[a", "[A"));
}

}  // namespace
