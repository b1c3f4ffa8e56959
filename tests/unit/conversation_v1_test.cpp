// Packages on their way through: held, put together, let through or swallowed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "msnp/conversation.hpp"
#include "tests/support/filter_rig.hpp"
#include "tests/support/invitations.hpp"
#include "tests/support/transfer_vectors.hpp"

namespace {

using namespace std::string_literals;
using namespace gate::test;
using gate::Action;
using msnp::Direction;
using msnp::Kind;
using testing::HasSubstr;
using testing::StartsWith;

std::string up(const Package& package, const std::string& transaction = "7") {
  return message_to_server(transaction, 'D', p2p_block(v1_package(package)));
}
std::string down(const Package& package, const std::string& sender = "bob@example.org") {
  const std::string block =
      mime_block("application/x-msnmsgrp2p\r\nP2P-Dest: alice@example.com", v1_package(package));
  return message_to_client(sender, "Bob", block);
}
/// The same call, offered by bob.
Call from_bob(Call call = {}) {
  std::swap(call.from, call.to);
  return call;
}
Package data(std::uint32_t session, std::uint32_t flags = 0x01000030) {
  Package package = whole(99, "file data");
  package.session = session;
  package.flags = flags;
  return package;
}
std::string picture_request(const Call& call, std::size_t padding = 0, std::size_t size = 9) {
  const std::string object = "<msnobj Size=\"" + std::to_string(size) + "\" Type=\"3\"/>";
  return slp_invite(call, object_guid, base64(object + std::string(padding, ' ')));
}

struct Packages : testing::Test {
  explicit Packages(std::vector<gate::Rule> rules = {}) : rig(policy_with(Action::block, std::move(rules))) {
    rig.enter_switchboard("alice@example.com", {"bob@example.org"});
  }
  /// What reaches the other side.
  std::string through(const std::string& bytes, Direction direction = Direction::to_server) {
    rig.feed(direction, bytes);
    return rig.sent(direction);
  }
  FilterRig rig;
};

TEST_F(Packages, OfAPictureInPiecesPassInOrderAndUnchanged) {
  std::string sent, arrived;
  int transaction = 10;
  for (const Package& one : cut(5, picture_request({}, 900), 400)) {
    sent += up(one, std::to_string(transaction));
    arrived += through(up(one, std::to_string(transaction++)));
  }
  EXPECT_EQ(arrived, sent);
  EXPECT_TRUE(rig.audit.events.empty());
  EXPECT_EQ(rig.to_client(), "ACK 10\r\nACK 11\r\nACK 12\r\nACK 13\r\n") << "every part but the last";
  rig.from_server("ACK 10\r\nACK 11\r\nACK 12\r\nACK 13\r\nACK 14\r\n");
  EXPECT_EQ(rig.to_client(), "ACK 14\r\n") << "the server's own acknowledgements stop, but for the last";
  EXPECT_TRUE(rig.filter->idle());
}

TEST_F(Packages, RetroPrplRepeatsItsPackagesWithAnotherLengthAndThePicturePasses) {
  // Published retro-prpl sends what it has, then again with the length corrected.
  const std::string text = picture_request({}, 900);
  std::vector<Package> packages = cut(5, text, 1202);
  ASSERT_EQ(packages.size(), 2U);
  Package wrong = packages[0];
  wrong.length = static_cast<std::uint32_t>(text.size());
  std::string sent, arrived;
  for (const Package& one : {wrong, packages[0], packages[1], packages[1]}) {
    sent += up(one);
    arrived += through(up(one));
  }
  EXPECT_EQ(arrived, sent);
  EXPECT_TRUE(rig.audit.events.empty());
}

TEST_F(Packages, OfAnOfferInAnyOrderNoneArrives) {
  std::vector<Package> packages = cut(5, slp_file_offer({}), 300);
  std::sort(packages.begin(), packages.end(),
            [](const auto& a, const auto& b) { return a.offset > b.offset; });
  std::string arrived;
  for (const Package& one : packages) arrived += through(up(one));
  EXPECT_THAT(arrived, testing::Not(HasSubstr("5D3E02AB")));
  EXPECT_EQ(rig.audit.events.size(), 1U);
}

TEST_F(Packages, EachReadingIsJudgedAndOneThatIsForbiddenStopsAll) {
  // By offset a webcam, in order of arrival a picture first: a rule that forbids webcams must see it.
  gate::Rule rule;
  rule.name = "no webcams";
  rule.action = Action::block;
  rule.kinds = {Kind::webcam};
  rig.shared.policy = policy_with(Action::block, {rule});
  const std::string webcam = slp_invite({}, webcam_guid, base64("x"));
  std::string picture = picture_request({});
  picture.resize(webcam.size(), ' ');
  Package later = whole(5, webcam.substr(0, webcam.size() - 1));
  later.total = webcam.size();
  Package last = whole(5, webcam.substr(webcam.size() - 1));
  last.offset = webcam.size() - 1;
  last.total = webcam.size();
  Package first = whole(5, picture.substr(0, 50));
  first.total = webcam.size();
  Package rest = whole(5, picture.substr(50, picture.size() - 51));
  rest.offset = 50;
  rest.total = webcam.size();
  std::string arrived;
  for (const Package& one : {first, rest, later, last}) arrived += through(up(one));
  EXPECT_EQ(arrived.find("4BD96FC0"), std::string::npos);
  ASSERT_FALSE(rig.audit.events.empty());
  EXPECT_EQ(rig.audit.events.back().kind, Kind::webcam);
}

TEST_F(Packages, ANameThatOnlyOneReadingHoldsMustBeAllowedToo) {
  gate::Rule rule;
  rule.name = "text files";
  rule.action = Action::allow;
  rule.names = {"*.txt"};
  rig.shared.policy = policy_with(Action::block, {rule});
  const std::string text = slp_file_offer({}, u"a.txt");
  const std::string other = slp_file_offer({}, u"a.exe");
  ASSERT_EQ(text.size(), other.size());
  std::uint32_t identifier = 50;
  for (const auto& [earlier, later] : {std::pair{text, other}, {other, text}}) {
    ++identifier;
    std::vector<Package> packages = cut(identifier, earlier, 1000);
    packages.insert(packages.end() - 1,
                    cut(identifier, later, 1000).front());  // overwrites where offsets count
    std::string arrived;
    for (const Package& one : packages) arrived += through(up(one));
    EXPECT_EQ(arrived, "");
    ASSERT_FALSE(rig.audit.events.empty());
    EXPECT_EQ(rig.audit.events.back().action, Action::block);
    rig.audit.events.clear();
  }
  const std::string fine = up(whole(60, text));
  EXPECT_EQ(through(fine), fine);
}

TEST_F(Packages, DataOfARefusedSessionIsSwallowedAndAcknowledged) {
  EXPECT_EQ(through(up(whole(5, slp_file_offer({})))), "");
  (void)rig.to_client();
  EXPECT_EQ(through(up(data(7001), "9")), "");
  EXPECT_EQ(rig.to_client(), "ACK 9\r\n");
  EXPECT_EQ(rig.audit.events.size(), 1U);
}

TEST_F(Packages, DataWithoutASessionIsToldOncePerSession) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(through(up(data(1234))), "");
  EXPECT_EQ(through(up(data(1235))), "");
  ASSERT_EQ(rig.audit.events.size(), 2U);
  EXPECT_EQ(rig.audit.events[0].reason, "data-without-session");
  EXPECT_EQ(rig.audit.events[0].kind, Kind::unknown_application);
  EXPECT_EQ(rig.audit.events[0].call->session_id, "1234");
}

