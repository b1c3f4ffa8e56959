// MSNSLP texts (transfers.md 5), read as the union of all readers.
#include "msnp/slp.hpp"

#include <gtest/gtest.h>

#include "msnp/ascii.hpp"
#include "tests/support/invitations.hpp"

namespace {

using namespace std::string_literals;
using namespace gate::test;
using msnp::Kind;
using msnp::read_slp;
using msnp::Reason;

const Call call;

std::vector<Kind> kinds_in(const std::string& text) {
  std::vector<Kind> kinds;
  const auto message = read_slp(text);
  if (!message) return kinds;
  for (const msnp::Offer& offer : message->offers) kinds.push_back(offer.kind);
  return kinds;
}

const std::vector<Kind> a_file{Kind::file_transfer};

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

TEST(Slp, AnOfferTellsEverythingAReplyAndARecordNeed) {
  const auto message = read_slp(slp_file_offer(call, u"report.txt", 12345));
  ASSERT_TRUE(message);
  EXPECT_TRUE(message->invites);
  EXPECT_FALSE(message->bye || message->transport);
  EXPECT_EQ(message->status, 0U);
  EXPECT_EQ(message->to, "<msnmsgr:bob@example.org>");
  EXPECT_EQ(message->from, "<msnmsgr:alice@example.com>");
  EXPECT_EQ(message->via, "MSNSLP/1.0/TLP ;branch={20000000-0000-4000-8000-000000000001}");
  EXPECT_EQ(message->call_ids, std::vector{call.call_id});
  EXPECT_EQ(message->session_ids, std::vector{7001U});
  ASSERT_EQ(message->offers.size(), 1U);
  const msnp::Offer& offer = message->offers[0];
  EXPECT_EQ(offer.kind, Kind::file_transfer);
  EXPECT_EQ(offer.reason, Reason::offer);
  EXPECT_EQ(offer.names, std::vector{"report.txt"s});
  EXPECT_EQ(offer.size, 12345U);
  EXPECT_EQ(offer.call_id, call.call_id);
  EXPECT_EQ(offer.session_id, "7001");
  EXPECT_EQ(offer.from, "alice@example.com");
  EXPECT_EQ(offer.to, "bob@example.org");
}

TEST(Slp, EveryTrickOfAReaderIsAnOffer) {
  const std::string plain = slp_file_offer(call);
  const std::string guid(file_guid);
  const std::pair<const char*, std::string> tricks[] = {
      {"any method", replaced(plain, "INVITE ", "PLEASE ")},
      {"a longer method", replaced(plain, "INVITE ", "INVITEX ")},
      {"LF", replaced(plain, "\r\n", "\n")},
      {"CR", replaced(plain, "\r\n", "\r")},
      {"lower-case GUID", replaced(plain, guid, msnp::folded(guid))},
      {"no braces", replaced(plain, guid, guid.substr(1, 36))},
      {"parentheses", replaced(plain, guid, "(" + guid.substr(1, 36) + ")")},
      {"32 digits", replaced(plain, guid, replaced(guid.substr(1, 36), "-", ""))},
      {"text around", replaced(plain, guid, "x" + guid + "y")},
      {"mirrored", replaced(plain, "EUF-GUID: " + guid, "DIUG-FUE: " + msnp::reversed(guid))},
      {"in another header", replaced(plain, "AppID: 2", "X: EUF-GUID: " + guid)},
      {"key in the value", replaced(plain, guid, "{5D3E02AB-6190-EUF-GUID: 11D3-BBBB-00C04F795683}")},
      {"another AppID", replaced(plain, "AppID: 2", "AppID: 12")},
      {"no AppID", replaced(plain, "AppID: 2\r\n", "")},
      {"no Content-Type", replaced(plain, "application/x-msnmsgr-sessionreqbody", "null")},
      {"a transport type", replaced(plain, "sessionreqbody", "transreqbody")},
      {"a wrong length", replaced(plain, "Content-Length: ", "Content-Length: 0")},
      {"no closing NUL", plain.substr(0, plain.size() - 1)},
      {"junk behind", plain + "junk\0more"s},
      {"junk in front", "junk\r\n" + plain},
      {"NULs in front", "\0\0\0\0"s + plain},
      {"as a status", replaced(plain, "INVITE MSNMSGR:bob@example.org MSNSLP/1.0", "MSNSLP/1.0 200 OK")},
      {"no start line", plain.substr(plain.find("\r\n") + 2)},
      {"no SessionID", replaced(plain, "SessionID: 7001\r\n", "")},
  };
  for (const auto& [reader, text] : tricks) EXPECT_EQ(kinds_in(text).front(), Kind::file_transfer) << reader;
}

TEST(Slp, OfTwoApplicationsBothAreOfferedTheMoreRestrictedFirst) {
  const std::string plain = slp_file_offer(call);
  for (const std::string& text :
       {replaced(plain, "SessionID", "EUF-GUID: " + std::string(webcam_guid) + "\r\nSessionID"),
        replaced(plain, "EUF-GUID", "EUF-GUID: " + std::string(webcam_guid) + "\r\nEUF-GUID")}) {
    EXPECT_EQ(kinds_in(text), (std::vector{Kind::file_transfer, Kind::webcam}));
  }
  EXPECT_EQ(kinds_in(replaced(plain, "SessionID", "EUF-GUID: " + std::string(object_guid) + "\r\nSessionID")),
            (std::vector{Kind::file_transfer, Kind::display_picture}));
}

TEST(Slp, AnApplicationNobodyKnowsIsAnUnknownOne) {
  EXPECT_EQ(kinds_in(slp_invite(call, strange_guid, "x")), std::vector{Kind::unknown_application});
  EXPECT_EQ(kinds_in(slp_request(call, "INVITE", "application/x-msnmsgr-sessionreqbody", "SessionID: 7\r\n")),
            std::vector{Kind::unknown_application});
  EXPECT_EQ(kinds_in(replaced(slp_invite(call, strange_guid, "x"), "sessionreqbody", "transreqbody")),
            std::vector{Kind::unknown_application})
      << "a transport negotiation names no application";
}

TEST(Slp, ATransportNegotiationOffersNothing) {
  for (const char* const type : {"application/x-msnmsgr-transreqbody", "application/x-msnmsgr-transrespbody",
                                 "APPLICATION/X-MSNMSGR-TRANSREQBODY", "application/x-msnmsgr-turnsetup"}) {
    const auto message =
        read_slp(slp_request(call, "INVITE", type, "Bridges: TCPv1 SBBridge\r\nNetID: 1\r\n"));
    ASSERT_TRUE(message) << type;
    EXPECT_TRUE(message->transport) << type;
    EXPECT_TRUE(message->offers.empty()) << type;
    EXPECT_EQ(message->call_ids, std::vector{call.call_id}) << type;
  }
  const auto mirrored = read_slp(replaced(slp_request(call, "INVITE", "t", ""), "Content-Type: t",
                                          "epyT-tnetnoC: ydobqersnart-rgsmnsm-x/noitacilppa"));
  EXPECT_TRUE(mirrored->transport);
}

TEST(Slp, AStatusOffersNothingAndTellsItsCode) {
  for (const auto& [status, code] :
       {std::pair{"200 OK", 200}, {"603 Decline", 603}, {"500 Internal Error", 500}, {"x", 0}}) {
    const auto message = read_slp(slp_status(call, status));
    ASSERT_TRUE(message);
    EXPECT_EQ(message->status, code);
    EXPECT_FALSE(message->invites || message->bye);
    EXPECT_TRUE(message->offers.empty());
    EXPECT_EQ(message->call_id, call.call_id);
  }
}

TEST(Slp, AByeEndsItsCall) {
  const auto message = read_slp(slp_request(call, "BYE", "application/x-msnmsgr-sessionclosebody", ""));
  ASSERT_TRUE(message);
  EXPECT_TRUE(message->bye);
  EXPECT_TRUE(message->offers.empty());
  EXPECT_EQ(message->call_ids, std::vector{call.call_id});
  EXPECT_FALSE(read_slp(slp_file_offer(call))->bye);
}

TEST(Slp, AnUndecodableContextIsStillAnOffer) {
  for (const std::string& context : {""s, "!!!!"s, "AAAA"s, base64(std::string(21, 'x'))}) {
    const auto message = read_slp(slp_invite(call, file_guid, context));
    ASSERT_EQ(message->offers.size(), 1U) << context;
    EXPECT_EQ(message->offers[0].reason, Reason::undecodable) << context;
    EXPECT_TRUE(message->offers[0].names.empty()) << context;
    EXPECT_FALSE(message->offers[0].size) << context;
  }
}

TEST(Slp, OfSeveralContextsEveryNameAndTheLargestSizeCount) {
  std::string text = slp_invite(call, file_guid, file_context(5, u"a.txt"));
  text = replaced(
      text, "AppID",
      "Context: " + file_context(50, u"b.exe") + "\r\nContext: " + file_context(10, u"a.txt") + "\r\nAppID");
  const auto offer = read_slp(text)->offers.front();
  EXPECT_EQ(offer.size, 50U);
  EXPECT_EQ(offer.names, (std::vector{"b.exe"s, "a.txt"s}));
}

TEST(Slp, AContextIsFoundMirroredAndInAnothersValue) {
  const std::string context = file_context(5, u"a.txt");
  const std::string plain = slp_invite(call, file_guid, "CONTEXT");
  for (const std::string& text : {replaced(plain, "Context: CONTEXT", "txetnoC: " + msnp::reversed(context)),
                                  replaced(plain, "Context: CONTEXT", "X: y Context: " + context),
                                  replaced(plain, "Context: CONTEXT", "  cOnTeXt  :" + context)}) {
    ASSERT_EQ(read_slp(text)->offers.size(), 1U);
    EXPECT_EQ(read_slp(text)->offers[0].names, std::vector{"a.txt"s});
  }
}

TEST(Slp, AnObjectHasTheKindAndSizeOfItsContext) {
  const auto object = [](const std::string& attributes) {
    return read_slp(slp_invite(call, object_guid, base64("<msnobj Creator=\"b\" " + attributes + " />")))
        ->offers.front();
  };
  EXPECT_EQ(object("Size=\"9\" Type=\"3\"").kind, Kind::display_picture);
  EXPECT_EQ(object("Size=\"9\" Type=\"3\"").size, 9U);
  EXPECT_EQ(object("Size=\"9\" Type=\"8\"").kind, Kind::wink);
  EXPECT_EQ(object("Size=\"9\" Type=\"4\"").kind, Kind::file_transfer);
  EXPECT_EQ(object("Size=\"9\" Type=\"4\"").reason, Reason::object_type);
  EXPECT_EQ(object("Size=\"9\" Type=\"3\"").reason, Reason::offer);
  EXPECT_EQ(read_slp(slp_invite(call, object_guid, "%%%"))->offers.front().kind, Kind::display_picture);
}

TEST(Slp, ASharedFileInAnyOfSeveralContextsIsOne) {
  const auto context = [](char type) { return base64("<msnobj Size=\"9\" Type=\""s + type + "\"/>"); };
  for (const auto& [first, second] : {std::pair{'3', '4'}, {'4', '3'}}) {
    std::string text = slp_invite(call, object_guid, context(second));
    text = replaced(text, "AppID", "Context: " + context(first) + "\r\nAppID");
    EXPECT_EQ(read_slp(text)->offers.front().kind, Kind::file_transfer);
    EXPECT_EQ(read_slp(text)->offers.front().reason, Reason::object_type);
  }
}

TEST(Slp, EveryIdOfATextIsKnownAndTheFirstRepeated) {
  std::string text = slp_file_offer(call);
  text = replaced(text, "AppID", "Call-ID: {2}\r\nDI-llaC: }3{\r\nSessionID: 8\r\nX: SessionID: 9\r\nAppID");
  const auto message = read_slp(text);
  EXPECT_EQ(message->call_ids, (std::vector{call.call_id, "{2}"s, "{3}"s}));
  EXPECT_EQ(message->session_ids, (std::vector{7001U, 8U, 9U}));
  EXPECT_EQ(message->call_id, call.call_id);
  EXPECT_EQ(message->session_id, "7001");
}

TEST(Slp, ValuesTooLongToRepeatAreLeftOut) {
  Call monstrous;
  monstrous.call_id = std::string(321, 'c');
  const auto message = read_slp(slp_file_offer(monstrous));
  EXPECT_EQ(message->call_id, "");
  EXPECT_TRUE(message->call_ids.empty());
  EXPECT_EQ(message->offers.size(), 1U);
  monstrous.call_id = std::string(320, 'c');
  EXPECT_EQ(read_slp(slp_file_offer(monstrous))->call_id, monstrous.call_id);
}

TEST(Slp, ManyHeadersAreBounded) {
  std::string text = slp_file_offer(call);
  for (int i = 0; i < 1000; ++i) {
    text +=
        "Call-ID: {" + std::to_string(i) + "}\r\nSessionID: " + std::to_string(i) + "\r\nContext: AAAA\r\n";
  }
  const auto message = read_slp(text);
  EXPECT_EQ(message->call_ids.size(), 8U);
  EXPECT_EQ(message->session_ids.size(), 8U);
  EXPECT_EQ(message->offers.size(), 1U);
}

TEST(Slp, WhatNobodyReadsIsNoMessage) {
  for (const std::string& text : {""s, "\0"s, "\r\n\r\n"s, "hello"s, "\0\0\0\0"s, "Context: AAAA\r\n"s}) {
    EXPECT_FALSE(read_slp(text)) << text;
  }
}

TEST(Slp, TheAccountIsWhatStandsBetweenSchemeAndEndpoint) {
  EXPECT_EQ(msnp::slp_account("<msnmsgr:bob@example.org>"), "bob@example.org");
  EXPECT_EQ(msnp::slp_account("<msnmsgr:Bob@example.org;{guid}>"), "Bob@example.org");
  EXPECT_EQ(msnp::slp_account("<MSNMSGR:bob@example.org"), "bob@example.org");
  EXPECT_EQ(msnp::slp_account("bob@example.org"), "");
  EXPECT_EQ(msnp::slp_account(""), "");
  EXPECT_EQ(msnp::slp_account("msnmsgr:"), "");
}

}  // namespace
