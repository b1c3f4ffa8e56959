// Session data: it flows for what was let through, as announced, and as long as the policy lets it
// (decisions.md 3; transfers.md 7.5, 9).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "msnp/p2p.hpp"
#include "tests/support/filter_rig.hpp"
#include "tests/support/invitations.hpp"
#include "tests/support/transfer_chat.hpp"
#include "tests/support/v2_speaker.hpp"

namespace {

using namespace std::string_literals;
using namespace gate::test;
using gate::Action;
using gate::AuditKind;
using msnp::Direction;
using msnp::Kind;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::shared_ptr<const gate::Policy> texts_only() {
  gate::Rule rule = rule_for(Action::allow, {Kind::file_transfer});
  rule.names = {"*.txt"};
  return policy_with(Action::block, {rule});
}

using Rulings = TransferChat;

// --- the data gate -----------------------------------------------------------------------------

TEST_F(Rulings, DataThatNothingAnnouncedIsWithheldAndToldOnce) {
  for (const Package& one : data(4242, std::string(30, 'x'), 10, file_flags)) EXPECT_EQ(through(up(one)), "");
  EXPECT_EQ(rig.to_client(), "ACK 7\r\nACK 7\r\nACK 7\r\n");
  for (const Package& one : data(4243, std::string(30, 'x'), 10, file_flags)) {
    EXPECT_EQ(through(down(one), Direction::to_client), "");
  }
  EXPECT_EQ(rig.to_server(), "");
  const auto told = events();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].reason, "data-without-session");
  EXPECT_EQ(told[0].call->session_id, "4242");
  EXPECT_EQ(told[0].direction, Direction::to_server);
  EXPECT_EQ(told[1].direction, Direction::to_client);
  EXPECT_EQ(told[1].form, msnp::Form::p2p_v1);
}

TEST_F(Rulings, InVersion2DataThatNothingAnnouncedLeavesZeroedAndIsToldOnce) {
  open_bridge();
  for (const auto& frame : alice.says(std::string(30, 'x'), {4242, file_type, 10, false})) {
    EXPECT_EQ(through(frame), emptied(frame, 0));
  }
  for (const auto& frame : bob.says(std::string(30, 'x'), {4243, object_type, 10, false})) {
    EXPECT_EQ(through(frame, Direction::to_client), emptied(frame, 0));
  }
  const auto told = events();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].reason, "data-without-session");
  EXPECT_EQ(told[1].form, msnp::Form::p2p_v2);
}

TEST_F(Rulings, AnAddressInDataThatNothingAnnouncedOpensNoGate) {
  // Where the flags tell no data, the bytes are read as a text too: that one is edited makes it no less data.
  for (const std::uint32_t flags : {0U, 0x01000000U, 0x10U, 0x100U}) {
    for (const Package& one : data(4242, "IPv4Port: 6891\r\n\r\n and bytes of a file", 1202, flags)) {
      EXPECT_EQ(through(up(one)), "") << flags;
    }
  }
  open_bridge();
  for (const auto& frame : alice.says("IPv4Port: 6891\r\n\r\n and bytes of a file", {4243, 0, 1202, false})) {
    EXPECT_EQ(through(frame), emptied(frame, 0));
  }
}

TEST_F(Rulings, WhoMayDoEverythingNeedsNoInvitation) {
  rig.shared.policy = policy_with(Action::allow);
  expect_passes_up(data(4242, std::string(30, 'x'), 10, file_flags));
  open_bridge();
  expect_passes(alice.says(std::string(30, 'x'), {4243, file_type, 10, false}), Direction::to_server);
}

// --- a policy that changes while a file flows --------------------------------------------------

void expect_policy_change(const std::vector<gate::AuditEvent>& events, msnp::Form form) {
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].event, AuditKind::transfer);
  EXPECT_EQ(events[0].action, Action::block);
  EXPECT_EQ(events[0].reason, "policy-change");
  EXPECT_EQ(events[0].rule, "default");
  EXPECT_EQ(events[0].kind, Kind::file_transfer);
  EXPECT_EQ(events[0].direction, Direction::to_server);
  EXPECT_EQ(events[0].form, form);
  EXPECT_EQ(events[0].file->names, std::vector{"a.txt"s});
  EXPECT_EQ(events[0].call->session_id, "7001");
  EXPECT_EQ(events[0].peers, std::vector{"bob@example.org"s});
  EXPECT_EQ(events[0].answer, "BYE to both");
}

