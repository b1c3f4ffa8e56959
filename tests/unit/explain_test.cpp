#include "proxy/explain.hpp"

#include <gmock/gmock.h>

namespace {

using gate::Action;
using gate::Rule;
using testing::HasSubstr;

TEST(Explain, TellsOfEveryRuleBeforeTheDecidingOneWhatDidNotFit) {
  gate::Policy::Source source;
  const auto add = [&source](const char* name, Action action) -> Rule& {
    Rule& rule = source.rules.emplace_back();
    rule.name = name;
    rule.action = action;
    return rule;
  };
  add("webcams", Action::block).kinds = {msnp::Kind::webcam};
  add("eve", Action::allow).users = {"eve@a.example"};
  add("pictures", Action::allow).names = {"*.png"};
  add("small", Action::allow).max_size = 10;
  add("ann", Action::allow).users = {"ann@a.example"};
  add("behind", Action::block);
  const gate::Policy policy(std::move(source));
  gate::Question question;
  question.user = "ann@a.example";
  question.peer = "bob@b.example";
  question.kind = msnp::Kind::file_transfer;
  const std::vector<std::string> names{"a.exe"};
  question.names = names;
  question.size = 11;
  const gate::Explanation why = gate::explain(policy, question);
  ASSERT_EQ(why.steps.size(), 5U);
  const std::array expected{gate::Condition::kinds, gate::Condition::users, gate::Condition::names,
                            gate::Condition::max_size};
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(why.steps[i].mismatch, expected[i]);
  EXPECT_FALSE(why.steps[4].mismatch);
  EXPECT_EQ(why.verdict.rule, "ann");
  EXPECT_EQ(gate::mismatch_text(*why.steps[2].rule, *why.steps[2].mismatch, question),
            "names: \"a.exe\" is not like *.png");
  EXPECT_EQ(gate::mismatch_text(*why.steps[3].rule, *why.steps[3].mismatch, question),
            "max_size: 11 is more than 10");
}

TEST(Explain, TellsWhyWithoutARule) {
  gate::Policy::Source source;
  const gate::Policy policy(std::move(source));
  gate::Question question;
  question.kind = msnp::Kind::file_transfer;
  EXPECT_THAT(gate::ruleless_text(policy, question, gate::explain(policy, question)),
              HasSubstr("default is block"));
  question.kind = msnp::Kind::webcam;
  EXPECT_THAT(gate::ruleless_text(policy, question, gate::explain(policy, question)),
              HasSubstr("passes unless"));
  question.kind = msnp::Kind::direct_connection;
  EXPECT_THAT(gate::ruleless_text(policy, question, gate::explain(policy, question)),
              HasSubstr("no rule names"));
}

TEST(Explain, TellsOfTheGrantThatDecidesBeforeAllRules) {
  gate::Policy::Source source;
  source.rules.emplace_back().name = "nothing";
  gate::Grant grant;
  grant.id = "01KANZ8V2VTSV4RRFFQ69G5FAV";
  grant.rule.name = "grant 01KANZ8V2VTSV4RRFFQ69G5FAV";
  grant.rule.action = Action::allow;
  grant.rule.users = {"ann@a.example"};
  grant.rule.until = std::chrono::system_clock::time_point::max();
  grant.use = std::make_shared<gate::GrantUse>();
  const auto policy = gate::Policy(std::move(source)).with_grants({grant});
  gate::Question question;
  question.user = "ann@a.example";
  question.kind = msnp::Kind::file_transfer;
  const gate::Explanation why = gate::explain(*policy, question);
  EXPECT_TRUE(why.steps.empty());
  EXPECT_FALSE(why.by_rule());
  EXPECT_EQ(why.verdict.rule, grant.rule.name);
  EXPECT_THAT(gate::ruleless_text(*policy, question, why), HasSubstr("a grant decides"));

  question.user = "eve@a.example";
  const gate::Explanation other = gate::explain(*policy, question);
  EXPECT_TRUE(other.by_rule());
  EXPECT_EQ(other.steps.size(), 1U);
}

}  // namespace
