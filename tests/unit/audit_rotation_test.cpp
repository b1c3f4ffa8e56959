#include "proxy/audit_log.hpp"

#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/audit_segments.hpp"
#include "proxy/audit_upkeep.hpp"
#include "proxy/audit_verify.hpp"
#include "tests/support/audit_files.hpp"

namespace gate {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class AuditRotation : public testing::Test {
 protected:
  AuditRotation() {
    settings_.key = files_.path() / "key";
    SigningKey::make().write_private(settings_.key);
    settings_.rotate_size = 4000;
  }
  static void fill(AuditLog& log, int count) {
    for (int i = 0; i < count; ++i)
      ASSERT_TRUE(log.record(test::file_event("ann@corp.example", "plan.doc", i)));
  }
  [[nodiscard]] AuditVerdict verdict() const {
    const SigningKey key = SigningKey::read_private(settings_.key);
    return verify_audit(files_.log(), &key, {});
  }

  test::AuditDirectory files_;
  AuditSettings settings_ = files_.settings();
};

TEST_F(AuditRotation, AFileThatIsFullGetsTheNumberOfItsFirstRecord) {
  {
    AuditLog log(settings_);
    fill(log, 12);
    EXPECT_GE(log.health().rotations, 1U);
  }
  EXPECT_THAT(files_.endings(), testing::Contains(".00000000000000000001"));
  EXPECT_FALSE(verdict().fault) << to_string(*verdict().fault);
  EXPECT_GE(verdict().checkpoints, 3U) << "start, rotation, stop";
}

TEST_F(AuditRotation, AFileIsClosedByItsAge) {
  settings_.rotate_size = 0;
  AuditLog log(settings_);
  fill(log, 1);
  const auto now = AuditLog::Clock::now();
  log.tick(now + 23h);
  EXPECT_EQ(log.health().rotations, 0U);
  log.tick(now + 25h);
  EXPECT_EQ(log.health().rotations, 1U);
  fill(log, 1);
  EXPECT_FALSE(verdict().fault);
}

TEST_F(AuditRotation, WhenTheNameIsTakenRecordsGoOnIntoTheSameFile) {
  test::put_text(closed_path(files_.log(), 1), "");
  AuditLog log(settings_);
  fill(log, 30);
  EXPECT_EQ(log.health().rotations, 0U);
  EXPECT_THAT(log.health().rotation_error, HasSubstr("cannot be renamed"));
  EXPECT_EQ(log.health().seq, 31U);
  std::filesystem::remove(closed_path(files_.log(), 1));
  EXPECT_FALSE(verdict().fault) << to_string(*verdict().fault);
  EXPECT_EQ(verdict().last, 31U);
}

TEST_F(AuditRotation, AnInterruptedRotationIsGoneOnWith) {
  {
    AuditLog log(settings_);
    fill(log, 3);
  }
  // Killed between the two renamings.
  std::filesystem::rename(files_.log(), closed_path(files_.log(), 1));
  test::put_text(files_.log().string() + ".next", "");
  {
    AuditLog log(settings_);
    fill(log, 2);
  }
  EXPECT_FALSE(verdict().fault) << to_string(*verdict().fault);
  EXPECT_THAT(files_.endings(), ElementsAre("", ".00000000000000000001"));
}

TEST_F(AuditRotation, ALogGoesOnBehindACompressedSegment) {
  settings_.rotate_size = 0;
  {
    AuditLog log(settings_);
    fill(log, 3);
  }
  std::filesystem::rename(files_.log(), closed_path(files_.log(), 1));
  std::string fault;
  ASSERT_TRUE(compress_segment(closed_path(files_.log(), 1), fault)) << fault;
  {
    AuditLog log(settings_);
    fill(log, 2);
  }
  EXPECT_FALSE(verdict().fault) << to_string(*verdict().fault);
  EXPECT_EQ(verdict().first, 1U);
}

TEST_F(AuditRotation, HousekeepingCompressesAndRemovesAndTheLogVerifies) {
  settings_.keep_size = 6000;
  AuditLog log(settings_);
  fill(log, 60);
  EXPECT_EQ(keep_house(log, settings_, AuditLog::Clock::now()), "");
  const auto endings = files_.endings();
  EXPECT_THAT(endings, testing::Not(testing::Contains(".00000000000000000001.zst")));
  EXPECT_THAT(endings, testing::Contains(HasSubstr(".zst")));
  const AuditVerdict found = verdict();
  EXPECT_FALSE(found.fault) << to_string(*found.fault);
  EXPECT_GT(found.first, 1U);
  // Whoever removes one more is found out.
  std::filesystem::remove(segments_of(files_.log()).front().path);
  ASSERT_TRUE(verdict().fault);
  EXPECT_THAT(verdict().fault->what, HasSubstr("segment was removed"));
}

TEST_F(AuditRotation, WhatIsOlderThanItMayBeIsRemoved) {
  settings_.keep_age = 24h;
  AuditLog log(settings_);
  fill(log, 30);
  const auto last = test::file_event("", "", 29).time;
  EXPECT_EQ(keep_house(log, settings_, last + 23h), "");
  EXPECT_EQ(verdict().first, 1U);
  EXPECT_EQ(keep_house(log, settings_, last + 25h), "");
  EXPECT_GT(verdict().first, 1U);
}

TEST_F(AuditRotation, ASegmentThatIsStillWrittenIsNotCompressed) {
  AuditLog log(settings_);
  fill(log, 1);
  std::string fault;
  EXPECT_FALSE(compress_segment(files_.log(), fault));
  EXPECT_THAT(fault, HasSubstr("still in use"));
  EXPECT_TRUE(std::filesystem::exists(files_.log()));
}

TEST_F(AuditRotation, ManyThreadsShareOneWayToTheDisk) {
  settings_.fsync = AuditSync::always;
  settings_.rotate_size = 20'000;
  {
    AuditLog log(settings_);
    std::vector<std::thread> threads;
    for (int i = 0; i < 6; ++i) threads.emplace_back([&log] { fill(log, 40); });
    for (std::thread& thread : threads) thread.join();
    EXPECT_GE(log.health().rotations, 1U);
    EXPECT_TRUE(log.health().writable);
  }
  EXPECT_FALSE(verdict().fault) << to_string(*verdict().fault);
}

TEST_F(AuditRotation, CheckpointsComeWhenThereIsSomethingToSign) {
  settings_.rotate_size = 0;
  AuditLog log(settings_);
  const auto now = AuditLog::Clock::now();
  EXPECT_EQ(log.health().checkpoint_seq, 1U);
  log.tick(now + 10min);
  EXPECT_EQ(log.health().checkpoint_seq, 1U) << "nothing new";
  fill(log, 1);
  log.tick(now + 20min);
  EXPECT_EQ(log.health().checkpoint_seq, 3U);
}

TEST_F(AuditRotation, AKeyThatOthersMayReadIsRefused) {
  std::filesystem::permissions(settings_.key, std::filesystem::perms::group_read,
                               std::filesystem::perm_options::add);
  try {
    const AuditLog log(settings_);
    ADD_FAILURE() << "opened";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("may be read by others"));
  }
}

