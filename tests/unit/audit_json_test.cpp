#include "proxy/audit_json.hpp"

#include <chrono>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include "proxy/audit_chain.hpp"

namespace gate {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using namespace std::string_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view ulid = "01ARYZ6S41TSV4RRFFQ69G5FAV";

// 2026-11-22 16:02:20.123456 UTC
constexpr std::chrono::system_clock::time_point moment{1'795'363'340'123'456us};

AuditEvent full_event() {
  AuditEvent event;
  event.event = AuditKind::transfer;
  event.time = moment;
  event.action = Action::block;
  event.reason = "offer";
  event.rule = "default";
  event.policy = "3f2a";
  event.kind = msnp::Kind::file_transfer;
  event.direction = msnp::Direction::to_server;
  event.user = "ann@corp.example";
  event.peers = {"bob@agency.example"};
  event.file = AuditEvent::File{.names = {"plan.doc"}, .size = 48'231};
  event.form = msnp::Form::p2p_v1;
  event.call = AuditEvent::Call{
      .call_id = "{C0FFEE00-0000-0000-0000-000000000001}", .session_id = "7935", .cookie = ""};
  event.client = "10.20.0.7:49152";
  event.server = "192.0.2.10:1863";
  event.dialect = 15;
  event.answer = "603 to client";
  return event;
}

json::object parsed(const std::string& line) {
  return json::parse(line).as_object();
}

std::vector<std::string> keys_of(const json::object& object) {
  std::vector<std::string> keys;
  for (const auto& pair : object) keys.emplace_back(pair.key());
  return keys;
}

TEST(AuditJson, TheLineIsCanonicalToTheByte) {
  EXPECT_EQ(
      to_json_line(full_event(), 17, ulid),
      R"({"time":"2026-11-22T16:02:20.123456Z","seq":17,"id":"01ARYZ6S41TSV4RRFFQ69G5FAV","event":"transfer",)"
      R"("action":"block","reason":"offer","rule":"default","policy":"3f2a","kind":"file-transfer",)"
      R"("direction":"send","user":"ann@corp.example","peers":["bob@agency.example"],)"
      R"("file":{"name":"plan.doc","name_shown":"plan.doc","size":48231},"form":"p2p-v1",)"
      R"("call":{"call_id":"{C0FFEE00-0000-0000-0000-000000000001}","session_id":"7935"},)"
      R"("client":"10.20.0.7:49152","server":"192.0.2.10:1863","dialect":15,"answer":"603 to client"})"
      "\n");
}

TEST(AuditJson, WhatDoesNotApplyIsLeftOut) {
  AuditEvent event;
  event.event = AuditKind::session;
  event.time = moment;
  EXPECT_EQ(to_json_line(event, 1, {}),
            "{\"time\":\"2026-11-22T16:02:20.123456Z\",\"seq\":1,\"event\":\"session\"}\n");
}

TEST(AuditJson, TimesAreUtcWithMicroseconds) {
  EXPECT_EQ(to_rfc3339(std::chrono::system_clock::time_point{}), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(to_rfc3339(std::chrono::system_clock::time_point{951'782'400s + 5us}),
            "2000-02-29T00:00:00.000005Z");
  EXPECT_EQ(to_rfc3339(std::chrono::system_clock::time_point{-1us}), "1969-12-31T23:59:59.999999Z");
}

TEST(AuditJson, DirectionsAreSeenFromTheLocalUser) {
  AuditEvent event = full_event();
  event.direction = msnp::Direction::to_client;
  EXPECT_EQ(parsed(to_json_line(event, 1, ulid)).at("direction").as_string(), "receive");
}

TEST(AuditJson, ASizeKeepsAllSixtyFourBits) {
  AuditEvent event = full_event();
  event.file->size = 0xFFFF'FFFF'FFFF'FFFFU;
  EXPECT_THAT(to_json_line(event, 1, ulid), HasSubstr("\"size\":18446744073709551615"));
}

TEST(AuditJson, TheNameIsExactAndTheShownNameIsSafe) {
  AuditEvent event = full_event();
  event.file->names = {"invoice\u202Efdp\u0000\n\x1B.exe"s};
  const std::string line = to_json_line(event, 1, ulid);
  const json::object file = parsed(line).at("file").as_object();
  EXPECT_EQ(file.at("name").as_string(), event.file->names.front());
  EXPECT_EQ(file.at("name_shown").as_string(), "invoice\\u{202e}fdp\\u{0000}\\u{000a}\\u{001b}.exe");
  EXPECT_THAT(line, HasSubstr(R"("name":"invoice\u202efdp\u0000\n\u001b.exe")"));
}

TEST(AuditJson, EveryReadingOfANameIsTold) {
  AuditEvent event = full_event();
  event.file->names = {"a.txt", "a.txt.exe"};
  const json::object file = parsed(to_json_line(event, 1, ulid)).at("file").as_object();
  EXPECT_EQ(file.at("name").as_string(), "a.txt");
  EXPECT_EQ(json::serialize(file.at("other_names")), R"(["a.txt.exe"])");
}

TEST(AuditJson, NoForeignTextCanForgeALineOrReachTheTerminal) {
  const std::string evil = "\",\"action\":\"allow\"}\n{\u2028\u202E\u2066\u009B\x1B[2J\xFF\U000E0041";
  AuditEvent event = full_event();
  event.reason = event.rule = event.user = event.client = event.server = event.answer = event.detail = evil;
  event.peers = {evil, evil};
  event.file->names = {evil, evil};
  event.call = AuditEvent::Call{.call_id = evil, .session_id = evil, .cookie = evil};
  const std::string line = to_json_line(event, 1, ulid);
  EXPECT_EQ(line.find('\n'), line.size() - 1) << "one line";
  for (const char* const raw : {"\u2028", "\u202E", "\u2066", "\u009B", "\x1B", "\xFF", "\U000E0041"}) {
    EXPECT_THAT(line, Not(HasSubstr(raw)));
  }
  const json::object record = parsed(line);
  EXPECT_EQ(record.at("action").as_string(), "block");
  const std::string_view name = record.at("file").at("name").as_string();
  EXPECT_EQ(name, "\",\"action\":\"allow\"}\n{\u2028\u202E\u2066\u009B\x1B[2J\\xff\U000E0041")
      << "surrogate pairs too";
}

TEST(AuditJson, ALineIsBoundedWhateverItTells) {
  const std::string huge(100'000, '\x01');
  AuditEvent event = full_event();
  event.reason = event.rule = event.policy = event.user = event.client = event.server = event.answer =
      event.detail = huge;
  event.peers.assign(5000, huge.substr(0, 1000));
  event.file->names.assign(100, huge);
  event.call = AuditEvent::Call{.call_id = huge, .session_id = huge, .cookie = huge};
  const std::string line = to_json_line(event, 18'446'744'073'709'551'615U, ulid);
  EXPECT_LE(line.size(), audit_line_limit);
  const json::object record = parsed(line);
  EXPECT_EQ(record.at("peers").as_array().size(), 65U);
  EXPECT_EQ(record.at("peers").as_array().back().as_string(), "...[cut, of 5000 peers]");
  EXPECT_THAT(std::string(record.at("detail").as_string()), HasSubstr("[cut, of 100000 bytes]"));
}

TEST(AuditJson, TheNumberOfALineIsReadBack) {
  EXPECT_EQ(seq_of_line(to_json_line(full_event(), 42, ulid)), 42U);
  EXPECT_EQ(seq_of_line(R"({"time":"x","seq":18446744073709551615})"), 18'446'744'073'709'551'615U);
  const std::string line = to_json_line(full_event(), 42, ulid);
  for (std::size_t size = 0; size + 2 < line.size(); ++size) {
    EXPECT_FALSE(seq_of_line(std::string_view(line).substr(0, size))) << size;
  }
  for (const std::string_view no_record : {"[]", "7", R"({"seq":"1","time":""})", R"({"seq":1.5,"time":""})",
                                           R"({"seq":-1,"time":""})", R"({"seq":1})", R"({"time":""})"}) {
    EXPECT_FALSE(seq_of_line(no_record)) << no_record;
  }
}

// The published schema and the writer are held together by their keys and their words.
class AuditSchema : public testing::Test {
 protected:
  static json::object schema() {
    std::ifstream file(MSNPGATE_SOURCE_DIR "/conf/audit.schema.json");
    return json::parse(std::string(std::istreambuf_iterator<char>(file), {})).as_object();
  }
  static std::vector<std::string> words_of(std::string_view key) {
    std::vector<std::string> words;
    const json::object whole = schema();
    for (const json::value& word : whole.at("properties").at(key).at("enum").as_array()) {
      words.emplace_back(word.as_string());
    }
    return words;
  }
};

TEST_F(AuditSchema, KnowsExactlyTheKeysOfALineInTheirOrder) {
  AuditEvent event = full_event();
  event.detail = "x";
  event.call->cookie = "1";
  event.file->names.emplace_back("other");
  std::string line = to_json_line(event, 1, ulid);
  Sha256 sha256;
  (void)seal(line, chain_start, sha256);
  // Of a checkpoint, which has few others, only the object of that name.
  line.insert(line.find(",\"prev\""), ",\"checkpoint\":{}");
  const json::object record = parsed(line);
  const json::object properties = schema().at("properties").as_object();
  EXPECT_EQ(keys_of(properties), keys_of(record));
  for (const char* const part : {"file", "call"}) {
    EXPECT_EQ(keys_of(properties.at(part).at("properties").as_object()),
              keys_of(record.at(part).as_object()));
  }
}

TEST_F(AuditSchema, KnowsExactlyTheWordsOfEveryVocabulary) {
  std::vector<std::string> kinds;
  for (std::size_t i = 0; i < msnp::kind_count; ++i) kinds.emplace_back(name_of(static_cast<msnp::Kind>(i)));
  EXPECT_EQ(words_of("kind"), kinds);
  EXPECT_THAT(words_of("event"), ElementsAre(name_of(AuditKind::transfer), name_of(AuditKind::transport),
                                             name_of(AuditKind::object), name_of(AuditKind::failure),
                                             name_of(AuditKind::session), name_of(AuditKind::policy),
                                             name_of(AuditKind::checkpoint)));
  EXPECT_THAT(words_of("action"), ElementsAre("allow", "block", "observe"));
  EXPECT_THAT(words_of("direction"), ElementsAre("send", "receive"));
  std::vector<std::string> forms;
  for (int i = 0; i < 6; ++i) forms.emplace_back(name_of(static_cast<msnp::Form>(i)));
  EXPECT_EQ(words_of("form"), forms);
}

}  // namespace
}  // namespace gate
