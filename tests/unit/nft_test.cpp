// The way to nft(8): what it is given, and what becomes of its complaints.
#include "proxy/nft.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace {

using gate::run_nft;
using gate::Trial;
using testing::HasSubstr;
using testing::Optional;

/// A stand-in for nft that comes first in the search path, and a directory for what it was given.
class Nft : public testing::Test {
 protected:
  Nft() {
    std::string name = (std::filesystem::temp_directory_path() / "msnpgate-nft-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    ::setenv("PATH", (folder_.string() + ":" + path_).c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
  }
  ~Nft() override {
    ::setenv("PATH", path_.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
    std::filesystem::remove_all(folder_);
  }
  Nft(const Nft&) = delete;
  Nft& operator=(const Nft&) = delete;

  void stand_in(const std::string& script) const {
    const auto program = folder_ / "nft";
    std::ofstream(program) << "#!/bin/sh\ncd " << folder_.string() << "\n" << script << "\n";
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  }
  [[nodiscard]] std::string text(const char* name) const {
    std::ifstream file(folder_ / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  std::filesystem::path folder_;
  std::string path_ = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe)
};

TEST_F(Nft, ReadsTheRulesetFromItsInput) {
  stand_in("echo \"$@\" >arguments; cat >ruleset");
  const std::string ruleset(200'000, 'x');
  EXPECT_EQ(run_nft(ruleset, Trial::real), std::nullopt);
  EXPECT_EQ(text("arguments"), "-f -\n");
  EXPECT_EQ(text("ruleset"), ruleset);
}

TEST_F(Nft, IsAskedToCheckOnly) {
  stand_in("echo \"$@\" >arguments; cat >ruleset");
  EXPECT_EQ(run_nft("table inet x {}\n", Trial::dry), std::nullopt);
  EXPECT_EQ(text("arguments"), "-cf -\n");
}

TEST_F(Nft, SaysWhatItRefuses) {
  stand_in("echo '-:1:1-3: Error: syntax error' >&2; exit 1");
  EXPECT_THAT(run_nft("nonsense", Trial::real),
              Optional(std::string("nft refused the ruleset: -:1:1-3: Error: syntax error")));
  stand_in("exit 3");
  EXPECT_THAT(run_nft("nonsense", Trial::real), Optional(HasSubstr("nft refused the ruleset: status ")));
}

TEST_F(Nft, WhoMayNotIsToldWhatItTakes) {
  stand_in("echo 'Error: Could not process rule: Operation not permitted' >&2; exit 1");
  EXPECT_THAT(run_nft("table inet x {}\n", Trial::real), Optional(HasSubstr("CAP_NET_ADMIN")));
}

}  // namespace
