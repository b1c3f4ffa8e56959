#include "msnp/identity.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace {

using msnp::Direction;
using msnp::Identity;
using msnp::Limits;
using msnp::Side;

/// One connection: lines of the client and of the server, as the decoder would hand them out.
class Connection {
 public:
  explicit Connection(Side side) : side_(side) {}

  Connection& client(std::string_view line) { return see(Direction::to_server, line); }
  Connection& server(std::string_view line) { return see(Direction::to_client, line); }

  Identity identity;
  Limits limits;

 private:
  Connection& see(Direction direction, std::string_view line) {
    msnp::Frame frame;
    frame.line = {line, msnp::word({line[0], line[1], line[2], '\0'})};
    identity.see(direction, side_, frame, limits);
    return *this;
  }
  Side side_;
};

std::string peers(const Connection& connection) {
  std::string all;
  for (const msnp::Peer& peer : connection.identity.peers()) all += peer.account + ' ';
  return all;
}

TEST(AccountOf, ComparesAddressesAsServersDo) {
  EXPECT_EQ(msnp::account_of("Ann@Example.ORG"), "ann@example.org");
  EXPECT_EQ(msnp::account_of("ann%40example.org"), "ann@example.org");
  EXPECT_EQ(msnp::account_of("1:ann@example.org"), "ann@example.org");
  EXPECT_EQ(msnp::account_of("32:ann@yahoo.com"), "ann@yahoo.com");
  EXPECT_EQ(msnp::account_of("ann@x.org;{5a3c1d70-0000-4000-8000-0123456789ab}"), "ann@x.org");
  EXPECT_EQ(msnp::account_of("ann@x.org%3B{5a3c}"), "ann@x.org");
  EXPECT_EQ(msnp::account_of("1:b@y.org;via=9:guid@live.com"), "b@y.org");
  EXPECT_EQ(msnp::account_of("tel:+1"), "tel:+1");
  EXPECT_EQ(msnp::account_of("123"), "123");
  EXPECT_EQ(msnp::account_of("a%4"), "a%4");
  EXPECT_EQ(msnp::account_of("a%zz"), "a%zz");
  EXPECT_EQ(msnp::account_of(""), "");
}

TEST(User, IsWhoTheNotificationServerAccepted) {
  for (const std::string_view reply :
       {"USR 4 OK Ann@X.org Bob%20B 1 0", "USR 4 OK Ann@X.org 1 0", "USR 4 OK Ann@X.org"}) {
    Connection connection(Side::notification);
    connection.client("USR 3 SSO I boss@x.org").server("USR 3 SSO S MBI_KEY_OLD abc=");
    EXPECT_EQ(connection.identity.user(), "");
    connection.server(reply);
    EXPECT_EQ(connection.identity.user(), "ann@x.org");
    EXPECT_EQ(connection.identity.user_spelling(), "Ann@X.org");
  }
}

TEST(User, StaysWhenACircleTicketIsAccepted) {
  Connection connection(Side::notification);
  connection.server("USR 4 OK ann@x.org 1 0").client("USR 9 SHA A ticket").server("USR 9 OK other@x.org 0 0");
  EXPECT_EQ(connection.identity.user(), "ann@x.org");
}

TEST(User, IsWhoTheSwitchboardAcceptedWithoutTheEndpoint) {
  Connection connection(Side::switchboard);
  connection.client("USR 1 boss@x.org 1.2.3");
  EXPECT_EQ(connection.identity.user(), "");
  connection.server("USR 1 OK Ann@x.org;{5a3c1d70-0000-4000-8000-0123456789ab} Ann");
  EXPECT_EQ(connection.identity.user(), "ann@x.org");
  EXPECT_EQ(connection.identity.user_spelling(), "Ann@x.org");
}

TEST(User, OfACalledClientIsTheAddressOfTheAcceptedAnswer) {
  Connection connection(Side::switchboard);
  connection.client("ANS 1 Ann@x.org;{g} 1.2 3");
  EXPECT_EQ(connection.identity.user(), "");
  EXPECT_EQ(connection.identity.user_spelling(), "");
  connection.server("IRO 1 1 1 b@y.org Bob 0").server("ANS 1 OK");
  EXPECT_EQ(connection.identity.user(), "ann@x.org");
  EXPECT_EQ(connection.identity.user_spelling(), "Ann@x.org");
}

TEST(User, IsNobodyWhenTheServerAcceptedAnotherClaim) {
  Connection other_number(Side::switchboard);
  other_number.client("ANS 1 ann@x.org 1.2 3").server("ANS 2 OK");
  EXPECT_EQ(other_number.identity.user(), "");
  Connection same_number(Side::switchboard);
  same_number.client("ANS 1 ann@x.org 1.2 3").client("ANS 1 boss@x.org 1.2 3").server("ANS 1 OK");
  EXPECT_EQ(same_number.identity.user(), "");
  Connection late(Side::switchboard);
  late.client("ANS 1 ann@x.org 1.2 3").server("ANS 1 OK").client("ANS 2 boss@x.org 1.2 3").server("ANS 2 OK");
  EXPECT_EQ(late.identity.user(), "ann@x.org");
  Connection server_only(Side::switchboard);
  server_only.server("ANS 1 OK");
  EXPECT_EQ(server_only.identity.user(), "");
}

