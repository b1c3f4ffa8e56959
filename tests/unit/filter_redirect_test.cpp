// Addresses that servers send clients to: rewritten, or learned before the line goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/filter.hpp"
#include "tests/support/filter_rig.hpp"
#include "tests/support/http_rig.hpp"

namespace {

using gate::Action;
using gate::FollowMode;
using gate::test::FilterRig;
using gate::test::gateway_answer;
using gate::test::gateway_request;
using gate::test::HttpRig;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view xfr = "XFR 15 SB 10.0.0.1:5555 CKI 17262740.1050826919 U messenger.msn.com 1\r\n";
constexpr std::string_view rng =
    "RNG 11752013 10.0.0.2:5556 CKI 849102291.520491113 ben@example.org Ben U h 1\r\n";
constexpr std::string_view challenge = "CHL 0 15570131571988941333\r\n";

std::string with(std::string_view line, std::string_view port, std::string_view other) {
  std::string text(line);
  return text.replace(text.find(port), port.size(), other);
}

/// What a rig's filters share, so that they follow.
template <class Rig>
struct Follows {
  explicit Follows(FollowMode mode) : following{mode, {1863, 1864}, {}} {
    rig.shared.following = &following;
    rig.shared.detours = &detours;
  }
  gate::Following following;
  gate::Detours detours{gate::InterceptSettings{}};
  Rig rig{gate::test::policy_with(Action::block)};
};

struct Direct : Follows<FilterRig> {
  explicit Direct(FollowMode mode) : Follows(mode) {
    rig.sign_in("ann@corp.example");
    rig.filter->follow_redirects();
  }
};

TEST(FilterRedirect, APortThatNobodyInterceptsIsRewrittenAndNothingElse) {
  Direct direct(FollowMode::rewrite);
  direct.rig.from_server(std::string(xfr) + std::string(challenge) + std::string(rng));
  EXPECT_EQ(direct.rig.to_client(),
            with(xfr, "5555", "47101") + std::string(challenge) + with(rng, "5556", "47102"));
}

TEST(FilterRedirect, AConnectionThatWasNotInterceptedIsNotFollowed) {
  Follows<FilterRig> direct(FollowMode::rewrite);
  direct.rig.sign_in("ann@corp.example");
  direct.rig.from_server(xfr);
  EXPECT_EQ(direct.rig.to_client(), xfr);
}

TEST(FilterRedirect, ALineWaitsUntilItsAddressIsLearnedAndNothingOvertakesIt) {
  Direct direct(FollowMode::set);
  direct.rig.from_server(std::string(challenge) + std::string(xfr) + std::string(challenge));
  EXPECT_EQ(direct.rig.to_client(), challenge);
  const gate::HeldRedirect* const held = direct.rig.filter->held_redirect();
  ASSERT_NE(held, nullptr);
  EXPECT_EQ(held->lead.host, "10.0.0.1");
  EXPECT_EQ(held->lead.ports[0], 5555);
  EXPECT_FALSE(held->lead.to_notification);
  EXPECT_FALSE(direct.rig.filter->idle());
  direct.rig.from_server(challenge);
  EXPECT_THAT(direct.rig.to_client(), IsEmpty());
}

TEST(FilterRedirect, AfterFourSecondsItIsWithheldAndRecorded) {
  Direct direct(FollowMode::set);
  direct.rig.from_server(xfr);
  direct.rig.tick(3'999);
  EXPECT_NE(direct.rig.filter->held_redirect(), nullptr);
  EXPECT_THAT(direct.rig.audit.events, IsEmpty());
  direct.rig.tick(1);
  EXPECT_EQ(direct.rig.filter->held_redirect(), nullptr);
  ASSERT_EQ(direct.rig.audit.events.size(), 1U);
  EXPECT_EQ(direct.rig.audit.events[0].reason, "unfollowed");
  EXPECT_THAT(direct.rig.audit.events[0].detail, HasSubstr("too long"));
  EXPECT_THAT(direct.rig.to_client(), IsEmpty());
}

/// A notification server behind the HTTP gateway.
struct OverHttp : Follows<HttpRig> {
  explicit OverHttp(FollowMode mode) : Follows(mode), web(rig.connect()) {
    web->from_client(
        gateway_request("Action=open&Server=NS&IP=messenger.hotmail.com", "VER 1 MSNP12 CVR0\r\n"));
    web->from_server(gateway_answer("7.1", "VER 1 MSNP12\r\n"));
    web->from_client(poll);
    (void)web->to_server();
    (void)web->to_client();
  }
  const std::string poll = gateway_request("Action=poll&SessionID=7.1", "");
  std::unique_ptr<HttpRig::Connection> web;
};

TEST(FilterRedirect, InAnAnswerOfTheHttpGatewayAPortIsRewrittenToo) {
  OverHttp http(FollowMode::rewrite);
  http.web->from_server(gateway_answer("7.2", std::string(xfr) + std::string(challenge)));
  EXPECT_EQ(http.web->to_client(),
            gateway_answer("7.2", with(xfr, "5555", "47101") + std::string(challenge)));
}

TEST(FilterRedirect, AnAnswerOfTheHttpGatewayWaitsWithItsLineAndGoesOnAsItCame) {
  OverHttp http(FollowMode::set);
  const std::string answer = gateway_answer(
      "7.2", std::string(challenge) + std::string(xfr) + std::string(challenge) + std::string(rng));
  http.web->from_client(http.poll);
  http.web->from_server(answer + gateway_answer("7.3", challenge));
  EXPECT_THAT(http.web->to_client(), IsEmpty());
  ASSERT_NE(http.web->filter().held_redirect(), nullptr);
  EXPECT_EQ(http.web->filter().held_redirect()->lead.ports[0], 5555);
  http.web->followed({});
  EXPECT_THAT(http.web->to_client(), IsEmpty()) << "there is a second line in it";
  ASSERT_NE(http.web->filter().held_redirect(), nullptr);
  EXPECT_EQ(http.web->filter().held_redirect()->lead.ports[0], 5556);
  http.web->followed({});
  EXPECT_EQ(http.web->to_client(), answer + gateway_answer("7.3", challenge));
  EXPECT_EQ(http.web->filter().held_redirect(), nullptr);
  EXPECT_FALSE(http.web->closed());
}

TEST(FilterRedirect, ALineInAnAnswerThatCannotBeFollowedIsTakenOutOfIt) {
  OverHttp http(FollowMode::set);
  http.web->from_server(gateway_answer("7.2", std::string(xfr) + std::string(challenge)));
  http.web->followed("no address of it");
  EXPECT_EQ(http.web->to_client(), gateway_answer("7.2", challenge));
  ASSERT_EQ(http.rig.audit.events.size(), 1U);
  EXPECT_EQ(http.rig.audit.events[0].reason, "unfollowed");
  EXPECT_EQ(http.rig.audit.events[0].detail, "no address of it");
}

TEST(FilterRedirect, AnAnswerWaitsFourSecondsAtMost) {
  OverHttp http(FollowMode::set);
  http.web->from_server(gateway_answer("7.2", std::string(xfr) + std::string(challenge)));
  http.rig.tick(4'000);
  http.web->tick();
  EXPECT_EQ(http.web->to_client(), gateway_answer("7.2", challenge));
  ASSERT_EQ(http.rig.audit.events.size(), 1U);
}

TEST(FilterRedirect, WhatAnotherConnectionAnswersMeanwhileWaitsForTheLine) {
  OverHttp http(FollowMode::set);
  const auto other = http.rig.connect();
  other->from_client(http.poll);
  http.web->from_server(gateway_answer("7.2", xfr));
  other->from_server(gateway_answer("7.3", challenge));
  EXPECT_EQ(other->to_client(), gateway_answer("7.3", ""));
  http.web->followed({});
  EXPECT_EQ(http.web->to_client(), gateway_answer("7.2", std::string(xfr) + std::string(challenge)));
}

}  // namespace
