#include "proxy/audit_export.hpp"

#include <chrono>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/audit_files.hpp"

namespace gate {
namespace {

using testing::HasSubstr;

/// The log is copied into a file: whatever else receives it is the matter of its outlet.
class AuditExports : public testing::Test {
 protected:
  AuditExports() {
    log_settings_.rotate_size = 4000;
    settings_.to = AuditExportSettings::To::file;
    settings_.path = files_.path() / "copy";
    settings_.cursor = files_.path() / "cursor";
  }
  void write(int count) {
    AuditLog log(log_settings_);
    for (int i = 0; i < count; ++i)
      ASSERT_TRUE(log.record(test::file_event("ann@corp.example", "plan.doc", i)));
    last_ = log.health().seq;
  }
  /// Waits until the receiver certainly has the last record.
  [[nodiscard]] AuditExportHealth finished(const AuditExport& to) const {
    for (;;) {
      const AuditExportHealth health = to.health();
      if (health.confirmed == last_) return health;
      std::this_thread::yield();
    }
  }
  [[nodiscard]] std::string everything() const {
    std::string text;
    AuditReader(files_.log()).each({}, [&](const AuditRecord& record) {
      text.append(record.line).append("\n");
      return true;
    });
    return text;
  }
  [[nodiscard]] std::string copy() const { return test::text_of_file(settings_.path); }

  test::AuditDirectory files_;
  AuditSettings log_settings_ = files_.settings();
  AuditExportSettings settings_;
  std::uint64_t last_ = 0;
};

TEST_F(AuditExports, SendEveryRecordOfEverySegmentOnce) {
  write(30);
  const AuditExport to(files_.log(), settings_);
  AuditExportHealth health = finished(to);
  EXPECT_TRUE(health.connected);
  EXPECT_EQ(health.sent, 30U);
  EXPECT_EQ(health.lost, 0U);
  EXPECT_EQ(health.last_error, "");
  write(20);
  health = finished(to);
  EXPECT_EQ(copy(), everything());
}

TEST_F(AuditExports, GoOnWhereTheReceiverEnded) {
  write(5);
  {
    const AuditExport to(files_.log(), settings_);
    (void)finished(to);
  }
  EXPECT_EQ(test::text_of_file(settings_.cursor), "5 5\n");
  write(5);
  const AuditExport to(files_.log(), settings_);
  (void)finished(to);
  EXPECT_EQ(copy(), everything());
}

TEST_F(AuditExports, AReceiverThatHasMoreThanTheCursorSaysIsBelieved) {
  write(8);
  test::put_text(settings_.path, everything());
  test::put_text(settings_.cursor, "3 4\n");
  const AuditExport to(files_.log(), settings_);
  (void)finished(to);
  EXPECT_EQ(copy(), everything());
}

TEST_F(AuditExports, ADamagedCursorSendsEverythingAgainRatherThanNothing) {
  write(4);
  for (const std::string_view text : {"", "x", "\n", "-"}) {
    std::filesystem::remove(settings_.path);
    test::put_text(settings_.cursor, text);
    const AuditExport to(files_.log(), settings_);
    (void)finished(to);
    EXPECT_EQ(copy(), everything()) << text;
  }
}

TEST_F(AuditExports, WhatTheLogNoLongerHasIsCountedAsLost) {
  write(30);
  const auto segments = segments_of(files_.log());
  ASSERT_GE(segments.size(), 3U);
  test::put_text(settings_.cursor, "1 1\n");
  std::filesystem::remove(segments[0].path);
  const AuditExport to(files_.log(), settings_);
  EXPECT_EQ(finished(to).lost, segments[1].first - 2);
  EXPECT_EQ(copy(), everything());
}

TEST_F(AuditExports, AReceiverThatIsAwayIsToldOfAndTriedAgain) {
  write(3);
  settings_.path = files_.path() / "later" / "copy";
  const AuditExport to(files_.log(), settings_);
  while (to.health().last_error.empty()) std::this_thread::yield();
  EXPECT_FALSE(to.health().connected);
  EXPECT_THAT(to.health().last_error, HasSubstr("cannot be opened: No such file or directory"));
  EXPECT_EQ(to.health().to, "file " + settings_.path.string());
  std::filesystem::create_directory(settings_.path.parent_path());
  EXPECT_TRUE(finished(to).connected);
  EXPECT_EQ(copy(), everything());
}

TEST_F(AuditExports, WithoutACursorNothingIsSentThatCouldNotBeRemembered) {
  write(3);
  settings_.cursor = files_.path() / "no" / "cursor";
  const AuditExport to(files_.log(), settings_);
  while (to.health().last_error.empty()) std::this_thread::yield();
  EXPECT_THAT(to.health().last_error, HasSubstr("cursor"));
  EXPECT_EQ(copy(), "");
}

}  // namespace
}  // namespace gate
