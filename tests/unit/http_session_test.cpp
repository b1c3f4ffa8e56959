// The stream of a gateway session: bodies joined by SessionID, whatever connection carries them.
#include "proxy/http_session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http_rig.hpp"
#include "tests/support/invitations.hpp"

namespace {

using gate::Action;
using gate::test::enter_gateway;
using gate::test::gateway_answer;
using gate::test::gateway_request;
using gate::test::HttpRig;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

std::string body_of(const std::string& message) {
  return message.substr(message.find("\r\n\r\n") + 4);
}
std::string length_of(const std::string& message) {
  const std::size_t at = message.find("Content-Length: ") + 16;
  return message.substr(at, message.find("\r\n", at) - at);
}

const std::string poll = gateway_request("Action=poll&SessionID=7.2", "");
std::string post(std::string_view body) {
  return gateway_request("SessionID=7.2", body);
}
std::string chat(int number) {
  const std::string text =
      "MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nhello " + std::to_string(number);
  return gate::test::message_to_server(std::to_string(number), 'N', text);
}
std::string invitation() {
  return gate::test::classic_block(
      "Application-Name: File Transfer\r\nApplication-GUID: {5D3E02AB-6190-11d3-BBBB-00C04F795683}\r\n"
      "Invitation-Command: INVITE\r\nInvitation-Cookie: 4711\r\nApplication-File: a.exe\r\n"
      "Application-FileSize: 10\r\n\r\n");
}
std::string offer(int number = 5) {
  return gate::test::message_to_server(std::to_string(number), 'A', invitation());
}
std::string offer_to_client() {
  return gate::test::message_to_client("bob@example.org", "Bob", invitation());
}

class HttpSession : public testing::Test {
 protected:
  HttpSession() : web(rig.connect()) { enter_gateway(*web, "7.1", "alice@example.com", {"bob@example.org"}); }

  std::string on_to_server(const std::string& request) {
    web->from_client(request);
    return web->to_server();
  }
  std::string on_to_client(const std::string& answer) {
    web->from_server(answer);
    return web->to_client();
  }

  HttpRig rig;
  std::unique_ptr<HttpRig::Connection> web;
};

TEST_F(HttpSession, ChatAndEmptyPollsPassByteForByte) {
  EXPECT_EQ(on_to_server(post(chat(1) + chat(2))), post(chat(1) + chat(2)));
  EXPECT_EQ(on_to_client(gateway_answer("7.3", "")), gateway_answer("7.3", ""));
  EXPECT_EQ(on_to_server(poll), poll);
  const std::string said =
      gateway_answer("7.4", gate::test::message_to_client("bob@example.org", "Bob", "hi"));
  EXPECT_EQ(on_to_client(said), said);
  EXPECT_TRUE(rig.audit.events.empty());
}

TEST_F(HttpSession, AnOfferIsTakenOutAndAnsweredInTheNextAnswer) {
  const std::string request = post(chat(1) + offer() + chat(6));
  const std::string sent = on_to_server(request);
  EXPECT_EQ(body_of(sent), chat(1) + chat(6));
  EXPECT_EQ(length_of(sent), std::to_string(body_of(sent).size()));
  // Nothing but the digits of the length and the body changed.
  EXPECT_EQ(sent.substr(0, sent.find("Content-Length: ")),
            request.substr(0, request.find("Content-Length: ")));
  const std::string answer = on_to_client(gateway_answer("7.3", "ACK 1\r\n"));
  EXPECT_THAT(body_of(answer), testing::StartsWith("ACK 5\r\n"));
  EXPECT_THAT(answer, HasSubstr("Invitation-Command: CANCEL"));
  EXPECT_THAT(answer, EndsWith("ACK 1\r\n"));
  EXPECT_EQ(length_of(answer), std::to_string(body_of(answer).size()));
  ASSERT_EQ(rig.audit.events.size(), 1U);
  const gate::AuditEvent& event = rig.audit.events[0];
  EXPECT_EQ(event.action, Action::block);
  EXPECT_EQ(event.form, msnp::Form::http);
  EXPECT_EQ(event.detail, "classic");
  EXPECT_EQ(event.user, "alice@example.com");
  EXPECT_THAT(event.peers, testing::ElementsAre("bob@example.org"));
  EXPECT_EQ(event.server, "10.77.0.1:80");
}

TEST_F(HttpSession, ABodyThatHeldAnOfferOnlyGoesOnEmpty) {
  const std::string sent = on_to_server(post(offer()));
  EXPECT_EQ(body_of(sent), "");
  EXPECT_EQ(length_of(sent), "0");
}

TEST_F(HttpSession, AnOfferFromOutsideIsAnsweredWithTheNextRequestEvenAPoll) {
  (void)on_to_server(poll);
  const std::string got = on_to_client(gateway_answer("7.3", offer_to_client()));
  EXPECT_EQ(body_of(got), "");
  const std::string sent = on_to_server(poll);
  EXPECT_THAT(sent, HasSubstr("gateway.dll?SessionID=7.2 HTTP/1.1"));
  EXPECT_THAT(sent, Not(HasSubstr("poll")));
  EXPECT_THAT(body_of(sent), HasSubstr("Invitation-Command: CANCEL"));
  EXPECT_EQ(length_of(sent), std::to_string(body_of(sent).size()));
}

TEST_F(HttpSession, ACommandCutBetweenBodiesIsHeldAndSentWhole) {
  const std::string whole = chat(1) + offer() + chat(2);
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    HttpRig fresh;
    const auto one = fresh.connect();
    enter_gateway(*one, "7.1", "alice@example.com", {"bob@example.org"});
    one->from_client(post(whole.substr(0, cut)));
    std::string sent = body_of(one->to_server());
    one->from_server(gateway_answer("7.2", ""));
    std::string got = body_of(one->to_client());
    one->from_client(post(whole.substr(cut)));
    sent += body_of(one->to_server());
    one->from_server(gateway_answer("7.3", ""));
    got += body_of(one->to_client());
    ASSERT_EQ(sent, chat(1) + chat(2)) << cut;
    ASSERT_THAT(got, HasSubstr("CANCEL")) << cut;
    ASSERT_EQ(fresh.audit.events.size(), 1U) << cut;
  }
}

