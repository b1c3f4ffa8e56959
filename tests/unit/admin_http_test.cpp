#include "proxy/admin_http.hpp"

#include <gtest/gtest.h>

namespace {

using gate::admin_target;

TEST(AdminTarget, SplitsAndDecodesAQuery) {
  const auto target = admin_target("/api/v1/events?user=ann%40corp.example&q=a+b&empty=&flag&user=ben");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/api/v1/events");
  EXPECT_EQ(target->query.at("user"), "ben");  // the last wins
  EXPECT_EQ(target->query.at("q"), "a b");
  EXPECT_EQ(target->query.at("empty"), "");
  EXPECT_EQ(target->query.at("flag"), "");
}

TEST(AdminTarget, APathIsNeverDecoded) {
  const auto target = admin_target("/%2e%2e/etc");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/%2e%2e/etc");
}

TEST(AdminTarget, WhatCannotBeReadIsNone) {
  for (const char* text : {"", "x", "http://a/b", "*", "/?a=%", "/?a=%4", "/?a=%zz", "/?%g0=1"}) {
    EXPECT_FALSE(admin_target(text)) << text;
  }
}

TEST(AdminTarget, AQueryOfMoreThan32NamesIsNone) {
  std::string text = "/?";
  for (int name = 0; name < 32; ++name) text += 'n' + std::to_string(name) + "=1&";
  EXPECT_TRUE(admin_target(text));
  EXPECT_FALSE(admin_target(text + "one=more"));
}

TEST(AdminHttp, ABodyThatIsNoObjectIsNone) {
  for (const char* text : {"", "[]", "{", "1", "{} x"}) {
    EXPECT_FALSE(gate::json_body({.path = {}, .query = {}, .body = text, .who = {}})) << text;
  }
  EXPECT_TRUE(gate::json_body({.path = {}, .query = {}, .body = "{\"a\":1}", .who = {}}));
}

}  // namespace
