#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/commands.hpp"

namespace {

using testing::HasSubstr;
using testing::IsEmpty;

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
