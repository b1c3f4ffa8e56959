// What a policy decides about what was found, what the audit says of it, and which lines leave mended.
#include "proxy/filter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/filter_rig.hpp"
#include "tests/support/invitations.hpp"
#include "tests/support/transfer_vectors.hpp"

namespace {

using namespace std::string_literals;
using namespace gate::test;
using gate::Action;
using gate::AuditKind;
using msnp::Kind;
using testing::HasSubstr;

gate::Rule rule_for(Action action, std::vector<Kind> kinds = {}, std::vector<std::string> peers = {}) {
  gate::Rule rule;
  rule.name = "the rule";
  rule.action = action;
  rule.kinds = std::move(kinds);
  rule.peers = std::move(peers);
  return rule;
}

void enter(FilterRig& rig) {
  rig.enter_switchboard("alice@example.com", {"bob@example.org"});
}

/// An INVITE for an MSNObject as the local client sends it.
std::string object_request(const std::string& attributes) {
  const std::string context = base64("<msnobj Creator=\"b\" " + attributes + "/>");
  return message_to_server("7", 'D', p2p_block(v1_package(whole(5, slp_invite({}, object_guid, context)))));
}
std::string file_offer() {
  return message_to_server("7", 'D', p2p_block(v1_package(whole(5, slp_file_offer({})))));
}

TEST(FilterPolicy, ABlockIsRecordedWithAllThatIsKnown) {
  FilterRig rig(policy_with(Action::block));
  enter(rig);
  rig.from_client(file_offer());
  ASSERT_EQ(rig.audit.events.size(), 1U);
  const gate::AuditEvent& event = rig.audit.events[0];
  EXPECT_EQ(event.event, AuditKind::transfer);
  EXPECT_EQ(event.action, Action::block);
  EXPECT_EQ(event.reason, "offer");
  EXPECT_EQ(event.rule, "default");
  EXPECT_EQ(event.policy, "test");
  EXPECT_EQ(event.kind, Kind::file_transfer);
  EXPECT_EQ(event.direction, msnp::Direction::to_server);
  EXPECT_EQ(event.user, "alice@example.com");
  EXPECT_EQ(event.peers, std::vector{"bob@example.org"s});
  ASSERT_TRUE(event.file);
  EXPECT_EQ(event.file->names, std::vector{"a.txt"s});
  EXPECT_EQ(event.file->size, 10U);
  EXPECT_EQ(event.form, msnp::Form::p2p_v1);
  ASSERT_TRUE(event.call);
  EXPECT_EQ(event.call->call_id, Call{}.call_id);
  EXPECT_EQ(event.call->session_id, "7001");
  EXPECT_EQ(event.call->cookie, "");
  EXPECT_EQ(event.client, "10.77.1.2:40000");
  EXPECT_EQ(event.server, "10.77.0.1:1864");
  EXPECT_EQ(event.answer, "603 to client");
  EXPECT_EQ(event.time, std::chrono::system_clock::time_point{std::chrono::seconds{1'790'000'000}});
}

TEST(FilterPolicy, TheDialectIsToldOnceTheServerChoseIt) {
  FilterRig rig(policy_with(Action::block));
  rig.sign_in("alice@example.com");
  const auto& offer = transfer_vector("n01-uun-offer").frames[0];
  rig.feed(offer.direction, offer.bytes);
  ASSERT_EQ(rig.audit.events.size(), 1U);
  EXPECT_EQ(rig.audit.events[0].dialect, 18U);
  EXPECT_EQ(rig.audit.events[0].form, msnp::Form::uun);
}

TEST(FilterPolicy, AnObjectOverItsCapIsBlockedByDefault) {
  FilterRig rig(policy_with(Action::block));
  enter(rig);
  const std::string small = object_request("Size=\"102400\" Type=\"3\"");
  rig.from_client(small);
  EXPECT_EQ(rig.to_server(), small);
  EXPECT_TRUE(rig.audit.events.empty());
  rig.from_client(object_request("Size=\"102401\" Type=\"3\""));
  EXPECT_EQ(rig.to_server(), "");
  ASSERT_EQ(rig.audit.events.size(), 1U);
  EXPECT_EQ(rig.audit.events[0].event, AuditKind::object);
  EXPECT_EQ(rig.audit.events[0].kind, Kind::display_picture);
  EXPECT_EQ(rig.audit.events[0].reason, "object-too-big");
}

TEST(FilterPolicy, ASharedFileAmongObjectsIsAFileTransfer) {
  FilterRig rig(policy_with(Action::block));
  enter(rig);
  rig.from_client(object_request("Size=\"9\" Type=\"4\""));
  EXPECT_EQ(rig.to_server(), "");
  EXPECT_EQ(rig.audit.events.at(0).kind, Kind::file_transfer);
  EXPECT_EQ(rig.audit.events.at(0).reason, "object-type");
}

TEST(FilterPolicy, ARuleDecidesOverTheCaps) {
  FilterRig rig(policy_with(Action::block, {rule_for(Action::allow, {Kind::display_picture})}));
  enter(rig);
  const std::string large = object_request("Size=\"41943040\" Type=\"3\"");
  rig.from_client(large);
  EXPECT_EQ(rig.to_server(), large);
  EXPECT_EQ(rig.audit.events.at(0).rule, "the rule");
}

TEST(FilterPolicy, ARuleForOnePersonDoesNotLiftTheCapForAnother) {
  for (const char* const known : {"bob@example.org", "carol@example.net"}) {
    FilterRig rig(policy_with(Action::block, {rule_for(Action::allow, {Kind::display_picture}, {known})}));
    rig.enter_switchboard("alice@example.com", {"bob@example.org", "carol@example.net"});
    rig.from_client(object_request("Size=\"41943040\" Type=\"3\""));
    EXPECT_EQ(rig.to_server(), "") << known;
    ASSERT_EQ(rig.audit.events.size(), 1U);
    EXPECT_EQ(rig.audit.events[0].reason, "object-too-big");
    EXPECT_EQ(rig.audit.events[0].rule, "default");
  }
}

TEST(FilterPolicy, ObserveLetsPassAndTells) {
  FilterRig rig(policy_with(Action::observe));
  enter(rig);
  for (const std::string& bytes : {file_offer(), object_request("Size=\"41943040\" Type=\"3\"")}) {
    rig.audit.events.clear();
    rig.from_client(bytes);
    EXPECT_EQ(rig.to_server(), bytes);
    ASSERT_EQ(rig.audit.events.size(), 1U);
    EXPECT_EQ(rig.audit.events[0].action, Action::observe);
    EXPECT_EQ(rig.audit.events[0].answer, "");
  }
}

TEST(FilterPolicy, TheDefaultDoesNotSpeakOfWhatPassesByDefault) {
  FilterRig rig(policy_with(Action::block));
  enter(rig);
  const auto& voice = transfer_vector("c24-voice").frames[0];
  rig.feed(voice.direction, voice.bytes);
  EXPECT_EQ(rig.to_server(), voice.bytes);
  EXPECT_TRUE(rig.audit.events.empty()) << "nothing was decided";
}

TEST(FilterPolicy, ABlockedKindOfARuleIsBlocked) {
  FilterRig rig(policy_with(Action::allow, {rule_for(Action::block, {Kind::voice})}));
  enter(rig);
  const auto& voice = transfer_vector("c24-voice").frames[0];
  rig.feed(voice.direction, voice.bytes);
  EXPECT_EQ(rig.to_server(), "");
  EXPECT_THAT(rig.to_client(), HasSubstr("Cancel-Code: REJECT"));
  EXPECT_EQ(rig.audit.events.at(0).kind, Kind::voice);
}

TEST(FilterPolicy, BeforeAnybodyIsKnownARuleForEverybodyAllowsNoOffer) {
  for (const bool known : {false, true}) {
    gate::Rule rule = rule_for(Action::allow);
    rule.max_size = 1000;  // so that not everything is allowed
    FilterRig rig(policy_with(Action::block, {rule}));
    rig.from_client("USR 1 alice@example.com 12.34\r\n");
    if (known) rig.from_server("USR 1 OK alice@example.com Me\r\n");
    rig.from_server("JOI bob@example.org Bob\r\n");
    (void)rig.to_server();
    rig.from_client(file_offer());
    EXPECT_EQ(rig.to_server(), known ? file_offer() : "");
    EXPECT_EQ(rig.audit.events.at(0).rule, known ? "the rule" : "default");
  }
}

TEST(FilterPolicy, AReloadedPolicyAppliesToOpenSessionsAtOnce) {
  FilterRig rig(policy_with(Action::block));
  enter(rig);
  rig.shared.policy = policy_with(Action::allow);
  rig.from_client(file_offer());
  EXPECT_EQ(rig.to_server(), file_offer());
}

TEST(FilterPolicy, PagesAreDroppedWithTheirBodies) {
  FilterRig rig(policy_with(Action::block));
  rig.sign_in("alice@example.com");
  rig.from_client("PNG\r\nPAG 5 tel:1 3\r\nabcPNG\r\n");
  rig.from_client("PGD 6 1 3\r\nabc");
  EXPECT_THAT(rig.to_server(), testing::Not(HasSubstr("abc")));
}

TEST(FilterPolicy, LinesSomeClientCannotReadLeaveMended) {
  FilterRig rig(policy_with(Action::block));
  enter(rig);
  rig.from_server("MSG bob@example.org  3\r\nabc");
  EXPECT_EQ(rig.to_client(), "MSG bob@example.org bob@example.org 3\r\nabc");
  rig.from_server("MSG bob@example.org foo\t5 3\r\nabc");
  EXPECT_EQ(rig.to_client(), "MSG bob@example.org foo%095 3\r\nabc");
  rig.from_server("JOI carol@example.net Carol\n");
  EXPECT_EQ(rig.to_client(), "JOI carol@example.net Carol\r\n");
  rig.from_client("CAL 9 carol@example.net\n\r\n\r\n");
  EXPECT_EQ(rig.to_server(), "CAL 9 carol@example.net\r\n");
}

TEST(FilterPolicy, AnOfferInAMendedLineIsStillAnOffer) {
  FilterRig rig(policy_with(Action::block));
  enter(rig);
  const std::string payload = classic_block("Application-File: a.exe\r\n\r\n");
  rig.from_server(message_to_client("bob@example.org", "", payload));
  EXPECT_EQ(rig.to_client(), "");
  EXPECT_EQ(rig.audit.events.size(), 1U);
}

}  // namespace
