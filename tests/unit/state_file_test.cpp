#include "proxy/state_file.hpp"

#include <sys/stat.h>

#include <string>
#include <system_error>

#include <gtest/gtest.h>

#include "tests/support/audit_files.hpp"

namespace gate {
namespace {

class StateFile : public testing::Test {
 protected:
  test::AuditDirectory files_;
  std::filesystem::path file_ = files_.path() / "state" / "grants.json";
};

TEST_F(StateFile, IsThereWholeOrNotAtAll) {
  EXPECT_FALSE(read_state(file_));
  replace_state(file_, "one");
  EXPECT_EQ(read_state(file_), "one");
  const std::string large(300'000, 'x');
  replace_state(file_, large);
  EXPECT_EQ(read_state(file_), large);
  replace_state(file_, "");
  EXPECT_EQ(read_state(file_), "");
  EXPECT_FALSE(std::filesystem::exists(file_.string() + ".new"));
}

TEST_F(StateFile, IsOfNobodysBusinessButTheOwnersAndTheGroups) {
  replace_state(file_, "x");
  struct stat status {};
  ASSERT_EQ(::stat(file_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0137U, 0U);
}

TEST_F(StateFile, ADraftThatACrashLeftIsWrittenOver) {
  std::filesystem::create_directories(file_.parent_path());
  test::put_text(file_.string() + ".new", "half of something");
  EXPECT_FALSE(read_state(file_));
  replace_state(file_, "whole");
  EXPECT_EQ(read_state(file_), "whole");
}

TEST_F(StateFile, WhatCannotBeReadOrReplacedIsAnErrorThatNamesIt) {
  replace_state(file_, "x");
  EXPECT_FALSE(read_state(file_ / "below")) << "there is none below a file";
  EXPECT_THROW((void)read_state(file_.parent_path()), std::system_error) << "a directory";
  EXPECT_THROW(replace_state(file_ / "below", "y"), std::system_error);
  std::filesystem::create_directory(files_.path() / "taken");
  test::put_text(files_.path() / "taken" / "in use", "");
  EXPECT_THROW(replace_state(files_.path() / "taken", "y"), std::system_error);
  std::filesystem::create_directory(file_.string() + ".new");
  try {
    replace_state(file_, "y");
    ADD_FAILURE() << "replaced";
  } catch (const std::system_error& error) {
    EXPECT_NE(std::string(error.what()).find("grants.json"), std::string::npos);
  }
  EXPECT_EQ(read_state(file_), "x") << "the old text stays";
}

TEST_F(StateFile, WhatIsTooLargeIsNotRead) {
  replace_state(file_, "x");
  std::filesystem::resize_file(file_, 65U * 1024 * 1024);
  EXPECT_THROW((void)read_state(file_), std::system_error);
}

}  // namespace
}  // namespace gate
