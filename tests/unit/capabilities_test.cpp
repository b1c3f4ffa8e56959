// Which settings take a capability, and when it is in effect.
#include "proxy/capabilities.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>

#include <fstream>

#include "tests/support/own_network.hpp"

namespace {

using gate::Boot;
using gate::FollowMode;
using gate::ListenerMode;

Boot with(ListenerMode mode) {
  Boot boot;
  boot.listeners.emplace_back().mode = mode;
  boot.listeners.back().bind = {boost::asio::ip::address_v6::any(), 11863};
  return boot;
}

/// A line of this thread's status: sets of capabilities, in hex.
std::uint64_t set_of(const std::string& name) {
  std::ifstream status("/proc/thread-self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name + ":\t")) return std::stoull(line.substr(name.size() + 2), nullptr, 16);
  }
  return 0;
}
constexpr std::uint64_t net_admin = std::uint64_t{1} << CAP_NET_ADMIN;

TEST(Capabilities, RedirectTakesNone) {
  EXPECT_FALSE(gate::needs_net_admin(with(ListenerMode::redirect)));
  EXPECT_FALSE(gate::needs_net_admin(with(ListenerMode::fixed)));
}

TEST(Capabilities, TransparentSocketsSetsAndSignsOfLifeTakeOne) {
  EXPECT_TRUE(gate::needs_net_admin(with(ListenerMode::tproxy)));
  Boot boot = with(ListenerMode::tproxy);
  boot.intercept.follow = FollowMode::rewrite;
  EXPECT_TRUE(gate::needs_net_admin(boot));
  boot = with(ListenerMode::redirect);
  boot.intercept.follow = FollowMode::set;
  EXPECT_TRUE(gate::needs_net_admin(boot));
  boot.intercept.follow = FollowMode::off;
  EXPECT_FALSE(gate::needs_net_admin(boot));
  boot.intercept.when_dead = gate::WhenDead::open;
  EXPECT_TRUE(gate::needs_net_admin(boot));
}

TEST(Capabilities, WhereNothingIsInterceptedNothingIsFollowed) {
  Boot boot = with(ListenerMode::fixed);
  boot.intercept.follow = FollowMode::set;
  EXPECT_FALSE(gate::needs_net_admin(boot));
}

TEST(Capabilities, WithoutUseAllAreGivenUp) {
  gate::test::in_own_network([] {
    EXPECT_EQ(gate::keep_needed_capabilities(with(ListenerMode::redirect)), std::nullopt);
    EXPECT_EQ(set_of("CapPrm") & net_admin, 0U);
    EXPECT_EQ(set_of("CapAmb"), 0U);
    EXPECT_EQ(set_of("NoNewPrivs"), 1U);
    const gate::NetAdmin raised;
    EXPECT_EQ(set_of("CapEff") & net_admin, 0U) << "what is not permitted cannot be raised";
    EXPECT_THAT(
        gate::keep_needed_capabilities(with(ListenerMode::tproxy)),
        testing::Optional(testing::HasSubstr("mode = \"tproxy\" takes the capability CAP_NET_ADMIN")));
  });
}

TEST(Capabilities, TheOneIsInEffectOnlyWhileItIsUsed) {
  gate::test::in_own_network([] {
    EXPECT_EQ(gate::keep_needed_capabilities(with(ListenerMode::tproxy)), std::nullopt);
    EXPECT_EQ(set_of("CapPrm") & net_admin, net_admin);
    EXPECT_EQ(set_of("CapEff") & net_admin, 0U);
    {
      const gate::NetAdmin raised;
      EXPECT_EQ(set_of("CapEff") & net_admin, net_admin);
    }
    EXPECT_EQ(set_of("CapEff") & net_admin, 0U);
    EXPECT_EQ(set_of("CapInh"), 0U) << "no program started from here gets any";
  });
}

}  // namespace