TEST_F(AuditRotation, HealthTellsWhatIsWrongAndRecovers) {
  AuditLog log(AuditSettings{.path = "/dev/full"});
  EXPECT_FALSE(log.record(test::file_event("ann@corp.example", "x")));
  EXPECT_FALSE(log.health().writable);
  EXPECT_EQ(log.health().last_error, "No space left on device");
  EXPECT_EQ(log.health().failures, 1U);
}

TEST_F(AuditRotation, AccountsAreHashedWhereverTheyStand) {
  settings_.account_key = files_.path() / "accounts";
  write_secret(settings_.account_key, AccountHash::new_key());
  {
    AuditLog log(settings_);
    AuditEvent event = test::file_event("Ann@corp.example", "plan.doc");
    event.rule = "ann@corp.example may";
    event.detail = "found \"ben@corp.example\", write x";
    ASSERT_TRUE(log.record(event));
  }
  const std::string text = test::text_of_file(files_.log());
  EXPECT_THAT(text, testing::Not(HasSubstr("@")));
  const AccountHash hash(settings_.account_key);
  EXPECT_THAT(text, HasSubstr("\"user\":\"" + hash.of("ann@corp.example") + '"'));
  EXPECT_EQ(hash.of("ANN@corp.example"), hash.of("ann@corp.example"));
  EXPECT_NE(hash.of("ann@corp.example"), hash.of("ben@corp.example"));
}

}  // namespace
}  // namespace gate
