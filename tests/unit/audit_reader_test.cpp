#include "proxy/audit_reader.hpp"

#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/audit_log.hpp"
#include "tests/support/audit_files.hpp"

namespace gate {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class AuditReading : public testing::Test {
 protected:
  AuditReading() { settings_.rotate_size = 4000; }

  // Closed, compressed and current segments; record n is by user n % 3, second n.
  void write(int from, int to) {
    AuditLog log(settings_);
    for (int i = from; i <= to; ++i) {
      ASSERT_TRUE(log.record(test::file_event("u" + std::to_string(i % 3) + "@corp.example",
                                              "file " + std::to_string(i) + ".PNG", i)));
    }
  }
  void compress_all_closed() const {
    for (const AuditSegment& segment : segments_of(files_.log())) {
      std::string fault;
      if (segment.form == AuditSegment::Form::closed) {
        EXPECT_TRUE(compress_segment(segment.path, fault)) << fault;
      }
    }
  }
  [[nodiscard]] std::vector<std::uint64_t> seqs(const AuditQuery& query) const {
    std::vector<std::uint64_t> found;
    AuditReader(files_.log()).each(query, [&](const AuditRecord& record) {
      found.push_back(record.seq);
      return true;
    });
    return found;
  }

  test::AuditDirectory files_;
  AuditSettings settings_ = files_.settings();
};

std::vector<std::uint64_t> range(std::uint64_t from, std::uint64_t to, std::uint64_t step = 1) {
  std::vector<std::uint64_t> all;
  for (std::uint64_t i = from; i <= to; i += step) all.push_back(i);
  return all;
}

TEST_F(AuditReading, AllSegmentsAreReadInOrderWhateverTheirForm) {
  write(1, 40);
  EXPECT_EQ(seqs({}), range(1, 40));
  compress_all_closed();
  EXPECT_EQ(seqs({}), range(1, 40));
  write(41, 60);
  EXPECT_EQ(seqs({}), range(1, 60));
  EXPECT_GE(segments_of(files_.log()).size(), 5U);
}

TEST_F(AuditReading, FromTheEndTheOrderIsTurnedRound) {
  write(1, 40);
  compress_all_closed();
  std::vector<std::uint64_t> found;
  AuditReader(files_.log()).each_from_the_end({}, [&](const AuditRecord& record) {
    found.push_back(record.seq);
    return found.size() < 15;
  });
  EXPECT_EQ(found.size(), 15U);
  EXPECT_EQ(found.front(), 40U);
  EXPECT_EQ(found.back(), 26U);
}

TEST_F(AuditReading, TimesAreBoundsTheLaterOneExclusive) {
  write(1, 40);
  compress_all_closed();
  AuditQuery query;
  query.since = test::file_event("", "", 11).time;
  query.until = test::file_event("", "", 14).time;
  EXPECT_THAT(seqs(query), ElementsAre(11, 12, 13));
}

TEST_F(AuditReading, EveryFilterChoosesItsRecords) {
  write(1, 12);
  const auto with = [this](auto change) {
    AuditQuery query;
    change(query);
    return seqs(query);
  };
  EXPECT_EQ(with([](AuditQuery& query) { query.users = {"U1@Corp.example"}; }), range(1, 12, 3));
  EXPECT_EQ(with([](AuditQuery& query) { query.users = {"u[12]@*"}; }).size(), 8U);
  EXPECT_EQ(with([](AuditQuery& query) { query.users = {"u1@corp.example", "u2@corp.example"}; }).size(), 8U);
  EXPECT_EQ(with([](AuditQuery& query) { query.peers = {"eve@agency.example"}; }).size(), 12U);
  EXPECT_THAT(with([](AuditQuery& query) { query.peers = {"*@corp.example"}; }), IsEmpty());
  EXPECT_THAT(with([](AuditQuery& query) { query.names = {"*1?.png"}; }), ElementsAre(10, 11, 12));
  EXPECT_THAT(with([](AuditQuery& query) { query.names = {"file 3.png"}; }), ElementsAre(3));
  EXPECT_EQ(with([](AuditQuery& query) { query.rules = {"DEFAULT"}; }).size(), 12U);
  EXPECT_EQ(with([](AuditQuery& query) { query.kinds = {"file-transfer"}; }).size(), 12U);
  EXPECT_THAT(with([](AuditQuery& query) { query.kinds = {"webcam"}; }), IsEmpty());
  EXPECT_EQ(with([](AuditQuery& query) { query.actions = {"block"}; }).size(), 12U);
  EXPECT_THAT(with([](AuditQuery& query) { query.actions = {"allow", "observe"}; }), IsEmpty());
  EXPECT_EQ(with([](AuditQuery& query) { query.clients = {"10.20.0.7"}; }).size(), 12U);
  EXPECT_THAT(with([](AuditQuery& query) { query.clients = {"10.20.0.70"}; }), IsEmpty());
  EXPECT_THAT(with([](AuditQuery& query) { query.seq_from = query.seq_to = 5; }), ElementsAre(5));
  EXPECT_THAT(with([](AuditQuery& query) { query.seq_from = 11; }), ElementsAre(11, 12));
  EXPECT_THAT(with([](AuditQuery& query) {
                query.users = {"u0@corp.example"};
                query.names = {"*1*"};
              }),
              ElementsAre(12));
  std::string id;
  AuditReader(files_.log()).each({}, [&](const AuditRecord& record) {
    if (record.seq == 7) id = record[AuditKey::id];
    return true;
  });
  EXPECT_THAT(with([&](AuditQuery& query) { query.ids = {id}; }), ElementsAre(7));
}

TEST_F(AuditReading, LinesOnTheBorderOfChunksAreReadOnce) {
  settings_.rotate_size = 0;
  AuditLog log(settings_);
  AuditEvent event = test::file_event("ann@corp.example", "x");
  event.detail.assign(3000, 'd');
  for (int i = 0; i < 3000; ++i) ASSERT_TRUE(log.record(event));
  ASSERT_GT(AuditReader(files_.log()).chunks().size(), 2U);
  EXPECT_EQ(seqs({}), range(1, 3000));
}

TEST_F(AuditReading, ATornLineIsLeftOut) {
  write(1, 3);
  std::ofstream(files_.log(), std::ios::app | std::ios::binary) << "{\"time\":\"2026-11";
  EXPECT_EQ(seqs({}), range(1, 3));
}

TEST_F(AuditReading, ADamagedCompressedSegmentIsNamed) {
  write(1, 40);
  compress_all_closed();
  const auto segment = segments_of(files_.log()).front().path;
  std::string text = test::text_of_file(segment);
  const std::string whole = text;
  for (std::size_t at : {std::size_t{0}, std::size_t{9}, text.size() / 2}) {
    text = whole;
    text[at] = static_cast<char>(text[at] ^ 0x55);
    test::put_text(segment, text);
    try {
      (void)seqs({});
      ADD_FAILURE() << "not noticed at " << at;
    } catch (const std::exception& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr(".zst: is "));
    }
  }
  test::put_text(segment, whole.substr(0, whole.size() - 5));
  EXPECT_THROW((void)seqs({}), std::exception);
}

