#include <gmock/gmock.h>

#include "tests/support/config_files.hpp"

namespace {

using support::ConfigFile;
using testing::ElementsAre;
using testing::HasSubstr;

class HttpSection : public ConfigFile {
 protected:
  gate::Boot boot(const std::string& lines) { return load("[http]\n" + lines).boot; }
  std::vector<std::string> complaints(const std::string& lines) { return errors("[http]\n" + lines); }
};

TEST_F(HttpSection, PortsAreSortedAndSaidOnce) {
  EXPECT_THAT(boot("ports = [3128, 80, 3128]\n").http_intercept.ports, ElementsAre(80, 3128));
  EXPECT_THAT(boot("ports = []\n").http_intercept.ports, ElementsAre());
  EXPECT_THAT(complaints("ports = [0, 65536]\n").size(), 2U);
}

TEST_F(HttpSection, HostsAreNamesOfTheResolver) {
  EXPECT_THAT(boot("hosts = [\"gateway.messenger.hotmail.com\", \"a_b-1.X\"]\n").http_intercept.hosts,
              ElementsAre("gateway.messenger.hotmail.com", "a_b-1.X"));
  for (const std::string& host :
       {std::string(), std::string(".a"), std::string("-a"), std::string("a b"), std::string("a/b"),
        std::string("a:80"), std::string("\u00e4.de"), std::string(254, 'a')}) {
    EXPECT_THAT(complaints("hosts = [\"" + host + "\"]\n"), ElementsAre(HasSubstr("write a list of names")))
        << host;
  }
  EXPECT_THAT(complaints("hosts = []\n"), ElementsAre(HasSubstr("or leave the key out")));
}

TEST_F(HttpSection, AddressesAreNetworks) {
  const auto addresses = boot("addresses = [\"192.0.2.0/24\", \"2001:db8::1\"]\n").http_intercept.addresses;
  ASSERT_EQ(addresses.size(), 2U);
  EXPECT_EQ(addresses[0].prefix, 24U);
  EXPECT_EQ(addresses[1].prefix, 128U);
  EXPECT_FALSE(complaints("addresses = [\"gateway.example\"]\n").empty());
}

TEST_F(HttpSection, WebTrafficIsNotHandedOverToBeClosed) {
  EXPECT_FALSE(boot("enabled = false\n").http.enabled);
  EXPECT_THAT(complaints("enabled = false\nports = [80]\n"),
              ElementsAre(HasSubstr("found ports, and enabled = false")));
}

TEST_F(HttpSection, LimitsHaveTheirBounds) {
  const auto http = boot("sessions = 1\nidle_timeout = \"10s\"\nbody = \"16KiB\"\n").http;
  EXPECT_EQ(http.sessions, 1U);
  EXPECT_EQ(http.body, 16U * 1024);
  for (const char* const line :
       {"sessions = 0\n", "idle_timeout = \"9s\"\n", "body = \"15KiB\"\n", "body = \"65MiB\"\n"}) {
    EXPECT_EQ(complaints(line).size(), 1U) << line;
  }
}

}  // namespace
