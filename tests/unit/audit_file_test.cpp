#include "proxy/audit_file.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/audit_files.hpp"

namespace gate {
namespace {

using testing::HasSubstr;

class AuditFiles : public testing::Test {
 protected:
  template <class Work>
  [[nodiscard]] std::string complaint(Work work) const {
    try {
      work();
    } catch (const std::runtime_error& error) {
      EXPECT_THAT(error.what(), HasSubstr(path_.string()));
      return error.what();
    }
    return "none";
  }
  test::AuditDirectory files_;
  std::filesystem::path path_ = files_.log();
};

TEST_F(AuditFiles, LinesAreAppendedBehindWhatIsThere) {
  test::put_text(path_, "one\n");
  AuditFile file = AuditFile::open(path_);
  EXPECT_EQ(file.size(), 4U);
  EXPECT_EQ(file.append("two\n"), 4U);
  EXPECT_TRUE(file.sync());
  EXPECT_EQ(file.size(), 8U);
  EXPECT_EQ(test::text_of_file(path_), "one\ntwo\n");
  EXPECT_EQ(file.start(5), "one\nt");
  EXPECT_EQ(file.end(5), "\ntwo\n");
  EXPECT_EQ(file.end(1000), "one\ntwo\n");
}

TEST_F(AuditFiles, AreTheirOwnersToWriteAndTheirGroupsToRead) {
  const AuditFile file = AuditFile::open(path_);
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0137U, 0U);
}

TEST_F(AuditFiles, TwoWritersAreOneTooMany) {
  const AuditFile file = AuditFile::open(path_);
  EXPECT_THAT(complaint([&] { (void)AuditFile::open(path_); }), HasSubstr("in use by another process"));
}

TEST_F(AuditFiles, WhatIsMadeIsEmpty) {
  test::put_text(path_, "");
  EXPECT_EQ(AuditFile::make(path_).size(), 0U);
  test::put_text(path_, "x");
  EXPECT_THAT(complaint([&] { (void)AuditFile::make(path_); }), HasSubstr("is not empty"));
}

TEST_F(AuditFiles, WhatCannotBeOpenedIsNamed) {
  path_ = files_.path() / "no" / "audit.jsonl";
  EXPECT_THAT(complaint([&] { (void)AuditFile::open(path_); }), HasSubstr("cannot be opened: No such file"));
}

TEST_F(AuditFiles, WhatWasAppendedCanBeTakenBack) {
  AuditFile file = AuditFile::open(path_);
  ASSERT_EQ(file.append("one\n"), 4U);
  ASSERT_EQ(file.append("two\n"), 4U);
  EXPECT_TRUE(file.cut(4));
  EXPECT_EQ(file.size(), 4U);
  EXPECT_EQ(file.append("three\n"), 6U);
  EXPECT_EQ(test::text_of_file(path_), "one\nthree\n");
  EXPECT_FALSE(file.cut(100)) << "never longer";
  EXPECT_EQ(test::text_of_file(path_), "one\nthree\n");
}

TEST_F(AuditFiles, ATornLineIsCutOffOrEnded) {
  test::put_text(path_, "one\n{\"to");
  {
    AuditFile file = AuditFile::open(path_);
    file.drop_torn_line(4);
    EXPECT_EQ(file.size(), 4U);
    EXPECT_EQ(file.append("two\n"), 4U);
  }
  EXPECT_EQ(test::text_of_file(path_), "one\ntwo\n");
  test::put_text(path_, "one");
  AuditFile file = AuditFile::open(path_);
  file.lacks_feed();
  EXPECT_EQ(file.append("two\n"), 4U);
  EXPECT_EQ(test::text_of_file(path_), "one\ntwo\n");
  EXPECT_EQ(file.size(), 8U);
}

TEST_F(AuditFiles, WhatACutLeavesOfALineIsEndedToo) {
  test::put_text(path_, "one\ntwo\n");
  AuditFile file = AuditFile::open(path_);
  ASSERT_TRUE(file.cut(6));
  EXPECT_EQ(file.append("three\n"), 6U);
  EXPECT_EQ(test::text_of_file(path_), "one\ntw\nthree\n");
  ASSERT_TRUE(file.cut(0));
  EXPECT_EQ(file.append("four\n"), 5U);
  EXPECT_EQ(test::text_of_file(path_), "four\n");
}

TEST_F(AuditFiles, AFileThatBecameShorterIsNotReadFurther) {
  AuditFile file = AuditFile::open(path_);
  ASSERT_EQ(file.append("a line\n"), 7U);
  std::filesystem::resize_file(path_, 2);
  EXPECT_THAT(complaint([&] { (void)file.end(100); }), HasSubstr("became shorter"));
  EXPECT_FALSE(file.cut(5)) << "a hole would be filled with zeros";
}

TEST_F(AuditFiles, ADeviceKeepsNothing) {
  AuditFile null = AuditFile::open("/dev/null");
  EXPECT_FALSE(null.regular());
  EXPECT_EQ(null.append("x\n"), 2U);
  EXPECT_FALSE(null.cut(0));
  null.drop_torn_line(1);
  EXPECT_EQ(null.append("x\n"), 2U) << "behind an LF";
  AuditFile full = AuditFile::open("/dev/full");
  EXPECT_EQ(full.append("x\n"), 0U);
  EXPECT_EQ(errno, ENOSPC);
  full.lacks_feed();
  EXPECT_EQ(full.append("x\n"), 0U);
}

TEST_F(AuditFiles, KeepTheNameTheyAreGiven) {
  AuditFile file = AuditFile::open(path_);
  EXPECT_EQ(file.path(), path_);
  EXPECT_TRUE(file.regular());
  file.renamed(path_.string() + ".1");
  EXPECT_EQ(file.path(), path_.string() + ".1");
}

}  // namespace
}  // namespace gate
