#include "proxy/name_index.hpp"

#include <gtest/gtest.h>

namespace {

using gate::NameIndex;
using gate::NamePattern;

struct Patterns {
  std::vector<NamePattern> patterns;
  bool blocks = false;
};

std::vector<std::size_t> found(const std::vector<Patterns>& rules, const std::vector<std::string>& names) {
  std::vector<NameIndex::Entry> entries;
  for (const Patterns& rule : rules) entries.push_back({rule.patterns, rule.blocks});
  const NameIndex index(entries);
  gate::RuleBits bits(rules.size());
  index.add_to(bits, names);
  std::vector<std::size_t> numbers;
  bits.each([&](std::size_t number) {
    numbers.push_back(number);
    return false;
  });
  return numbers;
}

Patterns patterns(std::initializer_list<const char*> texts, bool blocks = false) {
  Patterns rule;
  for (const char* const text : texts) rule.patterns.emplace_back(text);
  rule.blocks = blocks;
  return rule;
}

using Numbers = std::vector<std::size_t>;

TEST(NameIndex, LeavesRulesWhoseRarestLettersAreInTheName) {
  const std::vector<Patterns> rules{patterns({"*-17.exe"}), patterns({"*-18.exe"}), patterns({"report*"}),
                                    patterns({"*.png", "*.exe"})};
  EXPECT_EQ(found(rules, {"setup-17.exe"}), (Numbers{0, 3}));
  EXPECT_EQ(found(rules, {"a report"}), (Numbers{2}));
  EXPECT_EQ(found(rules, {"a.doc"}), Numbers{});
}

TEST(NameIndex, KnowsNoCase) {
  const std::vector<Patterns> rules{patterns({"*\xC3\x84RGER*"}), patterns({"*.PNG"})};
  EXPECT_EQ(found(rules, {"\xC3\xA4rger.png"}), (Numbers{0, 1}));
}

TEST(NameIndex, LooksAtEveryReading) {
  const std::vector<Patterns> rules{patterns({"*.png"}), patterns({"*.exe"})};
  EXPECT_EQ(found(rules, {"a.png", "a.exe"}), (Numbers{0, 1}));
}

TEST(NameIndex, FindsShortPatternsAndThoseWithoutLetters) {
  const std::vector<Patterns> rules{patterns({"a"}), patterns({"*.c"}), patterns({"???"}),
                                    patterns({"[abc]*"})};
  EXPECT_EQ(found(rules, {"a"}), (Numbers{0, 2, 3}));
  EXPECT_EQ(found(rules, {"x.c"}), (Numbers{1, 2, 3}));
}

TEST(NameIndex, WithoutANameLeavesRulesThatBlockAndThoseThatDoNotAsk) {
  const std::vector<Patterns> rules{patterns({"*.png"}), patterns({"*.png"}, true), patterns({})};
  EXPECT_EQ(found(rules, {}), (Numbers{1, 2}));
  EXPECT_EQ(found(rules, {""}), (Numbers{2}));
}

}  // namespace
