#include "proxy/grant_book.hpp"

#include "proxy/config_file.hpp"

#include "tests/support/config_files.hpp"
#include "tests/support/filter_rig.hpp"
#include "tests/support/invitations.hpp"

#include <gmock/gmock.h>

namespace {

using namespace std::chrono_literals;
using namespace gate::test;
using gate::Action;
using gate::Grant;
using gate::GrantBook;
using gate::GrantRequest;

struct Grants : testing::Test {
  GrantRequest request(bool once) {
    GrantRequest asked;
    asked.rule.action = Action::allow;
    asked.rule.users = {"alice@example.com"};
    asked.rule.peers = {"bob@example.org"};
    asked.rule.names = {"*.txt"};
    asked.once = once;
    // The clock of a FilterRig stands long before or after the true one: a year is enough for both.
    asked.lasting = 24h * 366;
    return asked;
  }
  Grant give(GrantBook& book, bool once) {
    auto given = book.give(request(once), "ruth");
    EXPECT_TRUE(std::holds_alternative<Grant>(given));
    return std::get<Grant>(std::move(given));
  }
  std::filesystem::path file() const { return files.directory() / "state" / "grants.json"; }

  support::Files files;
  gate::PolicyStore policies{policy_with(Action::block)};
  RememberingSink audit;
};

/// An offer of a.txt by alice; true if it went on.
bool passes(FilterRig& rig, unsigned number) {
  Call offer;
  offer.call_id = "{00000000-0000-0000-0000-00000000000" + std::to_string(number) + "}";
  rig.from_client(message_to_server(std::to_string(10 + number), 'D',
                                    p2p_block(v1_package(whole(100 + number, slp_file_offer(offer))))));
  return !rig.to_server().empty();
}

TEST_F(Grants, ArePutInForceBeforeTheRulesAndTold) {
  GrantBook book(file(), policies, audit);
  const auto before = policies.generation();
  const Grant grant = give(book, false);
  EXPECT_NE(policies.generation(), before);
  FilterRig rig(policies.current());
  rig.enter_switchboard("alice@example.com", {"bob@example.org"});
  EXPECT_TRUE(passes(rig, 1));
  EXPECT_TRUE(passes(rig, 2));
  ASSERT_FALSE(rig.audit.events.empty());
  EXPECT_EQ(rig.audit.events[0].rule, "grant " + grant.id);
  ASSERT_EQ(audit.events.size(), 1U);
  EXPECT_EQ(audit.events[0].event, gate::AuditKind::policy);
  EXPECT_EQ(audit.events[0].reason, "grant");
  EXPECT_THAT(audit.events[0].detail, testing::HasSubstr("by ruth"));
}

TEST_F(Grants, ForOneTransferLetOnePassAndItGoesOnWhenPoliciesChange) {
  GrantBook book(file(), policies, audit);
  (void)give(book, true);
  FilterRig rig(policies.current());
  rig.enter_switchboard("alice@example.com", {"bob@example.org"});
  EXPECT_TRUE(passes(rig, 1));
  EXPECT_FALSE(passes(rig, 2));
  gate::Question running;
  running.user = "alice@example.com";
  running.peer = "bob@example.org";
  running.kind = msnp::Kind::file_transfer;
  const std::vector<std::string> names{"a.txt"};
  running.names = names;
  running.call = "another call";
  running.goes_on = true;
  running.at = std::chrono::system_clock::now();
  EXPECT_EQ(policies.current()->judge(running).action, Action::block);
}

TEST_F(Grants, ThatRanOutEndNothingThatGoesOn) {
  GrantBook book(file(), policies, audit);
  const Grant grant = give(book, false);
  gate::Question asked;
  asked.user = "alice@example.com";
  asked.peer = "bob@example.org";
  asked.kind = msnp::Kind::file_transfer;
  const std::vector<std::string> names{"a.txt"};
  asked.names = names;
  asked.at = *grant.rule.until;
  EXPECT_EQ(policies.current()->judge(asked).action, Action::block);
  asked.goes_on = true;
  EXPECT_EQ(policies.current()->judge(asked).action, Action::allow);
}

TEST_F(Grants, SurviveARestartUnlessUsedUp) {
  std::string kept;
  {
    GrantBook book(file(), policies, audit);
    kept = give(book, false).id;
    const Grant used = give(book, true);
    EXPECT_TRUE(used.use->claim("a", used.given));
    (void)book.revoke(give(book, false).id, "ruth");  // writes what is used up, too
  }
  gate::PolicyStore fresh(policy_with(Action::block));
  GrantBook again(file(), fresh, audit);
  ASSERT_EQ(again.list().size(), 1U);
  EXPECT_EQ(again.list()[0].id, kept);
  EXPECT_EQ(again.list()[0].rule.names, std::vector<std::string>{"*.txt"});
  EXPECT_EQ(fresh.current()->grants().size(), 1U);
}

TEST_F(Grants, AreRevokedAtOnce) {
  GrantBook book(file(), policies, audit);
  const Grant grant = give(book, false);
  EXPECT_TRUE(std::get<bool>(book.revoke(grant.id, "ruth")));
  EXPECT_FALSE(std::get<bool>(book.revoke(grant.id, "ruth")));
  EXPECT_TRUE(book.list().empty());
  EXPECT_TRUE(policies.current()->grants().empty());
  EXPECT_EQ(audit.events.back().reason, "revoke");
}

TEST_F(Grants, StayWhenTheConfigurationIsReadAgain) {
  GrantBook book(file(), policies, audit);
  (void)give(book, false);
  book.replace_policy(policy_with(Action::block));
  EXPECT_EQ(policies.current()->grants().size(), 1U);
}

TEST_F(Grants, OfAFileThatIsNoneAreNotOverwritten) {
  files.write("state/grants.json", "not JSON");
  GrantBook book(file(), policies, audit);
  EXPECT_TRUE(std::holds_alternative<std::string>(book.give(request(false), "ruth")));
  EXPECT_EQ(gate::read_text(file()).index(), 0U);
}

TEST_F(Grants, AreBounded) {
  GrantBook book(file(), policies, audit);
  for (std::size_t i = 0; i < gate::most_grants; ++i) (void)give(book, false);
  EXPECT_TRUE(std::holds_alternative<std::string>(book.give(request(false), "ruth")));
}

}  // namespace
