#include "proxy/rule_warnings.hpp"

#include "tests/support/config_files.hpp"

#include <gmock/gmock.h>

namespace {

using support::ConfigFile;
using testing::ElementsAre;
using testing::IsEmpty;

class Warnings : public ConfigFile {
 protected:
  std::vector<std::string> warnings(const std::string& text) {
    return gate::rule_warnings(*load(text).policy, std::chrono::system_clock::from_time_t(1'790'000'000));
  }
  static std::string rule(const std::string& name, const std::string& action, const std::string& more = {}) {
    return "[[rule]]\nname = \"" + name + "\"\naction = \"" + action + "\"\n" + more;
  }
};

TEST_F(Warnings, AreNoneForRulesThatCanAllMatch) {
  EXPECT_THAT(
      warnings("[groups]\ng = [\"a@b\"]\n" +
               rule("a", "allow", "users = [\"group:g\"]\nnames = [\"*.png\"]\n") +
               rule("b", "block", "users = [\"group:g\"]\n") + rule("c", "allow", "peers = [\"x@y\"]\n")),
      IsEmpty());
}

TEST_F(Warnings, NameTheRuleThatStandsBeforeAnother) {
  EXPECT_THAT(warnings(rule("all", "allow", "users = [\"*@a.example\"]\n") +
                       rule("ann", "block", "users = [\"ann@a.example\"]\nkinds = [\"webcam\"]\n")),
              ElementsAre("rule 2 \"ann\": never matches: rule 1 \"all\" fits all of it first"));
  EXPECT_THAT(warnings("[groups]\ng = [\"ann@a.example\"]\n" + rule("g", "block", "users = [\"group:g\"]\n") +
                       rule("ann", "allow", "users = [\"ann@a.example\"]\n")),
              ElementsAre("rule 2 \"ann\": never matches: rule 1 \"g\" fits all of it first"));
}

TEST_F(Warnings, TellOfRulesSaidTwice) {
  EXPECT_THAT(warnings(rule("a", "allow", "names = [\"*.png\", \"*.jpg\"]\n") +
                       rule("b", "allow", "names = [\"*.jpg\", \"*.png\"]\n")),
              ElementsAre("rule 2 \"b\": says the same as rule 1 \"a\""));
}

TEST_F(Warnings, KnowThatABlockMatchesWhatAnAllowDoesNot) {
  // Of a file without a name, or of unknown size, the block still decides.
  EXPECT_THAT(
      warnings(rule("a", "allow", "names = [\"*.png\"]\n") + rule("b", "block", "names = [\"*.png\"]\n")),
      IsEmpty());
  EXPECT_THAT(warnings(rule("a", "allow", "max_size = 10\n") + rule("b", "block", "max_size = 5\n")),
              IsEmpty());
  // An allow without kinds does not speak of direct connections.
  EXPECT_THAT(warnings(rule("a", "allow") + rule("b", "allow", "kinds = [\"direct-connection\"]\n")),
              IsEmpty());
}

TEST_F(Warnings, TellOfRulesThatHaveExpiredAndStandInNobodysWay) {
  EXPECT_THAT(warnings(rule("old", "allow", "until = 2020-01-01T00:00:00Z\n") + rule("new", "allow")),
              ElementsAre("rule 1 \"old\": never matches any more: its until is over"));
}

TEST_F(Warnings, TellOfNamesWhereThereAreNone) {
  EXPECT_THAT(warnings(rule("a", "allow", "kinds = [\"direct-connection\"]\nnames = [\"*.png\"]\n")).size(),
              1U);
}

TEST_F(Warnings, TellOfGroupsThatNoRuleNames) {
  EXPECT_THAT(warnings("[groups]\ng = [\"a@b\"]\n"), ElementsAre("group \"g\": no rule names it"));
}

}  // namespace
