#include "proxy/rule_warnings.hpp"

#include "tests/support/config_files.hpp"

#include <gmock/gmock.h>

#include <tuple>

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

// Each pair is one rule that holds another in all but one condition, and the same with that mended.
TEST_F(Warnings, ARuleHoldsAnotherOnlyIfEveryConditionOfItDoes) {
  for (const auto& [outer, inner, holds] :
       {std::tuple{"clients = [\"10.0.0.0/8\"]\n", "clients = [\"10.20.0.0/16\"]\n", true},
        {"clients = [\"10.20.0.0/16\"]\n", "clients = [\"10.0.0.0/8\"]\n", false},
        {"clients = [\"10.0.0.0/8\"]\n", "clients = [\"11.0.0.0/8\"]\n", false},
        {"clients = [\"10.0.0.0/8\"]\n", "clients = [\"2001:db8::/32\"]\n", false},
        {"clients = [\"10.0.0.0/8\"]\n", "", false},
        {"when = \"Mon-Fri 08:00-18:00\"\n", "when = \"Mon-Fri 08:00-18:00\"\nkinds = [\"wink\"]\n", true},
        {"when = \"Mon-Fri 08:00-18:00\"\n", "when = \"Mon-Fri 08:00-17:00\"\n", false},
        {"when = \"Mon-Fri 08:00-18:00\"\n", "when = \"Mon-Sat 08:00-18:00\"\n", false},
        {"max_size = 10\n", "max_size = 5\n", true},
        {"max_size = 10\n", "max_size = 11\n", false},
        {"max_size = 10\n", "", false},
        {"until = 2030-01-01T00:00:00Z\n", "until = 2029-01-01T00:00:00Z\n", true},
        {"until = 2030-01-01T00:00:00Z\n", "until = 2031-01-01T00:00:00Z\n", false},
        {"until = 2030-01-01T00:00:00Z\n", "", false},
        {"direction = \"send\"\n", "direction = \"send\"\nmax_size = 5\n", true},
        {"direction = \"send\"\n", "direction = \"receive\"\n", false},
        {"direction = \"send\"\n", "", false},
        {"names = [\"*.png\", \"*.jpg\"]\n", "names = [\"*.png\"]\n", true},
        {"names = [\"*.png\"]\n", "names = [\"*.png\", \"*.jpg\"]\n", false},
        {"names = [\"*.png\"]\n", "", false},
        {"names = [\"*.png\"]\n", "names = [\"a.PNG\", \"b*.png\"]\n", true},
        {"names = [\"a.png\"]\n", "names = [\"*.png\"]\n", false},
        {"peers = [\"*@b.example\"]\n", "peers = [\"x@b.example\"]\n", true},
        {"peers = [\"*@b.example\"]\n", "peers = [\"x@c.example\"]\n", false},
        {"peers = [\"*\"]\n", "peers = [\"x@c.example\"]\n", true},
        {"peers = [\"x@b.example\"]\n", "peers = [\"*@b.example\"]\n", false},
        {"kinds = [\"wink\", \"ink\"]\n", "kinds = [\"ink\"]\n", true},
        {"kinds = [\"ink\"]\n", "kinds = [\"wink\", \"ink\"]\n", false}}) {
    EXPECT_EQ(warnings(rule("outer", "allow", outer) + rule("inner", "allow", inner)).size(), holds ? 1U : 0U)
        << outer << "and\n"
        << inner;
  }
}

TEST_F(Warnings, AGroupHoldsItsMembersAndNothingElse) {
  const std::string groups = "[groups]\ng = [\"ann@a.example\"]\nh = [\"ann@a.example\"]\n";
  EXPECT_THAT(warnings(groups + rule("g", "allow", "users = [\"group:g\"]\n") +
                       rule("ben", "allow", "users = [\"ben@a.example\"]\n") +
                       rule("all", "allow", "users = [\"*@a.example\"]\n") +
                       rule("h", "allow", "users = [\"group:h\"]\n")),
              IsEmpty())
      << "another group is not compared";
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