TEST(User, MayTryAgainAfterARefusal) {
  Connection connection(Side::switchboard);
  connection.client("ANS 1 ann@x.org 1.2 3")
      .server("911 1")
      .client("ANS 2 ben@x.org 1.2 3")
      .server("ANS 2 OK");
  EXPECT_EQ(connection.identity.user(), "ben@x.org");
}

TEST(Peers, AreIroAndJoiMinusBye) {
  Connection connection(Side::switchboard);
  connection.server("IRO 1 1 2 B@y.org Bob 1").server("IRO 1 2 2 c@y.org Cat 1").server("JOI d@y.org Dan");
  EXPECT_EQ(peers(connection), "b@y.org c@y.org d@y.org ");
  connection.server("BYE C@Y.org").server("BYE d@y.org 1");
  EXPECT_EQ(peers(connection), "b@y.org ");
  ASSERT_NE(connection.identity.find("b@y.org"), nullptr);
  EXPECT_EQ(connection.identity.find("b@y.org")->spelling, "B@y.org");
  EXPECT_EQ(connection.identity.find("b@y.org")->nickname, "Bob");
  EXPECT_EQ(connection.identity.find("c@y.org"), nullptr);
}

TEST(Peers, AreNotTheCalledNorThoseTheClientNames) {
  Connection connection(Side::switchboard);
  connection.client("CAL 2 b@y.org").server("CAL 2 RINGING 11752013").client("JOI b@y.org Bob");
  EXPECT_EQ(peers(connection), "");
}

TEST(Peers, LeaveWithTheirLastEndpointOrTheBareAddress) {
  Connection connection(Side::switchboard);
  connection.server("JOI b@y.org;{1} Bob 1:2")
      .server("JOI b@y.org Bob 1:2")
      .server("JOI b@y.org;{2} Bob 1:2");
  EXPECT_EQ(peers(connection), "b@y.org ");
  EXPECT_EQ(connection.identity.find("b@y.org")->endpoints, 2U);
  EXPECT_EQ(connection.identity.find("b@y.org")->spelling, "b@y.org");
  connection.server("BYE b@y.org;{1}");
  EXPECT_EQ(peers(connection), "b@y.org ");
  connection.server("BYE b@y.org;{2}");
  EXPECT_EQ(peers(connection), "");
  connection.server("BYE b@y.org");

  connection.server("JOI b@y.org;{1} Bob 1:2").server("BYE b@y.org");
  EXPECT_EQ(peers(connection), "");
  connection.server("JOI b@y.org Bob 1:2").server("BYE b@y.org;{9}");
  EXPECT_EQ(peers(connection), "b@y.org ");
}

TEST(Peers, AreNeverTheUserWhoeverComesFirst) {
  Connection before(Side::switchboard);
  before.client("ANS 1 ann@x.org;{1} 1.2 3")
      .server("IRO 1 1 2 Ann@x.org;{2} Ann")
      .server("IRO 1 2 2 b@y.org Bob");
  before.server("ANS 1 OK");
  EXPECT_EQ(peers(before), "b@y.org ");
  Connection after(Side::switchboard);
  after.server("USR 1 OK ann@x.org Ann").server("JOI ANN@x.org;{2} Ann");
  EXPECT_EQ(peers(after), "");
}

TEST(Peers, AreSpelledAsTheServerLastDid) {
  Connection connection(Side::switchboard);
  connection.server("JOI b@y.org Bob").server("MSG B@Y.org Robert 20");
  EXPECT_EQ(connection.identity.find("b@y.org")->spelling, "B@Y.org");
  EXPECT_EQ(connection.identity.find("b@y.org")->nickname, "Robert");
  connection.server("MSG B@Y.org Bo 20").server("MSG stranger@y.org S 20");
  EXPECT_EQ(connection.identity.find("b@y.org")->nickname, "Bo");
  EXPECT_EQ(peers(connection), "b@y.org ");
}

TEST(Peers, AreBoundedAndTheOverflowIsTold) {
  Connection connection(Side::switchboard);
  connection.limits.peers = 2;
  connection.server("JOI b@y.org Bob").server("JOI c@y.org Cat").server("JOI b@y.org Bob");
  EXPECT_FALSE(connection.identity.peers_overflowed());
  connection.server("JOI d@y.org Dan");
  EXPECT_TRUE(connection.identity.peers_overflowed());
  EXPECT_EQ(peers(connection), "b@y.org c@y.org ");
  Connection huge(Side::switchboard);
  huge.server("JOI " + std::string(4000, 'a') + "@y.org Bob");
  EXPECT_TRUE(huge.identity.peers_overflowed());
}

TEST(Peers, StandOnSwitchboardsOnly) {
  Connection connection(Side::notification);
  connection.server("JOI b@y.org Bob");
  EXPECT_EQ(peers(connection), "");
}

TEST(Dialect, IsTheFirstMsnpTokenOfTheReply) {
  Connection connection(Side::notification);
  connection.client("VER 1 MSNP18 MSNP17 CVR0");
  EXPECT_EQ(connection.identity.dialect(), 0U);
  connection.server("VER 1 CVR0 MSNPX MSNP12 MSNP11");
  EXPECT_EQ(connection.identity.dialect(), 12U);
  Connection refused(Side::notification);
  refused.server("VER 1 0");
  EXPECT_EQ(refused.identity.dialect(), 0U);
}

}  // namespace
