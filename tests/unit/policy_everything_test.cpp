#include "proxy/policy.hpp"

#include <gtest/gtest.h>

#include "tests/support/policy_questions.hpp"

namespace {

using namespace support;

bool everything(const Policy::Source& from) {
  const Policy policy(from);
  return policy.allows_everything("ann@corp.example", "ben@agency.example", address("10.20.1.5"));
}

TEST(Policy, AllowsEverythingOnlyWhenNoRuleAndNoDefaultCouldBlock) {
  EXPECT_FALSE(everything(source({})));
  EXPECT_TRUE(everything(source({}, Action::allow)));
  EXPECT_TRUE(everything(source({}, Action::observe)));
  EXPECT_TRUE(everything(source({rule(Action::allow)})));
  EXPECT_TRUE(everything(source({rule(Action::allow), rule(Action::block, "late")})));
  EXPECT_FALSE(everything(source({rule(Action::block), rule(Action::allow, "late")}, Action::allow)));

  Rule others = rule(Action::block, "others");
  others.users = {"eve@corp.example"};
  EXPECT_TRUE(everything(source({others}, Action::allow)));
  Rule elsewhere = rule(Action::block, "elsewhere");
  elsewhere.clients = {{address("10.30.0.0"), 16}};
  EXPECT_TRUE(everything(source({elsewhere}, Action::allow)));
}

TEST(Policy, AnyConditionKeepsARuleFromAllowingEverythingAndABlockWithAnyConditionPreventsIt) {
  std::vector<Rule> conditional(8, rule(Action::allow));
  conditional[7].kinds = {Kind::direct_connection};
  conditional[0].kinds = {Kind::file_transfer};
  conditional[1].names = {"*"};
  conditional[2].max_size = 1;
  conditional[3].when = {Rule::Window{}};
  conditional[4].until = std::chrono::system_clock::time_point::max();
  conditional[5].direction = msnp::Direction::to_server;
  conditional[6].peers = {"eve@agency.example"};
  for (std::size_t index = 0; index < conditional.size(); ++index) {
    SCOPED_TRACE(index);
    Rule one = conditional[index];
    EXPECT_FALSE(everything(source({one})));
    EXPECT_TRUE(everything(source({one, rule(Action::allow, "late")})));
    one.action = Action::block;
    if (one.peers.empty()) {
      EXPECT_FALSE(everything(source({one}, Action::allow)));
    }
  }
}

TEST(Policy, NobodyKnownIsNeverAllowedEverythingByARuleThatNamesUsersOrPeers) {
  Rule one = rule(Action::allow);
  one.users = {"*"};
  const Policy users(source({one}));
  EXPECT_FALSE(users.allows_everything({}, "ben@agency.example", address("10.20.1.5")));
  one.users.clear();
  one.peers = {"*"};
  const Policy peers(source({one}));
  EXPECT_FALSE(peers.allows_everything("ann@corp.example", {}, address("10.20.1.5")));
  one.action = Action::block;
  one.peers = {"eve@agency.example"};
  const Policy blocking(source({one}, Action::allow));
  EXPECT_FALSE(blocking.allows_everything("ann@corp.example", {}, address("10.20.1.5")));
}

TEST(Policy, AllowsEverythingNeverContradictsJudge) {
  // Every combination of a few rules and a few questions.
  std::vector<Rule> stock(5, rule(Action::allow));
  stock[1].kinds = {Kind::file_transfer};
  stock[2].users = {"ann@corp.example"};
  stock[3].names = {"*.png"};
  stock[4].direction = msnp::Direction::to_client;
  const std::vector<std::string> names{"a.png"};
  for (std::size_t code = 0; code < 15 * 15 * 3; ++code) {
    Rule first = stock[code % 5];
    first.action = static_cast<Action>(code / 5 % 3);
    Rule second = stock[code / 15 % 5];
    second.action = static_cast<Action>(code / 75 % 3);
    const Policy policy(source({first, second}, static_cast<Action>(code / 225)));
    for (const char* const user : {"", "ann@corp.example", "eve@corp.example"}) {
      if (!policy.allows_everything(user, "ben@agency.example", address("10.20.1.5"))) continue;
      for (std::size_t way = 0; way < 2 * 2 * msnp::kind_count; ++way) {
        Question question = file_from_ann();
        question.user = user;
        question.direction = static_cast<msnp::Direction>(way % 2);
        if (way / 2 % 2 != 0) question.names = names;
        question.kind = static_cast<Kind>(way / 4);
        EXPECT_NE(policy.judge(question).action, Action::block) << code;
      }
    }
  }
}

Question direct_connection_of_ann() {
  Question question = file_from_ann();
  question.kind = Kind::direct_connection;
  question.reason = msnp::Reason::transport;
  question.size.reset();
  return question;
}

TEST(Policy, ADirectConnectionIsForThoseWhoMayTransferEverything) {
  EXPECT_EQ(Policy(source({})).judge(direct_connection_of_ann()).action, Action::block);
  for (const Action action : {Action::allow, Action::observe}) {
    for (const Policy::Source& open : {source({}, action), source({rule(action)})}) {
      const Policy policy(open);
      const gate::Verdict verdict = policy.judge(direct_connection_of_ann());
      EXPECT_EQ(verdict.action, Action::allow);
      EXPECT_EQ(verdict.rule, "default");
      EXPECT_EQ(verdict.reason, msnp::Reason::transport);
    }
  }
}

TEST(Policy, OneThingThatMayBeBlockedClosesDirectConnections) {
  Rule one = rule(Action::block);
  one.kinds = {Kind::voice};
  const Policy policy(source({one}, Action::allow));
  const gate::Verdict verdict = policy.judge(direct_connection_of_ann());
  EXPECT_EQ(verdict.action, Action::block);
  EXPECT_EQ(verdict.rule, "default");
}

TEST(Policy, OnlyARuleThatNamesDirectConnectionsOpensThem) {
  for (const Action action : {Action::allow, Action::observe}) {
    // Neither of these speaks of everything, and neither of direct connections.
    Rule sending = rule(action, "sending");
    sending.direction = msnp::Direction::to_server;
    Rule files = rule(action, "files");
    files.kinds = {Kind::file_transfer};
    EXPECT_EQ(Policy(source({sending, files})).judge(direct_connection_of_ann()).action, Action::block);

    Rule direct = rule(action, "direct");
    direct.kinds = {Kind::file_transfer, Kind::direct_connection};
    const Policy policy(source({sending, files, direct}));
    const gate::Verdict verdict = policy.judge(direct_connection_of_ann());
    EXPECT_EQ(verdict.action, action);
    EXPECT_EQ(verdict.rule, "direct");
    Question from_another = direct_connection_of_ann();
    direct.users = {"eve@corp.example"};
    EXPECT_EQ(Policy(source({direct})).judge(from_another).action, Action::block);
  }
}

TEST(Policy, ARuleBlocksDirectConnectionsNamedOrNot) {
  Rule one = rule(Action::block);
  one.direction = msnp::Direction::to_server;
  Rule direct = rule(Action::allow, "direct");
  direct.kinds = {Kind::direct_connection};
  for (const std::vector<Kind>& kinds : {std::vector<Kind>{}, {Kind::direct_connection}}) {
    one.kinds = kinds;
    const Policy policy(source({one, direct}, Action::allow));
    EXPECT_EQ(policy.judge(direct_connection_of_ann()).rule, "the rule");
    EXPECT_EQ(policy.judge(direct_connection_of_ann()).action, Action::block);
    EXPECT_FALSE(policy.allows_everything("ann@corp.example", "ben@agency.example", address("10.20.1.5")));
  }
}

}  // namespace
