#include "proxy/rule_hits.hpp"

#include <gtest/gtest.h>

namespace {

TEST(RuleHits, EveryRuleAndTheDefaultCountForThemselves) {
  std::vector<gate::Rule> rules(2);
  rules[0].name = "first";
  rules[1].name = "second";
  const gate::RuleHits hits(rules);
  hits.count("second");
  hits.count("second");
  hits.count("default");
  hits.count("a grant that is no rule");
  EXPECT_EQ(hits.of_rule(0), 0U);
  EXPECT_EQ(hits.of_rule(1), 2U);
  EXPECT_EQ(hits.of_default(), 1U);
}

}  // namespace
