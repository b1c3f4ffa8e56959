// HTTP as such: what passes byte for byte, and what nobody can delimit for certain.
#include "proxy/http_connection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http_rig.hpp"

namespace {

using gate::Action;
using gate::test::gateway_answer;
using gate::test::gateway_request;
using gate::test::HttpRig;
using testing::HasSubstr;
using namespace std::string_literals;

/// Says it and checks that it goes on as it came.
void passes(HttpRig::Connection& connection, const std::string& request, const std::string& answer) {
  connection.from_client(request);
  EXPECT_EQ(connection.to_server(), request);
  connection.from_server(answer);
  EXPECT_EQ(connection.to_client(), answer);
  EXPECT_FALSE(connection.closed());
}

const std::string get = "GET /index.html HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

TEST(HttpConnection, OtherWebTrafficPassesByteForByte) {
  HttpRig rig;
  const auto web = rig.connect();
  passes(*web, get, ok);
  passes(*web, "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", ok);
  passes(*web,
         "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nT: x\r\n\r\n",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n0005\r\nhello\r\n000\r\n\r\n");
  passes(*web, "HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n");
  passes(*web, get, "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n");
  passes(*web, get, "HTTP/1.1 204 No Content\r\n\r\n");
  passes(*web, "OPTIONS /gateway/gateway.dll HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n");
  passes(*web, "\r\n\r\n" + get, ok);
  passes(*web, "DELETE /x HTTP/1.1\r\nHost: h\r\nX-Odd:  \xE4 \t\r\n\r\n", ok);
  passes(*web, get, "HTTP/1.0 200 OK\r\n\r\nto the end of the connection");
  web->from_server("POST /gateway/gateway.dll HTTP/1.1\r\n\nall the same");
  EXPECT_EQ(web->to_client(), "POST /gateway/gateway.dll HTTP/1.1\r\n\nall the same");
  EXPECT_TRUE(rig.audit.events.empty());
  EXPECT_TRUE(web->filter().ends_untold());
}

TEST(HttpConnection, AChunkedBodyThatIsOverAtOnceMayComeByteByByte) {
  HttpRig rig;
  const auto web = rig.connect();
  for (const std::string& end : {"0\r\n\r\n"s, "0\r\nT: x\r\n\r\n"s, "1\r\nx\r\n0\r\n\r\n"s}) {
    const std::string request = "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + end;
    for (const char one : request) web->from_client({&one, 1});
    EXPECT_EQ(web->to_server(), request);
    const std::string answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + end;
    for (const char one : answer) web->from_server({&one, 1});
    EXPECT_EQ(web->to_client(), answer);
  }
  EXPECT_FALSE(web->closed());
}

TEST(HttpConnection, ExpectationsAndInterimAnswersPass) {
  HttpRig rig;
  const auto web = rig.connect();
  web->from_client("PUT /x HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  web->from_server("HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(web->to_client(), "HTTP/1.1 100 Continue\r\n\r\n");
  web->from_client("abc");
  (void)web->to_server();
  web->from_server("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok);
  EXPECT_EQ(web->to_client(), "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok);
  passes(*web, get, ok);
}

TEST(HttpConnection, PipelinedRequestsMeetTheirAnswers) {
  HttpRig rig;
  const auto web = rig.connect();
  const std::string head = "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n";
  const std::string open = gateway_request("Action=open&Server=SB", "USR 1 a@x.example 1.2\r\n");
  passes(*web, get + head + open + get,
         ok + "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" +
             gateway_answer("7.1", "USR 1 OK a@x.example A\r\n") + ok);
  EXPECT_EQ(web->filter().identity().user(), "a@x.example");
  EXPECT_EQ(rig.shared.gateway_sessions->size(), 1U);
}

TEST(HttpConnection, WhatFollowsAnUpgradeIsNobodysBusiness) {
  HttpRig rig;
  const auto web = rig.connect();
  passes(*web, "GET /chat HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
         "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x05hello");
  passes(*web, "\x81\x85\x00\x01\x02\x03 \n\n", "\x81\x02ok");
  EXPECT_TRUE(rig.audit.events.empty());
}

TEST(HttpConnection, AConnectToAnMsnpPortIsFollowed) {
  HttpRig rig;
  const auto proxy = rig.connect();
  passes(*proxy, "CONNECT messenger.hotmail.com:1863 HTTP/1.1\r\nHost: m\r\n\r\n",
         "HTTP/1.1 200 Connection established\r\nContent-Length: 7\r\n\r\n");
  passes(*proxy, "USR 1 ann@x.example 1.2\r\n", "USR 1 OK ann@x.example Ann\r\n");
  EXPECT_EQ(proxy->filter().identity().user(), "ann@x.example");
  EXPECT_FALSE(proxy->filter().ends_untold());
  proxy->from_client("msg 1 A 3\r\nabc");
  EXPECT_TRUE(proxy->closed());
  ASSERT_EQ(rig.audit.events.size(), 1U);
  EXPECT_EQ(rig.audit.events[0].reason, "parse-error");
  EXPECT_EQ(rig.audit.events[0].user, "ann@x.example");
}

TEST(HttpConnection, StrangersPassAConnectToAnotherPortOnly) {
  for (const auto& [port, stranger, passes_by] :
       {std::tuple{"443"s, "\x16\x03\x01\x02"s, true}, std::tuple{"1863"s, "\x16\x03\x01\x02"s, false},
        std::tuple{"443"s, "\x04\0\0\0foo\0"s, false}, std::tuple{"6891"s, "VER MSNFTP\r\n"s, false}}) {
    HttpRig rig;
    const auto proxy = rig.connect();
    passes(*proxy, "CONNECT h:" + port + " HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n");
    proxy->from_client(stranger);
    EXPECT_EQ(proxy->to_server(), passes_by ? stranger : "") << port;
    EXPECT_EQ(proxy->closed(), !passes_by) << port;
  }
}

TEST(HttpConnection, WhatComesBehindAConnectWaitsForItsAnswer) {
  HttpRig rig;
  const std::string connect = "CONNECT m:1863 HTTP/1.1\r\nHost: m\r\n\r\n";
  const auto granted = rig.connect();
  granted->from_client(connect + "USR 1 a@x.example");
  granted->from_client(" 1.2\r\n");
  EXPECT_EQ(granted->to_server(), connect);
  granted->from_server("HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(granted->to_server(), "USR 1 a@x.example 1.2\r\n");
  const auto denied = rig.connect();
  denied->from_client(connect + get);
  denied->from_server("HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno");
  EXPECT_EQ(denied->to_server(), connect + get);
  denied->from_server(ok);
  EXPECT_EQ(denied->to_client(), "HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno" + ok);
  const auto flood = rig.connect();
  flood->from_client(connect);
  flood->from_client(std::string(65'537, 'x'));
  EXPECT_TRUE(flood->closed());
}

TEST(HttpConnection, TunnelsInTunnelsAreFew) {
  HttpRig rig;
  const auto proxy = rig.connect();
  for (int depth = 0; depth < gate::HttpConnection::most_tunnels; ++depth) {
    passes(*proxy, "CONNECT h:80 HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n");
  }
  proxy->from_client("CONNECT h:80 HTTP/1.1\r\n\r\n");
  proxy->from_server("HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_TRUE(proxy->closed());
}

/// What must end the connection, and what the record says of it. Nothing of it goes on.
struct Trick {
  std::string bytes;
  std::string why;
};

const Trick request_tricks[] = {
    {"GET / HTTP/1.1\nHost: h\n\n", "bare line feed"},
    {"GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n", "bare line feed"},
    {"GET / HTTP/1.1\r\nX: a\r\n b\r\n\r\n", "folded header"},
    {"GET / HTTP/1.1\r\nX: a\rb\r\n\r\n", "bad line ending"},
    {"GET / HTTP/1.1\r\nX: a\0b\r\n\r\n"s, "bad value"},
    {"GET / HTTP/1.1\r\nContent-Length : 3\r\n\r\n", "bad field"},
    {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "Host twice"},
    {"GET / HTTP/2.5\r\n\r\n", "bad version"},
    {"POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", "Content-Length"},
    {"POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "Content-Length twice"},
    {"POST / HTTP/1.1\r\nContent-Length: 3, 3\r\n\r\nabc", "Content-Length"},
    {"POST / HTTP/1.1\r\nContent-Length: +3\r\n\r\nabc", "Content-Length"},
    {"POST / HTTP/1.1\r\nContent-Length: -3\r\n\r\nabc", "Content-Length"},
    {"POST / HTTP/1.1\r\nContent-Length: 0x3\r\n\r\nabc", "Content-Length"},
    {"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\nabc", "Content-Length"},
    {"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     "ransfer-Encoding"},
    {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", "Content-Length"},
    {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     "Encoding"},
    {"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "odd Transfer-Encoding"},
    {"POST / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "odd Transfer-Encoding"},
    {"POST / HTTP/1.1\r\nTransfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", "odd Transfer-Encoding"},
    {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.0"},
    {"CONNECT h:1 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", "CONNECT with a body"},
    {"GET / HTTP/1.1\r\nX: " + std::string(70'000, 'y'), "too long a head"},
    {"POST //gateway/gateway.dll?Action=open&Server=NS HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
     "odd spelling"},
    {"GET /gateway/gateway.dll?Action=open&Server=NS HTTP/1.1\r\n\r\n", "no POST"},
    {"POST /gateway/gateway.dll?Action=open&Server=NS HTTP/1.1\r\nContent-Encoding: gzip\r\n\r\n",
     "Content-Encoding"},
    {"POST /gateway/gateway.dll?SessionID=1.2&SessionID=2.3 HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
     "two SessionIDs"},
    {"POST /gateway/gateway.dll?SessionID=1.2 HTTP/1.1\r\nContent-Length: 0\r\n\r\n", "not opened here"},
    {"POST /gateway/gateway.dll?Action=open&Server=NS HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n",
     "http.body"},
    {"POST /gateway/gateway.dll?Action=open&Server=NS HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
     "5;x=y\r\nVER 1\r\n0\r\n\r\n",
     "chunk extension"},
    {"POST /gateway/gateway.dll?Action=open&Server=NS HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
     "5\r\nVER 1\r\n0\r\nX: y\r\n\r\n",
     "trailer"},
};

TEST(HttpConnection, ARequestThatCouldBeTwoEndsTheConnectionAndNothingOfItGoesOn) {
  for (const Trick& trick : request_tricks) {
    for (const std::size_t piece : {std::string::npos, std::size_t{1}}) {
      HttpRig rig;
      const auto web = rig.connect();
      passes(*web, get, ok);
      for (std::string_view rest = trick.bytes; !rest.empty() && !web->closed();
           rest.remove_prefix(std::min(piece, rest.size()))) {
        if (piece == 1 && trick.bytes.size() > 10'000) rest = rest.substr(0, 0);
        if (!rest.empty()) web->from_client(rest.substr(0, piece));
        if (rest.empty()) break;
      }
      if (piece == 1 && trick.bytes.size() > 10'000) continue;
      EXPECT_TRUE(web->closed()) << trick.bytes.substr(0, 200);
      EXPECT_EQ(web->to_server().find("POST"), std::string::npos) << trick.bytes.substr(0, 200);
      ASSERT_EQ(rig.audit.events.size(), 1U) << trick.bytes.substr(0, 200);
      EXPECT_EQ(rig.audit.events[0].reason, "http-ambiguous");
      EXPECT_EQ(rig.audit.events[0].action, Action::block);
      EXPECT_THAT(rig.audit.events[0].detail, HasSubstr(trick.why)) << trick.bytes.substr(0, 200);
      EXPECT_THAT(rig.audit.events[0].detail, HasSubstr("from the client"));
    }
  }
}

/// Chunks of a body whose beginning is already on its way.
const Trick chunk_tricks[] = {
    {"ffffffffffffffffff\r\n", "chunk"},
    {"3\nabc\r\n", "chunk"},
    {"3 \nabc\r\n0\r\n\r\n", "chunk"},
    {"-1\r\nabc\r\n", "chunk"},
    {"0x3\r\nabc\r\n\r\n", "chunk"},
    {"3\r\nabcXX0\r\n\r\n", "chunk"},
    {"\r\n\r\n", "chunk"},
    {"g\r\n", "chunk"},
    {"3;" + std::string(5000, 'a'), "chunk"},
    {"0\r\nContent-Length: 5\r\n\r\n", "ontent-"},
    {"0\r\nHost: x\r\n\r\n", "trailer"},
};

TEST(HttpConnection, ChunksThatCouldEndElsewhereEndTheConnection) {
  for (const Trick& trick : chunk_tricks) {
    HttpRig rig;
    const auto web = rig.connect();
    web->from_client("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
    web->from_client(trick.bytes);
    EXPECT_TRUE(web->closed()) << trick.bytes.substr(0, 50);
    ASSERT_EQ(rig.audit.events.size(), 1U) << trick.bytes.substr(0, 50);
    EXPECT_THAT(rig.audit.events[0].detail, HasSubstr(trick.why)) << trick.bytes.substr(0, 50);
  }
}

const Trick answer_tricks[] = {
    {"HTTP/1.1 200 OK\nContent-Length: 0\n\n", "bare line feed"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "Content-Length"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "ncoding"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", "Content-Length twice"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n", "Content-Length"},
    {"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na", "Content-Length"},
    {"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\na", "Content-Length"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     "Encoding"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "odd Transfer-Encoding"},
    {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.0"},
    {"HTTP/1.1 200 OK\r\nX: a\r\n\tb\r\n\r\n", "folded header"},
    {"HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\nhello", "a body where none can be"},
    {"HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n", "a body where none can be"},
    {"HTTP/1.1 101 Switching\r\n\r\n", "upgrade that nobody asked for"},
    {ok + ok, "an answer to no request"},
    {"nonsense\r\n\r\n", "version"},
};

TEST(HttpConnection, AnAnswerThatCouldBeTwoEndsTheConnection) {
  for (const Trick& trick : answer_tricks) {
    HttpRig rig;
    const auto web = rig.connect();
    web->from_client(get);
    web->from_server(trick.bytes);
    EXPECT_TRUE(web->closed()) << trick.bytes;
    ASSERT_EQ(rig.audit.events.size(), 1U) << trick.bytes;
    EXPECT_THAT(rig.audit.events[0].detail, HasSubstr(trick.why)) << trick.bytes;
    EXPECT_THAT(rig.audit.events[0].detail, HasSubstr("from the server"));
  }
}

TEST(HttpConnection, AServerMaySayUnaskedThatItCloses) {
  HttpRig rig;
  const auto web = rig.connect();
  passes(*web, get, ok);
  web->from_server("HTTP/1.1 408 Request Time-out\r\nContent-Length: 2\r\n\r\nno");
  EXPECT_FALSE(web->closed());
}

TEST(HttpConnection, RequestsWithoutAnswerAreBounded) {
  HttpRig rig;
  const auto web = rig.connect();
  for (std::size_t i = 0; i < gate::HttpConnection::most_waiting; ++i) web->from_client(get);
  EXPECT_FALSE(web->closed());
  web->from_client(get);
  EXPECT_TRUE(web->closed());
}

TEST(HttpConnection, AmbiguityPassesUnreadIfTheOperatorWroteSo) {
  gate::Policy::Source source;
  source.failure[static_cast<std::size_t>(gate::Cause::http_ambiguous)] = gate::Reaction::pass;
  HttpRig rig(std::make_shared<const gate::Policy>(std::move(source)));
  const auto web = rig.connect();
  const std::string part =
      "POST /gateway/gateway.dll?Action=open&Server=NS HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5";
  web->from_client(part);
  EXPECT_EQ(web->to_server(), "");
  web->from_client("x\r\nVER 1");
  EXPECT_EQ(web->to_server(), part + "x\r\nVER 1");
  web->from_client("\x01");
  EXPECT_EQ(web->to_server(), "\x01");
  EXPECT_FALSE(web->closed());
  ASSERT_EQ(rig.audit.events.size(), 1U);
  EXPECT_EQ(rig.audit.events[0].action, Action::allow);
}

TEST(HttpConnection, HeldMessagesAreBoundedByTheMemoryOfASession) {
  HttpRig rig;
  rig.shared.session_memory = 1000;
  const auto web = rig.connect();
  web->from_client(
      "POST /gateway/gateway.dll?Action=open&Server=NS HTTP/1.1\r\nContent-Length: 5000\r\n\r\n");
  EXPECT_FALSE(web->closed());
  web->from_client(std::string(1000, 'x'));
  EXPECT_TRUE(web->closed());
  ASSERT_EQ(rig.audit.events.size(), 1U);
  EXPECT_EQ(rig.audit.events[0].reason, "memory");
}

TEST(HttpConnection, MemoryTakenIsGivenBack) {
  HttpRig rig;
  const std::size_t all = rig.shared.memory_left();
  {
    const auto web = rig.connect();
    web->from_client(
        "POST /gateway/gateway.dll?Action=open&Server=NS HTTP/1.1\r\nContent-Length: 5000\r\n\r\n");
    EXPECT_LT(rig.shared.memory_left(), all);
  }
  EXPECT_EQ(rig.shared.memory_left(), all);
}

}  // namespace
