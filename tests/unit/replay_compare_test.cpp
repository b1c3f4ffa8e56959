#include "proxy/replay_compare.hpp"

#include <sstream>

#include <gmock/gmock.h>

namespace {

using gate::Action;
using gate::AuditEvent;
using gate::DecisionList;

AuditEvent decision(const char* file, Action action, const char* rule = "default") {
  AuditEvent event;
  event.time = std::chrono::system_clock::from_time_t(1'790'000'000);
  event.user = "ann@a.example";
  event.peers = {"bob@b.example"};
  event.kind = msnp::Kind::file_transfer;
  event.direction = msnp::Direction::to_server;
  event.file = AuditEvent::File{{file}, 5};
  event.action = action;
  event.rule = rule;
  event.reason = "offer";
  return event;
}

TEST(ReplayCompare, PrintsDecisionsWithAnotherAction) {
  DecisionList older;
  DecisionList newer;
  ASSERT_TRUE(older.record(decision("a.doc", Action::block)));
  ASSERT_TRUE(older.record(decision("b.doc", Action::block)));
  ASSERT_TRUE(older.record(decision("c.doc", Action::allow, "c")));
  ASSERT_TRUE(newer.record(decision("a.doc", Action::allow, "ann")));
  ASSERT_TRUE(newer.record(decision("b.doc", Action::block, "no b")));
  ASSERT_TRUE(newer.record(decision("d.doc", Action::block)));
  std::ostringstream out;
  const gate::Comparison comparison = gate::print_differences(older, newer, gate::ReplayFormat::text, out);
  EXPECT_EQ(comparison.changed, 2U);
  EXPECT_EQ(comparison.other_rule, 1U);
  EXPECT_EQ(comparison.same, 1U);
  EXPECT_EQ(out.str(),
            "2026-09-21T14:13:20.000000Z  ann@a.example send bob@b.example  file-transfer \"a.doc\": block "
            "(default) "
            "-> allow (ann)\n"
            "2026-09-21T14:13:20.000000Z  ann@a.example send bob@b.example  file-transfer \"d.doc\": nothing "
            "recorded -> block (default)\n");
}

TEST(ReplayCompare, IsJsonLinesToo) {
  DecisionList older;
  DecisionList newer;
  ASSERT_TRUE(newer.record(decision("d.doc", Action::block)));
  std::ostringstream out;
  (void)gate::print_differences(older, newer, gate::ReplayFormat::json, out);
  EXPECT_THAT(out.str(),
              testing::HasSubstr(R"("old":null,"new":{"action":"block","rule":"default","reason":"offer"})"));
}

/// A failure that names nobody and no file.
AuditEvent failure(const char* reason, Action action) {
  AuditEvent event;
  event.time = std::chrono::system_clock::from_time_t(1'790'000'000);
  event.event = gate::AuditKind::failure;
  event.action = action;
  event.reason = reason;
  return event;
}

TEST(ReplayCompare, TellsCallsApartAndShowsWhatHasNoNames) {
  DecisionList older;
  DecisionList newer;
  for (const char* const call : {"{1}", "{2}"}) {
    AuditEvent event = decision("a.doc", Action::block);
    event.call = AuditEvent::Call{call, "7", ""};
    ASSERT_TRUE(older.record(event));
    event.reason = *call == '{' && call[1] == '2' ? "disordered" : "offer";
    ASSERT_TRUE(newer.record(event));
  }
  ASSERT_TRUE(older.record(failure("parse-error", Action::block)));
  ASSERT_TRUE(newer.record(failure("parse-error", Action::observe)));
  ASSERT_TRUE(newer.record(decision("passes.txt", Action::allow, "texts")));
  for (const gate::AuditKind kind : {gate::AuditKind::session, gate::AuditKind::policy}) {
    AuditEvent event;
    event.event = kind;
    ASSERT_TRUE(newer.record(event));
  }
  std::ostringstream out;
  const gate::Comparison comparison = gate::print_differences(older, newer, gate::ReplayFormat::text, out);
  EXPECT_EQ(comparison.changed, 1U);
  EXPECT_EQ(comparison.other_rule, 1U) << "the second call: another reason";
  EXPECT_EQ(comparison.same, 1U);
  EXPECT_EQ(out.str(),
            "2026-09-21T14:13:20.000000Z  ? send  failure: block (parse-error) -> observe (parse-error)\n");
  std::ostringstream json;
  (void)gate::print_differences(older, newer, gate::ReplayFormat::json, json);
  EXPECT_THAT(json.str(), testing::HasSubstr(R"("kind":"failure","file":"")"));
}

}  // namespace
