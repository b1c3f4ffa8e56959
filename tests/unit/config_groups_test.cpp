#include "tests/support/config_files.hpp"

#include <gmock/gmock.h>

namespace {

using support::ConfigFile;
using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(ConfigFile, AGroupIsReadFromAFileOneAccountALine) {
  files.write("groups/staff.txt",
              "\xEF\xBB\xBF# the staff\n\nAnn@Corp.example   # since 1999\r\n\t*@b.example\n*");
  const gate::Config config = load("[groups]\nstaff = { file = \"groups/staff.txt\" }\n");
  ASSERT_EQ(config.policy->groups().size(), 1U);
  EXPECT_EQ(config.policy->groups()[0].name, "staff");
  EXPECT_THAT(config.policy->groups()[0].members, ElementsAre("ann@corp.example", "*@b.example", "*"));
}

TEST_F(ConfigFile, AFileOfAGroupIsSeenFromTheFileThatNamesIt) {
  files.write("allow.d/team.toml", "[groups]\nteam = { file = \"team.txt\" }\n");
  files.write("allow.d/team.txt", "ann@corp.example\n");
  const gate::Config config = load("[policy]\ninclude = [\"allow.d/*.toml\"]\n");
  EXPECT_THAT(config.policy->groups().at(0).members, ElementsAre("ann@corp.example"));
}

TEST_F(ConfigFile, WhatAFileOfAGroupSaysIsPartOfTheRevision) {
  files.write("staff.txt", "ann@corp.example\n");
  const std::string text = "[groups]\nstaff = { file = \"staff.txt\" }\n";
  const std::string before(load(text).policy->revision());
  files.write("staff.txt", "ben@corp.example\n");
  EXPECT_NE(load(text).policy->revision(), before);
}

TEST_F(ConfigFile, AFaultInAFileOfAGroupNamesItsPlace) {
  files.write("staff.txt", "ann@corp.example\n  bob # no domain\n");
  EXPECT_THAT(
      errors("[groups]\nstaff = { file = \"staff.txt\" }\n"),
      ElementsAre("staff.txt:2:3: groups.staff: found \"bob\"; write an account as name@domain or *@domain"));
}

TEST_F(ConfigFile, AFileOfTheWrongKindIsNotToldLineByLine) {
  files.write(
      "staff.txt", std::string("nonsense\n") + std::string(2000, '\n') + [] {
        std::string lines;
        for (int line = 0; line < 5000; ++line) lines += "nonsense\n";
        return lines;
      }());
  EXPECT_EQ(errors("[groups]\nstaff = { file = \"staff.txt\" }\n").size(), 11U);
}

TEST_F(ConfigFile, GroupsOfNobodyAndFilesThatAreNotThereAreFaults) {
  files.write("empty.txt", "# nobody yet\n");
  EXPECT_THAT(errors("[groups]\nstaff = { file = \"empty.txt\" }\n"),
              ElementsAre(HasSubstr("empty.txt: groups.staff: found nobody")));
  EXPECT_THAT(errors("[groups]\nstaff = { file = \"none.txt\" }\n"),
              ElementsAre(testing::AllOf(HasSubstr("gateway.toml:2:9: groups.staff: found"),
                                         HasSubstr("which cannot be opened: No such file"))));
  EXPECT_THAT(errors("[groups]\nstaff = { fiel = \"x\" }\n"),
              ElementsAre(HasSubstr("found no file"), HasSubstr("did you mean")));
}

TEST_F(ConfigFile, AFileOfAGroupIsBounded) {
  files.write("huge.txt", std::string(16 * 1024 * 1024 + 1, '#'));
  EXPECT_THAT(errors("[groups]\nstaff = { file = \"huge.txt\" }\n"),
              ElementsAre(HasSubstr("larger than 16 MiB")));
}

TEST_F(ConfigFile, SeveralWindowsMayBeWrittenAsAList) {
  const gate::Config config = load(
      "[[rule]]\nname = \"a\"\naction = \"allow\"\nwhen = [\"Mon-Fri 08:00-12:00\", \"Sat 09:00-11:00\"]\n");
  const auto& when = config.policy->rules().at(0).when;
  ASSERT_EQ(when.size(), 2U);
  EXPECT_EQ(when[0].days, 0x1F);
  EXPECT_EQ(when[1].days, 0x20);
  EXPECT_THAT(errors("[[rule]]\nname = \"a\"\naction = \"allow\"\nwhen = []\n"),
              ElementsAre(HasSubstr("rule[1].when: found an empty list")));
}

TEST_F(ConfigFile, MoreRulesThanCanBeIndexedAreAFault) {
  std::string text;
  for (std::size_t number = 0; number <= gate::most_rules; ++number) {
    text += "[[rule]]\nname=\"" + std::to_string(number) + "\"\naction=\"allow\"\n";
  }
  EXPECT_THAT(errors(text), ElementsAre(HasSubstr("found more rules than 131072")));
}

}  // namespace