TEST_F(HttpSession, EverySplitOfTheBytesGivesTheSame) {
  const std::string request = post(chat(1) + offer());
  const std::string answer = gateway_answer("7.3", "ACK 1\r\n");
  std::string sent;
  std::string got;
  for (std::size_t cut = 0; cut <= request.size(); ++cut) {
    HttpRig fresh;
    const auto one = fresh.connect();
    enter_gateway(*one, "7.1", "alice@example.com", {"bob@example.org"});
    one->from_client(request.substr(0, cut));
    one->from_client(request.substr(cut));
    const std::size_t answer_cut = cut % answer.size();
    one->from_server(answer.substr(0, answer_cut));
    one->from_server(answer.substr(answer_cut));
    const std::string one_sent = one->to_server();
    const std::string one_got = one->to_client();
    if (cut == 0) {
      sent = one_sent;
      got = one_got;
    }
    ASSERT_EQ(one_sent, sent) << cut;
    ASSERT_EQ(one_got, got) << cut;
    ASSERT_EQ(one->leftover(), 0U);
  }
}

TEST_F(HttpSession, OneSessionGoesOnOverAnotherConnection) {
  const std::string whole = offer();
  EXPECT_EQ(body_of(on_to_server(post(whole.substr(0, 40)))), "");
  (void)on_to_client(gateway_answer("7.2", ""));
  const auto second = rig.connect();
  second->from_client(post(whole.substr(40)));
  EXPECT_EQ(body_of(second->to_server()), "");
  second->from_server(gateway_answer("7.3", ""));
  EXPECT_THAT(second->to_client(), HasSubstr("CANCEL"));
  ASSERT_EQ(rig.audit.events.size(), 1U);
  EXPECT_EQ(rig.audit.events[0].client, "10.77.1.2:40001");
}

TEST_F(HttpSession, SeveralSessionsShareAConnection) {
  enter_gateway(*web, "8.1", "dora@example.com", {"carl@example.org"});
  (void)on_to_server(post(offer().substr(0, 40)));
  (void)on_to_client(gateway_answer("7.3", ""));
  EXPECT_EQ(body_of(on_to_server(gateway_request("SessionID=8.1", offer(9)))), "");
  (void)on_to_client(gateway_answer("8.2", ""));
  EXPECT_EQ(body_of(on_to_server(post(offer().substr(40)))), "");
  ASSERT_EQ(rig.audit.events.size(), 2U);
  EXPECT_EQ(rig.audit.events[0].user, "dora@example.com");
  EXPECT_EQ(rig.audit.events[1].user, "alice@example.com");
}

TEST_F(HttpSession, AnotherClientHasNoPartInIt) {
  const auto stranger = rig.connect("10.77.1.3");
  stranger->from_client(post(chat(1)));
  EXPECT_TRUE(stranger->closed());
  EXPECT_EQ(stranger->to_server(), "");
  EXPECT_EQ(on_to_server(post(chat(1))), post(chat(1)));
}