struct PolicyChange : TransferChat {
  PolicyChange() { rig.shared.policy = texts_only(); }
  /// The file is offered, and the first two of its packages pass.
  void begin() {
    expect_passes(up(whole(1000, slp_file_offer(call))), Direction::to_server);
    expect_passes(down(whole(2000, slp_status(call, "200 OK"))), Direction::to_client);
    expect_passes_up({file[0], file[1]});
    (void)events();
  }
  void expect_bye(const Said& one, const std::string& to, const std::string& from) const {
    EXPECT_THAT(one.text, StartsWith("BYE MSNMSGR:" + to + " MSNSLP/1.0\r\nTo: <msnmsgr:" + to +
                                     ">\r\nFrom: <msnmsgr:" + from + ">\r\n"));
    EXPECT_THAT(one.text, HasSubstr("\r\nCall-ID: " + call.call_id + "\r\n"));
    EXPECT_THAT(one.text, HasSubstr("Content-Type: application/x-msnmsgr-sessionclosebody\r\n"));
    EXPECT_THAT(one.text, HasSubstr("\r\n\r\nSessionID: 7001\r\n\r\n"));
    EXPECT_EQ(one.header.session, 0U);
    EXPECT_EQ(one.header.flags, 0U);
  }
  Call call = call_of("7001");
  std::vector<Package> file = data(7001, std::string(50, 'f'), 10, file_flags);
};

TEST_F(PolicyChange, EndsARunningFileForBothSides) {
  begin();
  rig.shared.policy = policy_with(Action::block);
  EXPECT_EQ(through(up(file[2], "31")).find(std::string(10, 'f')), std::string::npos);
  const std::string to_client = rig.to_client();
  EXPECT_THAT(frames_in(to_client), testing::Contains("ACK 31\r\n"));
  const auto to_alice = said_in(to_client);
  ASSERT_EQ(to_alice.size(), 1U);
  expect_bye(to_alice[0], call.from, call.to);
  EXPECT_EQ(to_alice[0].header.identifier, 2000U + 0x40000000U) << "far from those of bob";
  EXPECT_THAT(to_client, HasSubstr("MSG bob@example.org Bob "));
  EXPECT_THAT(to_client, HasSubstr("P2P-Dest: alice@example.com\r\n"));
  expect_policy_change(events(), msnp::Form::p2p_v1);

  EXPECT_EQ(through(up(file[3], "32")), "");
  EXPECT_EQ(rig.to_client(), "ACK 32\r\n") << "said once";
  EXPECT_TRUE(events().empty());
}

TEST_F(PolicyChange, TellsTheOtherSideToo) {
  begin();
  rig.shared.policy = policy_with(Action::block);
  const std::string to_server = through(up(file[2], "31"));
  EXPECT_THAT(to_server, StartsWith("MSG 2000000001 D "));
  EXPECT_THAT(to_server, HasSubstr("P2P-Dest: bob@example.org\r\n"));
  const auto to_bob = said_in(to_server);
  ASSERT_EQ(to_bob.size(), 1U);
  expect_bye(to_bob[0], call.to, call.from);
  EXPECT_EQ(to_bob[0].header.identifier, file[0].identifier + 0x40000000U);
  rig.from_server("ACK 2000000001\r\nACK 31\r\n");
  EXPECT_THAT(rig.to_client(), testing::EndsWith("\r\nACK 31\r\n")) << "the reply to ours stops here";
}