TEST_F(Packages, InkNeedsNoSession) {
  for (const std::uint32_t flags : {0U, 0x20U, 0x01000030U}) {
    const std::string ink = up(data(64, flags));
    EXPECT_EQ(through(ink), ink);
  }
  EXPECT_TRUE(rig.audit.events.empty());
}

TEST_F(Packages, TheSameSessionOnBothSidesOnlySilencesTheRefusedOne) {
  // Unseeded clients give both users the same ids: bob's file is refused, alice fetches a picture.
  EXPECT_EQ(through(down(whole(5, slp_file_offer(from_bob()))), Direction::to_client), "");
  (void)rig.to_server();
  Call picture;
  picture.call_id = "{30000000-0000-4000-8000-000000000001}";
  const std::string request = up(whole(6, picture_request(picture)));
  EXPECT_EQ(through(request), request);
  const std::string fetched = down(data(7001, 0x20));
  EXPECT_EQ(through(fetched, Direction::to_client), fetched);
  EXPECT_EQ(rig.audit.events.size(), 1U);
}

TEST_F(Packages, APeersAnswerToARefusedCallIsSwallowed) {
  EXPECT_EQ(through(up(whole(5, slp_file_offer({})))), "");
  (void)rig.to_client();
  EXPECT_EQ(through(down(whole(50, slp_status({}, "200 OK"))), Direction::to_client), "");
  EXPECT_TRUE(rig.to_server().starts_with("MSG 2000000001 D "))
      << "acknowledged, so that it is not sent again";
  Call other;
  other.call_id = "{40000000-0000-4000-8000-000000000001}";
  const std::string fine = down(whole(51, slp_status(other, "200 OK")));
  EXPECT_EQ(through(fine, Direction::to_client), fine);
}

