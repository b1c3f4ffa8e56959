#include "proxy/audit_query.hpp"

#include <string>

#include <gtest/gtest.h>

#include "proxy/audit_json.hpp"
#include "tests/support/audit_files.hpp"

namespace gate {
namespace {

constexpr std::string_view id = "01ARYZ6S41TSV4RRFFQ69G5FAV";

bool finds(const AuditQuery& query, const AuditEvent& event) {
  const std::string line = to_json_line(event, 17, id);
  const AuditMatcher matcher(query);
  const bool found = matcher.matches(*record_of(line));
  // Lines without the needle are never looked at.
  EXPECT_TRUE(!found || line.find(matcher.needle()) != std::string::npos) << matcher.needle();
  return found;
}

template <class Change>
bool finds(const AuditEvent& event, Change change) {
  AuditQuery query;
  change(query);
  return finds(query, event);
}

AuditEvent plan() {
  return test::file_event("ann@corp.example", "plan.doc");
}

TEST(AuditQuerying, OfSeveralWordsAnyAndOfSeveralListsAllMustFit) {
  EXPECT_TRUE(finds({}, plan()));
  EXPECT_TRUE(finds(plan(), [](AuditQuery& query) { query.actions = {"allow", "block"}; }));
  EXPECT_FALSE(finds(plan(), [](AuditQuery& query) {
    query.actions = {"block"};
    query.kinds = {"webcam"};
  }));
  EXPECT_FALSE(finds(plan(), [](AuditQuery& query) { query.actions = {"BLOCK"}; })) << "words are ours";
}

TEST(AuditQuerying, EveryWordHasItsKey) {
  using List = std::vector<std::string> AuditQuery::*;
  for (const auto& [list, word] : {std::pair<List, const char*>{&AuditQuery::events, "transfer"},
                                   {&AuditQuery::actions, "block"},
                                   {&AuditQuery::reasons, "offer"},
                                   {&AuditQuery::kinds, "file-transfer"},
                                   {&AuditQuery::directions, "send"},
                                   {&AuditQuery::forms, "p2p-v1"},
                                   {&AuditQuery::policies, "3f2a"},
                                   {&AuditQuery::ids, id.data()}}) {
    AuditEvent event = plan();
    event.policy = "3f2a";
    AuditQuery query;
    query.*list = {word};
    EXPECT_TRUE(finds(query, event)) << word;
    query.*list = {"other"};
    EXPECT_FALSE(finds(query, event)) << word;
  }
}

TEST(AuditQuerying, TheBeginningBelongsToATimeAndTheEndDoesNot) {
  const auto at = plan().time;
  using std::chrono::microseconds;
  EXPECT_TRUE(finds(plan(), [&](AuditQuery& query) { query.since = at; }));
  EXPECT_FALSE(finds(plan(), [&](AuditQuery& query) { query.since = at + microseconds(1); }));
  EXPECT_FALSE(finds(plan(), [&](AuditQuery& query) { query.until = at; }));
  EXPECT_TRUE(finds(plan(), [&](AuditQuery& query) { query.until = at + microseconds(1); }));
}

TEST(AuditQuerying, AccountsAreFoundInAnyCaseAndByPattern) {
  for (const char* const user : {"ann@corp.example", "ANN@Corp.Example", "ann@*", "*@CORP.example",
                                 "[ab]nn@corp.example", "ann@corp.exampl?"}) {
    EXPECT_TRUE(finds(plan(), [&](AuditQuery& query) { query.users = {user}; })) << user;
  }
  for (const char* const user : {"nn@corp.example", "ann@corp.example.org", "*@agency.example", "", "ann"}) {
    EXPECT_FALSE(finds(plan(), [&](AuditQuery& query) { query.users = {user}; })) << user;
  }
}

TEST(AuditQuerying, AnyOfThePeersIsEnough) {
  EXPECT_TRUE(finds(plan(), [](AuditQuery& query) { query.peers = {"eve@agency.example"}; }));
  EXPECT_TRUE(finds(plan(), [](AuditQuery& query) { query.peers = {"nobody@x", "bob@*"}; }));
  EXPECT_FALSE(finds(plan(), [](AuditQuery& query) { query.peers = {"ann@corp.example"}; }));
  AuditEvent alone = plan();
  alone.peers.clear();
  EXPECT_FALSE(finds(alone, [](AuditQuery& query) { query.peers = {"*"}; }));
}

TEST(AuditQuerying, AFileIsFoundByAnyReadingOfItsName) {
  AuditEvent event = plan();
  event.file = AuditEvent::File{.names = {"plan.doc", "plan.exe"}, .size = 1};
  for (const char* const name : {"plan.doc", "PLAN.DOC", "*.exe", "plan.exe"}) {
    EXPECT_TRUE(finds(event, [&](AuditQuery& query) { query.names = {name}; })) << name;
  }
  EXPECT_FALSE(finds(event, [](AuditQuery& query) { query.names = {"*.png"}; }));
  event.file.reset();
  EXPECT_FALSE(finds(event, [](AuditQuery& query) { query.names = {"*"}; }));
}

TEST(AuditQuerying, LettersBeyondAsciiAndWhatJsonEscapesAreFound) {
  const AuditEvent event = test::file_event("j\u00f6rg@corp.example", "\u00dcber \"alles\".doc");
  EXPECT_TRUE(finds(event, [](AuditQuery& query) { query.users = {"j\u00f6rg@corp.example"}; }));
  EXPECT_TRUE(finds(event, [](AuditQuery& query) { query.names = {"\u00dcber \"alles\".doc"}; }));
  EXPECT_TRUE(finds(event, [](AuditQuery& query) { query.names = {"*\"alles\"*"}; }));
}

TEST(AuditQuerying, ClientsAreAddressesWithOrWithoutTheirPort) {
  AuditEvent event = plan();
  for (const char* const client : {"10.20.0.7", "10.20.0.7:49152"}) {
    EXPECT_TRUE(finds(event, [&](AuditQuery& query) { query.clients = {client}; })) << client;
  }
  for (const char* const client : {"10.20.0", "10.20.0.7:4915", "10.20.0.71"}) {
    EXPECT_FALSE(finds(event, [&](AuditQuery& query) { query.clients = {client}; })) << client;
  }
  event.client = "[2001:db8::7]:49152";
  for (const char* const client : {"2001:db8::7", "[2001:db8::7]:49152"}) {
    EXPECT_TRUE(finds(event, [&](AuditQuery& query) { query.clients = {client}; })) << client;
  }
}

TEST(AuditQuerying, NumbersAreARangeWithBothEnds) {
  const auto between = [](std::uint64_t from, std::uint64_t to) {
    return finds(plan(), [&](AuditQuery& query) {
      query.seq_from = from;
      query.seq_to = to;
    });
  };
  EXPECT_TRUE(between(17, 17));
  EXPECT_TRUE(between(0, 17));
  EXPECT_FALSE(between(18, 100));
  EXPECT_FALSE(between(0, 16));
}

TEST(AuditQuerying, TheNeedleIsWhatFewestLinesHave) {
  AuditQuery query;
  EXPECT_EQ(AuditMatcher(query).needle(), "");
  query.kinds = {"webcam"};
  EXPECT_EQ(AuditMatcher(query).needle(), R"("kind":"webcam")");
  query.peers = {"Bob@x"};
  EXPECT_EQ(AuditMatcher(query).needle(), R"("bob@x")");
  query.users = {"ann@x"};
  EXPECT_EQ(AuditMatcher(query).needle(), R"("user":"ann@x")");
  query.users = {"*@x"};
  query.peers.clear();
  query.kinds.clear();
  EXPECT_EQ(AuditMatcher(query).needle(), "") << "a pattern is not in the line";
  query.seq_from = query.seq_to = 17;
  EXPECT_EQ(AuditMatcher(query).needle(), R"("seq":17,)");
  query.ids = {std::string(id)};
  EXPECT_EQ(AuditMatcher(query).needle(), "\"id\":\"" + std::string(id) + '"');
}

}  // namespace
}  // namespace gate
