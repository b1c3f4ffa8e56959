#include "proxy/grant_json.hpp"

#include <gmock/gmock.h>
#include <boost/json/parse.hpp>

namespace {

using gate::grant_request;
using gate::GrantRequest;

auto asked(const char* text) {
  return grant_request(boost::json::parse(text).as_object());
}

TEST(GrantRequest, IsReadWithAllItMayHave) {
  const auto read =
      asked(R"({"user":"Ann@a.example","peer":"*@b.example","names":["*.pdf"],"kinds":["file-transfer"],)"
            R"("direction":"send","max_size":"10MiB","for":"30m","once":true})");
  ASSERT_TRUE(std::holds_alternative<GrantRequest>(read));
  const auto& request = std::get<GrantRequest>(read);
  EXPECT_THAT(request.rule.users, testing::ElementsAre("ann@a.example"));
  EXPECT_THAT(request.rule.peers, testing::ElementsAre("*@b.example"));
  EXPECT_EQ(request.rule.max_size, 10U << 20U);
  EXPECT_EQ(request.lasting, std::chrono::minutes(30));
  EXPECT_TRUE(request.once);
}

TEST(GrantRequest, ThatIsWrongSaysWhatWouldBeRight) {
  for (const char* const text :
       {R"({})", R"({"user":"a@b"})", R"({"user":"bob","for":"1m"})", R"({"user":"a@b","for":"0s"})",
        R"({"user":"a@b","for":"400h","once":1})", R"({"user":"a@b","for":"1m","names":["[a"]})",
        R"({"user":"a@b","for":"1m","kinds":["file"]})", R"({"user":"a@b","for":"1m","nmae":1})",
        R"({"user":"a@b","for":"1m","direction":"up"})",
        R"({"user":"a@b","for":"1m","once":true,"kinds":["direct-connection"]})"}) {
    const auto read = asked(text);
    ASSERT_TRUE(std::holds_alternative<std::string>(read)) << text;
    EXPECT_FALSE(std::get<std::string>(read).empty());
  }
}

TEST(GrantJson, ComesBackAsItWas) {
  gate::Grant grant;
  grant.id = "01K";
  grant.rule =
      std::get<GrantRequest>(asked(R"({"user":"a@b","peer":"c@d","names":["*.x"],"for":"1m","once":true,)"
                                   R"("direction":"receive","max_size":"5"})"))
          .rule;
  grant.rule.until = std::chrono::system_clock::from_time_t(1'790'000'000);
  grant.once = true;
  grant.by = "ruth";
  grant.given = std::chrono::system_clock::from_time_t(1'780'000'000);
  grant.use = std::make_shared<gate::GrantUse>();
  const gate::Grant again = gate::grant_from(gate::to_json(grant));
  EXPECT_EQ(again.rule.name, "grant 01K");
  EXPECT_EQ(again.rule.until, grant.rule.until);
  EXPECT_EQ(again.given, grant.given);
  EXPECT_EQ(again.rule.direction, msnp::Direction::to_client);
  EXPECT_EQ(gate::described(again), "a@b from c@d, *.x, up to 5, once, until 2026-09-21T14:13:20.000000Z");
  EXPECT_FALSE(again.use->spent());
}

}  // namespace
