// What becomes of the redirects that a filter follows, by the choices of the site.
#include "proxy/following.hpp"
#include "proxy/filter.hpp"
#include "tests/support/filter_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gate {
namespace {

using testing::HasSubstr;

constexpr auto ring = "RNG 1 198.51.100.7:5555 CKI 1.2 bob@example.org Bob\r\n";

class Redirected : public testing::Test {
 protected:
  void follow(FollowMode mode, Reaction unfollowed = Reaction::block) {
    Policy::Source source;
    source.failure[static_cast<std::size_t>(Cause::unfollowed)] = unfollowed;
    following_ = {mode, {1863, 1864}, {{boost::asio::ip::make_address("192.0.2.0"), 24}}};
    intercept_.follow_ports = {20'000, 20'001};
    detours_.emplace(intercept_);
    rig_.emplace(std::make_shared<const Policy>(std::move(source)));
    rig_->shared.following = &following_;
    rig_->shared.detours = &*detours_;
    rig_->filter->follow_redirects();
    rig_->sign_in("ann@corp.example");
  }
  [[nodiscard]] const HeldRedirect* held() const { return rig_->filter->held_redirect(); }
  [[nodiscard]] std::string told(std::string_view line) {
    rig_->from_server(line);
    return rig_->to_client();
  }

  Following following_;
  InterceptSettings intercept_;
  std::optional<Detours> detours_;
  std::optional<test::FilterRig> rig_;
};

TEST_F(Redirected, ALineIsHeldUntilItsAddressIsKnownAndNothingOvertakesIt) {
  follow(FollowMode::set);
  EXPECT_EQ(told(ring), "");
  ASSERT_NE(held(), nullptr);
  EXPECT_EQ(held()->lead.host, "198.51.100.7");
  EXPECT_EQ(held()->lead.ports[0], 5555);
  EXPECT_EQ(told("QNG 50\r\n"), "") << "what is behind waits";
  rig_->followed("");
  EXPECT_EQ(rig_->to_client(), ring);
  EXPECT_EQ(told(""), "QNG 50\r\n");
  EXPECT_TRUE(rig_->audit.events.empty());
}

TEST_F(Redirected, WhatCannotBeFollowedIsWithheldOnRecordAndTheRestGoesOn) {
  follow(FollowMode::set);
  EXPECT_EQ(told(ring), "");
  rig_->followed("no address of it");
  EXPECT_EQ(told("QNG 50\r\n"), "QNG 50\r\n");
  ASSERT_EQ(rig_->audit.events.size(), 1U);
  EXPECT_EQ(rig_->audit.events[0].reason, "unfollowed");
  EXPECT_THAT(rig_->audit.events[0].detail, HasSubstr("no address of it"));
  EXPECT_FALSE(rig_->closed);
}

TEST_F(Redirected, TheSiteMayLetItPassOrEndTheConnection) {
  follow(FollowMode::set, Reaction::pass);
  EXPECT_EQ(told(ring), "");
  rig_->followed("no address of it");
  EXPECT_EQ(rig_->to_client(), ring);
  follow(FollowMode::set, Reaction::close);
  EXPECT_EQ(told(ring), "");
  rig_->followed("no address of it");
  EXPECT_EQ(rig_->to_client(), "");
  EXPECT_TRUE(rig_->closed);
}

TEST_F(Redirected, AnAnswerThatTakesTooLongIsNone) {
  follow(FollowMode::set);
  EXPECT_EQ(told(ring), "");
  rig_->tick(3'900);
  ASSERT_NE(held(), nullptr);
  rig_->tick(200);
  EXPECT_EQ(held(), nullptr);
  EXPECT_THAT(rig_->audit.events.at(0).detail, HasSubstr("took too long"));
}

TEST_F(Redirected, WhatIsInterceptedAnywayOrExemptNeedsNoCare) {
  follow(FollowMode::set);
  for (const std::string_view line : {"RNG 1 198.51.100.7:1864 CKI 1.2 bob@example.org Bob\r\n",
                                      "RNG 1 192.0.2.9:5555 CKI 1.2 bob@example.org Bob\r\n",
                                      "RNG 1 messenger.example:1863 CKI 1.2 bob@example.org Bob\r\n"}) {
    EXPECT_EQ(told(line), line);
    EXPECT_EQ(held(), nullptr) << line;
  }
}

TEST_F(Redirected, WithoutAPortBothThatClientsTakeAreLearned) {
  follow(FollowMode::set);
  following_.ports = {80};
  EXPECT_EQ(told("XFR 3 NS 198.51.100.7\r\n"), "");
  ASSERT_NE(held(), nullptr);
  EXPECT_EQ(held()->lead.ports, (std::array<std::uint16_t, 2>{1863, 1864})) << "the usual one, and its own";
}

TEST_F(Redirected, RewritingChangesThePortAndNothingElse) {
  follow(FollowMode::rewrite);
  EXPECT_EQ(told(ring), "RNG 1 198.51.100.7:20000 CKI 1.2 bob@example.org Bob\r\n");
  EXPECT_EQ(detours_->meant_by(boost::asio::ip::make_address("10.77.1.2"), 20'000, 0), 5555);
  EXPECT_EQ(told("RNG 1 198.51.100.7:5556 CKI 1.2 bob@example.org Bob\r\n"),
            "RNG 1 198.51.100.7:20001 CKI 1.2 bob@example.org Bob\r\n");
  EXPECT_EQ(told("RNG 1 198.51.100.7:5557 CKI 1.2 bob@example.org Bob\r\n"), "") << "no port is left";
  following_.ports = {80};
  EXPECT_EQ(told("XFR 3 NS 198.51.100.7\r\n"), "") << "no port to rewrite";
  EXPECT_EQ(rig_->audit.events.size(), 2U);
}

TEST_F(Redirected, AnAddressThatClientsReadInDifferentWaysIsWithheld) {
  follow(FollowMode::set);
  EXPECT_EQ(told("RNG 1 198.51.100.7:05555x CKI 1.2 bob@example.org Bob\r\n"), "");
  EXPECT_EQ(held(), nullptr);
  EXPECT_EQ(rig_->audit.events.at(0).reason, "unfollowed");
}

TEST_F(Redirected, WhereNothingIsFollowedLinesPass) {
  follow(FollowMode::set);
  test::FilterRig plain(test::policy_with(Action::block));
  plain.sign_in("ann@corp.example");
  plain.from_server(ring);
  EXPECT_EQ(plain.to_client(), ring);
}

}  // namespace
}  // namespace gate
