#include "proxy/config_source.hpp"

#include "tests/support/config_files.hpp"

#include <gmock/gmock.h>

namespace {

using gate::Config;
using gate::PolicyText;
using support::ConfigFile;

TEST_F(ConfigFile, KeptTextGivesTheSamePolicyWhenTheFilesAreGone) {
  files.write("allow.d/a.toml",
              "[groups]\nlate = { file = \"late.txt\" }\n[[rule]]\nname = \"a\"\naction = "
              "\"allow\"\nusers = [\"group:late\"]\n");
  files.write("allow.d/late.txt", "ann@a.example\n");
  const Config config = load("[policy]\ninclude = [\"allow.d/*.toml\"]\n");
  ASSERT_EQ(config.text.files.size(), 3U);
  std::filesystem::remove_all(files.directory() / "allow.d");
  std::filesystem::remove(files.directory() / "gateway.toml");
  const auto again = gate::load_config(config.text.files.front().path, gate::KeptSource(config.text));
  ASSERT_TRUE(std::holds_alternative<Config>(again));
  const gate::Policy& policy = *std::get<Config>(again).policy;
  EXPECT_EQ(policy.revision(), config.policy->revision());
  ASSERT_EQ(policy.rules().size(), 1U);
  EXPECT_THAT(policy.groups().at(0).members, testing::ElementsAre("ann@a.example"));
}

TEST(KeptSource, HasNothingElse) {
  PolicyText text;
  text.add("/etc/a.toml", "x");
  const gate::KeptSource source(text);
  EXPECT_TRUE(std::holds_alternative<gate::ReadFault>(source.read("/etc/passwd")));
  EXPECT_TRUE(std::holds_alternative<gate::ReadFault>(source.matching("/etc", "*.toml")));
}

TEST(PolicyText, HasAnotherRevisionWhenATextMovesToAnotherFile) {
  PolicyText one;
  one.add("a", "x");
  one.add("b", "yz");
  PolicyText other;
  other.add("a", "xy");
  other.add("b", "z");
  EXPECT_NE(one.revision(), other.revision());
  PolicyText elsewhere;
  elsewhere.add("/somewhere/a", "x");
  elsewhere.add("/somewhere/b", "yz");
  EXPECT_EQ(one.revision(), elsewhere.revision());
}

}  // namespace
