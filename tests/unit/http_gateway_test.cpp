#include "msnp/http_gateway.hpp"

#include <gtest/gtest.h>

namespace {

using msnp::GatewayAction;
using msnp::GatewayPath;
using msnp::Side;

TEST(GatewayPath, IsFoundInEveryFormOfTarget) {
  for (const char* const target :
       {"/gateway/gateway.dll", "/gateway/gateway.dll?Action=open", "http://h/gateway/gateway.dll?x",
        "HTTP://h:80/Gateway/GATEWAY.DLL", "/gateway/gateway%2Edll?x", "/%67ateway/gateway.dll"}) {
    EXPECT_EQ(msnp::gateway_path(target), GatewayPath::yes) << target;
  }
}

TEST(GatewayPath, IsOddWhereOnlySomeServersWouldFindIt) {
  for (const char* const target :
       {"//gateway/gateway.dll", "/gateway//gateway.dll", "/gateway/./gateway.dll",
        "/x/../gateway/gateway.dll?a", "/gateway\\gateway.dll", "/gateway/gateway.dll/",
        "/gateway/gateway.dll/path", "/gateway/gateway.dll;x", "/gateway;v=1/gateway.dll",
        "/gateway/gateway.dll%00", "http://h//gateway/gateway.dll", "/%2e%2e/gateway/gateway.dll"}) {
    EXPECT_EQ(msnp::gateway_path(target), GatewayPath::odd) << target;
  }
}

TEST(GatewayPath, IsNoOtherPath) {
  for (const char* const target :
       {"/", "*", "/gateway/gateway.dllx", "/gateway", "/index.html?/gateway/gateway.dll", "http://h",
        "http://h?/gateway/gateway.dll", "/other/gateway.dll", "/x#/gateway/gateway.dll", "",
        "/redirect?to=http://h/gateway/gateway.dll", "gateway.messenger.hotmail.com:443"}) {
    EXPECT_EQ(msnp::gateway_path(target), GatewayPath::no) << target;
  }
}

msnp::GatewayRequest read(std::string_view target) {
  const auto result = msnp::read_gateway_request(target);
  const auto* const request = std::get_if<msnp::GatewayRequest>(&result);
  EXPECT_NE(request, nullptr) << target << ": " << std::get<msnp::Uncertain>(result).why;
  return request == nullptr ? msnp::GatewayRequest{} : *request;
}

std::string_view why_not(std::string_view target) {
  const auto result = msnp::read_gateway_request(target);
  const auto* const uncertain = std::get_if<msnp::Uncertain>(&result);
  return uncertain == nullptr ? "" : uncertain->why;
}

TEST(GatewayRequest, WithoutSessionOpensOne) {
  const auto ns = read("/gateway/gateway.dll?Action=open&Server=NS&IP=messenger.hotmail.com");
  EXPECT_EQ(ns.action, GatewayAction::open);
  EXPECT_EQ(ns.side, Side::notification);
  EXPECT_EQ(read("/gateway/gateway.dll?Server=SB&IP=1.2.3.4&Action=open").side, Side::switchboard);
  EXPECT_EQ(read("/gateway/gateway.dll?SessionID=&Action=open&Server=NS").action, GatewayAction::open);
}

TEST(GatewayRequest, NamesItsSessionByTheStablePart) {
  const auto poll = read("/gateway/gateway.dll?Action=poll&SessionID=18446744.55");
  EXPECT_EQ(poll.action, GatewayAction::poll);
  EXPECT_EQ(poll.session, "18446744");
  const auto data = read("/gateway/gateway.dll?SessionID=c70c4bc4-352e-4446-a586-5b1cab36da8a&Lifespan=3");
  EXPECT_EQ(data.action, GatewayAction::data);
  EXPECT_EQ(data.session, "c70c4bc4-352e-4446-a586-5b1cab36da8a");
}

TEST(GatewayRequest, IsUncertainWhereServersWouldDiffer) {
  EXPECT_EQ(why_not("/g?SessionID=1.2&SessionID=3.4"), "two SessionIDs");
  EXPECT_EQ(why_not("/g?SessionID=1.2&SessionID=1.2"), "two SessionIDs");
  EXPECT_EQ(why_not("/g?SessionID=1.2&%53essionID=3.4"), "two SessionIDs");
  EXPECT_EQ(why_not("/g?SessionID=1.2&sessionid=3.4"), "two SessionIDs");
  EXPECT_EQ(why_not("/g?sessionid=1.2"), "an argument in odd spelling");
  EXPECT_EQ(why_not("/g?SessionID=1%2E2"), "an odd SessionID");
  EXPECT_EQ(why_not("/g?SessionID=.2"), "an odd SessionID");
  EXPECT_EQ(why_not("/g?SessionID=" + std::string(129, '1')), "an odd SessionID");
  EXPECT_EQ(why_not("/g?Action=Poll&SessionID=1.2"), "an unknown Action");
  EXPECT_EQ(why_not("/g?Action=poll&Action=poll&SessionID=1"), "an argument twice");
  EXPECT_EQ(why_not("/g?Action=poll"), "a poll without SessionID");
  EXPECT_EQ(why_not("/g?Action=open&SessionID=1.2"), "an opening with a SessionID");
  EXPECT_EQ(why_not("/g?Action=open&Server=XX"), "an opening to neither NS nor SB");
  EXPECT_EQ(why_not("/g?Action=open"), "an opening to neither NS nor SB");
  EXPECT_EQ(why_not("/g?SessionID=1;SessionID=2"), "an odd query");
}

TEST(GatewayAnswer, TellsSessionAndEnd) {
  const auto answer = std::get<msnp::GatewayAnswer>(
      msnp::read_gateway_answer("SessionID=18446744.58; GW-IP=10.0.0.9; Session=close"));
  EXPECT_EQ(answer.session, "18446744");
  EXPECT_TRUE(answer.closes);
  const auto open = std::get<msnp::GatewayAnswer>(msnp::read_gateway_answer("SessionID=a-b;GW-IP=h"));
  EXPECT_EQ(open.session, "a-b");
  EXPECT_FALSE(open.closes);
  EXPECT_EQ(std::get<msnp::GatewayAnswer>(msnp::read_gateway_answer("")).session, "");
}

TEST(GatewayAnswer, IsUncertainWithTwoSessionsOrAnOddOne) {
  for (const char* const value :
       {"SessionID=1.2; SessionID=3.4", "SessionID=; GW-IP=h", "SessionID=a b", "sessionid=1; SessionID=1"}) {
    EXPECT_TRUE(std::holds_alternative<msnp::Uncertain>(msnp::read_gateway_answer(value))) << value;
  }
}

TEST(WithoutPoll, LeavesEverythingElse) {
  EXPECT_EQ(msnp::without_poll("/g?Action=poll&SessionID=1.2"), "/g?SessionID=1.2");
  EXPECT_EQ(msnp::without_poll("http://h/g?SessionID=1.2&Action=poll&Lifespan=60"),
            "http://h/g?SessionID=1.2&Lifespan=60");
}

}  // namespace