TEST_F(PolicyChange, AcknowledgesTheByesOfBothClientsAndSwallowsThem) {
  begin();
  rig.shared.policy = policy_with(Action::block);
  const auto to_bob = said_in(through(up(file[2], "31")));
  const auto to_alice = said_in(rig.to_client());
  ASSERT_EQ(to_bob.size(), 1U);
  ASSERT_EQ(to_alice.size(), 1U);
  // Each acknowledges ours, and says BYE itself.
  Package ack;
  ack.flags = 2;
  ack.identifier = 1001;
  ack.ack_session = to_alice[0].header.identifier;
  EXPECT_EQ(through(up(ack, "32")), "");
  EXPECT_EQ(rig.to_client(), "ACK 32\r\n");
  ack.ack_session = to_bob[0].header.identifier;
  EXPECT_EQ(through(down(ack), Direction::to_client), "");
  EXPECT_EQ(rig.to_server(), "");

  const Package alices = whole(1002, bye(call));
  EXPECT_EQ(through(up(alices, "33")), "");
  const std::string answer = rig.to_client();
  EXPECT_THAT(answer, StartsWith("ACK 33\r\nMSG bob@example.org Bob "));
  const auto for_alice = said_in(answer);
  ASSERT_EQ(for_alice.size(), 1U);
  EXPECT_EQ(for_alice[0].header.flags, msnp::p2p_flag::ack);
  EXPECT_EQ(for_alice[0].header.ack_session, 1002U);
  EXPECT_EQ(for_alice[0].header.ack_size, alices.total);
  EXPECT_EQ(for_alice[0].text, "");

  EXPECT_EQ(through(down(whole(2001, bye(from_bob(call)))), Direction::to_client), "");
  const auto for_bob = said_in(rig.to_server());
  ASSERT_EQ(for_bob.size(), 1U);
  EXPECT_EQ(for_bob[0].header.flags, msnp::p2p_flag::ack);
  EXPECT_EQ(for_bob[0].header.ack_session, 2001U);
}

TEST_F(PolicyChange, SwallowsThePackageByWhichMsnpSharpClosesASession) {
  Package closing;
  closing.session = 7001;
  closing.identifier = 3000;
  closing.flags = 0x40;
  begin();
  expect_passes(down(closing), Direction::to_client);
  rig.shared.policy = policy_with(Action::block);
  (void)through(up(file[2], "31"));
  (void)rig.to_client();
  EXPECT_EQ(through(down(closing), Direction::to_client), "");
  EXPECT_EQ(rig.to_server(), "");
  EXPECT_EQ(through(up(closing, "34")), "");
  EXPECT_EQ(rig.to_client(), "ACK 34\r\n");
}

TEST_F(PolicyChange, AfterwardsANewFileThatMayPassPasses) {
  begin();
  rig.shared.policy = policy_with(Action::block);
  (void)through(up(file[2], "31"));
  rig.shared.policy = texts_only();
  EXPECT_EQ(through(up(file[3], "32")), "") << "what ended has ended";
  (void)rig.to_client();
  for (const Call& next : {call_of("7002"), call}) {
    expect_passes(up(whole(1010, slp_file_offer(next))), Direction::to_server);
    expect_passes(down(whole(2010, slp_status(next, "200 OK"))), Direction::to_client);
    expect_passes_up(data(static_cast<std::uint32_t>(std::stoul(next.session_id)), "text", 10, file_flags));
    expect_passes(up(whole(1011, bye(next))), Direction::to_server);
  }
}

TEST_F(PolicyChange, ThatStillLetsTheFilePassEndsNothing) {
  begin();
  rig.shared.policy = texts_only();
  expect_passes_up({file[2]});
  rig.shared.policy = policy_with(Action::allow);
  expect_passes_up({file[3]});
  EXPECT_EQ(rig.to_client(), "");
  EXPECT_TRUE(events().empty());
}

TEST_F(PolicyChange, EndsACallThatMovedToAnotherSwitchboard) {
  begin();
  const std::unique_ptr<gate::Filter> first = std::move(rig.filter);
  const gate::Ends ends{{boost::asio::ip::make_address("10.77.1.2"), 40001},
                        {boost::asio::ip::make_address("10.77.0.1"), 1864}};
  rig.filter = std::make_unique<gate::Filter>(rig.shared, ends);
  rig.enter_switchboard("alice@example.com", {"bob@example.org"});
  expect_passes_up({file[2]});
  rig.shared.policy = policy_with(Action::block);
  const auto to_bob = said_in(through(up(file[3], "31")));
  const auto to_alice = said_in(rig.to_client());
  ASSERT_EQ(to_bob.size(), 1U);
  ASSERT_EQ(to_alice.size(), 1U);
  expect_bye(to_bob[0], call.to, call.from);
  expect_bye(to_alice[0], call.from, call.to);
  expect_policy_change(events(), msnp::Form::p2p_v1);
}

