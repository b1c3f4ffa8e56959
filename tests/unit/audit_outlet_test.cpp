#include "proxy/audit_outlet.hpp"

#include <unistd.h>

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include "proxy/audit_json.hpp"
#include "tests/support/audit_files.hpp"

namespace gate {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view id = "01ARYZ6S41TSV4RRFFQ69G5FAV";
using To = AuditExportSettings::To;

std::string line_of(const AuditEvent& event) {
  return to_json_line(event, 17, id);
}

AuditEvent failure(std::string_view detail) {
  AuditEvent event;
  event.event = AuditKind::failure;
  event.detail = detail;
  return event;
}

TEST(SyslogMessage, IsThatOfRfc5424WithTheRecordAsItIs) {
  const std::string line = line_of(test::file_event("ann@corp.example", "plan.doc"));
  EXPECT_EQ(syslog_message(*record_of(line), {}, "gate", false),
            "<133>1 2026-11-22T16:02:20.000000Z gate msnpgate " + std::to_string(::getpid()) +
                " transfer [msnpgate@32473 seq=\"17\" id=\"" + std::string(id) + "\"] " +
                line.substr(0, line.size() - 1));
  EXPECT_THAT(syslog_message(*record_of(line), {}, "gate", true), HasSubstr(" resent=\"1\"] {\"time\""));
}

TEST(SyslogMessage, SeverityAndFacilityMakeThePriority) {
  AuditExportSettings settings;
  settings.facility = 4;
  AuditEvent event = test::file_event("ann@corp.example", "plan.doc");
  EXPECT_THAT(syslog_message(*record_of(line_of(event)), settings, "h", false),
              testing::StartsWith("<37>1 "));
  event.action = Action::allow;
  EXPECT_THAT(syslog_message(*record_of(line_of(event)), settings, "h", false),
              testing::StartsWith("<38>1 "));
  EXPECT_THAT(syslog_message(*record_of(line_of(failure("x"))), settings, "h", false),
              testing::StartsWith("<36>1 "));
}

TEST(SyslogMessage, MayCarryTheElasticCommonSchema) {
  AuditExportSettings settings;
  settings.format = AuditFormat::ecs;
  const std::string line = line_of(test::file_event("ann@corp.example", "plan.doc"));
  const std::string message = syslog_message(*record_of(line), settings, "h", false);
  const auto ecs = boost::json::parse(message.substr(message.find("] {") + 2));
  EXPECT_EQ(ecs.as_object().at("file.name"), "plan.doc");
}

TEST(JournalMessage, HasAFieldForEveryValueAndASentence) {
  AuditEvent event = test::file_event("ann@corp.example", "plan.doc");
  event.dialect = 15;
  const std::string line = line_of(event);
  const std::string message = journal_message(*record_of(line), false);
  EXPECT_THAT(message, testing::StartsWith("MESSAGE=block file-transfer ann@corp.example plan.doc offer\n"));
  for (const std::string_view field :
       {"PRIORITY=5\n", "SYSLOG_IDENTIFIER=msnpgate\n", "MSNPGATE_SEQ=17\n",
        "MSNPGATE_USER=ann@corp.example\n", "MSNPGATE_PEER=bob@agency.example\n",
        "MSNPGATE_PEER=eve@agency.example\n", "MSNPGATE_FILE=plan.doc\n", "MSNPGATE_FILE_SIZE=48231\n",
        "MSNPGATE_DIALECT=15\n", "MSNPGATE_RULE=default\n"}) {
    EXPECT_THAT(message, HasSubstr(field));
  }
  EXPECT_THAT(message, Not(HasSubstr("MSNPGATE_PEERS")));
  EXPECT_THAT(message, Not(HasSubstr("RESENT")));
  EXPECT_THAT(journal_message(*record_of(line), true), HasSubstr("MSNPGATE_RESENT=1\n"));
}

// systemd.journal-fields(7): such a value has its length before it, in eight bytes, the lowest first.
TEST(JournalMessage, ALineFeedInAValueMakesNoFieldOfItsOwn) {
  const std::string line =
      R"({"time":"x","seq":17,"event":"failure","detail":"one\nMSNPGATE_ACTION=allow","hash":"h"})";
  const std::string message = journal_message(*record_of(line), false);
  using namespace std::string_literals;
  EXPECT_THAT(message, HasSubstr("\nMSNPGATE_DETAIL\n\x19\0\0\0\0\0\0\0one\nMSNPGATE_ACTION=allow\n"s));
  EXPECT_THAT(message, testing::StartsWith("MESSAGE\n"));
}

TEST(AuditOutlets, AreNamedAsAnOperatorReadsThem) {
  AuditExportSettings settings;
  settings.host = "192.0.2.5";
  settings.port = "601";
  settings.path = "/var/log/copy.jsonl";
  const auto name = [&](To to) {
    settings.to = to;
    EXPECT_NE(make_outlet(settings), nullptr);
    return text_of(settings);
  };
  EXPECT_EQ(name(To::journald), "journald");
  EXPECT_EQ(name(To::file), "file /var/log/copy.jsonl");
  EXPECT_EQ(name(To::syslog_udp), "syslog-udp 192.0.2.5:601");
  EXPECT_EQ(name(To::syslog_tcp), "syslog-tcp 192.0.2.5:601");
  EXPECT_EQ(name(To::syslog_tls), "syslog-tls 192.0.2.5:601");
}

}  // namespace
}  // namespace gate
