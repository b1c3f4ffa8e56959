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

TEST(Explain, TellsInWordsWhichConditionDidNotFit) {
  using gate::Condition;
  Rule rule;
  gate::Question question;
  question.kind = msnp::Kind::webcam;
  question.client = boost::asio::ip::make_address("10.20.0.7");
  const auto text = [&](Condition condition) { return gate::mismatch_text(rule, condition, question); };
  EXPECT_THAT(text(Condition::kinds), HasSubstr("only by a rule that names it"));
  rule.kinds = {msnp::Kind::ink, msnp::Kind::wink};
  EXPECT_EQ(text(Condition::kinds), "kinds: webcam is not ink or wink");
  rule.direction = msnp::Direction::to_server;
  EXPECT_EQ(text(Condition::direction), "direction: it speaks of what the user sends");
  rule.direction = msnp::Direction::to_client;
  EXPECT_EQ(text(Condition::direction), "direction: it speaks of what the user receives");
  rule.users = rule.peers = {"ann@a.example"};
  EXPECT_EQ(text(Condition::users), "users: a user who is not signed in is not ann@a.example");
  EXPECT_EQ(text(Condition::peers), "peers: a peer who is not known is not ann@a.example");
  question.user = "eve\x1b[2J@a.example";
  EXPECT_THAT(text(Condition::users), testing::Not(HasSubstr("\x1b"))) << "it is shown on a terminal";
  rule.clients = {{boost::asio::ip::make_address("10.30.0.0"), 16}};
  EXPECT_EQ(text(Condition::clients), "clients: 10.20.0.7 is not in 10.30.0.0/16");
  rule.max_size = 10;
  EXPECT_EQ(text(Condition::max_size), "max_size: the size is not known");
  EXPECT_EQ(text(Condition::until), "until: it has expired");
  EXPECT_EQ(text(Condition::names), "names: there is no name");
  rule.when = {{}};
  EXPECT_THAT(text(Condition::when), testing::MatchesRegex("when: [MTWFS][a-z][a-z] [0-9:]* is not in .*"));
  rule.users.assign(20, "x@y");
  EXPECT_THAT(text(Condition::users), testing::MatchesRegex(".* or [0-9]+ others")) << "a long list is cut";
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
  question.kind = msnp::Kind::display_picture;
  question.size = 10'000'000;
  EXPECT_THAT(gate::ruleless_text(policy, question, gate::explain(policy, question)),
              HasSubstr("larger than [objects] allows"));
  gate::Policy::Source open;
  open.fallback = Action::allow;
  const gate::Policy everything(std::move(open));
  question = {};
  question.kind = msnp::Kind::direct_connection;
  EXPECT_THAT(gate::ruleless_text(everything, question, gate::explain(everything, question)),
              HasSubstr("everything may pass"));
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
