#include "proxy/admin_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

namespace http = boost::beast::http;
using gate::AdminDoor;
using gate::AdminHead;
using gate::AdminRoutes;
using gate::admit;
using gate::Role;
using http::status;
using http::verb;

const AdminDoor door{.tls = false, .hosts = {"localhost", "127.0.0.1", "[::1]"}};

AdminRoutes routes() {
  return {{.method = verb::get, .path = "/livez", .role = Role::none, .answer = {}},
          {.method = verb::get, .path = "/api/v1/grants", .answer = {}},
          {.method = verb::post, .path = "/api/v1/grants", .role = Role::admin, .answer = {}}};
}

AdminHead head(verb method, const char* target,
               std::initializer_list<std::pair<const char*, const char*>> more = {}) {
  AdminHead made;
  made.method(method);
  made.target(target);
  made.set(http::field::host, "localhost:9863");
  for (const auto& [name, value] : more) made.set(name, value);
  return made;
}

/// The status of a refusal; `ok` when a route answers.
status asked(const AdminHead& request, Role role = Role::admin, const AdminDoor& at = door) {
  static const AdminRoutes table = routes();
  const auto admission = admit(request, at, role, table);
  return admission.route != nullptr ? status::ok : admission.refusal.status;
}

constexpr std::pair<const char*, const char*> json{"Content-Type", "application/json; charset=utf-8"};

TEST(AdminCheck, AKnownPathIsAnsweredByItsRouteAndHeadByThatOfGet) {
  const AdminRoutes table = routes();
  EXPECT_EQ(admit(head(verb::get, "/api/v1/grants?x=1"), door, Role::viewer, table).route, &table[1]);
  EXPECT_EQ(admit(head(verb::head, "/api/v1/grants"), door, Role::viewer, table).route, &table[1]);
  EXPECT_EQ(admit(head(verb::post, "/api/v1/grants", {json}), door, Role::admin, table).route, &table[2]);
}

TEST(AdminCheck, AHostThatIsNotOursIsMisdirected) {
  for (const char* host :
       {"evil.example", "evil.example:9863", "localhost.evil.example", "127.0.0.2", "[::2]", ""}) {
    EXPECT_EQ(asked(head(verb::get, "/livez", {{"Host", host}})), status::misdirected_request) << host;
  }
  for (const char* host : {"LOCALHOST", "127.0.0.1:1", "[::1]:9863", "localhost"}) {
    EXPECT_EQ(asked(head(verb::get, "/livez", {{"Host", host}})), status::ok) << host;
  }
}

TEST(AdminCheck, NoHostOrTwoAreRefused) {
  AdminHead none = head(verb::get, "/livez");
  none.erase(http::field::host);
  EXPECT_EQ(asked(none), status::bad_request);
  AdminHead two = head(verb::get, "/livez");
  two.insert(http::field::host, "localhost");
  EXPECT_EQ(asked(two), status::bad_request);
}

TEST(AdminCheck, AForeignPageIsRefusedWhateverItAsks) {
  for (const verb method : {verb::get, verb::post}) {
    for (const char* origin :
         {"http://evil.example", "null", "https://localhost:9863", "http://localhost:1"}) {
      EXPECT_EQ(asked(head(method, "/api/v1/grants", {json, {"Origin", origin}})), status::forbidden)
          << origin;
    }
    EXPECT_EQ(asked(head(method, "/api/v1/grants", {json, {"Sec-Fetch-Site", "cross-site"}})),
              status::forbidden);
    EXPECT_EQ(asked(head(method, "/api/v1/grants", {json, {"Sec-Fetch-Site", "same-site"}})),
              status::forbidden);
    EXPECT_EQ(asked(head(method, "/api/v1/grants", {json, {"Origin", "http://localhost:9863"}})), status::ok);
    EXPECT_EQ(asked(head(method, "/api/v1/grants", {json, {"Sec-Fetch-Site", "same-origin"}})), status::ok);
  }
  const AdminDoor secure{.tls = true, .hosts = {"localhost"}};
  EXPECT_EQ(asked(head(verb::get, "/livez", {{"Origin", "https://localhost:9863"}}), Role::admin, secure),
            status::ok);
  EXPECT_EQ(asked(head(verb::get, "/livez", {{"Origin", "http://localhost:9863"}}), Role::admin, secure),
            status::forbidden);
}

TEST(AdminCheck, ALinkFromElsewhereMayLeadToUsButNotChangeAnything) {
  const std::pair<const char*, const char*> site{"Sec-Fetch-Site", "cross-site"};
  const std::pair<const char*, const char*> link{"Sec-Fetch-Mode", "navigate"};
  EXPECT_EQ(asked(head(verb::get, "/livez", {site, link})), status::ok);
  EXPECT_EQ(asked(head(verb::post, "/api/v1/grants", {site, link, json})), status::forbidden);
}

TEST(AdminCheck, WhatFormsCanSendChangesNothing) {
  EXPECT_EQ(asked(head(verb::post, "/api/v1/grants")), status::unsupported_media_type);
  for (const char* type :
       {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp"}) {
    EXPECT_EQ(asked(head(verb::post, "/api/v1/grants", {{"Content-Type", type}})),
              status::unsupported_media_type)
        << type;
  }
}

TEST(AdminCheck, ChangesNeedTheAdminRoleAndLooksTheViewerRole) {
  EXPECT_EQ(asked(head(verb::post, "/api/v1/grants", {json}), Role::viewer), status::forbidden);
  EXPECT_EQ(asked(head(verb::post, "/api/v1/grants", {json}), Role::none), status::unauthorized);
  EXPECT_EQ(asked(head(verb::get, "/api/v1/grants"), Role::none), status::unauthorized);
  EXPECT_EQ(asked(head(verb::get, "/livez"), Role::none), status::ok);
}

TEST(AdminCheck, AWrongMethodHearsWhichAreRight) {
  const AdminRoutes table = routes();
  const auto admission = admit(head(verb::delete_, "/api/v1/grants"), door, Role::admin, table);
  EXPECT_EQ(admission.route, nullptr);
  EXPECT_EQ(admission.refusal.status, status::method_not_allowed);
  EXPECT_EQ(admission.allow, "GET, POST");
}

TEST(AdminCheck, OnlyPathsOfTheTableExist) {
  for (const char* path :
       {"/", "/livez/", "//livez", "/livez/..", "/../livez", "/%6civez", "/livez%00", "/LIVEZ"}) {
    EXPECT_EQ(asked(head(verb::get, path)), status::not_found) << path;
  }
  EXPECT_EQ(asked(head(verb::get, "livez")), status::bad_request);
}

}  // namespace