TEST_F(Packages, UnderACallIdOfBothSidesTheAnswerToTheOneThatWasLetThroughPasses) {
  // alice's file is refused; then bob asks for her picture under the same Call-ID.
  Call file;
  Call picture;
  picture.from = "bob@example.org";
  picture.to = "alice@example.com";
  picture.session_id = "7002";
  for (const bool file_first : {true, false}) {
    FilterRig fresh(policy_with(Action::block));
    fresh.enter_switchboard("alice@example.com", {"bob@example.org"});
    const auto offer = [&] {
      fresh.from_client(up(whole(5, slp_file_offer(file))));
      EXPECT_EQ(fresh.to_server(), "");
    };
    if (file_first) offer();
    const std::string request = down(whole(60, picture_request(picture)));
    (void)fresh.to_client();
    fresh.from_server(request);
    EXPECT_EQ(fresh.to_client(), request);
    if (!file_first) offer();
    (void)fresh.to_client();
    const std::string answer = up(whole(7, slp_status(picture, "200 OK")), "9");
    fresh.from_client(answer);
    EXPECT_EQ(fresh.to_server(), answer) << "what bob asked for";
    fresh.from_server(down(whole(61, slp_status(file, "200 OK"))));
    EXPECT_EQ(fresh.to_client(), "") << "nobody was offered a file";
    (void)fresh.to_server();  // acknowledged, so that it is not sent again
    fresh.from_client(up(data(7001, 0x01000030)));
    EXPECT_EQ(fresh.to_server(), "") << "nor does one flow";
    const std::string bye =
        up(whole(8, slp_request(picture, "BYE", "application/x-msnmsgr-sessionclosebody", "")));
    fresh.from_client(bye);
    EXPECT_EQ(fresh.to_server(), bye) << "the end of the call that goes on";
  }
}

TEST_F(Packages, ATransportRequestOfARefusedCallIsSwallowedWithoutAnAnswer) {
  EXPECT_EQ(through(up(whole(5, slp_file_offer({})))), "");
  (void)rig.to_client();
  const std::string request =
      slp_request({}, "INVITE", "application/x-msnmsgr-transreqbody", "Bridges: TCPv1\r\n");
  EXPECT_EQ(through(up(whole(6, request), "9")), "");
  EXPECT_EQ(rig.to_client(), "ACK 9\r\n");
  Call other;
  other.call_id = "{40000000-0000-4000-8000-000000000001}";
  const std::string fine =
      up(whole(7, slp_request(other, "INVITE", "application/x-msnmsgr-transreqbody", "")));
  EXPECT_EQ(through(fine), fine);
}

TEST_F(Packages, TwoRefusalsInARowAreTwoAnswers) {
  EXPECT_EQ(through(up(whole(5, slp_file_offer({})))), "");
  EXPECT_THAT(rig.to_client(), HasSubstr("603 Decline"));
  EXPECT_EQ(through(up(whole(6, slp_file_offer({})))), "");
  EXPECT_THAT(rig.to_client(), HasSubstr("603 Decline"));
  EXPECT_EQ(through(up(whole(6, slp_file_offer({})))), "") << "even with the same Identifier";
  EXPECT_THAT(rig.to_client(), HasSubstr("603 Decline"));
  EXPECT_EQ(rig.audit.events.size(), 3U);
}

TEST_F(Packages, MoreOfARefusedMessageIsSwallowed) {
  std::vector<Package> packages = cut(5, slp_file_offer({}) + std::string(400, '\0'), 1400);
  ASSERT_EQ(packages.size(), 2U);
  for (const Package& one : packages) EXPECT_EQ(through(up(one)), "");
  (void)rig.to_client();
  EXPECT_EQ(through(up(packages[1], "9")), "");
  EXPECT_EQ(rig.to_client(), "ACK 9\r\n");
  EXPECT_EQ(rig.audit.events.size(), 1U);
}

