#include "proxy/asked_question.hpp"

#include <gmock/gmock.h>

namespace {

using gate::asked_question;
using gate::AskedQuestion;
using gate::QuestionWords;
using testing::StartsWith;

QuestionWords words() {
  return {.user = "Ann@Corp.example",
          .peer = "bob@agency.example",
          .kind = {},
          .names = {},
          .size = {},
          .at = {},
          .direction = {},
          .client = {}};
}

TEST(AskedQuestion, HasWhatIsSaidAndTheUsualForWhatIsNot) {
  const auto read = asked_question(words());
  const auto& asked = std::get<AskedQuestion>(read);
  const gate::Question usual = asked.about(asked.peers.front());
  EXPECT_EQ(usual.user, "ann@corp.example");
  EXPECT_EQ(usual.peer, "bob@agency.example");
  EXPECT_EQ(usual.kind, msnp::Kind::file_transfer);
  EXPECT_EQ(usual.direction, msnp::Direction::to_server);
  EXPECT_FALSE(usual.size);

  QuestionWords more = words();
  more.kind = "webcam";
  more.names = {"a.exe", "b.exe"};
  more.size = "2KiB";
  more.at = "2026-11-26T10:00:00Z";
  more.direction = "receive";
  more.client = "10.20.0.7";
  const auto full = asked_question(more);
  const gate::Question question = std::get<AskedQuestion>(full).about("zoe@other.example");
  EXPECT_EQ(question.peer, "zoe@other.example");
  EXPECT_EQ(question.kind, msnp::Kind::webcam);
  EXPECT_EQ(question.names.size(), 2U);
  EXPECT_EQ(question.size, 2048U);
  EXPECT_EQ(question.direction, msnp::Direction::to_client);
  EXPECT_EQ(question.client.to_string(), "10.20.0.7");
}

TEST(AskedQuestion, NamesTheWordThatIsWrong) {
  struct Case {
    const char* word;
    std::string QuestionWords::*member;
    const char* text;
  };
  for (const Case& one : {Case{"user", &QuestionWords::user, "nobody"},
                          {"user", &QuestionWords::user, "*"},
                          {"peer", &QuestionWords::peer, "*@agency.example"},
                          {"peer", &QuestionWords::peer, ""},
                          {"kind", &QuestionWords::kind, "files"},
                          {"size", &QuestionWords::size, "-1"},
                          {"at", &QuestionWords::at, "noon"},
                          {"direction", &QuestionWords::direction, "up"},
                          {"client", &QuestionWords::client, "10.20.0"}}) {
    QuestionWords asked = words();
    asked.*one.member = one.text;
    const auto read = asked_question(asked);
    ASSERT_TRUE(std::holds_alternative<std::string>(read)) << one.text;
    EXPECT_THAT(std::get<std::string>(read), StartsWith(std::string(one.word) + " has to be")) << one.text;
  }
}

}  // namespace
