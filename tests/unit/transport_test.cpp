// Addresses of direct connections taken out of SLP texts (transfers.md 8.4, block-proof.md 3.2).
#include "msnp/transport.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <utility>

#include "msnp/ascii.hpp"
#include "msnp/p2p.hpp"
#include "tests/support/captured_packages.hpp"
#include "tests/support/invitations.hpp"
#include "tests/support/transfer_vectors.hpp"

namespace {

using namespace std::string_literals;
using namespace gate::test;
using msnp::remove_addresses;
using msnp::tells_address;

std::string text_with(std::string_view type, std::string_view body) {
  Call call;
  return slp_request(call, "INVITE", type, body);
}
const std::string transresp = "application/x-msnmsgr-transrespbody";
const std::string transreq = "application/x-msnmsgr-transreqbody";

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

/// Removes, and holds the result to the laws that hold for every text.
std::string removed(const std::string& text) {
  std::string changed = text;
  EXPECT_EQ(remove_addresses(changed), tells_address(text));
  EXPECT_EQ(changed.size(), text.size());
  EXPECT_FALSE(tells_address(changed)) << testing::PrintToString(changed);
  std::string again = changed;
  EXPECT_FALSE(remove_addresses(again));
  EXPECT_EQ(again, changed);
  if (!tells_address(text)) {
    EXPECT_EQ(changed, text);
  }
  return changed;
}

/// `line` in the body of a transport response, and what becomes of it, the NULs behind everything left out.
std::string line_after(const std::string& line) {
  const std::string text = text_with(transresp, "Bridge: TCPv1\r\n" + line + "\r\nListening: true\r\n\r\n");
  const std::string changed = removed(text);
  const std::string front = text.substr(0, text.find(line));
  EXPECT_EQ(changed.substr(0, front.size()), front);
  const auto without_nuls = [](const std::string& all) {
    return all.substr(0, all.find_last_not_of('\0') + 1);
  };
  const std::string behind = without_nuls(text.substr(front.size() + line.size()));
  const std::string rest = without_nuls(changed.substr(front.size()));
  if (!rest.ends_with(behind)) return "the lines behind it are gone";
  return rest.substr(0, rest.size() - behind.size());
}

TEST(Transport, EveryFieldIsMadeDeadInItsOwnSpelling) {
  const std::pair<const char*, const char*> lines[] = {
      {"IPv4External-Addrs: 198.51.100.7", "IPv4External-Addrs: 0.0.0.0"},
      {"IPv4External-Port: 6891", "IPv4External-Port: 0"},
      {"IPv4Internal-Addrs: 10.1.2.3 192.168.7.9", "IPv4Internal-Addrs: 0.0.0.0"},
      {"IPv4Internal-Port: 6891", "IPv4Internal-Port: 0"},
      {"IPv6-Addrs: 2001:db8::1 fe80::2", "IPv6-Addrs: ::"},
      {"IPv6-Port: 6891", "IPv6-Port: 0"},
      {"IPv4ExternalAddrsAndPorts: 10.1.2.3:6891 192.168.7.9:6892", "IPv4ExternalAddrsAndPorts: 0.0.0.0:0"},
      {"IPv4InternalAddrsAndPorts: 10.1.2.3:6891", "IPv4InternalAddrsAndPorts: 0.0.0.0:0"},
      {"IPv6AddrsAndPorts: [2001:db8::1]:6891", "IPv6AddrsAndPorts: 0.0.0.0:0"},
      {"srddA-lanretxE4vPI: 7.001.15.891", "srddA-lanretxE4vPI: 0.0.0.0"},
      {"troP-lanretxE4vPI: 1986", "troP-lanretxE4vPI: 0"},
      {"srddA-lanretnI4vPI: 9.7.861.291 3.2.1.01", "srddA-lanretnI4vPI: 0.0.0.0"},
      {"troP-lanretnI4vPI: 1986", "troP-lanretnI4vPI: 0"},
      {"srddA-6vPI: 1::8bd:1002", "srddA-6vPI: ::"},
      {"troP-6vPI: 1986", "troP-6vPI: 0"},
      {"stroPdnAsrddAlanretxE4vPI: 1986:3.2.1.01 2986:9.7.861.291", "stroPdnAsrddAlanretxE4vPI: 0:0.0.0.0"},
      {"stroPdnAsrddAlanretnI4vPI: 1986:3.2.1.01", "stroPdnAsrddAlanretnI4vPI: 0:0.0.0.0"},
      {"stroPdnAsrddA6vPI: 1986:]1::8bd:1002[", "stroPdnAsrddA6vPI: 0:0.0.0.0"},
  };
  for (const auto& [before, after] : lines) EXPECT_EQ(line_after(before), after) << before;
}

TEST(Transport, NamesAreFoundAsEveryReaderFindsThem) {
  const std::pair<std::string, std::string> lines[] = {
      {"IPV4INTERNAL-ADDRS: 10.0.0.1", "IPV4INTERNAL-ADDRS: 0.0.0.0"},
      {"ipv4internal-port: 6891", "ipv4internal-port: 0"},
      {"SRDDA-LANRETNI4VPI: 1.0.0.01", "SRDDA-LANRETNI4VPI: 0.0.0.0"},
      {"IPv4Internal-Addrs:10.0.0.1", "IPv4Internal-Addrs:0.0.0.0"},
      {"IPv4Internal-Addrs : 10.0.0.1", "IPv4Internal-Addrs : 0.0.0.0"},
      {"IPv4Internal-Addrs\t:\t 10.0.0.1 ", "IPv4Internal-Addrs\t:\t 0.0.0.0"},
      {" IPv4Internal-Addrs: 10.0.0.1", " IPv4Internal-Addrs: 0.0.0.0"},
      {"IPv4Internal-Addrs\r: 10.0.0.1", "IPv4Internal-Addrs\r: 0.0.0.0"},
      {"IPv4Internal-Addrs\xC2\xA0: 10.0.0.1", "IPv4Internal-Addrs\xC2\xA0: 0.0.0.0"},
      {"X: IPv4Internal-Addrs: 10.0.0.1", "X: IPv4Internal-Addrs: 0.0.0.0"},
      {"XIPv4Internal-Addrs: 10.0.0.1", "XIPv4Internal-Addrs: 0.0.0.0"},
      {"Content-Type: IPv4Internal-Addrs: 10.0.0.1", "Content-Type: IPv4Internal-Addrs: 0.0.0.0"},
      {"IPv4External-Addrs: IPv4Internal-Addrs: 10.0.0.1", "IPv4External-Addrs: 0.0.0.0"},
      {"IPv4Internal-Addrs: host.example.net", "IPv4Internal-Addrs: 0.0.0.0"},
      {"IPv4Internal-Addrs: 0.0.0.0 10.0.0.1", "IPv4Internal-Addrs: 0.0.0.0"},
      {"IPv4Internal-Port: 0x1AEB", "IPv4Internal-Port: 0"},
      {std::string(200, 'x') + " IPv4Internal-Port: 6891", std::string(200, 'x') + " IPv4Internal-Port: 0"},
      {"IPv4Internal-Port: 1\r\nIPv4Internal-Port: 2", "IPv4Internal-Port: 0\r\nIPv4Internal-Port: 0"},
  };
  for (const auto& [before, after] : lines) EXPECT_EQ(line_after(before), after) << before;
}

// libpurple and pecan look for CRLF, Miranda for LF, and some skip controls in front of a value.
TEST(Transport, AValueEndsWhereTheLastReaderEndsIt) {
  struct Case {
    std::string before, with_room, without_room;
  };
  const Case cases[] = {
      {"IPv4Internal-Addrs: \n10.0.0.1\r\n", "IPv4Internal-Addrs: 0.0.0.0\r\n10.0.0.1\r\n",
       "IPv4Internal-Addrs: \r\n"},
      {"IPv4Internal-Addrs: 0.0.0.0\r 10.0.0.1\r\n", "IPv4Internal-Addrs: 0.0.0.0\r\n 10.0.0.1\r\n",
       "IPv4Internal-Addrs: \r\n"},
      {"IPv4Internal-Addrs: 0.0.0.0\0 10.0.0.1\r\n"s, "IPv4Internal-Addrs: 0.0.0.0\r\n 10.0.0.1\r\n",
       "IPv4Internal-Addrs: \r\n"},
      {"IPv4Internal-Port: 6891\nIPv4Internal-Addrs: 10.0.0.1\r\n",
       "IPv4Internal-Port: 0\r\nIPv4Internal-Addrs: 0.0.0.0\r\n",
       "IPv4Internal-Port: 0\r\nIPv4Internal-Addrs: 0.0.0.0\r\n"},
      {"IPv4Internal-Addrs: \r10.0.0.1\nA: b\n", "IPv4Internal-Addrs: 0.0.0.0\n10.0.0.1\nA: b\n",
       "IPv4Internal-Addrs: \nA: b\n"},
  };
  for (const auto& [before, with_room, without_room] : cases) {
    std::string wanted = without_room;
    wanted.resize(before.size(), '\0');
    EXPECT_EQ(removed(before), wanted);
    wanted = with_room;
    wanted.resize(before.size() + 20, '\0');
    EXPECT_EQ(removed(before + std::string(20, '\0')), wanted);
  }
}

TEST(Transport, AnyLineEndWillDo) {
  const std::string text =
      text_with(transresp, "IPv4Internal-Addrs: 10.0.0.1\r\nIPv4Internal-Port: 6891\r\nA: b\r\n\r\n");
  for (const std::string& end : {"\r\n"s, "\n"s, "\r"s, "\0"s}) {
    const std::string changed = removed(replaced(text, "\r\n", end));
    const std::string wanted =
        "IPv4Internal-Addrs: 0.0.0.0" + end + "IPv4Internal-Port: 0" + end + "A: b" + end;
    EXPECT_NE(changed.find(wanted), std::string::npos) << testing::PrintToString(end);
  }
}

TEST(Transport, WhatIsDeadAlreadyStays) {
  for (const char* const line :
       {"IPv4Internal-Addrs: 0.0.0.0", "IPv4Internal-Addrs: 0.0.0.0 0.0.0.0", "IPv4Internal-Addrs:",
        "IPv4Internal-Addrs: ", "IPv6-Addrs: ::", "IPv6-Addrs: 0:0:0:0:0:0:0:0", "IPv4Internal-Port: 0",
        "IPv4Internal-Port: 00", "IPv4InternalAddrsAndPorts: 0.0.0.0:0", "IPv6AddrsAndPorts: [::]:0",
        "stroPdnAsrddAlanretnI4vPI: 0:0.0.0.0", "ServerAddress: ", "IPv4Internal-Addrs\r\n10.0.0.1"}) {
    const std::string text = text_with(transresp, line + "\r\n\r\n"s);
    EXPECT_FALSE(tells_address(text)) << line;
    EXPECT_EQ(removed(text), text) << line;
  }
}

TEST(Transport, AValueTooShortForItsDeadFormUsesTheNulsOrBecomesEmpty) {
  const std::string line = "IPv4Internal-Addrs: a\r\n\r\n";
  const std::string text = text_with(transresp, line);
  const std::string bare = text.substr(0, text.find_last_not_of('\0') + 1);
  EXPECT_EQ(removed(bare), replaced(bare, line, "IPv4Internal-Addrs: \r\n\r\n") + '\0');
  // One NUL that closes the text stays.
  EXPECT_EQ(removed(bare + std::string(6, '\0')),
            replaced(bare, line, "IPv4Internal-Addrs: \r\n\r\n") + std::string(7, '\0'));
  EXPECT_EQ(removed(bare + std::string(7, '\0')), replaced(bare, ": a\r\n", ": 0.0.0.0\r\n") + '\0');
  // What a port gives an address takes, wherever it stands.
  const std::string both =
      text_with(transresp, "IPv4Internal-Addrs: a\r\nIPv4Internal-Port: 1234567\r\n\r\n");
  EXPECT_NE(removed(both).find("IPv4Internal-Addrs: 0.0.0.0\r\nIPv4Internal-Port: 0\r\n\r\n"),
            std::string::npos);
  for (const auto& [before, after] : {std::pair{"IPv6-Addrs: ::1", "IPv6-Addrs: ::"},
                                      std::pair{"IPv4Internal-Addrs: 1.1.1.1", "IPv4Internal-Addrs: 0.0.0.0"},
                                      std::pair{"IPv4Internal-Port: 8", "IPv4Internal-Port: 0"}}) {
    EXPECT_EQ(line_after(before), after);
  }
}

TEST(Transport, RoomIsCountedOnce) {
  // The port goes with the type: what it gave is not there twice.
  std::string text = "Content-Type:turnsetup IPv4Port:55555555\r\nServerAddress:x\r\n";
  std::string wanted = "Content-Type:null\r\nServerAddress:\r\n";
  for (int times = 0; times < 5; ++times) {
    text += "IPv4Addrs:a\r\n";
    wanted += times < 4 ? "IPv4Addrs:0.0.0.0\r\n" : "IPv4Addrs:\r\n";
  }
  wanted.resize(text.size(), '\0');
  EXPECT_EQ(removed(text), wanted);
}

TEST(Transport, NulsInsideStayInPlace) {
  const std::string text = text_with(
      transresp, "IPv4Internal-Addrs: 10.0.0.1\r\n\0\0A: b\r\nIPv4Internal-Port: 6891\r\n\r\n\0\0C"s);
  const std::string changed = removed(text);
  EXPECT_NE(changed.find("IPv4Internal-Addrs: 0.0.0.0\r\n\0\0A: b\r\nIPv4Internal-Port: 0\r\n\r\n\0\0C"s),
            std::string::npos);
}

TEST(Transport, ARelayLosesItsBody) {
  for (const std::string& type : {"application/x-msnmsgr-turnsetup"s, "application/x-msnmsgr-transudpswitch"s,
                                  "Application/X-MSNMSGR-TurnSetup"s, "turnsetup; charset=x"s}) {
    const std::string body =
        "ServerAddress: relay.example.net\r\nSessionUsername: dTE=\r\nSessionPassword: cDE=\r\n\r\n";
    const std::string text = text_with(type, body);
    const std::string changed = removed(text);
    EXPECT_NE(changed.find("\r\nContent-Type: null\r\nContent-Length: 0\r\n\r\n\0"s), std::string::npos)
        << type;
    const std::size_t blank = changed.find("\r\n\r\n");
    EXPECT_EQ(changed.find_first_not_of('\0', blank + 4), std::string::npos);
    EXPECT_EQ(changed.substr(0, changed.find("Content-Type")), text.substr(0, text.find("Content-Type")));
  }
}

TEST(Transport, EmptyLinesInFrontOfTheHeadersDoNotBeginTheBody) {
  const std::string text = "\r\n\r\n" + text_with("turnsetup", "A: b\r\n\r\n");
  EXPECT_NE(removed(text).find("Content-Type: null\r\nContent-Length: 0\r\n\r\n\0"s), std::string::npos);
}

TEST(Transport, ARelayIsKnownByItsFieldsToo) {
  for (const std::string& line :
       {"ServerAddress: relay.example.net"s, "serveraddress:relay"s, "sserddArevreS: ten.elpmaxe.yaler"s,
        "SessionUsername: dTE="s, "SessionPassword: cDE="s, "X: ServerAddress: relay"s,
        "Nat-Trav-Msg-Type: WLX-Nat-Trav-Msg-UDP-Switch"s,
        "epyT-gsM-varT-taN: hctiwS-PDU-gsM-varT-taN-XLW"s}) {
    const std::string changed = removed(text_with(transresp, line + "\r\n\r\n"));
    EXPECT_NE(changed.find("Content-Type: null\r\nContent-Length: 0\r\n\r\n\0"s), std::string::npos) << line;
    // In front of the body.
    const std::string outside = replaced(text_with(transresp, "A: b\r\n\r\n"), "\r\nContent-Type",
                                         "\r\n" + line + "\r\nContent-Type");
    EXPECT_TRUE(tells_address(outside)) << line;
    (void)removed(outside);
  }
}

TEST(Transport, TheTypeOfARelayIsFoundAsEveryReaderFindsIt) {
  const std::string plain = "Content-Type: application/x-msnmsgr-turnsetup";
  for (const std::string& line :
       {"content-type:application/x-msnmsgr-turnsetup"s, "epyT-tnetnoC: putesnrut-rgmsnmsx-x/noitacilppa"s,
        "Content-Type: text/plain\r\n" + plain, plain + "\r\nContent-Type: text/plain",
        "X: Content-Type: application/x-msnmsgr-turnsetup"s,
        "Content-Type: \n application/x-msnmsgr-turnsetup"s}) {
    const std::string text =
        replaced(text_with("turnsetup", "A: b\r\n\r\n"), "Content-Type: turnsetup", line);
    EXPECT_TRUE(tells_address(text)) << line;
    const std::string changed = removed(text);
    EXPECT_EQ(changed.find("A: b"), std::string::npos) << line;
  }
  EXPECT_FALSE(tells_address(text_with("application/x-msnmsgr-turnsetup", "\r\n\r\n")));
}

TEST(Transport, TwinsPassUntouched) {
  const Call call;
  const std::string odd =
      base64("IPv4Internal-Addrs: 10.0.0.1\r\nContent-Type: turnsetup") + "IPv4InternalAddrsturnsetup";
  const std::string twins[] = {
      slp_file_offer(call),
      slp_invite(call, object_guid, odd),
      slp_invite(call, file_guid, odd),
      slp_invite(call, webcam_guid, "IPv4InternalAddrsAndPorts"),
      slp_status(call, "200 OK"),
      slp_status(call, "603 Decline"),
      slp_request(call, "BYE", "application/x-msnmsgr-sessionclosebody", "SessionID: 5\r\n\r\n"),
      text_with(
          transreq,
          "Bridges: TRUDPv1 TCPv1 SBBridge TURNv1\r\nNetID: -1388627126\r\nConn-Type: Port-Restrict-NAT\r\n"
          "TCP-Conn-Type: Firewall\r\nUPnPNat: false\r\nICF: false\r\nIPv6-global: 2001:db8::1\r\n"
          "Nonce: {F1A2B3C4-D5E6-4789-8ABC-DEF012345678}\r\n"
          "Nat-Trav-Msg-Type: WLX-Nat-Trav-Msg-Direct-Connect-Req\r\n\r\n"),
      text_with(transresp, "Bridge: TCPv1\r\nListening: false\r\nNonce: {}\r\n\r\n"),
      replaced(slp_file_offer(call), "alice@example.com", "ipv4-addr-port@example.com"),
      "",
      "\0\0\0\0"s,
      "IPv4Internal-Addrs",
      ":",
  };
  for (const std::string& text : twins) {
    EXPECT_FALSE(tells_address(text)) << text;
    EXPECT_EQ(removed(text), text);
  }
}

TEST(Transport, FieldsCountWhateverTheBodyCallsItself) {
  for (const std::string& type : {transreq, "null"s, "application/x-msnmsgr-sessionreqbody"s, ""s}) {
    EXPECT_NE(removed(text_with(type, "IPv4Internal-Port: 6891\r\n\r\n")).find("Port: 0\r\n"),
              std::string::npos);
  }
}

/// The SLP texts inside the packages of a vector, or the payload itself.
std::vector<std::string> texts_of(const TransferVector& vector) {
  std::vector<std::string> texts;
  for (const VectorFrame& frame : vector.frames) {
    const std::string payload = frame.bytes.substr(frame.bytes.find("\r\n") + 2);
    const CapturedPackage package = package_in(payload);
    if (package.body.empty()) {
      texts.push_back(payload);
    } else if (package.v2) {
      if (const auto v2 = msnp::read_p2p_v2(msnp::as_bytes(package.body)))
        texts.emplace_back(msnp::as_text(v2->data));
    } else if (const auto v1 = msnp::read_p2p_v1(msnp::as_bytes(package.body))) {
      texts.emplace_back(msnp::as_text(v1->data));
    }
  }
  return texts;
}

TEST(Transport, VectorsLoseTheirAddressesAndNothingElse) {
  const std::set<std::string> telling{"p20", "p21", "p22", "q31", "n04"};
  std::set<std::string> told;
  for (const TransferVector& vector : transfer_vectors()) {
    for (const std::string& text : texts_of(vector)) {
      if (tells_address(text)) told.insert(vector.id.substr(0, 3));
      (void)removed(text);
    }
  }
  EXPECT_EQ(told, telling);

  const auto only_text = [](const char* id) { return texts_of(transfer_vector(id)).front(); };
  std::string wanted = only_text("p20-transresp");
  for (const auto& [from, to] :
       {std::pair{"198.51.100.7", "0.0.0.0"}, std::pair{"10.1.2.3 192.168.7.9", "0.0.0.0"},
        std::pair{"Port: 6891", "Port: 0"}}) {
    wanted = replaced(wanted, from, to);
  }
  const std::string before = only_text("p20-transresp");
  wanted.resize(before.size(), '\0');
  EXPECT_EQ(removed(before), wanted);

  const std::string mirrored = removed(only_text("p21-transresp-reversed"));
  EXPECT_NE(mirrored.find("srddA-lanretxE4vPI: 0.0.0.0\r\ntroP-lanretxE4vPI: 0\r\n"
                          "srddA-lanretnI4vPI: 0.0.0.0\r\ntroP-lanretnI4vPI: 0\r\nSessionID: 0\r\n"),
            std::string::npos);
  EXPECT_NE(removed(only_text("q31-transdestaddrupdate")).find("stroPdnAsrddAlanretnI4vPI: 0:0.0.0.0\r\n"),
            std::string::npos);
  EXPECT_NE(
      removed(only_text("n04-ubn-turnsetup")).find("Content-Type: null\r\nContent-Length: 0\r\n\r\n\0"s),
      std::string::npos);
}

TEST(Transport, RealClientsLoseTheirAddressesAndNothingElse) {
  std::size_t listening = 0;
  std::size_t silent = 0;
  std::size_t requests = 0;
  for (const CapturedPackage& package : captured_packages()) {
    std::string text;
    if (package.v2) {
      const auto v2 = msnp::read_p2p_v2(msnp::as_bytes(package.body));
      if (v2 && v2->session == 0) text = msnp::as_text(v2->data);
    } else if (const auto v1 = msnp::read_p2p_v1(msnp::as_bytes(package.body)); v1 && v1->session == 0) {
      text = msnp::as_text(v1->data);
    }
    const bool responds = text.find("x-msnmsgr-transrespbody") != std::string::npos;
    const bool listens = responds && text.find("\r\nListening: true\r\n") != std::string::npos;
    EXPECT_EQ(tells_address(text), listens) << package.capture;
    if (listens) ++listening;
    if (responds && !listens) ++silent;
    if (text.find("x-msnmsgr-transreqbody") != std::string::npos) ++requests;
    const std::string changed = removed(text);
    if (!listens) continue;
    // aMSN: one address is dead from the beginning.
    std::string wanted = replaced(text, "Port: 6891", "Port: 0");
    wanted = replaced(wanted, "10.77.2.2", "0.0.0.0");
    wanted = replaced(wanted, "10.77.1.2", "0.0.0.0");
    wanted.resize(text.size(), '\0');
    EXPECT_EQ(changed, wanted) << package.capture;
  }
  EXPECT_GE(listening, 6U);  // aMSN
  EXPECT_GE(silent, 4U);     // retro-prpl without address lines, msnp-sharp
  EXPECT_GE(requests, 10U);
}

TEST(Transport, ALineThatIsEndedForAllMakesNoBodyThatTells) {
  // The lone control behind the address stands in a line of its own once that of the address ends.
  const std::string text = "Content-Type:putesnrutIPv4Addr:9\xF1\0\x07\r\na\0\0\0\0\0\0\0"s;
  EXPECT_EQ(removed(text).find('9'), std::string::npos);
}

TEST(Transport, NothingLiveIsLeftInAnyMixtureOfPieces) {
  const std::string pieces[] = {"IPv4Internal-Addrs",
                                "IPv4External-Port",
                                "IPv6-Addrs",
                                "srddA-lanretnI4vPI",
                                "troP-6vPI",
                                "stroPdnAsrddAlanretnI4vPI",
                                "IPv4AddrsAndPorts",
                                "ServerAddress",
                                "Content-Type",
                                "epyT-tnetnoC",
                                "Content-Length",
                                "Nat-Trav-Msg-Type",
                                "WLX-Nat-Trav-Msg-UDP-Switch",
                                "turnsetup",
                                "transudpswitch",
                                "null",
                                "IPv4",
                                "6vPI",
                                ":",
                                ":",
                                ": ",
                                ": ",
                                " ",
                                "\t",
                                "\r\n",
                                "\r\n",
                                "\r\n",
                                "\n",
                                "\r",
                                "\0"s,
                                "\0\0\0"s,
                                "10.0.0.1",
                                "::1",
                                "0.0.0.0",
                                "6891",
                                "0",
                                "a",
                                "INVITE MSNMSGR:",
                                "\xC2\xA0"};
  std::mt19937 random(20261122);
  std::size_t live = 0;
  for (int round = 0; round < 60'000; ++round) {
    std::string text;
    for (std::size_t count = random() % 24; count > 0; --count) text += pieces[random() % std::size(pieces)];
    live += tells_address(text) ? 1U : 0U;
    (void)removed(text);
    if (testing::Test::HasFailure()) FAIL() << testing::PrintToString(text);
  }
  EXPECT_GT(live, 10'000U);
}

}  // namespace
