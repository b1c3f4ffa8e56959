#include "proxy/audited_question.hpp"

#include <fstream>

#include <gmock/gmock.h>

#include "tests/support/config_files.hpp"

namespace {

using gate::audited_question;
using gate::AuditedQuestion;
using testing::ElementsAre;
using testing::HasSubstr;

class AuditedQuestionOfALog : public testing::Test {
 protected:
  std::filesystem::path log(const std::string& user) {
    const std::filesystem::path path = files.directory() / "audit.jsonl";
    std::ofstream(path)
        << R"({"time":"2026-11-22T16:02:20.123456Z","seq":1,"id":"01KANZ8V2VTSV4RRFFQ69G5FAV","event":"transfer",)"
           R"("action":"block","reason":"offer","rule":"default","policy":"3f2a","kind":"webcam",)"
           R"("direction":"receive","user":")"
        << user
        << R"(","peers":["bob@agency.example","zoe@other.example"],"file":{"name":"a.exe","name_shown":"a.exe","size":5},)"
           R"("form":"p2p-v1","client":"[::1]:49152","server":"192.0.2.10:1863","prev":"","hash":""})"
           "\n"
        << R"({"time":"2026-11-22T16:02:21.123456Z","seq":2,"id":"01KANZ8V2VTSV4RRFFQ69G5FAW","event":"session",)"
           R"("reason":"client-closed","prev":"","hash":""})"
           "\n";
    return path;
  }
  support::Files files;
};

TEST_F(AuditedQuestionOfALog, IsTheQuestionThatWasAnswered) {
  const auto found = audited_question(log("ann@corp.example"), "01KANZ8V2VTSV4RRFFQ69G5FAV");
  const auto& decision = std::get<AuditedQuestion>(found);
  EXPECT_EQ(decision.action, "block");
  EXPECT_EQ(decision.policy, "3f2a");
  EXPECT_THAT(decision.asked.peers, ElementsAre("bob@agency.example", "zoe@other.example"));
  const gate::Question question = decision.asked.about(decision.asked.peers.back());
  EXPECT_EQ(question.user, "ann@corp.example");
  EXPECT_EQ(question.peer, "zoe@other.example");
  EXPECT_EQ(question.kind, msnp::Kind::webcam);
  EXPECT_EQ(question.direction, msnp::Direction::to_client);
  EXPECT_EQ(question.client.to_string(), "::1");
  EXPECT_EQ(question.size, 5U);
}

TEST_F(AuditedQuestionOfALog, SaysWhyThereIsNone) {
  const auto fault = [](const std::filesystem::path& path, const char* id) {
    return std::get<std::string>(audited_question(path, id));
  };
  const auto path = log("ann@corp.example");
  EXPECT_THAT(fault(path, "01KANZ8V2VTSV4RRFFQ69G5FAX"), HasSubstr("no record"));
  EXPECT_THAT(fault(path, "01KANZ8V2VTSV4RRFFQ69G5FAW"), HasSubstr("no decision"));
  EXPECT_THAT(fault(log("hashed:0123456789abcdef0123456789abcdef"), "01KANZ8V2VTSV4RRFFQ69G5FAV"),
              HasSubstr("only as a hash"));
}

}  // namespace
