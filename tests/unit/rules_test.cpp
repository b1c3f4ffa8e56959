#include "proxy/nftables.hpp"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/commands.hpp"
#include "proxy/config_values.hpp"

namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

gate::Boot boot_with(std::initializer_list<const char*> binds) {
  gate::Boot boot;
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
  EXPECT_THAT(text, HasSubstr("tcp dport { 7001, 7000 } ct status & dnat == 0 reject with tcp reset\n"));
}

TEST(Ruleset, TheGatewaysOwnAddressesAndExemptNetworksComeBeforeTheRedirection) {
  gate::Boot boot = boot_with({"[::]:11863"});
  boot.intercept.exempt = {*gate::network_from("192.0.2.0/24"), *gate::network_from("2001:db8::/32")};
  boot.intercept.interfaces = {"eth1", "wg0"};
  const std::string text = ruleset(boot);
  std::size_t before = 0;
  for (const char* const line : {"elements = { 192.0.2.0/24 }", "elements = { 2001:db8::/32 }",
                                 "iifname != { \"eth1\", \"wg0\" } return", "fib daddr type local return",
                                 "ip daddr @exempt4 return", "ip6 daddr @exempt6 return", "redirect to"}) {
    const std::size_t at = text.find(line);
    ASSERT_NE(at, std::string::npos) << line;
    EXPECT_GT(at, before) << line;
    before = at;
  }
}

TEST(Ruleset, ReplacesAnEarlierOneInOneStepAndTouchesNoOtherTable) {
  const std::string text = ruleset(boot_with({"[::]:11863"}));
  EXPECT_TRUE(
      text.starts_with("add table inet msnpgate\ndelete table inet msnpgate\ntable inet msnpgate {\n"));
  EXPECT_EQ(gate::ruleset_removal(), "add table inet msnpgate\ndelete table inet msnpgate\n");
}

TEST(Ruleset, NeedsARedirectListenerThatConnectionsFromOutsideCanReach) {
  EXPECT_THAT(ruleset(gate::Boot{}), HasSubstr("found none with mode = \"redirect\""));
  gate::Boot fixed = boot_with({"[::]:1"});
  fixed.listeners[0].mode = gate::ListenerMode::fixed;
  EXPECT_THAT(ruleset(fixed), HasSubstr("found none with mode = \"redirect\""));
  EXPECT_THAT(ruleset(boot_with({"127.0.0.1:1"})), HasSubstr("no connection from outside can reach"));
}

class RulesCommand : public testing::Test {
 protected:
  RulesCommand() {
    std::string name = (std::filesystem::temp_directory_path() / "rules_test.XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  ~RulesCommand() override { std::filesystem::remove_all(directory_); }

  int print(const std::string& text) {
    const std::filesystem::path file = directory_ / "gateway.toml";
    std::ofstream(file) << text;
    return gate::command_rules(gate::RulesVerb::print, file, out, err);
  }

  std::ostringstream out;
  std::ostringstream err;

 private:
  std::filesystem::path directory_;
};

TEST_F(RulesCommand, PrintWritesTheRuleset) {
  EXPECT_EQ(print("[[listener]]\nbind = \"[::]:11863\"\n"), gate::exit_fine);
  EXPECT_THAT(out.str(), HasSubstr("redirect to :11863"));
  EXPECT_THAT(err.str(), IsEmpty());
}

TEST_F(RulesCommand, ABadConfigurationOrOneWithoutRedirectListenerIs78) {
  EXPECT_EQ(print("threads = 0\n"), gate::exit_config);
  EXPECT_THAT(err.str(), HasSubstr("gateway.toml:1:11: threads"));
  EXPECT_EQ(print("[[listener]]\nbind = \"[::]:1\"\nmode = \"fixed\"\nupstream = \"192.0.2.1:1\"\n"),
            gate::exit_config);
  EXPECT_THAT(err.str(), HasSubstr("gateway.toml: listener: found none with mode"));
  EXPECT_THAT(out.str(), IsEmpty());
}

TEST_F(RulesCommand, LoadAndPrintNeedAConfiguration) {
  EXPECT_EQ(gate::command_rules(gate::RulesVerb::print, {}, out, err), gate::exit_usage);
  EXPECT_EQ(gate::command_rules(gate::RulesVerb::load, {}, out, err), gate::exit_usage);
}

}  // namespace
