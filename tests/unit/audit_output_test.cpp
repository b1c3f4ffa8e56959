#include "proxy/audit_output.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include "proxy/audit_json.hpp"
#include "tests/support/audit_files.hpp"

namespace gate {
namespace {

namespace json = boost::json;
using testing::HasSubstr;
using testing::Not;

std::string shown(const AuditEvent& event, AuditFormat format) {
  const std::string line = to_json_line(event, 17, "01ARYZ6S41TSV4RRFFQ69G5FAV");
  std::string text;
  append(text, *record_of(line), format);
  return text;
}

AuditEvent failure() {
  AuditEvent event;
  event.event = AuditKind::failure;
  event.time = test::file_event("", "").time;
  event.reason = "parse-error";
  event.detail = "line too long";
  event.client = "[2001:db8::7]:49152";
  return event;
}

TEST(AuditTable, ARowTellsWhoTriedWhatAndWhy) {
  EXPECT_EQ(shown(test::file_event("ann@corp.example", "plan.doc"), AuditFormat::table),
            "17       2026-11-22T16:02:20 block    file-transfer     ann@corp.example -> "
            "bob@agency.example,eve@agency.example plan.doc (48231)             default (offer)\n");
}

TEST(AuditTable, TheArrowShowsTheWayOfTheFile) {
  AuditEvent event = test::file_event("", "plan.doc");
  event.direction = msnp::Direction::to_client;
  EXPECT_THAT(shown(event, AuditFormat::table), HasSubstr("? <- bob@agency.example"));
}

TEST(AuditTable, WhatIsNoDecisionShowsItsEventAndDetail) {
  EXPECT_THAT(shown(failure(), AuditFormat::table), HasSubstr("failure  -                 - "));
  EXPECT_THAT(shown(failure(), AuditFormat::table), HasSubstr("parse-error: line too long\n"));
  AuditEvent nothing;
  nothing.event = AuditKind::session;
  EXPECT_THAT(shown(nothing, AuditFormat::table), testing::EndsWith(" -\n"));
}

TEST(AuditTable, ColumnsAreCountedInCharacters) {
  const std::string wide =
      shown(test::file_event("ann@corp.example", "\u00e4\u00f6\u00fc.doc"), AuditFormat::table);
  const std::string plain = shown(test::file_event("ann@corp.example", "aou.doc"), AuditFormat::table);
  EXPECT_EQ(wide.size(), plain.size() + 3);
}

TEST(AuditCsv, ACellIsNeverAFormulaAndAlwaysQuoted) {
  for (const std::string start : {"=", "+", "-", "@"}) {
    const std::string row =
        shown(test::file_event("ann@corp.example", start + "cmd|'/c calc'!A1"), AuditFormat::csv);
    EXPECT_THAT(row, HasSubstr(",\"'" + start + "cmd|"));
  }
  AuditEvent event = test::file_event("ann@corp.example", "a\"b,c.doc");
  EXPECT_THAT(shown(event, AuditFormat::csv), HasSubstr(",\"a\"\"b,c.doc\",\"48231\","));
}

TEST(AuditCsv, EveryRowHasAsManyCellsAsTheHeading) {
  const auto cells = [](std::string_view row) {
    std::size_t count = 1;
    bool quoted = false;
    for (const char c : row) {
      if (c == '"') quoted = !quoted;
      if (c == ',' && !quoted) ++count;
    }
    return count;
  };
  for (const AuditEvent& event : {test::file_event("a,b\"@x", "a,\"b"), failure(), AuditEvent()}) {
    const std::string row = shown(event, AuditFormat::csv);
    EXPECT_EQ(cells(row), cells(heading(AuditFormat::csv))) << row;
    EXPECT_TRUE(row.ends_with("\r\n"));
  }
}

TEST(AuditEcs, IsOneObjectWithTheSchemasOwnWords) {
  AuditEvent event = test::file_event("ann@corp.example", "plan.doc");
  event.dialect = 15;
  event.call = AuditEvent::Call{.call_id = "{C0FFEE}", .session_id = "7", .cookie = ""};
  const json::object ecs = json::parse(shown(event, AuditFormat::ecs)).as_object();
  const auto text = [&](std::string_view key) { return std::string(ecs.at(key).as_string()); };
  EXPECT_EQ(text("@timestamp"), "2026-11-22T16:02:20.000000Z");
  EXPECT_EQ(text("event.action"), "transfer");
  EXPECT_EQ(ecs.at("event.type").as_array().at(0), "denied");
  EXPECT_EQ(ecs.at("event.category").as_array().at(0), "network");
  EXPECT_EQ(ecs.at("event.sequence"), 17);
  EXPECT_EQ(text("network.direction"), "outbound");
  EXPECT_EQ(text("user.email"), "ann@corp.example");
  EXPECT_EQ(text("file.name"), "plan.doc");
  EXPECT_EQ(ecs.at("file.size"), 48231);
  EXPECT_EQ(text("client.ip"), "10.20.0.7");
  EXPECT_EQ(ecs.at("client.port"), 49152);
  EXPECT_EQ(ecs.at("msnpgate.peers").as_array().size(), 2U);
  EXPECT_EQ(ecs.at("msnpgate.dialect"), 15);
}

TEST(AuditEcs, TypesFollowTheActionAndAddressesLoseTheirBrackets) {
  AuditEvent event = test::file_event("ann@corp.example", "plan.doc");
  event.action = Action::observe;
  event.direction = msnp::Direction::to_client;
  json::object ecs = json::parse(shown(event, AuditFormat::ecs)).as_object();
  EXPECT_EQ(ecs.at("event.type").as_array().at(0), "allowed");
  EXPECT_EQ(ecs.at("network.direction"), "inbound");
  ecs = json::parse(shown(failure(), AuditFormat::ecs)).as_object();
  EXPECT_EQ(ecs.at("event.type").as_array().at(0), "info");
  EXPECT_EQ(ecs.at("client.ip"), "2001:db8::7");
  EXPECT_EQ(ecs.at("client.port"), 49152);
  EXPECT_EQ(ecs.at("message"), "line too long");
  EXPECT_FALSE(ecs.contains("server.ip"));
  EXPECT_FALSE(ecs.contains("network.direction"));
  event.event = AuditKind::policy;
  EXPECT_EQ(json::parse(shown(event, AuditFormat::ecs)).as_object().at("event.category").as_array().at(0),
            "configuration");
}

TEST(AuditJson, IsTheLineItself) {
  const AuditEvent event = test::file_event("ann@corp.example", "plan.doc");
  EXPECT_EQ(shown(event, AuditFormat::json), to_json_line(event, 17, "01ARYZ6S41TSV4RRFFQ69G5FAV"));
  EXPECT_EQ(heading(AuditFormat::json), "");
  EXPECT_EQ(heading(AuditFormat::ecs), "");
}

TEST(AuditFormats, NoForeignTextMakesALineOrReachesTheTerminal) {
  const std::string evil = "\x1b[2J\r\n\tx\u202e\u2028\x7f\"',=\\";
  AuditEvent event = test::file_event(evil, evil);
  event.reason = event.rule = event.detail = event.answer = event.client = evil;
  event.peers = {evil};
  for (const AuditFormat format :
       {AuditFormat::table, AuditFormat::csv, AuditFormat::ecs, AuditFormat::json}) {
    const std::string text = shown(event, format);
    const std::size_t end = text.find_last_not_of("\r\n") + 1;
    for (const char c : text.substr(0, end)) EXPECT_GE(static_cast<unsigned char>(c), ' ') << text;
    EXPECT_THAT(text, Not(HasSubstr("\u202e")));
    EXPECT_THAT(text, Not(HasSubstr("\u2028")));
    EXPECT_THAT(text, Not(HasSubstr("\x7f")));
  }
}

}  // namespace
}  // namespace gate
