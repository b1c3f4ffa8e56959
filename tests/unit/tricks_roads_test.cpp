// transfers.md 10, tricks 59, 67 and 69: roads past the switchboard, company in it, and other applications.
#include <gtest/gtest.h>

#include "msnp/detect.hpp"
#include "tests/support/tricks.hpp"

namespace {

using namespace std::string_literals;
using namespace gate::test;
using enum Client;
using gate::Action;
using msnp::Direction;

/// A matcher would print all of a package.
bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// What of the only frame of a vector left toward its receiver, past this gate.
std::string edited(const std::string& id, Gate gate) {
  const Script script = from_vector(id);
  const Outcome outcome = through_gate(script, gate);
  EXPECT_FALSE(outcome.closed);
  const bool to_server =
      (script.frames.front().direction == Direction::to_server) == (gate == Gate::of_alice);
  return to_server ? outcome.to_server : outcome.to_client;
}

std::string unedited(const std::string& id, Gate gate) {
  const Script script = from_vector(id);
  const Outcome outcome = without_gate(script, gate);
  const bool to_server =
      (script.frames.front().direction == Direction::to_server) == (gate == Gate::of_alice);
  return to_server ? outcome.to_server : outcome.to_client;
}

// libpurple, Miranda, msnp-sharp and aMSN send later offers over a direct socket that is already open. No
// socket may open: whatever tells where to connect tells a dead address.
TEST(Trick59, AddressesOfDirectConnectionsAreDeadOnceTheyHavePassed) {
  for (const char* id : {"p20-transresp", "p22-transresp-invite"}) {
    for (const Gate gate : {Gate::of_alice, Gate::of_bob}) {
      SCOPED_TRACE(id);
      const std::string text = edited(id, gate);
      EXPECT_EQ(text.size(), unedited(id, gate).size());
      EXPECT_TRUE(holds(text, "Listening: true\r\nNonce: {F1A2B3C4-D5E6-4789-8ABC-DEF012345678}\r\n"));
      EXPECT_TRUE(holds(text, "IPv4External-Addrs: 0.0.0.0\r\nIPv4External-Port: 0\r\n"));
      EXPECT_TRUE(holds(text, "IPv4Internal-Port: 0\r\n"));
      for (const char* live : {"198.51.100.7", "10.1.2.3", "192.168.7.9", "6891"}) {
        EXPECT_FALSE(holds(text, live)) << live;
      }
    }
  }
}

TEST(Trick59, MirroredAddressesAreDeadToo) {
  for (const Gate gate : {Gate::of_alice, Gate::of_bob}) {
    const std::string text = edited("p21-transresp-reversed", gate);
    EXPECT_EQ(text.size(), unedited("p21-transresp-reversed", gate).size());
    EXPECT_TRUE(holds(text, "Hashed-Nonce: {2B95F56D-9CA0-9A64-82CE-ADC1F3C55845}\r\n"));
    EXPECT_TRUE(holds(text, "srddA-lanretxE4vPI: 0.0.0.0\r\ntroP-lanretxE4vPI: 0\r\n"));
    for (const char* live : {"7.001.15.891", "3.2.1.01", "1986"}) EXPECT_FALSE(holds(text, live)) << live;
  }
}

TEST(Trick59, UpdatedAddressesAndRelaysAreDeadToo) {
  for (const Gate gate : {Gate::of_alice, Gate::of_bob}) {
    const std::string update = edited("q31-transdestaddrupdate", gate);
    EXPECT_EQ(update.size(), unedited("q31-transdestaddrupdate", gate).size());
    for (const char* live : {"198.51.100.7", "10.1.2.3", "6891"}) EXPECT_FALSE(holds(update, live)) << live;
    const std::string relay = edited("n04-ubn-turnsetup", gate);
    EXPECT_FALSE(holds(relay, "relay.example.net")) << "relay.example.net";
  }
}

TEST(Trick59, SocketOpenedAllTheSameIsKnownAndClosed) {
  const std::string hello = "\x04\0\0\0foo\0"s;
  EXPECT_EQ(msnp::detect(msnp::as_bytes(hello)), msnp::Protocol::p2p_direct);
  EXPECT_EQ(msnp::detect(msnp::as_bytes("VER MSNFTP\r\n")), msnp::Protocol::msnftp);
  for (const std::string& first : {hello, "VER MSNFTP\r\n"s}) {
    FilterRig rig(policy_with(Action::block));
    rig.from_client(first);
    EXPECT_TRUE(rig.closed);
    EXPECT_EQ(rig.to_server(), "");
    ASSERT_EQ(rig.audit.events.size(), 1U);
    EXPECT_EQ(rig.audit.events.front().action, Action::block);
  }
}

TEST(Trick59Twin, RequestsForATransportPass) {
  for (const char* id : {"p19-transreq", "q30-transreq", "n02-ubn-transreq", "s04-sdg-signal"}) {
    SCOPED_TRACE(id);
    expect_untouched(from_vector(id));
  }
}

TEST(Trick59Twin, AnswerThatTellsNoAddressPasses) {
  std::string text = payload_of(transfer_vector("p20-transresp").frames.front());
  text = text.substr(text.find("MSNSLP/1.0 200"));
  text.resize(text.size() - 4);  // the footer
  const std::size_t addresses = text.find("IPv4External-Addrs");
  text = replaced(text.substr(0, addresses), "Listening: true", "Listening: false") + "\r\n\0"s;
  expect_untouched(sent_whole(text));
}

/// Alice may send files to bob.
std::shared_ptr<const gate::Policy> bob_allowed() {
  gate::Rule rule;
  rule.name = "bob";
  rule.action = Action::allow;
  rule.peers = {"bob@example.org"};
  rule.kinds = {msnp::Kind::file_transfer};
  return policy_with(Action::block, {rule});
}

TEST(Trick67, OfferToAnAllowedUserInCompanyIsStopped) {
  Script script = from_vector("p53-dest-other");  // P2P-Dest carol, To bob
  script.guests = {"carol@example.net"};
  expect_stopped(script, {libpurple, pecan, papyon, amsn});
  const Outcome outcome = through_gate(script, Gate::of_alice, bob_allowed());
  EXPECT_EQ(outcome.to_server, "") << "it would reach carol as well";
  EXPECT_EQ(outcome.blocks().size(), 1U);

  Script plain = from_vector("p01-offer-single");
  plain.guests = {"carol@example.net"};
  EXPECT_EQ(through_gate(plain, Gate::of_alice, bob_allowed()).to_server, "");
}

TEST(Trick67Twin, OfferToAnAllowedUserAlonePasses) {
  const Script script = from_vector("p01-offer-single");
  EXPECT_EQ(through_gate(script, Gate::of_alice, bob_allowed()).to_server,
            without_gate(script, Gate::of_alice).to_server);
}

TEST(Trick67Twin, PictureInCompanyPasses) {
  Script script = from_vector("p11-display-picture");
  script.guests = {"carol@example.net"};
  expect_untouched(script);
}

// Photo sharing and sharing folders are for the official client: no model is asked who believes them.
TEST(Trick69, PhotoSharingAndSharingFoldersAreStopped) {
  for (const char* id : {"p16-photo-share", "p18-shared-folder", "n03-ubn-sharing"}) {
    SCOPED_TRACE(id);
    expect_stopped(from_vector(id));
    for (const Gate gate : {Gate::of_alice, Gate::of_bob}) {
      const auto blocks = through_gate(from_vector(id), gate).blocks();
      ASSERT_EQ(blocks.size(), 1U);
      EXPECT_EQ(blocks.front().kind, msnp::kind_named(transfer_vector(id).expected.front().kind));
    }
  }
}

TEST(Trick69, ActivityIsStoppedWhereARuleSaysSo) {
  gate::Rule rule;
  rule.name = "no games";
  rule.kinds = {msnp::Kind::activity};
  const Outcome outcome =
      through_gate(from_vector("p17-activity"), Gate::of_alice, policy_with(Action::allow, {rule}));
  EXPECT_EQ(outcome.to_server, "");
  ASSERT_EQ(outcome.blocks().size(), 1U);
  EXPECT_EQ(outcome.blocks().front().kind, msnp::Kind::activity);
}

TEST(Trick69Twin, ActivitiesAndWebcamsPass) {
  for (const char* id : {"p17-activity", "p14-webcam-send", "p15-webcam-ask"}) {
    SCOPED_TRACE(id);
    expect_untouched(from_vector(id));
  }
}

TEST(QuotedOffer, InChatPasses) {
  expect_untouched(from_vector("m02-text-lookalike"));
  const std::string chat = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\n";
  for (const char* id : {"c01-offer-out", "p01-offer-single", "q02-offer-single", "p57-ct-reversed"}) {
    SCOPED_TRACE(id);
    std::string quoted = payload_of(transfer_vector(id).frames.front());
    expect_untouched({{message(Direction::to_server, chat + quoted, 'N')}, false, {}});
  }
}

}  // namespace
