#include "proxy/policy.hpp"

#include <gtest/gtest.h>

#include "tests/support/policy_questions.hpp"

namespace {

using namespace support;

TEST(Policy, WithoutRulesTheDefaultGovernsTheKindsBlockedByDefaultAndTheOthersPass) {
  for (const Action fallback : {Action::block, Action::allow, Action::observe}) {
    const Policy policy(source({}, fallback));
    Question question = file_from_ann();
    for (std::size_t index = 0; index < msnp::kind_count; ++index) {
      question.kind = static_cast<Kind>(index);
      const gate::Verdict verdict = policy.judge(question);
      // Who may not transfer everything has no direct connections.
      const bool governed = msnp::blocked_by_default(question.kind) ||
                            (question.kind == Kind::direct_connection && fallback == Action::block);
      EXPECT_EQ(verdict.action, governed ? fallback : Action::allow) << name_of(question.kind);
      EXPECT_EQ(verdict.rule, "default");
    }
  }
}

TEST(Policy, TheFirstRuleThatMatchesDecides) {
  Rule other = rule(Action::block, "other");
  other.users = {"eve@corp.example"};
  const Policy policy(source({other, rule(Action::observe, "first"), rule(Action::block, "second")}));
  const gate::Verdict verdict = policy.judge(file_from_ann());
  EXPECT_EQ(verdict.action, Action::observe);
  EXPECT_EQ(verdict.rule, "first");
}

TEST(Policy, ARuleBlocksAKindThatPassesByDefault) {
  Rule one = rule(Action::block);
  one.kinds = {Kind::display_picture, Kind::unknown_application};
  Question question = file_from_ann();
  question.kind = Kind::display_picture;
  EXPECT_TRUE(decides(one, question));
  question.kind = Kind::unknown_application;
  EXPECT_TRUE(decides(one, question));
  question.kind = Kind::wink;
  EXPECT_FALSE(decides(one, question));
}

TEST(Policy, UsersAndPeersAreExactAccountsWholeDomainsOrAnybodyKnown) {
  struct Case {
    std::vector<std::string> patterns;
    const char* account;
    bool matches;
  };
  const std::vector<Case> cases{
      {{"ann@corp.example"}, "ann@corp.example", true},
      {{"ann@corp.example"}, "joann@corp.example", false},
      {{"ann@corp.example"}, "ann@corp.example.org", false},
      {{"*@corp.example"}, "ann@corp.example", true},
      {{"*@corp.example"}, "ann@sub.corp.example", false},
      {{"*@corp.example"}, "ann@evilcorp.example", false},
      {{"*@corp.example"}, "corp.example", false},
      {{"*"}, "whoever@any.example", true},
      {{"zoe@corp.example", "*@b.example", "ann@corp.example", "*@a.example"}, "ann@corp.example", true},
      {{"zoe@corp.example", "*@b.example", "ann@corp.example", "*@a.example"}, "x@a.example", true},
      {{"zoe@corp.example", "*@b.example", "ann@corp.example", "*@a.example"}, "x@c.example", false},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.patterns.front() + " and " + one.account);
    Question question = file_from_ann();
    Rule users = rule(Action::allow);
    users.users = one.patterns;
    question.user = one.account;
    EXPECT_EQ(decides(users, question), one.matches);
    Rule peers = rule(Action::allow);
    peers.peers = one.patterns;
    question.user = "ann@corp.example";
    question.peer = one.account;
    EXPECT_EQ(decides(peers, question), one.matches);
  }
}

TEST(Policy, AnEmptyUserNeverMatchesARuleThatNamesUsers) {
  Question question = file_from_ann();
  question.user = {};
  for (const Action action : {Action::allow, Action::block, Action::observe}) {
    for (const char* const pattern : {"*", "*@corp.example", "ann@corp.example"}) {
      Rule one = rule(action);
      one.users = {pattern};
      EXPECT_FALSE(decides(one, question)) << pattern;
    }
    EXPECT_TRUE(decides(rule(action), question));
  }
}

TEST(Policy, AnUnknownPeerIsBlockedByARuleThatNamesPeersAndAllowedByNone) {
  Question question = file_from_ann();
  question.peer = {};
  Rule one = rule(Action::block);
  one.peers = {"eve@agency.example"};
  EXPECT_TRUE(decides(one, question));
  one.action = Action::allow;
  one.peers = {"*"};
  EXPECT_FALSE(decides(one, question));
}