TEST_F(HttpSession, OverlappingBodiesOfOneSessionEndTheSecondConnection) {
  (void)on_to_server(post(chat(1)));
  const auto second = rig.connect();
  second->from_client(poll);
  EXPECT_EQ(second->to_server(), poll) << "a poll has no body to be out of order";
  second->from_client(post(chat(2)));
  EXPECT_TRUE(second->closed());
  (void)on_to_client(gateway_answer("7.3", ""));
  const auto third = rig.connect();
  third->from_client(post(chat(2)));
  EXPECT_FALSE(third->closed());
  EXPECT_EQ(third->to_server(), post(chat(2)));
}

TEST_F(HttpSession, ABrokenConnectionGivesItsTurnBack) {
  (void)on_to_server(post(chat(1)));
  web.reset();
  const auto second = rig.connect();
  second->from_client(post(chat(2)));
  EXPECT_FALSE(second->closed());
}

TEST_F(HttpSession, APollWithABodyEndsTheConnection) {
  web->from_client(gateway_request("Action=poll&SessionID=7.2", chat(1)));
  EXPECT_TRUE(web->closed());
  EXPECT_EQ(web->to_server(), "");
  EXPECT_THAT(rig.audit.events.at(0).detail, HasSubstr("a poll with a body"));
}

TEST_F(HttpSession, AnAnswerOfAnotherSessionEndsTheConnection) {
  (void)on_to_server(poll);
  web->from_server(gateway_answer("8.2", "ACK 1\r\n"));
  EXPECT_TRUE(web->closed());
  EXPECT_EQ(web->to_client(), "");
  EXPECT_THAT(rig.audit.events.at(0).detail, HasSubstr("another SessionID"));
}

TEST_F(HttpSession, ASessionIdGivenTwiceEndsBothSessions) {
  web->from_client(gateway_request("Action=open&Server=SB", "USR 1 eve@example.com 1.2\r\n"));
  web->from_server(gateway_answer("7.9", "USR 1 OK eve@example.com Eve\r\n"));
  EXPECT_TRUE(web->closed());
  const auto second = rig.connect();
  second->from_client(post(chat(1)));
  EXPECT_TRUE(second->closed());
  EXPECT_EQ(second->to_server(), "");
}

TEST_F(HttpSession, AFaultInTheStreamEndsTheSessionForGood) {
  web->from_client(post("msg 1 A 3\r\nabc"));
  EXPECT_TRUE(web->closed());
  EXPECT_EQ(web->to_server(), "");
  ASSERT_FALSE(rig.audit.events.empty());
  EXPECT_EQ(rig.audit.events[0].reason, "parse-error");
  const auto second = rig.connect();
  second->from_client(post(chat(1)));
  EXPECT_TRUE(second->closed());
  EXPECT_EQ(second->to_server(), "");
}

TEST_F(HttpSession, ItsEndByTheServerIsTold) {
  (void)on_to_server(post("OUT\r\n"));
  const std::string last = gateway_answer("7.3", "", "; Session=close");
  EXPECT_EQ(on_to_client(last), last);
  ASSERT_EQ(rig.audit.events.size(), 1U);
  EXPECT_EQ(rig.audit.events[0].event, gate::AuditKind::session);
  EXPECT_EQ(rig.audit.events[0].reason, "server-closed");
  EXPECT_EQ(rig.audit.events[0].user, "alice@example.com");
  EXPECT_EQ(rig.audit.events[0].form, msnp::Form::http);
  web->from_client(post("PNG\r\n"));
  EXPECT_TRUE(web->closed()) << "there is no such session any more";
}

TEST_F(HttpSession, APollOfASessionThatNobodyKnowsMayBeToldSoAndNothingElse) {
  const std::string lost = gateway_request("Action=poll&SessionID=9.9", "");
  EXPECT_EQ(on_to_server(lost), lost);
  const std::string gone = "HTTP/1.1 400 Bad Request\r\nContent-Length: 4\r\n\r\ngone";
  EXPECT_EQ(on_to_client(gone), gone);
  EXPECT_EQ(on_to_server(lost), lost);
  EXPECT_EQ(on_to_client(gateway_answer("9.9", "")), gateway_answer("9.9", ""));
  EXPECT_EQ(on_to_server(lost), lost);
  web->from_server(gateway_answer("9.9", offer_to_client()));
  EXPECT_TRUE(web->closed());
  EXPECT_EQ(web->to_client(), "");
}