// Everything a follower gives, as numbers.
std::vector<std::uint64_t> read_on(AuditFollower& follower) {
  std::vector<std::uint64_t> found;
  for (std::string_view lines = follower.more(); !lines.empty(); lines = follower.more()) {
    while (!lines.empty()) {
      const std::size_t size = lines.find('\n') + 1;
      if (const auto record = record_of(lines.substr(0, size))) found.push_back(record->seq);
      lines.remove_prefix(size);
    }
  }
  return found;
}

TEST_F(AuditReading, AFollowerSeesNewRecordsOverRotations) {
  write(1, 5);
  AuditFollower from_the_end(files_.log(), std::nullopt);
  AuditFollower from_three(files_.log(), 3);
  EXPECT_THAT(read_on(from_the_end), IsEmpty());
  EXPECT_EQ(read_on(from_three), range(4, 5));
  write(6, 40);
  EXPECT_EQ(read_on(from_the_end), range(6, 40));
  write(41, 41);
  write(42, 60);
  compress_all_closed();
  EXPECT_EQ(read_on(from_the_end), range(41, 60));
  EXPECT_EQ(read_on(from_three), range(6, 60));
  EXPECT_THAT(read_on(from_three), IsEmpty());
}

TEST_F(AuditReading, AFollowerWaitsForALogThatIsNotThereYet) {
  AuditFollower follower(files_.log(), 0);
  EXPECT_THAT(read_on(follower), IsEmpty());
  write(1, 2);
  EXPECT_EQ(read_on(follower), range(1, 2));
}

TEST_F(AuditReading, AFollowerGivesALineOnlyWhenItIsWhole) {
  write(1, 2);
  const std::string text = test::text_of_file(files_.log());
  test::put_text(files_.log(), text.substr(0, text.size() - 10));
  AuditFollower follower(files_.log(), 0);
  EXPECT_EQ(read_on(follower), range(1, 1));
  test::put_text(files_.log(), text);
  EXPECT_EQ(read_on(follower), range(2, 2));
}

TEST_F(AuditReading, WhatWasAddedJustBeforeARotationIsNotMissed) {
  write(1, 3);
  AuditFollower follower(files_.log(), 0);
  EXPECT_EQ(read_on(follower), range(1, 3));
  for (int i = 4; i < 100; ++i) {
    write(i, i);
    if (i % 5 == 0) {
      EXPECT_EQ(read_on(follower).back(), static_cast<std::uint64_t>(i));
    }
  }
}

}  // namespace
}  // namespace gate