TEST_F(Packages, AnAllowedOfferWithTheIdOfARefusedOneClearsIt) {
  EXPECT_EQ(through(up(whole(5, slp_file_offer({})))), "");
  rig.shared.policy = policy_with(Action::allow);
  const std::string offer = up(whole(6, slp_file_offer({})));
  EXPECT_EQ(through(offer), offer);
  EXPECT_EQ(through(up(data(7001))), up(data(7001)));
  const std::string bye = up(whole(8, slp_request({}, "BYE", "application/x-msnmsgr-sessionclosebody", "")));
  EXPECT_EQ(through(bye), bye);
}

TEST_F(Packages, ASenderInAnotherSpellingIsTheSamePerson) {
  EXPECT_EQ(through(up(whole(5, slp_file_offer({})))), "");
  (void)rig.to_client();
  for (const std::string& spelling : {"BOB@example.org"s, "bob@example.org;{b2}"s, "Bob@Example.ORG"s}) {
    EXPECT_EQ(through(down(whole(50, slp_status({}, "200 OK")), spelling), Direction::to_client), "")
        << spelling;
  }
}

TEST_F(Packages, OfWhichSomeAreMissingGoNowhereAndLeaveNothingForPapyonToComplete) {
  // papyon looks at no Identifier: a first message that promises more takes in the next one.
  gate::Rule rule;
  rule.name = "unknown ones may";
  rule.action = Action::allow;
  rule.kinds = {Kind::unknown_application};
  rig.shared.policy = policy_with(Action::block, {rule});
  const std::string offer = slp_file_offer({});
  const std::size_t middle = offer.find("5D3E02AB") + 10;
  Package first = whole(5, offer.substr(0, middle));
  first.total = offer.size();
  first.length = static_cast<std::uint32_t>(offer.size());  // complete for those who believe it
  EXPECT_EQ(through(up(first)), "") << "what is missing something waits for it, whatever it says of itself";
  const std::string rest = up(whole(6, offer.substr(middle)));
  EXPECT_EQ(through(rest), rest);
}

TEST_F(Packages, ManyOpenMessagesForgetTheOldestAndSaySo) {
  const std::size_t most = rig.shared.limits.open_messages;
  for (std::uint32_t i = 0; i <= most; ++i) {
    EXPECT_EQ(through(up(cut(100 + i, slp_file_offer({}), 600)[0])), "");
  }
  ASSERT_EQ(rig.audit.events.size(), 1U);
  EXPECT_EQ(rig.audit.events[0].reason, "reassembly-limit");
}

TEST_F(Packages, WithoutAHeaderThereIsNoPackageButStillNoOffer) {
  EXPECT_EQ(through(message_to_server("7", 'D', p2p_block(slp_file_offer({})))), "");
  const std::string stub = message_to_server("7", 'D', p2p_block("\x01\x02\x03"));
  EXPECT_EQ(through(stub), stub);
}

TEST_F(Packages, SomebodyElseInTheRoomIsJudgedToo) {
  gate::Rule rule;
  rule.name = "bob may";
  rule.action = Action::allow;
  rule.peers = {"bob@example.org"};
  rig.shared.policy = policy_with(Action::block, {rule});
  const std::string offer = up(whole(5, slp_file_offer({})));
  EXPECT_EQ(through(offer), offer);
  rig.from_server("JOI carol@example.net Carol\r\n");
  EXPECT_EQ(through(up(whole(6, slp_file_offer({})))), "");
  EXPECT_EQ(rig.audit.events.back().peers, (std::vector{"bob@example.org"s, "carol@example.net"s}));
  rig.from_server("BYE carol@example.net\r\n");
  const std::string again = up(whole(7, slp_file_offer({})));
  EXPECT_EQ(through(again), again);
}

TEST_F(Packages, WhoStaysIsNotTakenForWhoLeft) {
  rig.from_server("JOI carol@example.net Carol\r\n");
  (void)rig.to_client();
  EXPECT_EQ(through(down(whole(5, slp_file_offer(from_bob()))), Direction::to_client), "");
  rig.from_server("BYE bob@example.org\r\n");
  (void)rig.to_client();
  const std::string fine = down(whole(50, slp_status({}, "200 OK")), "carol@example.net");
  EXPECT_EQ(through(fine, Direction::to_client), fine) << "bob's call was refused, not hers";
}

TEST_F(Packages, SessionDataThatLooksLikeTextIsNotHeld) {
  const std::string request = up(whole(5, picture_request({}, 0, 900)));
  EXPECT_EQ(through(request), request);
  for (Package one : cut(6, std::string(900, 'd'), 400)) {
    one.session = 7001;  // flags 0: libpurple reads SLP in any session
    EXPECT_EQ(through(down(one), Direction::to_client), down(one));
  }
}

}  // namespace