TEST_F(HttpSession, WithoutRequestsItIsOverAfterItsTime) {
  rig.tick(119'000);
  EXPECT_EQ(on_to_server(poll), poll);
  rig.tick(119'000);
  EXPECT_TRUE(rig.audit.events.empty());
  rig.tick(2'000);
  ASSERT_EQ(rig.audit.events.size(), 1U);
  EXPECT_EQ(rig.audit.events[0].reason, "idle-timeout");
  EXPECT_FALSE(rig.shared.gateway_sessions->timed());
}

TEST_F(HttpSession, SessionsAreBounded) {
  rig.shared.http.sessions = 2;
  enter_gateway(*web, "8.1", "dora@example.com", {});
  web->from_client(gateway_request("Action=open&Server=SB", ""));
  EXPECT_TRUE(web->closed());
  EXPECT_THAT(rig.audit.events.at(0).detail, HasSubstr("too many sessions"));
}

TEST_F(HttpSession, WhatASessionHoldsIsBounded) {
  rig.shared.session_memory = 1'000;
  // An answer that is never fetched grows with every offer.
  for (int i = 0; i < 10 && !web->closed(); ++i) web->from_client(post(offer(100 + i)));
  EXPECT_TRUE(web->closed());
  EXPECT_TRUE(std::any_of(rig.audit.events.begin(), rig.audit.events.end(),
                          [](const gate::AuditEvent& event) { return event.reason == "memory"; }));
}

TEST_F(HttpSession, ErrorPagesPassAndAreNoPartOfTheStream) {
  (void)on_to_server(poll);
  const std::string page = "HTTP/1.1 500 Oops\r\nContent-Length: 9\r\n\r\nmsg 1 A 3";
  EXPECT_EQ(on_to_client(page), page);
  EXPECT_EQ(on_to_server(post(chat(1))), post(chat(1)));
  EXPECT_FALSE(web->closed());
}

TEST_F(HttpSession, AnOfferInAnErrorPageThatClaimsToBeAnAnswerIsTakenOut) {
  (void)on_to_server(poll);
  const std::string body = offer_to_client();
  const std::string got =
      on_to_client("HTTP/1.1 500 Oops\r\nX-MSN-Messenger: SessionID=7.3\r\nContent-Length: " +
                   std::to_string(body.size()) + "\r\n\r\n" + body);
  EXPECT_EQ(body_of(got), "");
}

TEST_F(HttpSession, AnAnswerWithoutLengthOrInAnEncodingEndsTheConnection) {
  for (const char* const head : {"", "Content-Encoding: gzip\r\nContent-Length: 1\r\n"}) {
    const auto one = rig.connect();
    one->from_client(poll);
    one->from_server(std::string("HTTP/1.1 200 OK\r\nX-MSN-Messenger: SessionID=7.3\r\n") + head + "\r\nx");
    EXPECT_TRUE(one->closed()) << head;
    EXPECT_EQ(one->to_client(), "") << head;
  }
}

TEST_F(HttpSession, ChunkedBodiesAreReadAndWrittenAnewOnlyWhenTheyChange) {
  const auto chunked = [](const std::string& body) {
    std::string text =
        "POST /gateway/gateway.dll?SessionID=7.2 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (const char c : body) text += std::string("1\r\n") + c + "\r\n";
    return text + "0\r\n\r\n";
  };
  EXPECT_EQ(on_to_server(chunked(chat(1))), chunked(chat(1)));
  (void)on_to_client(gateway_answer("7.3", ""));
  const std::string sent = on_to_server(chunked(chat(1) + offer()));
  EXPECT_THAT(sent, HasSubstr("Transfer-Encoding: chunked\r\n\r\n"));
  EXPECT_THAT(sent, EndsWith(chat(1) + "\r\n0\r\n\r\n"));
  EXPECT_THAT(sent, Not(HasSubstr("a.exe")));
}

TEST_F(HttpSession, AClientThatWaitsForLeaveToSendGetsItOnce) {
  std::string request = post(chat(1));
  request.insert(request.find("Accept"), "Expect: 100-continue\r\n");
  const std::size_t head = request.find("\r\n\r\n") + 4;
  web->from_client(request.substr(0, head));
  EXPECT_EQ(web->to_server(), "");
  EXPECT_EQ(web->to_client(), "HTTP/1.1 100 Continue\r\n\r\n");
  web->from_client(request.substr(head));
  EXPECT_EQ(web->to_server(), request);
  EXPECT_EQ(on_to_client("HTTP/1.1 100 Continue\r\n\r\n" + gateway_answer("7.3", "")),
            gateway_answer("7.3", ""));
}

TEST_F(HttpSession, APolicyThatAllowsChangesNothing) {
  rig.shared.policy = gate::test::policy_with(Action::allow);
  EXPECT_EQ(on_to_server(post(offer())), post(offer()));
  EXPECT_EQ(on_to_client(gateway_answer("7.3", offer_to_client())), gateway_answer("7.3", offer_to_client()));
}

TEST_F(HttpSession, TheSideIsWhatItWasOpenedFor) {
  web->from_client(gateway_request("Action=open&Server=NS", "USR 1 eve@example.com 1.2\r\nMSG 2 N 3\r\nabc"));
  EXPECT_TRUE(web->closed()) << "no client sends MSG to a notification server";
  EXPECT_EQ(rig.audit.events.at(0).reason, "parse-error");
}

}  // namespace