TEST_F(PolicyChange, EndsAFileThatComesIn) {
  const Call incoming = from_bob(call);
  expect_passes(down(whole(2000, slp_file_offer(incoming))), Direction::to_client);
  expect_passes_down({file[0], file[1]});
  rig.shared.policy = policy_with(Action::block);
  const auto to_alice = said_in(through(down(file[2]), Direction::to_client));
  const auto to_bob = said_in(rig.to_server());
  ASSERT_EQ(to_alice.size(), 1U);
  ASSERT_EQ(to_bob.size(), 1U);
  expect_bye(to_alice[0], "alice@example.com", "bob@example.org");
  expect_bye(to_bob[0], "bob@example.org", "alice@example.com");
}

TEST_F(PolicyChange, InVersion2EndsARunningFileInBothStreams) {
  open_bridge();
  (void)events();
  expect_passes(alice.says(slp_file_offer(call)), Direction::to_server);
  expect_passes(bob.says(slp_status(call, "200 OK")), Direction::to_client);
  const auto frames = alice.says(std::string(50, 'f'), {7001, file_type, 10, false});
  ASSERT_EQ(frames.size(), 5U);
  expect_passes({frames[0], frames[1]}, Direction::to_server);
  (void)events();
  const auto third = msnp::read_p2p_v2(msnp::as_bytes(package_of(frames[2])))->base_id;

  rig.shared.policy = policy_with(Action::block);
  const auto to_server = frames_in(through(frames[2]));
  const auto to_client = frames_in(rig.to_client());
  ASSERT_EQ(to_server.size(), 2U);
  ASSERT_EQ(to_client.size(), 1U);
  const std::string ours_to_bob = package_of(to_server[0]), ours_to_alice = package_of(to_client[0]);
  const auto to_bob = msnp::read_p2p_v2(msnp::as_bytes(ours_to_bob));
  const auto to_alice = msnp::read_p2p_v2(msnp::as_bytes(ours_to_alice));
  EXPECT_EQ(to_bob->base_id, third);
  EXPECT_EQ(to_alice->base_id, bob.next());
  EXPECT_EQ(to_bob->session, 0U);
  EXPECT_THAT(ours_to_bob, HasSubstr("BYE MSNMSGR:bob@example.org MSNSLP/1.0\r\nTo: <msnmsgr:bob@"));
  EXPECT_THAT(ours_to_alice, HasSubstr("BYE MSNMSGR:alice@example.com MSNSLP/1.0\r\nTo: <msnmsgr:alice@"));
  expect_policy_change(events(), msnp::Form::p2p_v2);

  const std::uint32_t up_by = to_bob->message_length, down_by = to_alice->message_length;
  EXPECT_EQ(to_server[1], emptied(frames[2], up_by)) << "headers go on";
  EXPECT_EQ(through(frames[3]), emptied(frames[3], up_by));
  EXPECT_EQ(through(frames[4]), emptied(frames[4], up_by));
  V2Speaker as_alice_sees(Direction::to_client, bob.next() + down_by);
  EXPECT_EQ(through(bob.acknowledges(alice.next() + up_by), Direction::to_client),
            as_alice_sees.acknowledges(alice.next()));

  for (const std::string& said : alice.says(bye(call))) {
    const std::string arrived = through(said);
    EXPECT_EQ(arrived.size(), said.size());
    EXPECT_THAT(arrived, Not(HasSubstr("BYE")));
    EXPECT_THAT(arrived, Not(HasSubstr(call.call_id)));
  }
  for (const std::string& said : bob.says(bye(from_bob(call)))) {
    const std::string arrived = through(said, Direction::to_client);
    EXPECT_EQ(arrived.size(), said.size());
    EXPECT_THAT(arrived, Not(HasSubstr("BYE")));
  }
  EXPECT_TRUE(events().empty());

  rig.shared.policy = texts_only();
  const Call next = call_of("7002");
  for (const std::string& said : alice.says(slp_file_offer(next)))
    EXPECT_EQ(through(said), shifted(said, up_by));
  for (const std::string& said : alice.says("text", {7002, file_type, 10, false})) {
    EXPECT_EQ(through(said), shifted(said, up_by));
  }
}

