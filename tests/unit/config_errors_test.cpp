// What a configuration file can have wrong, and what is said of it.
#include <algorithm>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/config.hpp"
#include "tests/support/config_files.hpp"

namespace {

using support::ConfigFile;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(ConfigFile, EveryErrorNamesPlaceKeyFindingAndRemedy) {
  EXPECT_THAT(errors("[[rule]]\nname=\"a\"\naction=\"allow\"\n\n[[rule]]\nname = \"b\"\naction = \"allow\"\n"
                     "users = [\"ann@x.example\", \"bob\"]\n"),
              ElementsAre("gateway.toml:8:27: rule[2].users: found \"bob\"; write an account as name@domain, "
                          "*@domain or group:NAME"));
  EXPECT_THAT(
      errors("[limits]\nsesions = 3\n"),
      ElementsAre("gateway.toml:2:1: limits.sesions: found an unknown key; did you mean \"sessions\"?"));
  EXPECT_THAT(errors("listner = 3\n"),
              ElementsAre("gateway.toml:1:1: listner: found an unknown key; did you mean \"listener\"?"));
  EXPECT_THAT(errors("[refusal]\nqqqqqqq = 3\n"),
              ElementsAre("gateway.toml:2:1: refusal.qqqqqqq: found an unknown key; write \"p2p_v2\""));
}

TEST_F(ConfigFile, RefusalAndObjectsSayWhatWouldBeRight) {
  EXPECT_THAT(errors("[refusal]\np2p_v2 = \"tombstones\"\n"),
              ElementsAre("gateway.toml:2:10: refusal.p2p_v2: found \"tombstones\"; did you mean "
                          "\"tombstone\"?"));
  EXPECT_THAT(errors("[refusal]\np2pv2 = \"withhold\"\n"),
              ElementsAre("gateway.toml:2:1: refusal.p2pv2: found an unknown key; did you mean \"p2p_v2\"?"));
  EXPECT_THAT(errors("[refusals]\n"),
              ElementsAre("gateway.toml:1:2: refusals: found an unknown key; did you mean \"refusal\"?"));
  EXPECT_THAT(errors("[objects]\nover_size = \"withhold\"\nwrong_digest = 1\noversize = \"block\"\n"),
              ElementsAre("gateway.toml:2:13: objects.over_size: found \"withhold\"; write \"block\", "
                          "\"allow\" or \"observe\"",
                          HasSubstr(":3:16: objects.wrong_digest: found 1; write \"block\", "),
                          HasSubstr(":4:1: objects.oversize: found an unknown key; did you mean "
                                    "\"over_size\"?")));
}

TEST_F(ConfigFile, AllErrorsAreReportedFromTheTop) {
  EXPECT_THAT(
      errors("threads = 0\n[policy]\ndefault = \"deny\"\n[limits]\nmemory = \"10MB\"\nx = 1\n"),
      ElementsAre(
          HasSubstr(":1:11: threads: found 0; write a whole number from 1 to 64"),
          HasSubstr(":3:11: policy.default: found \"deny\"; write \"block\", \"allow\" or \"observe\""),
          HasSubstr(":5:10: limits.memory: found \"10MB\"; write a size such as"),
          HasSubstr(":6:1: limits.x: found an unknown key")));
}

/// One wrong document and a piece of what is said about it.
struct Wrong {
  const char* text;
  const char* said;
};

class WrongConfig : public ConfigFile, public testing::WithParamInterface<Wrong> {};

TEST_P(WrongConfig, IsRefusedInWords) {
  const std::vector<std::string> found = errors(GetParam().text);
  ASSERT_EQ(found.size(), 1U) << testing::PrintToString(found);
  EXPECT_THAT(found[0], HasSubstr(GetParam().said));
  EXPECT_THAT(found[0], testing::StartsWith("gateway.toml:"));
}

constexpr const char* rule_head = "[[rule]]\nname = \"n\"\naction = \"allow\"\n";

INSTANTIATE_TEST_SUITE_P(Syntax, WrongConfig,
                         testing::Values(Wrong{"a = \"\n", "gateway.toml:1:"},
                                         Wrong{"[limits\n", "this is no TOML"},
                                         Wrong{"threads = 1\nthreads = 2\n", "gateway.toml:2:"},
                                         Wrong{"\xff\xfe[\0l", "this is no TOML"},
                                         Wrong{"a = \"\xc3(\"\n", "gateway.toml:1:"},
                                         Wrong{"\x1b[31m = 1\n", "this is no TOML"}));

INSTANTIATE_TEST_SUITE_P(
    Listeners, WrongConfig,
    testing::Values(
        Wrong{"[[listener]]\n", "listener[1]: found no bind"},
        Wrong{"[listener]\nbind = \"[::]:1\"\n",
              "listener: found a table; write every listener as a table of its own"},
        Wrong{"listener = [3]\n", "listener[1]: found 3; write every listener as a table"},
        Wrong{"[[listener]]\nbind = \"[::]:1\"\nmode = \"tproxy\"\nupstream = \"192.0.2.1:1\"\n",
              "listener[1]: found an upstream, which only mode = \"fixed\" has"},
        Wrong{"[intercept]\ntable = 254\n",
              "intercept.table: found 254; tables 253 to 255 belong to the system"},
        Wrong{"[intercept]\nmark = 0\n", "intercept.mark: found 0"},
        Wrong{"[intercept]\nfollow = \"sets\"\n", "intercept.follow: found \"sets\""},
        Wrong{"[intercept]\nfollow_ports = \"5-4\"\n",
              "intercept.follow_ports: found \"5-4\"; write a range"},
        Wrong{"[intercept]\nfollow_ports = \"1-5000\"\n", "write a range of at most 1024 ports"},
        Wrong{"[intercept]\nfollow_ports = \"a-5\"\n", "write a range"},
        Wrong{"[intercept]\nfollow_ports = \"5\"\n", "write a range"},
        Wrong{"[intercept]\nfollow_ports = \"5+9\"\n", "write a range"},
        Wrong{"[intercept]\nfollow_ports = \"5-\"\n", "write a range"},
        Wrong{"[intercept]\nfollow_ports = \"5-9x\"\n", "write a range"},
        Wrong{"[intercept]\nfollow_ports = \"0-9\"\n", "write a range"},
        Wrong{"[intercept]\nports = [47102]\n",
              "intercept: found port 47102 among ports and within follow_ports"},
        Wrong{"[failure]\nunfollowed = \"observe\"\n", "failure.unfollowed: found \"observe\""},
        Wrong{"[[listener]]\nbind = \"[::]:1\"\nmode = \"fixed\"\n", "listener[1]: found no upstream"},
        Wrong{"[[listener]]\nbind = \"[::]:1\"\nupstream = \"192.0.2.1:1\"\n",
              "listener[1]: found an upstream"},
        Wrong{"[[listener]]\nbind = \"192.0.2.1:1\"\nmode = \"fixed\"\nupstream = \"192.0.2.1:1\"\n",
              "found an upstream that is this listener itself"},
        Wrong{"[[listener]]\nbind = \"[::]:7\"\n[[listener]]\nbind = \"0.0.0.0:7\"\n",
              "listener[2]: found a bind that collides"},
        Wrong{"[[listener]]\nbind = \"localhost:7\"\n", "found \"localhost:7\"; write an address and a port"},
        Wrong{"[[listener]]\nbind = \"::1:7\"\n", "found \"::1:7\""},
        Wrong{"[[listener]]\nbind = \"[192.0.2.1]:7\"\n", "found \"[192.0.2.1]:7\""},
        Wrong{"[[listener]]\nbind = \"0.0.0.0:0\"\n", "found \"0.0.0.0:0\""},
        Wrong{"[[listener]]\nbind = \"0.0.0.0:65536\"\n", "found \"0.0.0.0:65536\""},
        Wrong{"[[listener]]\nbind = \"0.0.0.0\"\n", "found \"0.0.0.0\""},
        Wrong{"[[listener]]\nbind = \"0.0.0.0:\"\n", "found \"0.0.0.0:\""},
        Wrong{"[[listener]]\nbind = \"[::]:7 \"\n", "found \"[::]:7 \""}));

INSTANTIATE_TEST_SUITE_P(
    BootValues, WrongConfig,
    testing::Values(
        Wrong{"threads = 65", "found 65; write a whole number from 1 to 64"},
        Wrong{"threads = -1", "found -1"}, Wrong{"threads = 1.0", "found a number with a fraction"},
        Wrong{"[limits]\nconnect_timeout = 10", "found 10; write a duration such as \"10s\""},
        Wrong{"[limits]\nconnect_timeout = \"10\"", "found \"10\"; write a duration"},
        Wrong{"[limits]\nconnect_timeout = \"10 s\"", "write a duration"},
        Wrong{"[limits]\nconnect_timeout = \"-10s\"", "write a duration"},
        Wrong{"[limits]\nconnect_timeout = \"1ms\"", "from 100ms to 10m"},
        Wrong{"[limits]\nconnect_timeout = \"9223372036854775807h\"", "write a duration"},
        Wrong{"[limits]\nidle_timeout = \"99999999999999999999s\"", "write a duration"},
        Wrong{"[limits]\nsession_memory = \"\"", "write a size"},
        Wrong{"[limits]\nsession_memory = \"1KiB\"", "from 128KiB to 1GiB"},
        Wrong{"[limits]\nsession_memory = \"KiB\"", "write a size"},
        Wrong{"[limits]\nmemory = \"99999999999999999999\"", "write a size"},
        Wrong{"[limits]\nmemory = \"9007199254740993GiB\"", "write a size"},
        Wrong{"[limits]\nmemory = -5", "write a size"},
        Wrong{"[limits]\nsession_memory = \"2MiB\"\nmemory = \"1MiB\"", "session_memory larger than memory"},
        Wrong{"[audit]\npath = \"\"", "found \"\"; write the path of a file"},
        Wrong{"[audit]\npath = \"a\\u0000b\"", "write the path of a file"},
        Wrong{"[audit]\npath = \"/var/log/\"", "write the path of a file"},
        Wrong{"[audit]\nfsync = \"sometimes\"", "write \"never\", \"interval\" or \"always\""},
        Wrong{"[intercept]\nports = []", "found an empty list; write a list of TCP ports"},
        Wrong{"[intercept]\nports = [0]", "intercept.ports: found 0"},
        Wrong{"[intercept]\nports = [70000]", "found 70000; write a whole number from 1 to 65535"},
        Wrong{"[intercept]\ninterfaces = [\"eth 1\"]", "write the name of an interface"},
        Wrong{"[intercept]\ninterfaces = [\"\"]", "write the name of an interface"},
        Wrong{"[intercept]\ninterfaces = [\"Eth[1\"]", "write the name of an interface"},
        Wrong{"[intercept]\ninterfaces = [\"a\\\" }; drop\"]", "write the name of an interface"},
        Wrong{"[intercept]\ninterfaces = [\"abcdefghijklmnop\"]", "write the name of an interface"},
        Wrong{"[intercept]\nexempt = [\"10.0.0.0/33\"]", "found \"10.0.0.0/33\"; write a network"},
        Wrong{"[intercept]\nexempt = [\"10.0.0.1/8\"]", "write \"10.0.0.0/8\""},
        Wrong{"[intercept]\nexempt = [\"2001:db8::1/32\"]", "write \"2001:db8::/32\""},
        Wrong{"[intercept]\nexempt = [\"10.0.0.0/\"]", "write a network"},
        Wrong{"[intercept]\nexempt = [\"fe80::1%1/64\"]", "write a network"}));

INSTANTIATE_TEST_SUITE_P(
    PolicyValues, WrongConfig,
    testing::Values(
        Wrong{"[failure]\nparse-error = \"block\"", "write \"close\" or \"pass\""},
        Wrong{"[failure]\nreassembly-limit = \"pass\"", "write \"block\" or \"close\""},
        Wrong{"[failure]\nmemory = \"pass\"", "write \"close\" or \"block\""},
        Wrong{"[failure]\naudit-write-failed = \"close\"", "write \"block\" or \"pass\""},
        Wrong{"[failure]\nparse_error = \"close\"", "did you mean \"parse-error\"?"},
        Wrong{"[objects]\nwink = \"many\"", "objects.wink: found \"many\"; write a size"},
        Wrong{"[objects]\ndisplay_picture = 1", "did you mean \"display-picture\"?"},
        Wrong{"[policy]\ninclude = [\"\"]", "policy.include: found \"\""},
        Wrong{"[policy]\ninclude = \"allow.d/*\"", "write a list of file names"},
        Wrong{"[groups]\na = []", "groups.a: found an empty list; write a list of accounts"},
        Wrong{"[groups]\na = [\"group:b\"]", "found \"group:b\"; write an account as name@domain"},
        Wrong{"[groups]\na = \"ann@x.example\"", "groups.a: found \"ann@x.example\"; write a list"},
        Wrong{"groups = 1", "groups: found 1; write a table"},
        Wrong{"[[rule]]\naction = \"allow\"", "rule[1]: found no name"},
        Wrong{"[[rule]]\nname = \"n\"", "rule[1]: found no action"},
        Wrong{"[[rule]]\nname = \"\"\naction = \"allow\"", "rule[1].name: found \"\""},
        Wrong{"[[rule]]\nname = \"default\"\naction = \"allow\"", "rule[1].name: found \"default\""},
        Wrong{"[[rule]]\nname = \"a\\nb\"\naction = \"allow\"", "rule[1].name: found \"a"},
        Wrong{"[[rule]]\nname = \"n\"\naction = \"alow\"", "did you mean \"allow\"?"},
        Wrong{"[rule]\nname = \"n\"\naction = \"allow\"", "write every rule as a table of its own"}));

class WrongRule : public ConfigFile, public testing::WithParamInterface<Wrong> {};

TEST_P(WrongRule, IsRefusedInWords) {
  const std::vector<std::string> found = errors(std::string(rule_head) + GetParam().text);
  ASSERT_EQ(found.size(), 1U) << testing::PrintToString(found);
  EXPECT_THAT(found[0], HasSubstr(GetParam().said));
  EXPECT_THAT(found[0], testing::StartsWith("gateway.toml:4:"));
}

INSTANTIATE_TEST_SUITE_P(
    Keys, WrongRule,
    testing::Values(
        Wrong{"users = []", "rule[1].users: found an empty list; write a list of accounts"},
        Wrong{"users = [\"group:nobody\"]",
              "rule[1].users: found \"group:nobody\", and there is no such group"},
        Wrong{"users = [\"@x.example\"]", "write an account"},
        Wrong{"users = [\"ann@\"]", "write an account"},
        Wrong{"users = [\"a*@x.example\"]", "write an account"},
        Wrong{"users = [\"*@*.example\"]", "write an account"},
        Wrong{"users = [\"ann@x.example;{1}\"]", "write an account"},
        Wrong{"users = [\"ann@x@y\"]", "write an account"}, Wrong{"users = [\"ann @x\"]", "write an account"},
        Wrong{"users = [\"gruop:a@b\"]", "write an account"}, Wrong{"users = [7]", "rule[1].users: found 7"},
        Wrong{"peers = []", "rule[1].peers: found an empty list"},
        Wrong{"clients = []", "rule[1].clients: found an empty list"},
        Wrong{"clients = [\"10.20.0.0-10.30.0.0\"]", "write a network"},
        Wrong{"direction = \"out\"", "write \"send\" or \"receive\""},
        Wrong{"kinds = []", "rule[1].kinds: found an empty list"},
        Wrong{"kinds = [\"file-transfers\"]", "did you mean \"file-transfer\"?"},
        Wrong{"kinds = [\"xxxxxxxxxx\"]", "write \"file-transfer\", "},
        Wrong{"names = []", "rule[1].names: found an empty list"}, Wrong{"names = [\"[a\"]", "never closed"},
        Wrong{"max_size = \"10mib\"", "rule[1].max_size: found \"10mib\"; write a size"},
        Wrong{"when = \"\"", "rule[1].when: found \"\"; write days, hours or both"},
        Wrong{"when = \"Mon-\"", "write days"}, Wrong{"when = \"Monday\"", "write days"},
        Wrong{"when = \"Mon 8:00-9:00\"", "write days"}, Wrong{"when = \"Mon 08:00\"", "write days"},
        Wrong{"when = \"Mon 08:00-24:01\"", "write days"}, Wrong{"when = \"08:60-09:00\"", "write days"},
        Wrong{"when = \"08:00-08:00\"", "write days"}, Wrong{"when = \"24:00-08:00\"", "write days"},
        Wrong{"when = \"Mon  08:00-09:00\"", "write days"}, Wrong{"when = \"Mon Tue\"", "write days"},
        Wrong{"when = \"Mon,,Tue\"", "write days"}, Wrong{"when = \" 08:00-09:00\"", "write days"},
        Wrong{"when = 08:00:00", "found a time without a date"},
        Wrong{"until = 2026-12-31", "found a date without a time; write a date and time with its offset"},
        Wrong{"until = 2026-12-31T00:00:00", "found a date and time without offset"},
        Wrong{"until = \"2026-12-31T00:00:00Z\"", "without quotes"},
        Wrong{"until = 2026-02-30T00:00:00Z", "no TOML"},
        Wrong{"user = [\"ann@x.example\"]", "did you mean \"users\"?"}));

TEST_F(ConfigFile, EveryKeyRefusesEveryWrongTypeAtItsPlace) {
  // What each key takes; everything else from `samples` must be refused with the key's name.
  const std::map<std::string, std::set<std::string>> takes{{"threads", {"5"}},
                                                           {"limits.sessions", {"5"}},
                                                           {"limits.sessions_per_source", {"5"}},
                                                           {"groups", {"{}"}},
                                                           {"limits", {"{}"}},
                                                           {"audit", {"{}"}},
                                                           {"limits.new_sessions", {"5"}},
                                                           {"limits.new_sessions_per_source", {"5"}},
                                                           {"service.watch", {"true"}},
                                                           {"service", {"{}"}},
                                                           {"intercept", {"{}"}},
                                                           {"failure", {"{}"}},
                                                           {"objects", {"{}"}},
                                                           {"policy", {"{}"}},
                                                           {"listener", {"[]"}},
                                                           {"rule", {"[]"}},
                                                           {"rule.name", {"\"text\""}},
                                                           {"audit.path", {"\"text\""}},
                                                           {"policy.include", {"[]"}},
                                                           {"intercept.interfaces", {"[]"}},
                                                           {"intercept.exempt", {"[]"}},
                                                           {"intercept.mark", {"5"}},
                                                           {"intercept.table", {"5"}},
                                                           {"intercept.zone", {"5"}},
                                                           {"objects.display-picture", {"5"}},
                                                           {"objects.custom-emoticon", {"5"}},
                                                           {"objects.wink", {"5"}},
                                                           {"objects.voice-clip", {"5"}},
                                                           {"objects.background", {"5"}},
                                                           {"objects.ink", {"5"}},
                                                           {"refusal", {"{}"}},
                                                           {"admin", {"{}"}},
                                                           {"admin.socket", {"\"text\"", "\"\""}},
                                                           {"admin.owner", {"\"text\"", "\"\""}},
                                                           {"admin.group", {"\"text\"", "\"\""}},
                                                           {"admin.admin_group", {"\"text\"", "\"\""}},
                                                           {"admin.tokens", {"\"text\"", "\"\""}},
                                                           {"admin.connections", {"5"}},
                                                           {"admin.listener", {"[]"}},
                                                           {"admin.listener.hosts", {"[]"}},
                                                           {"admin.listener.admins", {"[]"}},
                                                           {"policy.notice", {"true"}},
                                                           {"notice", {"{}"}},
                                                           {"notice.text", {"\"text\""}},
                                                           {"notice.contact", {"\"text\"", "\"\""}},
                                                           {"notice.sender", {"\"text\"", "\"\""}},
                                                           {"state", {"\"text\""}},
                                                           {"http", {"{}"}},
                                                           {"http.enabled", {"true"}},
                                                           {"http.ports", {"[]"}},
                                                           {"http.sessions", {"5"}},
                                                           {"audit.key", {"\"text\"", "\"\""}},
                                                           {"audit.account_key", {"\"text\"", "\"\""}},
                                                           {"audit.keep_size", {"5"}},
                                                           {"audit.export", {"[]"}},
                                                           {"audit.export.path", {"\"text\"", "\"\""}},
                                                           {"audit.export.ca", {"\"text\"", "\"\""}},
                                                           {"audit.export.certificate", {"\"\""}},
                                                           {"audit.export.certificate_key", {"\"\""}},
                                                           {"audit.export.server_name", {"\"text\"", "\"\""}},
                                                           {"audit.export.cursor", {"\"text\"", "\"\""}},
                                                           {"rule.max_size", {"5"}},
                                                           {"rule.until", {"2026-01-01T00:00:00Z"}}};
  const std::vector<std::string> samples{"\"text\"",   "5",        "-5",  "1.5",  "true",
                                         "[]",         "[[]]",     "{}",  "[{}]", "2026-01-01T00:00:00Z",
                                         "2026-01-01", "01:00:00", "nan", "\"\""};
  for (const std::string& key : gate::known_keys()) {
    for (const std::string& sample : samples) {
      SCOPED_TRACE(key + " = " + sample);
      const auto usual = takes.find(key);
      const bool taken = usual != takes.end() && usual->second.contains(sample);
      const std::size_t dot = key.rfind('.');
      std::string section = dot == std::string::npos ? "" : key.substr(0, dot);
      const std::string last = dot == std::string::npos ? key : key.substr(dot + 1);
      std::string text;
      std::string path = key;
      if (section == "rule" || section == "listener") {
        path = section + "[1]." + last;
        text = "[[" + section + "]]\n";
        if (section == "rule" && last != "name") text += "name = \"n\"\n";
        if (section == "rule" && last != "action") text += "action = \"allow\"\n";
        if (section == "listener" && last != "bind") text += "bind = \"[::]:9\"\n";
        if (section == "listener" && last == "upstream") text += "mode = \"fixed\"\n";
      } else if (section == "audit.export") {
        path = "audit.export[1]";
        text = "[[audit.export]]\n";
        if (last != "to") text += "to = \"journald\"\n";
      } else if (section == "admin.listener") {
        path = "admin.listener[1]";  // two keys that belong together may be told at their table
        text = "[[admin.listener]]\n";
        if (last != "bind") text += "bind = \"127.0.0.1:9\"\n";
      } else if (!section.empty()) {
        text = "[" + section + "]\n";
      }
      const std::vector<std::string> found = errors(text + last + " = " + sample + '\n');
      if (taken) {
        EXPECT_THAT(found, IsEmpty());
      } else {
        ASSERT_FALSE(found.empty());
        EXPECT_THAT(found, testing::Contains(HasSubstr(path)));
      }
    }
  }
}

TEST_F(ConfigFile, HostileFilesAreRefusedWithoutHarm) {
  const std::string million(1'000'000, 'a');
  std::string dots;
  for (int count = 0; count < 500'000; ++count) dots += "a.";
  const std::vector<std::string> files_of_garbage{
      "threads = \"" + million + "\"\n",
      million,
      million + " = 1\n",
      dots + "a = 1\n",
      "[" + dots + "a]\n",
      "x = " + std::string(100'000, '[') + "\n",
      "[[rule]]\nname = \"" + million + "\"\naction = \"allow\"\n",
      std::string("threads = 1\0\n", 13),
      std::string(1000, '\0'),
      "\xff\xfet\0h\0r\0e\0a\0d\0s\0",
      "threads = \"\xed\xa0\x80\"\n",
      std::string("\x7f"
                  "ELF\x02\x01\x01\0\0\0",
                  10),
      std::string(17 * 1024 * 1024, '\n'),
  };
  for (const std::string& text : files_of_garbage) {
    const std::vector<std::string> found = errors(text);
    ASSERT_FALSE(found.empty()) << text.substr(0, 40);
    for (const std::string& error : found) {
      EXPECT_LT(error.size(), 500U) << error.substr(0, 600);
      EXPECT_TRUE(std::all_of(error.begin(), error.end(), [](char c) {
        return static_cast<unsigned char>(c) >= 0x20;
      })) << error;
    }
  }
}

TEST_F(ConfigFile, WhatIsNoReadableFileNeverGivesAConfig) {
  EXPECT_THAT(errors_of(files.directory() / "gone.toml"),
              ElementsAre(HasSubstr("gone.toml: cannot be opened")));
  EXPECT_THAT(errors_of(files.directory()), ElementsAre(HasSubstr("Is a directory")));
  EXPECT_THAT(errors_of("/dev/zero"), ElementsAre(HasSubstr("larger than 16 MiB")));
}

}  // namespace
