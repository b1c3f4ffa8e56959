#include "proxy/ruleset.hpp"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/config_values.hpp"

namespace {

using testing::HasSubstr;
using testing::Not;

gate::Boot boot_with(std::initializer_list<const char*> binds) {
  gate::Boot boot;
  boot.intercept.follow = gate::FollowMode::off;
  for (const char* const bind : binds) {
    boot.listeners.push_back({gate::endpoint_from(bind).value(), gate::ListenerMode::redirect, {}});
  }
  return boot;
}

std::string ruleset(const gate::Boot& boot) {
  const auto result = gate::ruleset_for(boot);
  if (const auto* const fault = std::get_if<gate::RulesFault>(&result)) return fault->message;
  return std::get<std::string>(result);
}

TEST(Ruleset, AListenerOnAllIpv6AddressesServesBothFamilies) {
  const std::string text = ruleset(boot_with({"[::]:11863"}));
  EXPECT_THAT(text, HasSubstr("meta nfproto ipv4 tcp dport { 1863, 1864, 1865 } redirect to :11863\n"));
  EXPECT_THAT(text, HasSubstr("meta nfproto ipv6 tcp dport { 1863, 1864, 1865 } redirect to :11863\n"));
}

TEST(Ruleset, AListenerOfOneFamilyServesThatAlone) {
  const std::string v4 = ruleset(boot_with({"0.0.0.0:11863"}));
  EXPECT_THAT(v4, HasSubstr("nfproto ipv4"));
  EXPECT_THAT(v4, Not(HasSubstr("nfproto ipv6")));
  const std::string v6 = ruleset(boot_with({"[2001:db8::1]:11863"}));
  EXPECT_THAT(v6, HasSubstr("nfproto ipv6 tcp dport { 1863, 1864, 1865 } dnat ip6 to [2001:db8::1]:11863\n"));
  EXPECT_THAT(v6, Not(HasSubstr("nfproto ipv4")));
}

TEST(Ruleset, EachFamilyGoesToItsOwnListenerAndBothPortsAreGuarded) {
  const std::string text = ruleset(boot_with({"[::]:7000", "10.0.0.1:7001"}));
  EXPECT_THAT(text, HasSubstr("ipv4 tcp dport { 1863, 1864, 1865 } dnat ip to 10.0.0.1:7001\n"));
  EXPECT_THAT(text, HasSubstr("ipv6 tcp dport { 1863, 1864, 1865 } redirect to :7000\n"));
  EXPECT_THAT(text, HasSubstr("ipv4 tcp dport 7001 ct status & dnat == 0 reject with tcp reset\n"));
  EXPECT_THAT(text, HasSubstr("ipv6 tcp dport 7000 ct status & dnat == 0 reject with tcp reset\n"));
}

TEST(Ruleset, TheGatewaysOwnAddressesAndExemptNetworksComeBeforeTheRedirection) {
  gate::Boot boot = boot_with({"[::]:11863"});
  boot.intercept.exempt = {*gate::network_from("192.0.2.7"), *gate::network_from("192.0.2.0/24"),
                           *gate::network_from("2001:db8::/32")};
  boot.intercept.interfaces = {"eth1", "wg0"};
  const std::string text = ruleset(boot);
  std::size_t before = 0;
  for (const char* const line :
       {"fib daddr type local return", "iifname != { \"eth1\", \"wg0\" } return",
        "ip daddr { 192.0.2.0/24 } return", "ip6 daddr { 2001:db8::/32 } return", "redirect to"}) {
    const std::size_t at = text.find(line);
    ASSERT_NE(at, std::string::npos) << line;
    EXPECT_GT(at, before) << line;
    before = at;
  }
}

TEST(Ruleset, ReplacesAnEarlierOneInOneStepAndTouchesNoOtherTable) {
  std::istringstream lines(ruleset(boot_with({"[::]:11863"})));
  std::string line;
  ASSERT_TRUE(std::getline(lines, line));
  EXPECT_EQ(line, "add table inet msnpgate");
  while (std::getline(lines, line) && line != "table inet msnpgate {") {
    EXPECT_TRUE(line.starts_with("add chain inet msnpgate ") ||
                line.starts_with("delete chain inet msnpgate "))
        << line;
  }
  EXPECT_EQ(gate::ruleset_removal(), "add table inet msnpgate\ndelete table inet msnpgate\n");
}

TEST(Ruleset, WhatTproxyDivertsIsMarkedAndItsClientsSideIsTrackedApart) {
  gate::Boot boot = boot_with({"[::]:11863"});
  boot.listeners[0].mode = gate::ListenerMode::tproxy;
  boot.intercept.mark = 7;
  boot.intercept.zone = 9;
  const std::string text = ruleset(boot);
  EXPECT_THAT(text,
              HasSubstr("ipv4 tcp dport { 1863, 1864, 1865 } tproxy ip to :11863 meta mark set 7 accept\n"));
  EXPECT_THAT(text,
              HasSubstr("ipv6 tcp dport { 1863, 1864, 1865 } tproxy ip6 to :11863 meta mark set 7 accept\n"));
  EXPECT_THAT(text, HasSubstr("meta mark 8 ct zone set 9\n"));
  EXPECT_THAT(text, HasSubstr("socket mark 8 ct zone set 9 return\n"));
  EXPECT_THAT(text, HasSubstr("tcp dport 11863 meta mark != 7 reject with tcp reset\n"));
  EXPECT_THAT(text, Not(HasSubstr("redirect to")));
}

TEST(Ruleset, EachFamilyMayBeInterceptedInItsOwnWay) {
  gate::Boot boot = boot_with({"0.0.0.0:7000", "[2001:db8::1]:7001"});
  boot.listeners[1].mode = gate::ListenerMode::tproxy;
  const std::string text = ruleset(boot);
  EXPECT_THAT(text, HasSubstr("ipv4 tcp dport { 1863, 1864, 1865 } redirect to :7000\n"));
  EXPECT_THAT(text, HasSubstr("ipv6 tcp dport { 1863, 1864, 1865 } tproxy ip6 to [2001:db8::1]:7001 "));
  EXPECT_FALSE(gate::diverted_families(boot).v4);
  EXPECT_TRUE(gate::diverted_families(boot).v6);
}

TEST(Ruleset, WhatIsInterceptedIsNeverForwarded) {
  const std::string text = ruleset(boot_with({"[::]:11863"}));
  EXPECT_THAT(text, HasSubstr("ipv4 tcp dport { 1863, 1864, 1865 } reject with tcp reset\n"));
  EXPECT_THAT(text, HasSubstr("ipv6 tcp dport { 1863, 1864, 1865 } reject with tcp reset\n"));
}

TEST(Ruleset, HandsOverWebPortsOnlyWhereItWasToldTo) {
  gate::Boot boot = boot_with({"[::]:11863"});
  EXPECT_THAT(ruleset(boot), Not(HasSubstr("80")));
  boot.http_intercept.ports = {80, 3128};
  EXPECT_THAT(ruleset(boot), HasSubstr("meta nfproto ipv4 tcp dport { 80, 3128 } redirect to :11863\n"));
  EXPECT_THAT(ruleset(boot), HasSubstr("meta nfproto ipv6 tcp dport { 80, 3128 } redirect to :11863\n"));
  EXPECT_THAT(ruleset(boot), HasSubstr("ipv4 tcp dport { 80, 3128 } reject with tcp reset\n"));
  boot.http_intercept.addresses = {*gate::network_from("192.0.2.0/24"), *gate::network_from("192.0.2.7")};
  EXPECT_THAT(ruleset(boot),
              HasSubstr("ipv4 tcp dport { 80, 3128 } ip daddr { 192.0.2.0/24 } redirect to :11863\n"));
  EXPECT_THAT(ruleset(boot), Not(HasSubstr("ipv6 tcp dport { 80")));
}

TEST(Ruleset, WhatServersSendClientsToIsInterceptedToo) {
  gate::Boot boot = boot_with({"[::]:11863"});
  boot.intercept.follow = gate::FollowMode::set;
  const std::string learned = ruleset(boot);
  EXPECT_THAT(learned, HasSubstr("set learned4 {\n\t\ttype ipv4_addr . inet_service\n"));
  EXPECT_THAT(learned, HasSubstr("ipv4 ip daddr . tcp dport @learned4 redirect to :11863\n"));
  EXPECT_THAT(learned, HasSubstr("ipv6 ip6 daddr . tcp dport @learned6 redirect to :11863\n"));
  EXPECT_THAT(learned, HasSubstr("ipv4 ip daddr . tcp dport @learned4 reject with tcp reset\n"));
  boot.intercept.follow.reset();
  EXPECT_THAT(ruleset(boot),
              HasSubstr("ipv4 tcp dport { 1863, 1864, 1865, 47101-47164 } redirect to :11863\n"));
}

TEST(Ruleset, OnlyWhereItMayBeOpenItDependsOnASignOfLife) {
  gate::Boot boot = boot_with({"[::]:11863"});
  EXPECT_THAT(ruleset(boot), Not(HasSubstr("alive")));
  boot.intercept.when_dead = gate::WhenDead::open;
  const std::string text = ruleset(boot);
  EXPECT_THAT(text, HasSubstr("meta l4proto != @alive return\n"));
  EXPECT_THAT(text, HasSubstr("add element inet msnpgate alive { tcp timeout 10s }\n"));
}

TEST(Ruleset, NeedsAListenerThatConnectionsFromOutsideCanReach) {
  const char* const none = "found none with mode = \"redirect\" or \"tproxy\"";
  EXPECT_THAT(ruleset(gate::Boot{}), HasSubstr(none));
  gate::Boot fixed = boot_with({"[::]:1"});
  fixed.listeners[0].mode = gate::ListenerMode::fixed;
  EXPECT_THAT(ruleset(fixed), HasSubstr(none));
  gate::Boot loopback = boot_with({"127.0.0.1:1"});
  EXPECT_THAT(ruleset(loopback), HasSubstr("no redirected connection from outside can reach"));
  loopback.listeners[0].mode = gate::ListenerMode::tproxy;
  EXPECT_THAT(ruleset(loopback), HasSubstr("tproxy ip to 127.0.0.1:1 "));
}

}  // namespace