// --- kinds -------------------------------------------------------------------------------------

TEST_F(Rulings, KindsAreAsTheRulesSayElseByTheirDefault) {
  constexpr std::string_view voice = "{02D3C01F-BF30-4825-A83A-DE7AF41648AA}";
  constexpr std::string_view assistance = "{56B994A7-380F-410B-9985-C809D78C1BDC}";
  constexpr std::string_view activity = "{6A13AF9C-5308-4F35-923A-67E8DDA40C2F}";
  constexpr std::string_view photos = "{41D3E74E-04A2-4B37-96F8-08ACDB610874}";
  constexpr std::string_view folder = "{534142D5-1F2A-431F-A60C-B0CF723FDF7D}";
  const std::pair<std::string_view, Kind> kinds[] = {
      {webcam_guid, Kind::webcam},           {voice, Kind::voice},          {activity, Kind::activity},
      {assistance, Kind::remote_assistance}, {photos, Kind::photo_sharing}, {folder, Kind::sharing_folder}};
  std::uint32_t session = 7400;
  for (const auto& [guid, kind] : kinds) {
    SCOPED_TRACE(msnp::name_of(kind));
    const bool blocked = msnp::blocked_by_default(kind);
    EXPECT_EQ(blocked, kind == Kind::photo_sharing || kind == Kind::sharing_folder);
    for (const bool by_rule : {false, true}) {
      const Action opposite = blocked ? Action::allow : Action::block;
      rig.shared.policy =
          by_rule ? policy_with(Action::block, {rule_for(opposite, {kind})}) : policy_with(Action::block);
      const Call call = call_of(std::to_string(++session));
      const std::string offer = up(whole(session, slp_invite(call, guid, base64("x"))));
      const bool passes = blocked == by_rule;
      EXPECT_EQ(through(offer), passes ? offer : "");
      const auto packages = data(session, "what it is for", 1202, 0x20);
      EXPECT_EQ(through(up(packages[0])), passes ? up(packages[0]) : "") << "and so its data";
      const std::string answers = rig.to_client();
      EXPECT_EQ(answers.find("603 Decline") != std::string::npos, !passes);
      const auto told = events();
      ASSERT_EQ(told.size(), !blocked && !by_rule ? 0U : 1U);
      if (told.empty()) continue;
      EXPECT_EQ(told[0].kind, kind);
      EXPECT_EQ(told[0].action, passes ? Action::allow : Action::block);
      EXPECT_EQ(told[0].rule, by_rule ? "the rule" : "default");
    }
  }
}

// --- an invitation in data ---------------------------------------------------------------------

TEST_F(Rulings, AnInvitationInTheDataOfAPictureIsStopped) {
  // msnp11 knows no version 2 and looks for INVITE in all bytes.
  const std::string hidden = slp_file_offer(call_of("7002"));
  open_bridge();
  expect_passes(alice.says(object_request(call_of("7001"), hidden)), Direction::to_server);
  const auto frames = bob.says(hidden, {7001, object_type, 1400, false});
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(through(frames[0], Direction::to_client), emptied(frames[0], 0));
  const auto told = events();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].kind, Kind::file_transfer);
  EXPECT_EQ(told[0].file->names, std::vector{"a.txt"s});
}

TEST_F(Rulings, AnInvitationInAFileThatMayPassPasses) {
  rig.shared.policy = texts_only();
  open_bridge();
  expect_passes(alice.says(slp_file_offer(call_of("7001"))), Direction::to_server);
  (void)events();
  expect_passes(alice.says(slp_file_offer(call_of("7002"), u"a.exe"), {7001, file_type, 1400, false}),
                Direction::to_server);
  expect_passes_up(data(7001, slp_file_offer(call_of("7002"), u"a.exe"), 1202, file_flags));
  EXPECT_TRUE(events().empty());
}

}  // namespace
