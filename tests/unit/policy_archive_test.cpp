#include "proxy/policy_archive.hpp"

#include "tests/support/config_files.hpp"

#include <gmock/gmock.h>

namespace {

using gate::PolicyArchive;
using support::ConfigFile;
using Found = std::shared_ptr<const gate::Policy>;

TEST_F(ConfigFile, APolicyIsFoundByItsRevisionWhenItsFilesHaveChanged) {
  const PolicyArchive archive(files.directory() / "state");
  files.write("allow.d/a.toml", "[[rule]]\nname = \"old\"\naction = \"allow\"\n");
  const std::string text = "[policy]\ninclude = [\"allow.d/*.toml\"]\n";
  const gate::Config old = load(text);
  archive.keep(old.text);
  archive.keep(old.text);
  files.write("allow.d/a.toml", "[[rule]]\nname = \"new\"\naction = \"allow\"\n");
  archive.keep(load(text).text);
  const auto found = archive.find(old.policy->revision());
  ASSERT_TRUE(std::holds_alternative<Found>(found));
  EXPECT_EQ(std::get<Found>(found)->rules().at(0).name, "old");
}

TEST_F(ConfigFile, WhatIsNotARevisionOrNotKeptOrDamagedIsTold) {
  const PolicyArchive archive(files.directory());
  files.write("policies/00000000000000aa.json",
              "{\"files\":[{\"path\":\"x\",\"text\":\"\"}],\"includes\":[]}");
  files.write("policies/00000000000000bb.json", "{");
  for (const char* const revision :
       {"../gateway", "00000000000000cc", "00000000000000aa", "00000000000000bb"}) {
    EXPECT_TRUE(std::holds_alternative<std::string>(archive.find(revision))) << revision;
  }
}

TEST_F(ConfigFile, OnlySoManyPoliciesAreKept) {
  const PolicyArchive archive(files.directory());
  for (std::size_t i = 0; i < PolicyArchive::most_kept + 5; ++i) {
    archive.keep(load("[policy]\ndefault = \"allow\"\n# " + std::to_string(i) + "\n").text);
  }
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry :
       std::filesystem::directory_iterator(files.directory() / "policies")) {
    ++count;
  }
  EXPECT_EQ(count, PolicyArchive::most_kept);
}

}  // namespace
