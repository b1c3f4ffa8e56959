#include "proxy/audit_report.hpp"

#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/audit_json.hpp"
#include "tests/support/audit_files.hpp"

namespace gate {
namespace {

using testing::HasSubstr;
using testing::Not;

void add(AuditReport& report, const AuditEvent& event) {
  const std::string line = to_json_line(event, 1, "01ARYZ6S41TSV4RRFFQ69G5FAV");
  report.add(*record_of(line));
}

AuditEvent event_of(Action action, std::string_view user, int second = 0,
                    std::string_view name = "plan.doc") {
  AuditEvent event = test::file_event(user, name, second);
  event.action = action;
  return event;
}

std::string text_of(const AuditReport& report) {
  std::ostringstream out;
  report.write_text(out);
  return out.str();
}

std::string page_of(const AuditReport& report) {
  std::ostringstream out;
  report.write_html(out);
  return out.str();
}

/// A row of the text as it is printed.
std::string row(int blocked, int passed, std::string_view name) {
  std::ostringstream out;
  out.width(12);
  out << blocked;
  out.width(12);
  out << passed << "  " << name << '\n';
  return out.str();
}

TEST(AuditReporting, CountsDecisionsByUserKindRuleHourAndDay) {
  AuditReport report;
  add(report, event_of(Action::block, "ann@corp.example"));
  add(report, event_of(Action::block, "ann@corp.example", 3600));
  add(report, event_of(Action::allow, "ann@corp.example"));
  add(report, event_of(Action::observe, "ben@corp.example", 86'400));
  const std::string text = text_of(report);
  EXPECT_THAT(text, HasSubstr("2026-11-22T16:02Z to 2026-11-23T16:02Z\n2 blocked, 2 passed, 0 failures"));
  EXPECT_THAT(text, HasSubstr("By user\n" + row(2, 1, "ann@corp.example") + row(0, 1, "ben@corp.example")));
  EXPECT_THAT(text, HasSubstr("By kind\n" + row(2, 2, "file-transfer")));
  EXPECT_THAT(text, HasSubstr("By rule\n" + row(2, 2, "default")));
  EXPECT_THAT(text, HasSubstr(row(1, 2, "16:00") + row(1, 0, "17:00") + row(0, 0, "18:00")));
  EXPECT_THAT(text, HasSubstr("By day\n" + row(2, 1, "2026-11-22") + row(0, 1, "2026-11-23")));
  EXPECT_THAT(text, HasSubstr(row(2, 1, "ann@corp.example  file-transfer  plan.doc")));
}

TEST(AuditReporting, FailuresAreCountedApartAndSessionsNotAtAll) {
  AuditReport report;
  AuditEvent event;
  event.event = AuditKind::failure;
  add(report, event);
  event.event = AuditKind::session;
  add(report, event);
  EXPECT_THAT(text_of(report), HasSubstr("0 blocked, 0 passed, 1 failures"));
}

TEST(AuditReporting, NobodyHasANameToo) {
  AuditReport report;
  add(report, event_of(Action::block, ""));
  EXPECT_THAT(text_of(report), HasSubstr(row(1, 0, "(nobody signed in)")));
}

TEST(AuditReporting, AnEmptyLogSaysSo) {
  EXPECT_THAT(text_of(AuditReport()), HasSubstr("no records\n0 blocked, 0 passed, 0 failures"));
  EXPECT_THAT(page_of(AuditReport()), HasSubstr("no records"));
}

TEST(AuditReporting, PartsOfALogAddUpToTheWhole) {
  AuditReport whole;
  AuditReport sum;
  for (int part = 2; part >= 0; --part) {  // threads give them in any order
    AuditReport one;
    for (int i = 0; i < 5; ++i) {
      const AuditEvent event = event_of(i % 2 == 0 ? Action::block : Action::allow,
                                        "u" + std::to_string(i) + "@x", part * 40'000 + i);
      add(one, event);
      add(whole, event);
    }
    sum.add(one);
  }
  sum.add(AuditReport());
  EXPECT_EQ(text_of(sum), text_of(whole));
  EXPECT_EQ(page_of(sum), page_of(whole));
}

TEST(AuditReporting, TheLargestComeFirstAndTheRestIsOneRow) {
  AuditReport report;
  for (int user = 0; user < 40; ++user) {
    const std::string name = "u" + std::to_string(user) + "@x";
    for (int i = 0; i < (user == 39 ? 3 : 1); ++i) add(report, event_of(Action::block, name));
  }
  const std::string text = text_of(report);
  EXPECT_THAT(text, HasSubstr("By user\n" + row(3, 0, "u39@x") + row(1, 0, "u0@x")));
  EXPECT_THAT(text, HasSubstr(row(15, 0, "... and 15 more")));
}

TEST(AuditReporting, ThePageRunsNothingThatWasSent) {
  AuditReport report;
  add(report,
      event_of(Action::block, "<script>alert('1')</script>&\"@x", 0, "\"><img src=x onerror=alert(1)>"));
  const std::string page = page_of(report);
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&quot;@x"));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  EXPECT_THAT(page, HasSubstr("<strong>1</strong> blocked"));
}

TEST(AuditReporting, ADamagedTimeIsCountedAllTheSame) {
  AuditReport report;
  for (const std::string_view time : {"x", "2026-11-22Tzz:00", "9999999999999999"}) {
    const std::string line =
        R"({"time":")" + std::string(time) + R"(","seq":1,"action":"block","kind":"webcam","user":"a@x"})";
    ASSERT_TRUE(record_of(line));
    report.add(*record_of(line));
  }
  EXPECT_THAT(text_of(report), HasSubstr("3 blocked"));
}

}  // namespace
}  // namespace gate
