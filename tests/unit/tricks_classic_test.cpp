// transfers.md 10, tricks 1-9 and 68: classic invitations. Each is believed by the clients named, is stopped
// at either end, and has a harmless twin, an invitation to NetMeeting mostly, that passes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/audit_json.hpp"
#include "tests/support/tricks.hpp"

namespace {

using namespace std::string_literals;
using namespace gate::test;
using enum Client;
using gate::Action;
using msnp::Direction;

Script classic(std::string_view payload) {
  return {{message(Direction::to_server, payload, 'N')}, false, {}};
}

std::string netmeeting() {
  return payload_of(transfer_vector("c20-netmeeting").frames.front());
}

TEST(Trick1, FileGuidInAnotherCaseIsStopped) {
  expect_stopped(from_vector("c06-guid-upper"), {miranda});
}

TEST(Trick1Twin, NetMeetingWithItsGuidInAnotherCasePasses) {
  expect_untouched(classic(replaced(netmeeting(), "44BBA842-CC51-11CF-AAFA-00AA00B6015C",
                                    "44bba842-cc51-11cf-aafa-00aa00b6015c")));
}

TEST(Trick2, OfferWithoutGuidIsStopped) {
  expect_stopped(from_vector("c07-no-guid"), {miranda});
}

TEST(Trick2Twin, AnswersWithoutGuidPass) {
  for (const char* id : {"c03-accept-1", "c05-cancel-reject", "c05-cancel-timeout", "c05-cancel-fttimeout",
                         "c05-cancel-reject-not-installed", "c05-cancel-outbandcancel", "c05-cancel-fail"}) {
    SCOPED_TRACE(id);
    expect_untouched(from_vector(id));
  }
}

TEST(Trick3, OfferUnderAnotherCommandIsStopped) {
  expect_stopped(from_vector("c08-wrong-command"), {miranda});
}

TEST(Trick3Twin, AcceptanceOfNetMeetingPasses) {
  const Script accepted = from_vector("c03-accept-1");
  expect_untouched(joined(classic(replaced(netmeeting(), "9001", "4711")), accepted));
}

TEST(Trick4, MirroredNamesAndValuesAreStopped) {
  expect_stopped(from_vector("c09-reversed"), {miranda});
}

TEST(Trick4Twin, NetMeetingWithMirroredFieldsPasses) {
  std::string text = replaced(netmeeting(), "Application-Name: NetMeeting",
                              mirrored("Application-Name") + ": " + mirrored("NetMeeting"));
  text = replaced(text, "Application-GUID: {44BBA842-CC51-11CF-AAFA-00AA00B6015C}",
                  mirrored("Application-GUID") + ": " + mirrored("{44BBA842-CC51-11CF-AAFA-00AA00B6015C}"));
  expect_untouched(classic(text));
}

TEST(Trick5, OfferCutByMessageIdIsStopped) {
  expect_stopped(from_vector("c10-mime-chunked"), {amsn});
}

TEST(Trick5, TypeThatOnlyTheLastPartTellsIsStopped) {
  Script script = from_vector("c10-mime-chunked");
  const std::string type = "Content-Type: text/x-msmsgsinvite; charset=UTF-8\r\n";
  script.frames[0] =
      message(Direction::to_server,
              replaced(payload_of(script.frames[0]), type, "Content-Type: text/plain\r\n"), 'N');
  script.frames[1] = message(Direction::to_server, type + payload_of(script.frames[1]), 'N');
  expect_dropped(script, {amsn});
}

TEST(Trick5Twin, InkCutByMessageIdPasses) {
  expect_untouched(from_vector("m07-ink-gif"));
}

TEST(Trick5Twin, NetMeetingCutByMessageIdPasses) {
  const std::string id = "Message-ID: {11111111-2222-3333-4444-555555555555}\r\n";
  std::string first =
      replaced(netmeeting(), "charset=UTF-8\r\n\r\n", "charset=UTF-8\r\n" + id + "Chunks: 2\r\n\r\n");
  const std::size_t cut = first.find("Invitation-Command");
  const std::string second = id + "Chunk: 1\r\n\r\n" + first.substr(cut);
  expect_untouched(joined(classic(first.substr(0, cut)), classic(second)));
}

TEST(Trick6, FieldsBehindAnEmptyLineAreStopped) {
  expect_stopped(from_vector("c11-blank-line"), {amsn});
}

TEST(Trick6Twin, NetMeetingBehindAnEmptyLinePasses) {
  expect_untouched(
      classic(replaced(netmeeting(), "Application-Name", "X-Note: hello\r\n\r\nApplication-Name")));
}

TEST(Trick7, BareLineFeedsAreStopped) {
  expect_stopped(from_vector("c12-lf-only"), {amsn, bitlbee, miranda});
}

TEST(Trick7Twin, NetMeetingWithBareLineFeedsPasses) {
  const std::string text = netmeeting();
  const std::size_t body = text.find("\r\n\r\n") + 4;
  expect_untouched(classic(text.substr(0, body) + replaced(text.substr(body), "\r\n", "\n")));
}

TEST(Trick8, ContentTypeWithSuffixAndOtherCaseIsStopped) {
  expect_stopped(from_vector("c13-ct-suffix"), {bitlbee, miranda});
}

TEST(Trick8Twin, NetMeetingUnderSuchAContentTypePasses) {
  expect_untouched(
      classic(replaced(netmeeting(), "text/x-msmsgsinvite; charset=UTF-8", "Text/X-MsMsgsInviteX")));
}

TEST(Trick9, NameThatFoolsIsStoppedAndRecordedAsItIs) {
  expect_stopped(from_vector("c14-name-tricks"), {amsn, bitlbee, miranda});
  const Outcome outcome = through_gate(from_vector("c14-name-tricks"), Gate::of_alice);
  ASSERT_EQ(outcome.blocks().size(), 1U);
  const gate::AuditEvent event = outcome.blocks().front();
  ASSERT_TRUE(event.file);
  EXPECT_EQ(event.file->names.front(), "..\\..\\a\u202Egpj.exe") << "the whole of it, path and ending";
  const std::string line = gate::to_json_line(event, 1, "ID");
  EXPECT_EQ(line.find("\u202E"), std::string::npos) << "the record itself cannot be turned round: " << line;
  EXPECT_THAT(line, testing::HasSubstr("exe"));
}

TEST(Trick9Twin, SuchANameOfAnotherApplicationPasses) {
  expect_untouched(classic(
      replaced(netmeeting(), "Application-Name: NetMeeting", "Application-Name: ..\\..\\a\u202Egpj.exe")));
}

/// Two switchboards of one user.
struct TwoSwitchboards : testing::Test {
  TwoSwitchboards() : first(policy_with(Action::block)), second(policy_with(Action::block)) {
    const gate::Ends ends{{boost::asio::ip::make_address("10.77.1.2"), 40001},
                          {boost::asio::ip::make_address("10.77.0.1"), 1864}};
    second.filter = std::make_unique<gate::Filter>(first.shared, ends);
    first.enter_switchboard("alice@example.com", {"bob@example.org"});
    second.enter_switchboard("alice@example.com", {"bob@example.org"});
  }
  ~TwoSwitchboards() override { second.filter.reset(); }
  FilterRig first;
  FilterRig second;
};
using Trick68 = TwoSwitchboards;
using Trick68Twin = TwoSwitchboards;

// The official client only (hypothetic.org): no model.
TEST_F(Trick68, AnswersOnAnotherSwitchboardAreStopped) {
  first.from_client(transfer_vector("c01-offer-out").frames.front().bytes);
  EXPECT_EQ(first.to_server(), "");
  second.from_server(transfer_vector("c03-accept-1").frames.front().bytes);
  EXPECT_EQ(second.to_client(), "") << "it accepts what was refused";
  second.from_client(transfer_vector("c04-accept-2").frames.front().bytes);
  EXPECT_EQ(second.to_server(), "") << "it tells where to connect";
  for (const auto& event : first.audit.events) EXPECT_EQ(event.action, Action::block);
}

TEST_F(Trick68, AddressOfAnOfferThatNobodySawIsStopped) {
  second.from_client(transfer_vector("c04-accept-2").frames.front().bytes);
  EXPECT_EQ(second.to_server(), "");
  ASSERT_EQ(first.audit.events.size(), 1U);
  EXPECT_EQ(first.audit.events.front().reason, "accept");
}

TEST_F(Trick68Twin, NetMeetingAcceptedOnAnotherSwitchboardPasses) {
  const VectorFrame invitation = message(Direction::to_server, replaced(netmeeting(), "9001", "4711"), 'N');
  const VectorFrame accepted = transfer_vector("c03-accept-1").frames.front();
  first.from_client(invitation.bytes);
  EXPECT_EQ(first.to_server(), invitation.bytes);
  second.from_server(accepted.bytes);
  EXPECT_EQ(second.to_client(), accepted.bytes);
  const VectorFrame address = message(
      Direction::to_server,
      classic_block("Invitation-Command: ACCEPT\r\nInvitation-Cookie: 4711\r\nLaunch-Application: TRUE\r\n"
                    "IP-Address: 192.0.2.10\r\n\r\n"),
      'N');
  second.from_client(address.bytes);
  EXPECT_EQ(second.to_server(), address.bytes) << "the call is known and admitted";
  EXPECT_TRUE(first.audit.events.empty());
}

}  // namespace
