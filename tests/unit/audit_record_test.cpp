#include "proxy/audit_record.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include "proxy/audit_chain.hpp"
#include "proxy/audit_json.hpp"
#include "tests/support/audit_files.hpp"

namespace gate {
namespace {

namespace json = boost::json;
using testing::ElementsAre;

std::string hostile_line() {
  const std::string evil = "\",\"action\":\"allow\"}\n{\\\u202E\u2028\U000E0041\xFF\\\\\"[]{},:";
  AuditEvent event = test::file_event(evil, evil);
  event.reason = event.rule = event.client = event.answer = event.detail = evil;
  event.peers = {evil, "bob@agency.example", evil};
  event.call = AuditEvent::Call{.call_id = evil, .session_id = "7", .cookie = evil};
  std::string line = to_json_line(event, 42, "01ARYZ6S41TSV4RRFFQ69G5FAV");
  Sha256 sha256;
  (void)seal(line, chain_start, sha256);
  return line;
}

TEST(AuditRecord, EveryValueIsFoundAsAJsonLibraryFindsIt) {
  const std::string line = hostile_line();
  const json::object truth = json::parse(line).as_object();
  const auto record = record_of(line);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->seq, 42U);
  for (std::size_t i = 0; i < audit_key_count; ++i) {
    const auto key = static_cast<AuditKey>(i);
    const json::value* const value = truth.if_contains(name_of(key));
    if (value == nullptr) {
      EXPECT_TRUE((*record)[key].empty()) << name_of(key);
    } else if (value->is_string()) {
      EXPECT_EQ(text_of_json((*record)[key]), value->as_string()) << name_of(key);
    } else {
      EXPECT_EQ(json::parse(std::string((*record)[key])), *value) << name_of(key);
    }
  }
  const json::object file = truth.at("file").as_object();
  EXPECT_EQ(text_of_json(record->member(AuditKey::file, "name")), file.at("name").as_string());
  EXPECT_EQ(record->member(AuditKey::file, "size"), "48231");
  EXPECT_EQ(record->member(AuditKey::file, "absent"), "");
  EXPECT_EQ(record->member(AuditKey::form, "size"), "") << "no object";
}

TEST(AuditRecord, PeersAreReadOneByOne) {
  const std::string line = hostile_line();
  std::string_view peers = record_of(line)->values[static_cast<std::size_t>(AuditKey::peers)];
  std::vector<std::string> found;
  while (const auto peer = next_text(peers)) found.push_back(text_of_json(*peer));
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[1], "bob@agency.example");
  EXPECT_EQ(found[0], found[2]);
}

TEST(AuditRecord, APartOfALineIsNoRecord) {
  const std::string line = hostile_line();
  for (std::size_t size = 0; size + 1 < line.size(); ++size) {
    EXPECT_FALSE(record_of(std::string_view(line).substr(0, size))) << size;
  }
  for (const std::string_view odd :
       {"{}", "[]", "7", R"({"time":"x"})", R"({"time":"x","seq":-1})", R"({"time":"x","seq":1.5})",
        R"({"time":"x","seq":1}x)", R"({"time":"x","seq":1,})", R"({"time":"x","seq":1,"a":[[[[[[]]]]]]})"}) {
    EXPECT_FALSE(record_of(odd)) << odd;
  }
}

TEST(AuditRecord, AKeyOfALaterVersionIsPassedOver) {
  const auto record =
      record_of(R"({"time":"x","future":{"a":["]"]},"seq":7,"user":"ann@corp.example","more":1,"hash":"h"})");
  ASSERT_TRUE(record);
  EXPECT_EQ((*record)[AuditKey::user], "ann@corp.example");
  EXPECT_EQ((*record)[AuditKey::hash], "h");
}

TEST(AuditRecord, AnyDamageIsSurvived) {
  const std::string line = hostile_line();
  for (std::size_t i = 0; i < line.size(); ++i) {
    for (const char c : {'"', '\\', '{', ']', ',', '\0'}) {
      std::string damaged = line;
      damaged[i] = c;
      if (const auto record = record_of(damaged)) {
        (void)text_of_json((*record)[AuditKey::detail]);
        (void)record->member(AuditKey::file, "name");
        std::string_view peers = (*record)[AuditKey::peers];
        while (next_text(peers)) continue;
      }
    }
  }
}

TEST(AuditRecord, EscapesBecomeWhatTheyMean) {
  EXPECT_EQ(text_of_json(R"(a\"\\\/\b\f\n\r\tz)"), "a\"\\/\b\f\n\r\tz");
  EXPECT_EQ(text_of_json(R"(\u0041\u00e4\u202e\udb40\udc41)"), "A\u00E4\u202E\U000E0041");
  for (const char* const damaged : {R"(\)", R"(\x)", R"(\u12)", R"(\ud800)", R"(\ud800A)", R"(\udc00)"}) {
    EXPECT_EQ(text_of_json(damaged).front(), '\\') << damaged;
  }
}

}  // namespace
}  // namespace gate
