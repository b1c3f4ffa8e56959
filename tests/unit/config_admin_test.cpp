#include "proxy/config_admin.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/config_files.hpp"

namespace {

using gate::AdminSettings;
using gate::Role;
using support::ConfigFile;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ConfigAdmin : public ConfigFile {};

TEST_F(ConfigAdmin, WithoutASectionTheDefaultSocketIsTriedAndNoTcp) {
  const AdminSettings admin = load("").boot.admin;
  EXPECT_EQ(admin.socket, "/run/msnpgate/admin.sock");
  EXPECT_FALSE(admin.socket_written);
  EXPECT_EQ(admin.mode, 0660U);
  EXPECT_EQ(admin.connections, 32U);
  EXPECT_THAT(admin.listeners, IsEmpty());
}

TEST_F(ConfigAdmin, EverySettingArrivesAndPathsStartAtTheFile) {
  const AdminSettings admin = load(R"([admin]
socket = "admin.sock"
owner = "msnpgate"
group = "adm"
mode = "0666"
admin_group = "wheel"
tokens = "tokens"
connections = 8
[[admin.listener]]
bind = "192.0.2.1:9863"
hosts = ["Gate.corp.example"]
certificate = "gate.pem"
key = "/etc/gate.key"
client_ca = "ca.pem"
admins = ["ops"]
[[admin.listener]]
bind = "127.0.0.1:9863"
anonymous = "none"
)")
                                  .boot.admin;
  EXPECT_EQ(admin.socket, files.directory() / "admin.sock");
  EXPECT_TRUE(admin.socket_written);
  EXPECT_EQ(admin.owner, "msnpgate");
  EXPECT_EQ(admin.group, "adm");
  EXPECT_EQ(admin.mode, 0666U);
  EXPECT_EQ(admin.admin_group, "wheel");
  EXPECT_EQ(admin.tokens, files.directory() / "tokens");
  EXPECT_EQ(admin.connections, 8U);
  ASSERT_EQ(admin.listeners.size(), 2U);
  const gate::AdminListener& outside = admin.listeners[0];
  EXPECT_EQ(outside.bind.port(), 9863);
  EXPECT_THAT(outside.hosts, ElementsAre("gate.corp.example"));
  EXPECT_EQ(outside.certificate, files.directory() / "gate.pem");
  EXPECT_EQ(outside.key, "/etc/gate.key");
  EXPECT_EQ(outside.client_ca, files.directory() / "ca.pem");
  EXPECT_THAT(outside.admins, ElementsAre("ops"));
  EXPECT_EQ(outside.anonymous, Role::none);
  EXPECT_EQ(admin.listeners[1].anonymous, Role::none);
}

TEST_F(ConfigAdmin, OnLoopbackEverybodyMayLookUnlessTheFileSaysNo) {
  const AdminSettings admin = load("[[admin.listener]]\nbind = \"[::1]:9863\"\n").boot.admin;
  ASSERT_EQ(admin.listeners.size(), 1U);
  EXPECT_EQ(admin.listeners[0].anonymous, Role::viewer);
}

TEST_F(ConfigAdmin, AnEmptySocketIsNone) {
  EXPECT_TRUE(load("[admin]\nsocket = \"\"\n").boot.admin.socket.empty());
}

struct Wrong {
  std::string text;
  const char* told;
};

TEST_F(ConfigAdmin, WhatCannotBeMeantIsToldWithItsPlace) {
  const std::vector<Wrong> wrongs{
      {"[admin]\nmode = \"rw\"\n", "gateway.toml:2:8: admin.mode: found \"rw\"; write four octal digits"},
      {"[admin]\nmode = \"0999\"\n", "octal"},
      {"[admin]\nowner = \"a b\"\n", "write the name of a user"},
      {"[admin]\nowner = \"a/b\"\n", "write the name of a user"},
      {"[admin]\nowner = \"a{b\"\n", "write the name of a user"},
      {"[admin]\ngroup = \"a[b\"\n", "write the name of a group"},
      {"[admin]\ngroup = \"" + std::string(33, 'g') + "\"\n", "write the name of a group"},
      {"[admin]\nmode = \"660\"\n", "write four octal digits"},
      {"[admin]\nmode = \"1660\"\n", "write four octal digits"},
      {"[admin]\nmode = \"066x\"\n", "write four octal digits"},
      {"[admin]\nsocket = \"/" + std::string(120, 's') + "\"\n", "write the path of a socket"},
      {"[admin]\ntokens = \"" + std::string(5000, 't') + "\"\n", "write the path of a file"},
      {"[admin]\ntokens = \"a\\u0000b\"\n", "write the path of a file"},
      {"[admin]\nsocke = \"\"\n", "socket"},
      {"[admin]\nsocket = \"/tmp/\"\n", "write the path of a socket"},
      {"[admin]\nconnections = 1\n", "4"},
      {"[[admin.listener]]\nhosts = []\n", "found no bind"},
      {"[[admin.listener]]\nbind = \"0.0.0.0:1\"\n", "without TLS"},
      {"[[admin.listener]]\nbind = \"192.0.2.1:1\"\ncertificate = \"c\"\n", "TLS needs both"},
      {"[[admin.listener]]\nbind = \"192.0.2.1:1\"\ncertificate = \"c\"\nkey = \"k\"\n",
       "nobody can show who"},
      {"[admin]\ntokens = \"t\"\n[[admin.listener]]\nbind = \"192.0.2.1:1\"\ncertificate = \"c\"\nkey = "
       "\"k\"\n"
       "anonymous = \"viewer\"\n",
       "write \"none\""},
      {"[[admin.listener]]\nbind = \"127.0.0.1:1\"\nclient_ca = \"c\"\n", "client_ca without TLS"},
      {"[[admin.listener]]\nbind = \"127.0.0.1:1\"\nadmins = [\"x\"]\n", "write client_ca too"},
      {"[[admin.listener]]\nbind = \"127.0.0.1:1\"\nhosts = [\"a:1\"]\n", "without a port"},
      {"[[admin.listener]]\nbind = \"127.0.0.1:1\"\nhosts = [\"\"]\n", "name of a host"},
      {"[[admin.listener]]\nbind = \"127.0.0.1:1\"\nhosts = [\"{\"]\n", "name of a host"},
      {"[[admin.listener]]\nbind = \"127.0.0.1:1\"\nhosts = [\"" + std::string(254, 'h') + "\"]\n",
       "name of a host"},
      {"[[admin.listener]]\nbind = \"127.0.0.1:1\"\ncertificate = \"c\"\nkey = \"k\"\nclient_ca = "
       "\"a\"\nadmins = [\"\"]\n",
       "common name"},
      {"[[admin.listener]]\nbind = \"127.0.0.1:1\"\ncertificate = \"c\"\nkey = \"k\"\nclient_ca = "
       "\"a\"\nadmins = [\"" +
           std::string(65, 'n') + "\"]\n",
       "common name"},
  };
  for (const Wrong& wrong : wrongs) {
    EXPECT_THAT(errors(wrong.text), ElementsAre(HasSubstr(wrong.told))) << wrong.text;
  }
}

}  // namespace
