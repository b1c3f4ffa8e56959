#include "proxy/event_summary.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using gate::AuditKey;
using gate::AuditRecord;
using gate::EventSummary;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::Pair;

const std::chrono::sys_seconds noon = std::chrono::sys_days{std::chrono::year{2026} / 11 / 22} + 12h;

AuditRecord record(std::string_view time, std::string_view event, std::string_view action,
                   std::string_view reason = "offer", std::string_view user = "ann@corp.example") {
  AuditRecord made;
  const auto set = [&made](AuditKey key, std::string_view value) {
    made.values[static_cast<std::size_t>(key)] = value;
  };
  set(AuditKey::time, time);
  set(AuditKey::event, event);
  set(AuditKey::action, action);
  set(AuditKey::reason, reason);
  set(AuditKey::kind, "file-transfer");
  set(AuditKey::user, user);
  return made;
}

TEST(SecondsOf, ReadsWhatRecordsHave) {
  EXPECT_EQ(gate::seconds_of("2026-11-22T12:00:05.123456Z"), noon + 5s);
  for (const char* text :
       {"", "2026-11-22", "2026-13-22T12:00:05Z", "2026-02-30T12:00:05Z", "x026-11-22T12:00:05Z"}) {
    EXPECT_FALSE(gate::seconds_of(text)) << text;
  }
}

TEST(EventSummary, CountsByTimeActionKindUserAndCause) {
  EventSummary summary(noon, 60s);
  summary.add(record("2026-11-22T12:00:00Z", "transfer", "block"));
  summary.add(record("2026-11-22T12:00:59Z", "object", "allow"));
  summary.add(record("2026-11-22T12:01:00Z", "transport", "observe"));
  summary.add(record("2026-11-22T12:47:59Z", "failure", "block", "parse-error"));
  summary.add(record("2026-11-22T12:01:00Z", "session", "", "client-closed"));
  summary.add(record("2026-11-22T12:01:00Z", "policy", ""));
  EXPECT_THAT(summary.buckets()[0], ElementsAre(1, 1, 0, 0));
  EXPECT_THAT(summary.buckets()[1], ElementsAre(0, 0, 1, 0));
  EXPECT_THAT(summary.buckets()[47], ElementsAre(0, 0, 0, 1));
  EXPECT_THAT(summary.totals(), ElementsAre(1, 1, 1, 1));
  EXPECT_EQ(summary.sessions(), 1U);
  EXPECT_THAT(summary.kinds(), ElementsAre(Pair("file-transfer", 1U)));
  EXPECT_THAT(summary.users(), ElementsAre(Pair("ann@corp.example", 1U)));
  EXPECT_THAT(summary.causes(), ElementsAre(Pair("parse-error", 1U)));
}

TEST(EventSummary, WhatIsBeforeOrBehindItsSpanIsNotCounted) {
  EventSummary summary(noon, 60s);
  for (const char* time :
       {"2026-11-22T11:59:59Z", "2026-11-22T12:48:00Z", "2027-01-01T00:00:00Z", "nonsense"}) {
    summary.add(record(time, "transfer", "block"));
  }
  EXPECT_THAT(summary.totals(), ElementsAre(0, 0, 0, 0));
}

TEST(EventSummary, PiecesAddUpAndTheTopIsTheMostFrequent) {
  EventSummary one(noon, 60s);
  EventSummary other(noon, 60s);
  one.add(record("2026-11-22T12:00:00Z", "transfer", "block"));
  for (int i = 0; i < 3; ++i)
    other.add(record("2026-11-22T12:00:00Z", "transfer", "block", "offer", "ben@corp.example"));
  one.add(other);
  EXPECT_EQ(one.totals()[EventSummary::block], 4U);
  EXPECT_THAT(EventSummary::top(one.users(), 1), ElementsAre(Pair("ben@corp.example", 3U)));
}

}  // namespace