TEST(Policy, ClientsAreNetworksOfEitherFamilyAndMappedAddressesAreIpv4) {
  struct Case {
    const char* network;
    std::uint8_t prefix;
    const char* client;
    bool matches;
  };
  for (const Case& one : std::vector<Case>{{"10.20.0.0", 16, "10.20.255.1", true},
                                           {"10.20.0.0", 16, "10.21.0.1", false},
                                           {"10.20.0.0", 15, "10.21.0.1", true},
                                           {"10.20.1.5", 32, "10.20.1.5", true},
                                           {"10.20.1.5", 32, "10.20.1.4", false},
                                           {"0.0.0.0", 0, "203.0.113.9", true},
                                           {"0.0.0.0", 0, "2001:db8::1", false},
                                           {"10.20.0.0", 16, "::ffff:10.20.3.4", true},
                                           {"2001:db8::", 33, "2001:db8:7fff::1", true},
                                           {"2001:db8::", 33, "2001:db8:8000::1", false},
                                           {"::", 0, "2001:db8::1", true},
                                           {"::", 0, "::ffff:10.0.0.1", false}}) {
    Rule networked = rule(Action::allow);
    networked.clients = {{address(one.network), one.prefix}};
    Question question = file_from_ann();
    question.client = address(one.client);
    EXPECT_EQ(decides(networked, question), one.matches)
        << one.network << '/' << +one.prefix << ' ' << one.client;
  }
}

TEST(Policy, DirectionIsSeenFromTheLocalUser) {
  Rule sending = rule(Action::allow);
  sending.direction = msnp::Direction::to_server;
  Question question = file_from_ann();
  EXPECT_TRUE(decides(sending, question));
  question.direction = msnp::Direction::to_client;
  EXPECT_FALSE(decides(sending, question));
}

TEST(Policy, AllowNeedsEveryReadingOfTheNameToMatchAndBlockNeedsOne) {
  Rule allow = rule(Action::allow);
  allow.names = {"*.png", "*.jpg"};
  Rule observe = allow;
  observe.action = Action::observe;
  Rule block = allow;
  block.action = Action::block;
  struct Case {
    std::vector<std::string> readings;
    bool allowed;
    bool blocked;
  };
  for (const Case& one : std::vector<Case>{{{"a.png"}, true, true},
                                           {{"a.png", "b.jpg"}, true, true},
                                           {{"a.png", "a.exe"}, false, true},
                                           {{"a.exe", "a.png"}, false, true},
                                           {{"a.exe"}, false, false},
                                           {{}, false, true},
                                           {{""}, false, false}}) {
    Question question = file_from_ann();
    question.names = one.readings;
    EXPECT_EQ(decides(allow, question), one.allowed);
    EXPECT_EQ(decides(observe, question), one.allowed);
    EXPECT_EQ(decides(block, question), one.blocked);
  }
}

TEST(Policy, ANameCountsAsWindowsSavesItToo) {
  Rule block = rule(Action::block);
  block.names = {"*.exe"};
  Rule allow = rule(Action::allow);
  allow.names = {"*.txt", "*.txt. "};
  Question question = file_from_ann();
  for (const char* const spelled : {"run.exe", "run.exe.", "run.exe ", "run.exe. . ."}) {
    const std::vector<std::string> names{spelled};
    question.names = names;
    EXPECT_TRUE(decides(block, question)) << spelled;
  }
  const std::vector<std::string> plain{"a.txt. "};
  question.names = plain;
  EXPECT_TRUE(decides(allow, question));
  allow.names = {"* "};
  const std::vector<std::string> hidden{"run.exe "};
  question.names = hidden;
  EXPECT_FALSE(decides(allow, question));
}

TEST(Policy, MaxSizeBoundsTheRuleAndAnUnknownSizeNeverHelpsTheSender) {
  Rule allow = rule(Action::allow);
  allow.max_size = 100;
  Rule block = allow;
  block.action = Action::block;
  Question question = file_from_ann();
  question.size = 100;
  EXPECT_TRUE(decides(allow, question));
  EXPECT_TRUE(decides(block, question));
  question.size = 101;
  EXPECT_FALSE(decides(allow, question));
  EXPECT_FALSE(decides(block, question));
  question.size = ~std::uint64_t{0};
  EXPECT_FALSE(decides(allow, question));
  question.size = std::nullopt;
  EXPECT_FALSE(decides(allow, question));
  EXPECT_TRUE(decides(block, question));
}

TEST(Policy, EveryPolicyHasASerialOfItsOwn) {
  const Policy one(source({}));
  const Policy other(source({}));
  EXPECT_NE(one.serial(), other.serial());
}

}  // namespace
