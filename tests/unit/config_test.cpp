#include "proxy/config.hpp"

#include <fstream>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "msnp/kind.hpp"
#include "tests/support/config_files.hpp"

namespace {

using namespace std::chrono_literals;
using gate::Action;
using gate::Config;
using gate::ConfigError;
using support::ConfigFile;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* rule_head = "[[rule]]\nname = \"n\"\naction = \"allow\"\n";

TEST_F(ConfigFile, AnEmptyFileHoldsTheDefaults) {
  const Config config = load("");
  EXPECT_TRUE(config.boot.listeners.empty());
  EXPECT_EQ(config.boot.threads, 1U);
  EXPECT_EQ(config.boot.limits.sessions, 9000U);
  EXPECT_EQ(config.boot.limits.idle_timeout, 0ms);
  EXPECT_EQ(config.boot.audit.path, "/var/log/msnpgate/audit.jsonl");
  EXPECT_THAT(config.boot.intercept.ports, ElementsAre(1863, 1864, 1865));
  EXPECT_EQ(config.policy->fallback(), Action::block);
  EXPECT_TRUE(config.policy->rules().empty());
  EXPECT_EQ(config.policy->refusal_mode(), msnp::RefusalMode::tombstone);
  EXPECT_EQ(config.policy->over_size(), Action::block);
  EXPECT_EQ(config.policy->wrong_digest(), Action::observe);
  EXPECT_EQ(config.policy->on(gate::Cause::parse_error), gate::Reaction::close);
  EXPECT_EQ(config.policy->on(gate::Cause::reassembly_limit), gate::Reaction::block);
}

TEST_F(ConfigFile, TheServiceSectionArrives) {
  const Config config = load("[service]\nwatch = true\nstop = \"drain\"\ndrain_timeout = \"5m\"\n");
  EXPECT_TRUE(config.boot.service.watch);
  EXPECT_EQ(config.boot.service.stop, gate::StopMode::drain);
  EXPECT_EQ(config.boot.service.drain_timeout, 5min);
  const Config silent = load("");
  EXPECT_FALSE(silent.boot.service.watch);
  EXPECT_EQ(silent.boot.service.stop, gate::StopMode::close);
  EXPECT_EQ(silent.boot.service.drain_timeout, 1min);
}

TEST_F(ConfigFile, EveryBootSettingArrives) {
  const Config config = load(R"(threads = 4
[[listener]]
bind = "[::]:11863"
[[listener]]
bind = "192.0.2.1:1863"
mode = "fixed"
upstream = "[2001:db8::1]:1864"
[limits]
sessions = 10
sessions_per_source = 5
connect_timeout = "500ms"
first_command_timeout = "1m"
idle_timeout = "2h"
close_timeout = "7s"
session_memory = "200KiB"
memory = 2000000
[audit]
path = "log/audit.jsonl"
fsync = "always"
[intercept]
ports = [1863, 443, 1863]
interfaces = ["eth1", "wg-0"]
exempt = ["192.0.2.0/24", "2001:db8::/32", "198.51.100.7"]
)");
  const gate::Boot& boot = config.boot;
  EXPECT_EQ(boot.threads, 4U);
  ASSERT_EQ(boot.listeners.size(), 2U);
  EXPECT_EQ(boot.listeners[0].bind.port(), 11863);
  EXPECT_TRUE(boot.listeners[0].bind.address().is_v6());
  EXPECT_EQ(boot.listeners[0].mode, gate::ListenerMode::redirect);
  EXPECT_FALSE(boot.listeners[0].upstream);
  EXPECT_EQ(boot.listeners[1].mode, gate::ListenerMode::fixed);
  EXPECT_EQ(boot.listeners[1].upstream,
            boost::asio::ip::tcp::endpoint(boost::asio::ip::make_address("2001:db8::1"), 1864));
  EXPECT_EQ(boot.limits.sessions, 10U);
  EXPECT_EQ(boot.limits.sessions_per_source, 5U);
  EXPECT_EQ(boot.limits.connect_timeout, 500ms);
  EXPECT_EQ(boot.limits.first_command_timeout, 1min);
  EXPECT_EQ(boot.limits.idle_timeout, 2h);
  EXPECT_EQ(boot.limits.close_timeout, 7s);
  EXPECT_EQ(boot.limits.session_memory, 200U * 1024);
  EXPECT_EQ(boot.limits.memory, 2'000'000U);
  EXPECT_EQ(boot.audit.path, files.directory() / "log/audit.jsonl");
  EXPECT_EQ(boot.audit.fsync, gate::AuditSync::always);
  EXPECT_THAT(boot.intercept.ports, ElementsAre(443, 1863));
  EXPECT_THAT(boot.intercept.interfaces, ElementsAre("eth1", "wg-0"));
  ASSERT_EQ(boot.intercept.exempt.size(), 3U);
  EXPECT_EQ(boot.intercept.exempt[1].prefix, 32);
  EXPECT_EQ(boot.intercept.exempt[2].prefix, 32);
}

TEST_F(ConfigFile, EveryPolicySettingArrives) {
  const Config config = load(R"([policy]
default = "observe"
[failure]
parse-error = "pass"
not-msnp = "pass"
reassembly-limit = "close"
memory = "block"
audit-write-failed = "pass"
[objects]
display-picture = "1KiB"
custom-emoticon = 2
wink = "3"
voice-clip = "4KiB"
background = "5MiB"
ink = "6KiB"
over_size = "allow"
wrong_digest = "observe"
[refusal]
p2p_v2 = "withhold"
[groups]
design = ["Ann@Corp.Example", "ben@corp.example"]
[[rule]]
name = "all of it"
action = "allow"
users = ["group:design", "*@Other.example"]
peers = ["*"]
clients = ["10.20.0.0/16", "::ffff:192.0.2.0/120"]
direction = "receive"
kinds = ["file-transfer", "ink"]
names = ["*.png"]
max_size = "10MiB"
when = "Mon-Fri 08:00-18:00"
until = 2026-12-31T01:00:00+01:00
)");
  const gate::Policy& policy = *config.policy;
  EXPECT_EQ(policy.fallback(), Action::observe);
  EXPECT_EQ(policy.on(gate::Cause::parse_error), gate::Reaction::pass);
  EXPECT_EQ(policy.on(gate::Cause::not_msnp), gate::Reaction::pass);
  EXPECT_EQ(policy.on(gate::Cause::reassembly_limit), gate::Reaction::close);
  EXPECT_EQ(policy.on(gate::Cause::memory), gate::Reaction::block);
  EXPECT_EQ(policy.on(gate::Cause::audit_write_failed), gate::Reaction::pass);
  EXPECT_EQ(policy.caps().display_picture, 1024U);
  EXPECT_EQ(policy.caps().custom_emoticon, 2U);
  EXPECT_EQ(policy.caps().wink, 3U);
  EXPECT_EQ(policy.caps().voice_clip, 4096U);
  EXPECT_EQ(policy.caps().background, 5U * 1024 * 1024);
  EXPECT_EQ(policy.caps().ink, 6U * 1024);
  EXPECT_EQ(policy.over_size(), Action::allow);
  EXPECT_EQ(policy.wrong_digest(), Action::observe);
  EXPECT_EQ(policy.refusal_mode(), msnp::RefusalMode::withhold);
  ASSERT_EQ(policy.rules().size(), 1U);
  const gate::Rule& rule = policy.rules()[0];
  EXPECT_EQ(rule.name, "all of it");
  EXPECT_EQ(rule.action, Action::allow);
  EXPECT_THAT(rule.users, ElementsAre("group:design", "*@other.example"));
  EXPECT_THAT(rule.peers, ElementsAre("*"));
  ASSERT_EQ(rule.clients.size(), 2U);
  EXPECT_EQ(rule.clients[1].address, boost::asio::ip::make_address("192.0.2.0"));
  EXPECT_EQ(rule.clients[1].prefix, 24);
  EXPECT_EQ(rule.direction, msnp::Direction::to_client);
  EXPECT_THAT(rule.kinds, ElementsAre(msnp::Kind::file_transfer, msnp::Kind::ink));
  EXPECT_THAT(rule.names, ElementsAre("*.png"));
  EXPECT_EQ(rule.max_size, 10U * 1024 * 1024);
  ASSERT_EQ(rule.when.size(), 1U);
  EXPECT_EQ(rule.when[0].days, 0x1F);
  EXPECT_EQ(rule.when[0].from, 480);
  EXPECT_EQ(rule.when[0].to, 1080);
  EXPECT_EQ(rule.until, std::chrono::sys_days(std::chrono::year(2026) / 12 / 31));
  ASSERT_EQ(policy.groups().size(), 1U);
  EXPECT_EQ(policy.groups()[0].name, "design");
  EXPECT_THAT(policy.groups()[0].members, ElementsAre("ann@corp.example", "ben@corp.example"));
}

TEST_F(ConfigFile, BothWaysToMeanAnybodyAndFarDatesAreFine) {
  const Config config = load(std::string(rule_head) + "users = [\"*\"]\nuntil = 9999-12-31T23:59:59Z\n");
  EXPECT_GT(*config.policy->rules()[0].until, std::chrono::sys_days(std::chrono::year(2200) / 1 / 1));
}

TEST_F(ConfigFile, WindowsAreReadInAllTheirForms) {
  struct Case {
    const char* text;
    int days, from, to;
  };
  for (const Case& one : {Case{"Sat,Sun", 0x60, 0, 1440}, Case{"08:00-18:00", 0x7F, 480, 1080},
                          Case{"22:00-06:00", 0x7F, 1320, 360}, Case{"fri-MON 00:00-24:00", 0x71, 0, 1440},
                          Case{"Mon-Wed,Fri 09:30-10:00", 0x17, 570, 600}}) {
    const Config config = load(std::string(rule_head) + "when = \"" + one.text + "\"\n");
    const gate::Rule::Window window = config.policy->rules().at(0).when.at(0);
    EXPECT_EQ(window.days, one.days) << one.text;
    EXPECT_EQ(window.from, one.from) << one.text;
    EXPECT_EQ(window.to, one.to) << one.text;
  }
}

TEST_F(ConfigFile, IncludedFilesAreReadInNameOrderBehindTheMainFile) {
  const auto one_rule = [](const std::string& name) {
    return "[[rule]]\nname = \"" + name + "\"\naction = \"allow\"\n";
  };
  files.write("allow.d/b.toml", one_rule("b"));
  files.write("allow.d/a.toml", one_rule("a") + "users = [\"group:late\"]\n");
  files.write("allow.d/B.toml", one_rule("B"));
  files.write("allow.d/ignored.txt", "this is not read");
  files.write("z.toml", "[groups]\nlate = [\"ann@x.example\"]\n");
  const Config config = load(
      "[policy]\ninclude = [\"allow.d/*.toml\", \"z.toml\", \"allow.d/a.toml\", \"*way.toml\", "
      "\"none.d/*.toml\"]\n" +
      one_rule("main"));
  std::vector<std::string> names;
  for (const gate::Rule& rule : config.policy->rules()) names.push_back(rule.name);
  EXPECT_THAT(names, ElementsAre("main", "B", "a", "b"));
  EXPECT_THAT(config.policy->rules()[2].users, ElementsAre("group:late"));
  EXPECT_EQ(config.files.size(), 5U);
}

TEST_F(ConfigFile, ErrorsOfIncludedFilesNameTheFile) {
  files.write("allow.d/a.toml",
              "[policy]\ndefault = \"allow\"\n[[rule]]\nname = \"main\"\naction = \"allow\"\n");
  files.write("allow.d/b.toml", "[[rule]\n");
  files.write("allow.d/c.toml", "[groups]\ng = [\"ann@x.example\"]\nh = [\"b@x.example\"]\n");
  const auto found = errors(
      "[policy]\ninclude = [\"allow.d/*\", \"gone.toml\"]\n[groups]\ng = [\"c@x.example\"]\n"
      "[[rule]]\nname = \"main\"\naction = \"allow\"\npeers = [\"group:k\"]\n");
  EXPECT_THAT(
      found,
      ElementsAre(
          "allow.d/a.toml:1:2: policy: found an unknown key; an included file may hold only [groups] "
          "and [[rule]]",
          testing::StartsWith("allow.d/b.toml:1:"), "gone.toml: cannot be opened: No such file or directory",
          testing::AllOf(testing::StartsWith("allow.d/c.toml:2:1: groups.g: found a group that "),
                         HasSubstr("gateway.toml:4:1 has already")),
          HasSubstr("gateway.toml:8:10: rule[1].peers: found \"group:k\", and there is no such group"),
          testing::AllOf(testing::StartsWith("allow.d/a.toml:3:1: rule[1].name: found \"main\""),
                         HasSubstr("gateway.toml:5:1"))));
}

TEST_F(ConfigFile, AnUnknownGroupGetsASuggestion) {
  EXPECT_THAT(errors("[groups]\ndesign = [\"a@x.example\"]\n" + std::string(rule_head) +
                     "users = [\"group:desing\"]\n"),
              ElementsAre(HasSubstr("did you mean \"group:design\"?")));
}

TEST_F(ConfigFile, RevisionFollowsTheTextOfEveryFile) {
  files.write("a.toml", "# 1\n");
  const std::string main = "[policy]\ninclude = [\"a.toml\"]\n";
  const std::string first(load(main).policy->revision());
  EXPECT_THAT(first, testing::MatchesRegex("[0-9a-f]{16}"));
  EXPECT_EQ(load(main).policy->revision(), first);
  EXPECT_NE(load(main + "#").policy->revision(), first);
  files.write("a.toml", "# 2\n");
  EXPECT_NE(load(main).policy->revision(), first);
}

TEST_F(ConfigFile, TenThousandRulesLoad) {
  std::string text;
  for (int number = 0; number < 10'000; ++number) {
    text += "[[rule]]\nname = \"rule " + std::to_string(number) + "\"\naction = \"allow\"\nusers = [\"user" +
            std::to_string(number) + "@corp.example\"]\nnames = [\"*.png\"]\n";
  }
  EXPECT_EQ(load(text).policy->rules().size(), 10'000U);
}

TEST(DefaultConfig, BlocksListensNowhereAndHasTheRevisionOfTheBuiltInPolicy) {
  const Config config = gate::default_config();
  EXPECT_TRUE(config.boot.listeners.empty());
  EXPECT_TRUE(config.boot.audit.path.empty());
  EXPECT_EQ(config.policy->fallback(), Action::block);
  EXPECT_EQ(config.policy->revision(), "99ef820d9026d0dc");
}

TEST(MissingForRun, IsAListener) {
  Config config = gate::default_config();
  EXPECT_TRUE(gate::missing_for_run(config, "gateway.toml"));
  config.boot.listeners.emplace_back();
  EXPECT_FALSE(gate::missing_for_run(config, "gateway.toml"));
}

std::string shipped(const std::string& name) {
  return std::string(MSNPGATE_SOURCE_DIR) + "/conf/" + name;
}

/// The keys of a reference file, set or commented out, with their section.
std::set<std::string> keys_mentioned(const std::string& file) {
  std::set<std::string> keys;
  std::ifstream stream(file);
  std::string section;
  for (std::string line; std::getline(stream, line);) {
    line.erase(0, line.find_first_not_of("# "));
    if (line.starts_with('[')) {
      const std::size_t start = line.find_first_not_of('[');
      const std::string name = line.substr(start, line.find(']') - start);
      if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_-.") == std::string::npos) {
        keys.insert(name);
        section = name + '.';
      }
    } else if (const std::size_t sign = line.find(" = "); sign != std::string::npos) {
      keys.insert(section + line.substr(0, sign));
    }
  }
  return keys;
}

/// The reference with its defaults taken out of the comments.
std::string reference_in_force() {
  std::ifstream stream(shipped("msnpgate.toml"));
  std::string text;
  for (std::string line; std::getline(stream, line);) {
    const std::size_t sign = line.find(" = ");
    const bool setting = line.starts_with("# ") && sign != std::string::npos && line.find(' ', 2) == sign;
    const bool header = line.starts_with("# [[");
    text += (setting || header ? line.substr(2) : line) + '\n';
  }
  return text;
}

TEST(ShippedConfig, EveryFileLoads) {
  for (const char* const name : {"msnpgate.toml", "minimal.toml"}) {
    const auto result = gate::load_config(shipped(name));
    if (const auto* const errors = std::get_if<std::vector<ConfigError>>(&result)) {
      for (const ConfigError& error : *errors) ADD_FAILURE() << to_string(error);
    } else {
      EXPECT_FALSE(gate::missing_for_run(std::get<Config>(result), name));
    }
  }
  EXPECT_EQ(std::get<Config>(gate::load_config(shipped("minimal.toml"))).files.size(), 2U);
}

TEST(ShippedConfig, TheReferenceMentionsEveryKeyTheReaderKnows) {
  const std::set<std::string> mentioned = keys_mentioned(shipped("msnpgate.toml"));
  for (const std::string& key : gate::known_keys()) EXPECT_TRUE(mentioned.contains(key)) << key;
}

TEST_F(ConfigFile, TheReferenceStatesTheRealDefaults) {
  const Config stated = load(reference_in_force());
  const Config real = load("");
  EXPECT_EQ(stated.boot.threads, real.boot.threads);
  EXPECT_EQ(stated.boot.limits.sessions, real.boot.limits.sessions);
  EXPECT_EQ(stated.boot.limits.sessions_per_source, real.boot.limits.sessions_per_source);
  EXPECT_EQ(stated.boot.limits.connect_timeout, real.boot.limits.connect_timeout);
  EXPECT_EQ(stated.boot.limits.first_command_timeout, real.boot.limits.first_command_timeout);
  EXPECT_EQ(stated.boot.limits.idle_timeout, real.boot.limits.idle_timeout);
  EXPECT_EQ(stated.boot.limits.close_timeout, real.boot.limits.close_timeout);
  EXPECT_EQ(stated.boot.limits.session_memory, real.boot.limits.session_memory);
  EXPECT_EQ(stated.boot.limits.memory, real.boot.limits.memory);
  EXPECT_EQ(stated.boot.audit.path, real.boot.audit.path);
  EXPECT_EQ(stated.boot.audit.fsync, real.boot.audit.fsync);
  EXPECT_EQ(stated.boot.intercept.ports, real.boot.intercept.ports);
  EXPECT_EQ(stated.boot.intercept.interfaces, real.boot.intercept.interfaces);
  EXPECT_EQ(stated.boot.admin.socket, real.boot.admin.socket);
  EXPECT_EQ(stated.boot.admin.owner, real.boot.admin.owner);
  EXPECT_EQ(stated.boot.admin.group, real.boot.admin.group);
  EXPECT_EQ(stated.boot.admin.mode, real.boot.admin.mode);
  EXPECT_EQ(stated.boot.admin.admin_group, real.boot.admin.admin_group);
  EXPECT_EQ(stated.boot.admin.tokens, real.boot.admin.tokens);
  EXPECT_EQ(stated.boot.admin.connections, real.boot.admin.connections);
  EXPECT_EQ(stated.policy->fallback(), real.policy->fallback());
  EXPECT_EQ(stated.policy->refusal_mode(), real.policy->refusal_mode());
  EXPECT_EQ(stated.policy->over_size(), real.policy->over_size());
  EXPECT_EQ(stated.policy->wrong_digest(), real.policy->wrong_digest());
  for (std::size_t index = 0; index < gate::cause_count; ++index) {
    EXPECT_EQ(stated.policy->on(static_cast<gate::Cause>(index)),
              real.policy->on(static_cast<gate::Cause>(index)));
  }
  for (std::size_t index = 0; index < msnp::kind_count; ++index) {
    EXPECT_EQ(stated.policy->caps().of(static_cast<msnp::Kind>(index)),
              real.policy->caps().of(static_cast<msnp::Kind>(index)));
  }
  EXPECT_EQ(stated.policy->rules().size(), 1U);
}

}  // namespace
