#include "msnp/commands.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/decoder_run.hpp"

namespace {

using msnp::Direction;
using msnp::Side;
using msnp::Standing;
using msnp::word;

constexpr Direction to_server = Direction::to_server;
constexpr Direction to_client = Direction::to_client;
constexpr Side notification = Side::notification;
constexpr Side switchboard = Side::switchboard;

/// One line of framing.md 2.1, and the payload that must follow it: none, or these bytes.
struct Case {
  Direction direction;
  Side side;
  std::string_view line;
  std::string_view payload;
};

constexpr std::string_view body = "<a b='c'/>\r\n";
constexpr std::string_view none;

const Case cases[] = {
    {to_server, switchboard, "MSG 1 U 12", body},
    {to_server, switchboard, "MSG 1 N 12", body},
    {to_server, switchboard, "MSG 1 A 12", body},
    {to_server, switchboard, "MSG 1 D 12", body},
    {to_server, switchboard, "MSG 1 S 12", body},
    {to_client, switchboard, "MSG b@y.org Bob 12", body},
    {to_client, notification, "MSG Hotmail Hotmail 12", body},
    {to_server, notification, "QRY 1 PROD0090YUAUV{2B 12", body},
    {to_client, notification, "QRY 12", none},
    {to_server, notification, "UUX 1 12", body},
    {to_server, notification, "UUX 12", none},
    {to_client, notification, "UUX 1 0", none},
    {to_client, notification, "UBX b@y.org 12", body},
    {to_client, notification, "UBX b@y.org 1 12", body},
    {to_client, notification, "UBX 1:b@y.org;via=9:guid@live.com 12", body},
    {to_server, notification, "ADL 1 12", body},
    {to_client, notification, "ADL 12 OK", none},
    {to_client, notification, "ADL 0 12", body},
    {to_server, notification, "RML 1 12", body},
    {to_client, notification, "RML 12 OK", none},
    {to_client, notification, "RML 0 12", body},
    {to_server, notification, "FQY 1 12", body},
    {to_client, notification, "FQY 1 12", body},
    {to_server, notification, "UUM 1 b@y.org 1 3 12", body},
    {to_client, notification, "UBM b@y.org 1 a@x.org 1 3 12", body},
    {to_server, notification, "UUN 1 b@y.org;{guid} 3 12", body},
    {to_server, notification, "UUN 1 b@y.org 12", none},
    {to_client, notification, "UUN 12 OK", none},
    {to_client, notification, "UBN b@y.org;{guid} 3 12", body},
    {to_client, notification, "UBN b@y.org 12", none},
    {to_client, notification, "NOT 12", body},
    {to_client, notification, "IPG 12", body},
    {to_server, notification, "PAG 1 b@y.org 12", body},
    {to_server, notification, "PGD 1 tel:+1 1 12", body},
    {to_server, notification, "SDC 1 b@y.org 0x0409 MSMSGS WindowsMessenger X X Bob 12", body},
    {to_client, notification, "SDC 12 OK", none},
    {to_server, notification, "SND 1 b@y.org 0x0409 MSMSGS 12", none},
    {to_server, notification, "GCF 1 Shields.xml", none},
    {to_client, notification, "GCF 1 Shields.xml 12", body},
    {to_client, notification, "GCF 0 12", body},
    {to_server, notification, "PUT 1 12", body},
    {to_client, notification, "PUT 1 OK 12", body},
    {to_server, notification, "DEL 1 12", body},
    {to_client, notification, "DEL 12 OK", none},
    {to_client, notification, "DEL 1 OK 12", body},
    {to_client, notification, "NFY PUT 12", body},
    {to_client, notification, "NFY DEL 12", body},
    {to_server, notification, "SDG 1 12", body},
    {to_client, notification, "SDG 0 12", body},
    {to_client, notification, "SDG 1 OK 12", body},
    {to_server, notification, "VAS 1 b@y.org 1 1 12", body},
    {to_client, notification, "241 1 12", body},
    {to_client, notification, "509 12", none},
};

TEST(PayloadTable, EveryFormTakesExactlyItsPayload) {
  for (const Case& one : cases) {
    SCOPED_TRACE(one.line);
    // A command behind the payload shows that framing was kept.
    const std::string bytes = std::string(one.line) + "\r\n" + std::string(one.payload) + "OUT\r\n";
    const support::DecoderRun run = support::run_decoder(one.direction, one.side, {bytes});
    ASSERT_EQ(run.frames.size(), 2U);
    EXPECT_EQ(run.frames[0].payload_length, one.payload.size());
    EXPECT_EQ(run.frames[1].command, "OUT");
    EXPECT_EQ(run.consumed, bytes.size());
  }
}

TEST(PayloadTable, HasACaseHereForEveryRow) {
  for (const msnp::CommandRow& row : msnp::payload_table()) {
    const auto covers = [&](const Case& one) {
      return one.direction == row.direction && one.side == row.side &&
             word({one.line[0], one.line[1], one.line[2], '\0'}) == row.word;
    };
    EXPECT_TRUE(std::any_of(std::begin(cases), std::end(cases), covers))
        << std::hex << static_cast<std::uint32_t>(row.word);
  }
}

TEST(PayloadTable, AnnouncesALengthOnlyByTheLastToken) {
  for (const msnp::CommandRow& row : msnp::payload_table()) {
    for (const msnp::LineForm& form : row.forms) {
      for (std::size_t i = 0; i < form.arity; ++i) {
        if (form.kinds[i] == msnp::TokenKind::length) {
          EXPECT_EQ(i + 1, form.arity);
        }
      }
    }
  }
}

TEST(PlainCommands, NeverHaveAPayloadThoughTheyEndInANumber) {
  for (const std::string_view line : {"CVR 1 12",
                                      "VER 1 12",
                                      "BLP 12",
                                      "LSG 0 Friends 12",
                                      "LST b@y.org Bob 11 12",
                                      "SYN 5 27 3 12",
                                      "BPR 12",
                                      "PRP 7 MFN 12",
                                      "SBS 0 12",
                                      "GTC 12",
                                      "CHG 5 NLN 12",
                                      "ILN 5 NLN b@y.org Bob 12",
                                      "NLN NLN b@y.org Bob 12",
                                      "FLN b@y.org 12",
                                      "CHL 0 12",
                                      "QNG 12",
                                      "PNG 12",
                                      "URL 6 a b 12",
                                      "RNG 12",
                                      "XFR 9 SB h:1 CKI 1 U h 12",
                                      "ANS 1 a@x.org 1 12",
                                      "CAL 2 12",
                                      "IRO 1 1 2 b@y.org Bob 12",
                                      "JOI b@y.org Bob 12",
                                      "BYE b@y.org 12",
                                      "ACK 12",
                                      "NAK 12",
                                      "USR 4 OK a@x.org 1 12",
                                      "INF 12",
                                      "ADD 1 FL 12",
                                      "ADC 1 FL 12",
                                      "REM 1 FL 12",
                                      "REA 1 12",
                                      "REG 1 12",
                                      "ADG 1 12",
                                      "RMG 12",
                                      "SBP 1 12",
                                      "RFS 12",
                                      "IMS 12",
                                      "OUT 12",
                                      "SND 1 12",
                                      "CVQ 12",
                                      "FND 12"}) {
    for (const Direction direction : {to_server, to_client}) {
      for (const Side side : {notification, switchboard}) {
        const std::string bytes = std::string(line) + "\r\nOUT\r\n";
        const support::DecoderRun run = support::run_decoder(direction, side, {bytes});
        EXPECT_EQ(run.frames.size(), 2U) << line;
        EXPECT_EQ(run.forwarded, bytes) << line;
      }
    }
  }
}

TEST(LookUp, TellsWhereACommandMayStand) {
  EXPECT_EQ(msnp::look_up(to_server, switchboard, word("MSG")).standing, Standing::tabled);
  EXPECT_EQ(msnp::look_up(to_server, notification, word("MSG")).standing, Standing::forbidden);
  EXPECT_EQ(msnp::look_up(to_client, switchboard, word("NOT")).standing, Standing::forbidden);
  EXPECT_EQ(msnp::look_up(to_client, notification, word("VAS")).standing, Standing::unknown);
  EXPECT_EQ(msnp::look_up(to_client, notification, word("JOI")).standing, Standing::plain);
  EXPECT_EQ(msnp::look_up(to_client, notification, word("ZZZ")).standing, Standing::unknown);
  EXPECT_EQ(msnp::look_up(to_client, notification, word("FSL")).standing, Standing::unknown);
  EXPECT_TRUE(msnp::carries_payload(word("VAS")));
  EXPECT_FALSE(msnp::carries_payload(word("JOI")));
  EXPECT_FALSE(msnp::carries_payload(word("ZZZ")));
}

TEST(CanonicalLength, TakesOneSpellingOfANumber) {
  EXPECT_EQ(msnp::canonical_length("0"), 0U);
  EXPECT_EQ(msnp::canonical_length("1664"), 1664U);
  EXPECT_EQ(msnp::canonical_length("9999999"), 9999999U);
  for (const std::string_view token :
       {"", "00", "01", "+1", "-1", "1_0", "0x1", "1.0", "1x", "10000000", " 1"}) {
    EXPECT_EQ(msnp::canonical_length(token), std::nullopt) << token;
  }
}

}  // namespace
