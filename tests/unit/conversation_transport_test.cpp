// Direct connections at the filter: addresses leave dead, in the same frames, for everyone who may not
// transfer everything (transfers.md 8.4, block-proof.md 3.2).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "msnp/p2p.hpp"
#include "msnp/transport.hpp"
#include "tests/support/captured_packages.hpp"
#include "tests/support/filter_rig.hpp"
#include "tests/support/invitations.hpp"
#include "tests/support/transfer_vectors.hpp"
#include "tests/support/tricks.hpp"
#include "tests/support/v2_speaker.hpp"

namespace {

using namespace std::string_literals;
using namespace gate::test;
using gate::Action;
using gate::AuditKind;
using msnp::Direction;
using msnp::Kind;
using testing::HasSubstr;

/// `text` with these words replaced, at its own size: what got shorter is followed by more NULs.
std::string edited(std::string text, const std::vector<std::pair<std::string, std::string>>& edits) {
  const std::size_t size = text.size();
  for (const auto& [from, to] : edits) text = replaced(text, from, to);
  text.resize(size, '\0');
  return text;
}

/// Each vector as it has to leave. They end in NULs, footer included, so the whole frame may be edited.
std::string wanted(const std::string& id) {
  const std::string& bytes = transfer_vector(id).frames.at(0).bytes;
  if (id == "p21-transresp-reversed") {
    return edited(bytes, {{"srddA-lanretxE4vPI: 7.001.15.891", "srddA-lanretxE4vPI: 0.0.0.0"},
                          {"srddA-lanretnI4vPI: 3.2.1.01", "srddA-lanretnI4vPI: 0.0.0.0"},
                          {"troP-lanretxE4vPI: 1986", "troP-lanretxE4vPI: 0"},
                          {"troP-lanretnI4vPI: 1986", "troP-lanretnI4vPI: 0"}});
  }
  if (id == "q31-transdestaddrupdate") return edited(bytes, {{": 1986:3.2.1.01", ": 0:0.0.0.0"}});
  if (id == "n04-ubn-turnsetup") {
    return edited(bytes, {{"application/x-msnmsgr-turnsetup", "null"},
                          {"Content-Length: 82", "Content-Length: 0"},
                          {"ServerAddress: relay.example.net\r\nSessionUsername: dTE=\r\nSessionPassword: "
                           "cDE=\r\n\r\n",
                           ""}});
  }
  return edited(bytes, {{"Addrs: 198.51.100.7", "Addrs: 0.0.0.0"},
                        {"Addrs: 10.1.2.3 192.168.7.9", "Addrs: 0.0.0.0"},
                        {"Port: 6891", "Port: 0"}});
}

/// The SLP text in p22 and what has to become of it; with the closing NUL.
std::string transresp() {
  const std::string package = package_of(transfer_vector("p22-transresp-invite").frames.at(0).bytes);
  return package.substr(48, package.size() - 52);
}
std::string transresp_dead() {
  const std::string package = package_of(wanted("p22-transresp-invite"));
  return package.substr(48, package.size() - 52);
}

void enter(FilterRig& rig, const TransferVector& vector) {
  if (vector.transport == "SB") {
    rig.enter_switchboard("alice@example.com", {"bob@example.org"});
  } else {
    rig.sign_in("alice@example.com");
  }
}

gate::Rule rule_for(Action action, std::vector<Kind> kinds = {}) {
  gate::Rule rule;
  rule.name = "the rule";
  rule.action = action;
  rule.kinds = std::move(kinds);
  return rule;
}

void expect_record(const std::vector<gate::AuditEvent>& events, Direction direction, msnp::Form form) {
  ASSERT_EQ(events.size(), 1U);
  const gate::AuditEvent& event = events[0];
  EXPECT_EQ(event.event, AuditKind::transport);
  EXPECT_EQ(event.action, Action::block);
  EXPECT_EQ(event.kind, Kind::direct_connection);
  EXPECT_EQ(event.reason, "transport");
  EXPECT_EQ(event.rule, "default");
  EXPECT_EQ(event.form, form);
  EXPECT_EQ(event.direction, direction);
  EXPECT_EQ(event.user, "alice@example.com");
  EXPECT_EQ(event.peers, std::vector{"bob@example.org"s});
  EXPECT_EQ(event.answer, direction == Direction::to_server ? "addresses removed from the message to server"
                                                            : "addresses removed from the message to client");
}

// --- the vectors -------------------------------------------------------------------------------

class DeadAddresses : public testing::TestWithParam<std::string> {};

TEST_P(DeadAddresses, LeaveInTheSameFrameWithOneRecord) {
  const TransferVector& vector = transfer_vector(GetParam());
  ASSERT_EQ(vector.expected.at(0).decision, "rewrite");
  const VectorFrame& frame = vector.frames.at(0);
  ASSERT_NE(wanted(vector.id), frame.bytes);
  for (const std::size_t piece : {frame.bytes.size(), std::size_t{1}}) {
    FilterRig rig(policy_with(Action::block));
    enter(rig, vector);
    for (std::size_t at = 0; at < frame.bytes.size(); at += piece) {
      rig.feed(frame.direction, frame.bytes.substr(at, piece));
    }
    EXPECT_EQ(rig.sent(frame.direction), wanted(vector.id)) << piece;
    EXPECT_EQ(rig.sent(opposite(frame.direction)), "") << "the reply of the server is still to come";
    EXPECT_TRUE(rig.filter->idle());
    expect_record(rig.audit.events, frame.direction,
                  vector.id[0] == 'p'   ? msnp::Form::p2p_v1
                  : vector.id[0] == 'q' ? msnp::Form::p2p_v2
                                        : msnp::Form::uun);
  }
}

TEST_P(DeadAddresses, AreNeverThoseOfAUserWhoMayDoEverything) {
  const TransferVector& vector = transfer_vector(GetParam());
  const VectorFrame& frame = vector.frames.at(0);
  gate::Rule limited = rule_for(Action::block, {Kind::file_transfer});
  limited.users = {"carol@example.net"};
  gate::Rule alice = rule_for(Action::allow);
  alice.users = {"alice@example.com"};
  for (const auto& policy : {policy_with(Action::allow), policy_with(Action::observe),
                             policy_with(Action::allow, {limited}), policy_with(Action::block, {alice})}) {
    FilterRig rig(policy);
    enter(rig, vector);
    rig.feed(frame.direction, frame.bytes);
    EXPECT_EQ(rig.sent(frame.direction), frame.bytes);
    EXPECT_TRUE(rig.audit.events.empty()) << "nothing was decided";
  }
}

TEST_P(DeadAddresses, AreNeverThoseThatARuleLetsPassByName) {
  const TransferVector& vector = transfer_vector(GetParam());
  const VectorFrame& frame = vector.frames.at(0);
  FilterRig rig(policy_with(Action::block, {rule_for(Action::allow, {Kind::direct_connection})}));
  enter(rig, vector);
  rig.feed(frame.direction, frame.bytes);
  EXPECT_EQ(rig.sent(frame.direction), frame.bytes);
  ASSERT_EQ(rig.audit.events.size(), 1U);
  EXPECT_EQ(rig.audit.events[0].event, AuditKind::transport);
  EXPECT_EQ(rig.audit.events[0].action, Action::allow);
  EXPECT_EQ(rig.audit.events[0].rule, "the rule");
  EXPECT_EQ(rig.audit.events[0].answer, "");
}

TEST_P(DeadAddresses, AreThoseOfAUserWhoMayDoNearlyEverything) {
  const TransferVector& vector = transfer_vector(GetParam());
  const VectorFrame& frame = vector.frames.at(0);
  gate::Rule sized = rule_for(Action::allow);
  sized.max_size = 1'000'000;
  gate::Rule named = rule_for(Action::block, {Kind::file_transfer});
  named.names = {"*.exe"};
  for (const auto& policy : {policy_with(Action::block, {sized}), policy_with(Action::allow, {named})}) {
    FilterRig rig(policy);
    enter(rig, vector);
    rig.feed(frame.direction, frame.bytes);
    EXPECT_EQ(rig.sent(frame.direction), wanted(vector.id));
    EXPECT_EQ(rig.audit.events.size(), 1U);
  }
}

INSTANTIATE_TEST_SUITE_P(Vectors, DeadAddresses,
                         testing::Values("p20-transresp", "p21-transresp-reversed", "p22-transresp-invite",
                                         "q31-transdestaddrupdate", "n04-ubn-turnsetup"),
                         [](const auto& one) { return one.param.substr(0, 3); });

class TransportRequest : public testing::TestWithParam<std::string> {};

TEST_P(TransportRequest, PassesUntouchedAndUnrecorded) {
  const TransferVector& vector = transfer_vector(GetParam());
  const VectorFrame& frame = vector.frames.at(0);
  FilterRig rig(policy_with(Action::block));
  enter(rig, vector);
  rig.feed(frame.direction, frame.bytes);
  EXPECT_EQ(rig.sent(frame.direction), frame.bytes);
  EXPECT_EQ(rig.sent(opposite(frame.direction)), "");
  EXPECT_TRUE(rig.audit.events.empty());
}

INSTANTIATE_TEST_SUITE_P(Vectors, TransportRequest,
                         testing::Values("p19-transreq", "q30-transreq", "n02-ubn-transreq",
                                         "s04-sdg-signal"),
                         [](const auto& one) { return one.param.substr(0, 3); });

// --- a switchboard -----------------------------------------------------------------------------

std::string up(const Package& package, int transaction) {
  return message_to_server(std::to_string(transaction), 'D', p2p_block(v1_package(package)));
}

struct Transports : testing::Test {
  Transports() : rig(policy_with(Action::block)) {
    rig.enter_switchboard("alice@example.com", {"bob@example.org"});
  }
  std::string through(const std::string& bytes, Direction direction = Direction::to_server) {
    rig.feed(direction, bytes);
    return rig.sent(direction);
  }
  std::string through(const std::vector<std::string>& frames, Direction direction) {
    std::string arrived;
    for (const std::string& frame : frames) arrived += through(frame, direction);
    return arrived;
  }
  FilterRig rig;
};

/// Sizes of pieces that cut through names, addresses and ports.
std::set<std::size_t> sizes_of_pieces() {
  std::set<std::size_t> sizes{16, 64, 200, 400};
  for (const char* const word :
       {"External-Addrs: 19", "External-Po", "Internal-Addrs: 10.1.2.3 192.1", "Port: 68"}) {
    sizes.insert(transresp().find(word) + std::string_view(word).size());
  }
  return sizes;
}

TEST_F(Transports, AnAddressCutInTwoLeavesInTheSamePackages) {
  std::uint32_t identifier = 100;
  for (const std::size_t most : sizes_of_pieces()) {
    SCOPED_TRACE(most);
    const std::vector<Package> packages = cut(++identifier, transresp(), most);
    const std::vector<Package> dead = cut(identifier, transresp_dead(), most);
    ASSERT_GT(packages.size(), 1U);
    std::string arrived, expected, replies, forged;
    for (std::size_t i = 0; i < packages.size(); ++i) {
      const int transaction = 10 + static_cast<int>(i);
      arrived += through(up(packages[i], transaction));
      expected += up(dead[i], transaction);
      replies += "ACK " + std::to_string(transaction) + "\r\n";
      if (i + 1 < packages.size()) forged = replies;
    }
    EXPECT_EQ(arrived, expected);
    EXPECT_EQ(rig.to_client(), forged) << "every package but the last was acknowledged while it was held";
    rig.from_server(replies);
    EXPECT_EQ(rig.to_client(), replies.substr(forged.size())) << "of the server's only the last is news";
    EXPECT_TRUE(rig.filter->idle());
    expect_record(std::exchange(rig.audit.events, {}), Direction::to_server, msnp::Form::p2p_v1);
  }
}

TEST_F(Transports, AnAddressCutInTwoLeavesInTheSamePackagesOfVersion2) {
  for (const std::size_t most : sizes_of_pieces()) {
    SCOPED_TRACE(most);
    FilterRig fresh(policy_with(Action::block));
    fresh.enter_switchboard("alice@example.com", {"bob@example.org"});
    const V2Speaker::Data about{0, 0, most, true};
    V2Speaker alice(Direction::to_server, 0xFFFFFF00U);
    V2Speaker same(Direction::to_server, 0xFFFFFF00U);
    std::string arrived, expected, replies, forged;
    for (const std::string& frame : alice.says(transresp(), about)) {
      fresh.from_client(frame);
      arrived += fresh.to_server();
      forged = replies;
      replies += "ACK " + frame.substr(4, 2) + "\r\n";
    }
    for (const std::string& frame : same.says(transresp_dead(), about)) expected += frame;
    EXPECT_EQ(arrived, expected) << "numbers and all";
    EXPECT_EQ(fresh.to_client(), forged);
    fresh.from_server(replies);
    EXPECT_EQ(fresh.to_client(), replies.substr(forged.size()));
    EXPECT_TRUE(fresh.filter->idle());
    expect_record(fresh.audit.events, Direction::to_server, msnp::Form::p2p_v2);
  }
}

TEST_F(Transports, OnABridgeWithOtherNumbersTheyAreTranslatedToo) {
  V2Speaker alice(Direction::to_server, 5'000);
  V2Speaker bob(Direction::to_client, 9'000);
  const V2Speaker::Data opening{0, 0, 1202, true};
  const std::string request = slp_invite({}, webcam_guid, base64("x"));
  (void)through(alice.says(request, opening), Direction::to_server);
  (void)through(bob.says(slp_status({}, "200 OK"), opening), Direction::to_client);
  Call file;
  file.call_id = "{30000000-0000-4000-8000-000000000001}";
  file.session_id = "7002";
  EXPECT_EQ(through(alice.says(slp_file_offer(file)), Direction::to_server).find("EUF-GUID"),
            std::string::npos);
  std::uint32_t ours = 0;  // as many bytes as the 603 takes in the numbers of bob
  for (const std::string& frame : frames_in(rig.to_client())) {
    const std::string body = package_of(frame);
    const auto package = msnp::read_p2p_v2(msnp::as_bytes(body));
    if (!package || !package->has_data) continue;
    EXPECT_THAT(body, HasSubstr("603 Decline"));
    EXPECT_EQ(package->base_id, bob.next());
    ours += package->message_length;
  }
  ASSERT_GT(ours, 0U);
  rig.audit.events.clear();

  for (const std::size_t most : {std::size_t{1202}, std::size_t{400}}) {
    V2Speaker shifted = bob;
    const std::vector<std::string> sent = bob.says(transresp(), {0, 0, most, false});
    std::vector<std::string> expected = shifted.says(transresp_dead(), {0, 0, most, false});
    for (std::string& frame : expected) {
      const std::size_t place = frame.find("\r\n\r\n") + 4 + msnp::base_id_offset;
      const auto base_id = msnp::read_p2p_v2(msnp::as_bytes(package_of(frame)))->base_id + ours;
      for (std::size_t i = 0; i < 4; ++i) frame[place + i] = static_cast<char>(base_id >> (24 - 8 * i));
    }
    std::string all;
    for (const std::string& frame : expected) all += frame;
    EXPECT_EQ(through(sent, Direction::to_client), all);
    V2Speaker as_bob_sees = alice;
    const std::string acknowledged = alice.acknowledges(bob.next() + ours);
    EXPECT_EQ(through(acknowledged), as_bob_sees.acknowledges(bob.next()))
        << "and what is acknowledged is translated back";
  }
  EXPECT_EQ(rig.audit.events.size(), 2U);
}

TEST_F(Transports, WhatIsOutOfOrderIsWithheldWhole) {
  const std::string text = transresp();
  const std::size_t middle = text.find("10.1.2.3");
  std::vector<Package> packages = cut(5, text, middle);
  ASSERT_EQ(packages.size(), 2U);
  Package overlap = packages[0];  // from the middle of the first package on, once more
  overlap.offset = 100;
  overlap.data = overlap.data.substr(100);
  overlap.length = static_cast<std::uint32_t>(overlap.data.size());
  packages.insert(packages.begin() + 1, overlap);
  int transaction = 10;
  for (const Package& one : packages) EXPECT_EQ(through(up(one, transaction++)), "");
  EXPECT_EQ(rig.to_client(), "ACK 10\r\nACK 11\r\nACK 12\r\n");
  ASSERT_FALSE(rig.audit.events.empty());
  EXPECT_EQ(rig.audit.events[0].kind, Kind::direct_connection);
  EXPECT_EQ(rig.audit.events[0].action, Action::block);
}

TEST_F(Transports, WhatIsOutOfOrderInVersion2LeavesEmptied) {
  V2Speaker alice(Direction::to_server, 5'000);
  (void)through(alice.says(slp_invite({}, webcam_guid, base64("x")), {0, 0, 1202, true}),
                Direction::to_server);
  rig.audit.events.clear();
  const std::vector<std::string> frames = alice.says(transresp(), {0, 0, 200, false});
  ASSERT_EQ(frames.size(), 3U);
  const std::string arrived = through(std::vector{frames[0], frames[2], frames[1]}, Direction::to_server);
  EXPECT_EQ(arrived.size(), frames[0].size() + frames[1].size() + frames[2].size()) << "packages are counted";
  EXPECT_EQ(arrived.find("10.1.2.3"), std::string::npos);
  EXPECT_EQ(arrived.find("transrespbody"), std::string::npos);
  EXPECT_THAT(rig.to_client(), testing::Not(HasSubstr("MSG "))) << "no answer: the call itself goes on";
  ASSERT_FALSE(rig.audit.events.empty());
  EXPECT_EQ(rig.audit.events[0].kind, Kind::direct_connection);
}

TEST_F(Transports, InAnotherSessionEveryFrameKeepsItsSize) {
  // libpurple reads a text in any session. What is not of session 0 is not held: only the package that comes
  // last is left to edit, or to withhold.
  const std::string request = up(whole(5, slp_invite({}, webcam_guid, base64("x"))), 7);
  ASSERT_EQ(through(request), request);
  for (const std::size_t most : sizes_of_pieces()) {
    std::vector<Package> packages = cut(static_cast<std::uint32_t>(50 + most), transresp(), most);
    for (Package& one : packages) {
      one.session = 7001;
      const std::string sent = up(one, 9);
      const std::string arrived = through(sent);
      if (arrived.empty()) continue;
      ASSERT_EQ(arrived.size(), sent.size()) << "pieces of " << most << ", at " << one.offset;
      EXPECT_EQ(arrived.substr(0, arrived.find("\r\n")), sent.substr(0, sent.find("\r\n")));
    }
  }
}

TEST_F(Transports, WhatWentOnUnderAnotherPolicyIsNotSentAgain) {
  rig.shared.policy = policy_with(Action::allow);
  const std::vector<Package> packages = cut(5, transresp(), 400);
  const std::vector<Package> dead = cut(5, transresp_dead(), 400);
  ASSERT_EQ(packages.size(), 2U);
  EXPECT_EQ(through(up(packages[0], 10)), up(packages[0], 10));
  rig.shared.policy = policy_with(Action::block);
  const std::string arrived = through(up(packages[1], 11));
  EXPECT_THAT(arrived, testing::AnyOf("", up(dead[1], 11))) << "in one frame of its own size, or not";
}

TEST_F(Transports, AHarmlessTextAfterADeadOnePasses) {
  (void)through(up(whole(5, transresp()), 10));
  const std::string again = up(whole(6, transresp_dead()), 11);
  EXPECT_EQ(through(again), again) << "an address that is dead already needs no edit";
  EXPECT_EQ(rig.audit.events.size(), 1U);
}

TEST_F(Transports, NobodySignedInHasNoAddresses) {
  for (const auto& policy :
       {policy_with(Action::block),
        policy_with(Action::block, {rule_for(Action::allow, {Kind::direct_connection})})}) {
    FilterRig nobody(policy);
    nobody.from_client("USR 1 alice@example.com 123.456\r\n");
    (void)nobody.to_server();
    const auto& frame = transfer_vector("p22-transresp-invite").frames[0];
    nobody.feed(frame.direction, frame.bytes);
    EXPECT_EQ(nobody.to_server(), wanted("p22-transresp-invite"));
    ASSERT_EQ(nobody.audit.events.size(), 1U);
    EXPECT_EQ(nobody.audit.events[0].user, "");
    EXPECT_EQ(nobody.audit.events[0].rule, "default");
  }
}

TEST_F(Transports, OneWhoMayNotTransferEverythingIsEnoughInARoom) {
  gate::Rule bob = rule_for(Action::allow);
  bob.peers = {"bob@example.org"};
  rig.shared.policy = policy_with(Action::block, {bob});
  EXPECT_EQ(through(up(whole(5, transresp()), 10)), up(whole(5, transresp()), 10));
  rig.from_server("JOI carol@example.net Carol\r\n");
  EXPECT_EQ(through(up(whole(6, transresp()), 10)), up(whole(6, transresp_dead()), 10));
}

// --- the notification server -------------------------------------------------------------------

struct NotifiedTransports : testing::Test {
  NotifiedTransports() : rig(policy_with(Action::block)) { rig.sign_in("alice@example.com"); }
  FilterRig rig;
};

std::string bare(const std::string& text) {
  return text.substr(0, text.find_last_not_of('\0') + 1);
}

TEST_F(NotifiedTransports, NotificationsOfTypes3And10LoseTheirAddresses) {
  const std::string text = bare(transresp());
  std::string dead = transresp_dead();
  dead.resize(text.size());
  const std::string size = std::to_string(text.size()) + "\r\n";
  for (const std::string& type : {"3 "s, "10 "s}) {
    const std::string to_server =
        "UUN 11 bob@example.org;{b2b2b2b2-0002-4002-8002-ba9876543210} " + type + size;
    rig.from_client(to_server + text);
    EXPECT_EQ(rig.to_server(), to_server + dead);
    EXPECT_EQ(rig.to_client(), "");
    rig.from_server("UUN 11 OK\r\n");
    EXPECT_EQ(rig.to_client(), "UUN 11 OK\r\n") << "the server's own reply";
    expect_record(std::exchange(rig.audit.events, {}), Direction::to_server, msnp::Form::uun);

    const std::string to_client = "UBN bob@example.org;{b2b2b2b2-0002-4002-8002-ba9876543210} " + type + size;
    rig.from_server(to_client + text);
    EXPECT_EQ(rig.to_client(), to_client + dead);
    expect_record(std::exchange(rig.audit.events, {}), Direction::to_client, msnp::Form::uun);
  }
}

TEST_F(NotifiedTransports, DatagramsWithABareTextLoseTheirAddresses) {
  const std::string text = bare(transresp());
  std::string dead = transresp_dead();
  dead.resize(text.size());
  const std::string lines = "Message-Type: Signal/P2P\r\nContent-Type: text/plain";
  const std::string sent = datagram(lines, text).frames[0].bytes;
  rig.from_client(sent);
  EXPECT_EQ(rig.to_server(), datagram(lines, dead).frames[0].bytes);
  expect_record(std::exchange(rig.audit.events, {}), Direction::to_server, msnp::Form::sdg);

  FilterRig of_bob(policy_with(Action::block));
  of_bob.sign_in("bob@example.org");
  of_bob.from_server(sent);
  EXPECT_EQ(of_bob.to_client(), datagram(lines, dead).frames[0].bytes);
  ASSERT_EQ(of_bob.audit.events.size(), 1U);
  EXPECT_EQ(of_bob.audit.events[0].peers, std::vector{"alice@example.com"s});
}

TEST_F(NotifiedTransports, DatagramsWithPackagesLoseTheirAddresses) {
  const std::string lines =
      "Message-Type: Data\r\nContent-Type: application/x-msnmsgrp2p\r\nContent-Transfer-Encoding: binary\r\n"
      "Bridging-Offsets: 0";
  const auto packages = [](const std::string& text) {
    V2Message message;
    message.text = text;
    message.most = 400;
    return v2_packages(message);
  };
  const auto sent = packages(transresp());
  const auto dead = packages(transresp_dead());
  ASSERT_EQ(sent.size(), 2U);
  std::string arrived, expected;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    rig.from_client(datagram(lines, sent[i]).frames[0].bytes);
    arrived += rig.to_server();
    expected += datagram(lines, dead[i]).frames[0].bytes;
  }
  EXPECT_EQ(arrived, expected);
  expect_record(rig.audit.events, Direction::to_server, msnp::Form::sdg);
}

TEST_F(NotifiedTransports, AnAddressInTypedTextIsNobodysBusiness) {
  const std::string chat =
      datagram("Message-Type: Text\r\nContent-Type: text/plain", bare(transresp())).frames[0].bytes;
  rig.from_client(chat);
  EXPECT_EQ(rig.to_server(), chat);
  EXPECT_TRUE(rig.audit.events.empty());
}

// --- real clients ------------------------------------------------------------------------------

TEST(TransportsOfClients, LeaveDeadWhereTheyTellAnAddressElseUntouched) {
  std::size_t dead = 0, untouched = 0;
  std::set<std::string> captures;
  for (const CapturedPackage& captured : captured_packages()) {
    const msnp::Bytes bytes = msnp::as_bytes(captured.body);
    const auto v1 = msnp::read_p2p_v1(bytes);
    const auto v2 = msnp::read_p2p_v2(bytes);
    const bool whole_text = captured.v2 ? v2 && v2->session == 0 && v2->is_first() && v2->remaining == 0
                                        : v1 && v1->session == 0 && v1->data.size() == v1->total;
    if (!whole_text || captured.body.find("x-msnmsgr-transrespbody") == std::string::npos) continue;
    SCOPED_TRACE(captured.capture);
    const bool to_server = captured.direction == Direction::to_server;
    const std::string there = captured.v2 ? ";{b2b2b2b2-0002-4002-8002-ba9876543210}" : "";
    const std::string here = captured.v2 ? ";{a1a1a1a1-0001-4001-8001-0123456789ab}" : "";
    std::string type = "application/x-msnmsgrp2p\r\nP2P-Dest: ";
    type += to_server ? "bob@example.org" + there : "alice@example.com" + here;
    if (captured.v2)
      type += "\r\nP2P-Src: " + (to_server ? "alice@example.com" + here : "bob@example.org" + there);
    const std::string payload = mime_block(type, captured.body);
    const std::string bytes_in = to_server ? message_to_server("11", 'D', payload)
                                           : message_to_client("bob@example.org", "Bob", payload);
    FilterRig rig(policy_with(Action::block));
    rig.enter_switchboard("alice@example.com", {"bob@example.org"});
    rig.feed(captured.direction, bytes_in);
    const std::string out = rig.sent(captured.direction);
    if (!msnp::tells_address(captured.body)) {
      EXPECT_EQ(out, bytes_in);
      EXPECT_TRUE(rig.audit.events.empty());
      ++untouched;
      continue;
    }
    ++dead;
    captures.insert(captured.capture.substr(0, captured.capture.find('/')));
    ASSERT_EQ(out.size(), bytes_in.size());
    const std::size_t body = bytes_in.find("x-msnmsgr-transrespbody");
    EXPECT_EQ(out.substr(0, body), bytes_in.substr(0, body)) << "all but the body";
    EXPECT_FALSE(msnp::tells_address(out));
    EXPECT_EQ(rig.audit.events.size(), 1U);
    for (const char* const line : {"Listening: ", "Nonce: ", "Bridge: "}) {
      const std::size_t at = bytes_in.find(line, body);
      if (at == std::string::npos) continue;
      EXPECT_THAT(out, HasSubstr(bytes_in.substr(at, bytes_in.find("\r\n", at) + 2 - at)));
    }
  }
  EXPECT_GE(dead, 4U);
  EXPECT_GE(untouched, 1U);
  EXPECT_TRUE(captures.contains("amsn15-amsn15")) << testing::PrintToString(captures);
}

}  // namespace
