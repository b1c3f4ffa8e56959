#include "msnp/decoder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/decoder_run.hpp"
#include "tests/support/framing_vectors.hpp"

namespace {

using msnp::Direction;
using msnp::Error;
using msnp::Limits;
using msnp::Side;
using support::DecoderRun;
using support::run_decoder;

constexpr Direction to_server = Direction::to_server;
constexpr Direction to_client = Direction::to_client;
constexpr Side notification = Side::notification;
constexpr Side switchboard = Side::switchboard;

DecoderRun whole(Direction direction, Side side, std::string_view bytes, const Limits& limits = {}) {
  return run_decoder(direction, side, {bytes}, limits);
}

DecoderRun byte_by_byte(Direction direction, Side side, std::string_view bytes, const Limits& limits = {}) {
  std::vector<std::string_view> pieces;
  for (std::size_t i = 0; i < bytes.size(); ++i) pieces.push_back(bytes.substr(i, 1));
  return run_decoder(direction, side, pieces, limits);
}

/// What does not depend on how the bytes were cut. (`wanted` may: fewer bytes tell less.)
void expect_same(const DecoderRun& one, const DecoderRun& other) {
  EXPECT_EQ(one.frames, other.frames);
  EXPECT_EQ(one.consumed, other.consumed);
  EXPECT_EQ(one.forwarded, other.forwarded);
  EXPECT_EQ(one.fault, other.fault);
  EXPECT_EQ(one.fault_offset, other.fault_offset);
}

/// Whole, in two pieces at every offset, and byte by byte.
DecoderRun every_way(Direction direction, Side side, std::string_view bytes, const Limits& limits = {}) {
  const DecoderRun at_once = whole(direction, side, bytes, limits);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    SCOPED_TRACE(cut);
    expect_same(run_decoder(direction, side, {bytes.substr(0, cut), bytes.substr(cut)}, limits), at_once);
  }
  SCOPED_TRACE("byte by byte");
  expect_same(byte_by_byte(direction, side, bytes, limits), at_once);
  return at_once;
}

std::vector<std::string> commands(const DecoderRun& run) {
  std::vector<std::string> names;
  for (const support::VectorFrame& frame : run.frames) names.push_back(frame.command);
  return names;
}

class FramingVectors : public testing::TestWithParam<support::FramingVector> {};

TEST_P(FramingVectors, GiveTheListedFramesHoweverTheyAreCut) {
  const support::FramingVector& vector = GetParam();
  const DecoderRun run = every_way(vector.direction, vector.side, vector.bytes);
  EXPECT_EQ(run.frames, vector.frames);
  EXPECT_EQ(run.consumed, vector.consumed);
  EXPECT_EQ(run.fault.has_value(), vector.outcome == support::Outcome::reject);
  if (vector.outcome == support::Outcome::need_more) {
    EXPECT_LT(run.consumed, vector.bytes.size());
  }
}

/// Three vectors list a frame that must not go on: framing.md 2.4 and the vectors' own notes.
bool is_dropped(std::string_view name) {
  return name == "pag" || name == "pgd-body-with-commands" || name == "msg-s2c-digit-address";
}

TEST_P(FramingVectors, GoOnUntouchedOrAsListed) {
  const support::FramingVector& vector = GetParam();
  if (vector.outcome == support::Outcome::reject || vector.outcome == support::Outcome::need_more) return;
  const DecoderRun run = whole(vector.direction, vector.side, vector.bytes);
  EXPECT_EQ(run.forwarded, is_dropped(vector.name) ? "" : vector.forward.value_or(vector.bytes));
}

INSTANTIATE_TEST_SUITE_P(, FramingVectors, testing::ValuesIn(support::framing_vectors()),
                         [](const auto& instance) {
                           std::string name = instance.param.name;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(FramingVectorFile, IsReadWhole) {
  EXPECT_EQ(support::framing_vectors().size(), 116U);
}

TEST(Decoder, WaitsForTheExactSizeOnceTheLengthIsKnown) {
  EXPECT_EQ(whole(to_server, switchboard, "MSG 1 A 10\r\n").wanted, 22U);
  EXPECT_EQ(whole(to_server, switchboard, "MSG 1 A 10\r\n1234").wanted, 22U);
  EXPECT_EQ(whole(to_server, switchboard, "MSG 1").wanted, 6U);
  EXPECT_EQ(whole(to_server, switchboard, "").wanted, 1U);
}

TEST(Decoder, SaysTheSameFaultForEver) {
  const Limits limits;
  msnp::Decoder decoder(to_server, switchboard, limits);
  const auto first = std::get<msnp::Fault>(decoder.next(msnp::as_bytes("MSG 1 A 003\r\nabc")));
  const auto second = std::get<msnp::Fault>(decoder.next(msnp::as_bytes("PNG\r\n")));
  EXPECT_EQ(first.error, Error::bad_length);
  EXPECT_EQ(first.offset, 8U);
  EXPECT_EQ(second.error, first.error);
  EXPECT_EQ(second.offset, first.offset);
}

TEST(Decoder, LooksAtNoByteOfAnUnfinishedFrameTwice) {
  // The bytes are changed behind its back, which no caller does: a second look would show.
  const Limits limits;
  msnp::Decoder line(to_server, notification, limits);
  EXPECT_EQ(std::get<msnp::NeedMore>(line.next(msnp::as_bytes("PNG 12"))).at_least, 7U);
  EXPECT_EQ(std::get<msnp::NeedMore>(line.next(msnp::as_bytes("PN\n 123"))).at_least, 8U);
  msnp::Decoder payload(to_server, switchboard, limits);
  EXPECT_EQ(std::get<msnp::NeedMore>(payload.next(msnp::as_bytes("MSG 1 A 5\r\na"))).at_least, 16U);
  EXPECT_EQ(std::get<msnp::NeedMore>(payload.next(msnp::as_bytes("msg 1 A 5\r\nabcd"))).at_least, 16U);
}

TEST(Decoder, IsNoBoundaryInsideAStreamedPayload) {
  const Limits limits;
  msnp::Decoder decoder(to_client, notification, limits);
  EXPECT_TRUE(decoder.at_boundary());
  const std::string_view bytes = "UBX a@x.org 5\r\nabcde";
  const auto frame = std::get<msnp::Frame>(decoder.next(msnp::as_bytes(bytes)));
  EXPECT_TRUE(frame.payload.empty());
  EXPECT_EQ(frame.payload_length, 5U);
  EXPECT_FALSE(decoder.at_boundary());
  EXPECT_EQ(std::get<msnp::Opaque>(decoder.next(msnp::as_bytes(bytes.substr(15, 3)))).raw.size(), 3U);
  EXPECT_FALSE(decoder.at_boundary());
  EXPECT_EQ(std::get<msnp::Opaque>(decoder.next(msnp::as_bytes(bytes.substr(18)))).raw.size(), 2U);
  EXPECT_TRUE(decoder.at_boundary());
}

TEST(Decoder, InspectsEveryCommandThatMayCarryAnInvitation) {
  const Limits limits;
  const auto inspected = [&](Direction direction, Side side, std::string_view bytes) {
    msnp::Decoder decoder(direction, side, limits);
    const auto frame = std::get<msnp::Frame>(decoder.next(msnp::as_bytes(bytes)));
    return frame.inspected && frame.payload.size() == 2;
  };
  EXPECT_TRUE(inspected(to_server, switchboard, "MSG 1 D 2\r\nab"));
  EXPECT_TRUE(inspected(to_client, switchboard, "MSG b@y.org Bob 2\r\nab"));
  EXPECT_TRUE(inspected(to_client, notification, "MSG Hotmail Hotmail 2\r\nab"));
  EXPECT_TRUE(inspected(to_server, notification, "UUM 1 b@y.org 32 1 2\r\nab"));
  EXPECT_TRUE(inspected(to_client, notification, "UBM b@y.org 32 a@x.org 1 1 2\r\nab"));
  EXPECT_TRUE(inspected(to_server, notification, "UUN 1 b@y.org 3 2\r\nab"));
  EXPECT_TRUE(inspected(to_client, notification, "UBN b@y.org 3 2\r\nab"));
  EXPECT_TRUE(inspected(to_server, notification, "SDG 1 2\r\nab"));
  EXPECT_TRUE(inspected(to_client, notification, "SDG 0 2\r\nab"));
  EXPECT_FALSE(inspected(to_server, notification, "UUX 1 2\r\nab"));
}

// Limits -----------------------------------------------------------------------------------------------

TEST(DecoderLimits, TakeALineOfExactlyTheLimitWithEitherEnd) {
  Limits limits;
  limits.line = 8;
  EXPECT_THAT(commands(every_way(to_server, notification, "PNG 1234\r\n", limits)),
              testing::ElementsAre("PNG"));
  EXPECT_THAT(commands(every_way(to_server, notification, "PNG 1234\n", limits)),
              testing::ElementsAre("PNG"));
}

TEST(DecoderLimits, RefuseALineOneByteLongerWithOrWithoutItsEnd) {
  Limits limits;
  limits.line = 8;
  for (const std::string_view bytes : {"PNG 12345\r\n", "PNG 12345\n", "PNG 12345", "PNG 1234567890\r\n"}) {
    EXPECT_EQ(every_way(to_server, notification, bytes, limits).fault, Error::line_too_long) << bytes;
  }
}

TEST(DecoderLimits, TellALoneCarriageReturnFromALongLineHoweverCut) {
  Limits limits;
  limits.line = 8;
  EXPECT_EQ(every_way(to_server, notification, "PNG 1\r234567890\r\n", limits).fault, Error::malformed_line);
  EXPECT_EQ(every_way(to_server, notification, "PNG 1234\r5\r\n", limits).fault, Error::malformed_line);
  EXPECT_EQ(every_way(to_server, notification, "PNG 12345\r6\r\n", limits).fault, Error::line_too_long);
  EXPECT_EQ(every_way(to_client, notification, "PNG 1\t\r2\n", limits).fault, Error::malformed_line);
  EXPECT_EQ(every_way(to_client, notification, "PNG 1\r\r\n", limits).fault, Error::malformed_line);
}

TEST(DecoderLimits, RefuseAPayloadFromItsLineAlone) {
  EXPECT_EQ(whole(to_server, switchboard, "MSG 1 U 1665\r\n").fault, Error::payload_too_long);
  EXPECT_EQ(whole(to_client, switchboard, "MSG b@y.org Bob 65537\r\n").fault, Error::payload_too_long);
  EXPECT_EQ(whole(to_client, switchboard, "MSG b@y.org Bob 65536\r\n").wanted, 23U + 65536U);
  EXPECT_EQ(whole(to_client, notification, "UBX b@y.org 65537\r\n").fault, Error::payload_too_long);
  EXPECT_EQ(whole(to_client, notification, "NOT 1048577\r\n").fault, Error::payload_too_long);
  EXPECT_EQ(whole(to_client, notification, "NOT 1048576\r\n").fault, std::nullopt);
  EXPECT_EQ(whole(to_client, notification, "241 1 1048577\r\n").fault, Error::payload_too_long);
  EXPECT_EQ(whole(to_client, notification, "NOT 10485760\r\n").fault, Error::bad_length);
}

// Lines of a client ------------------------------------------------------------------------------------

TEST(ClientLines, MustBeThreeCapitalsAndABlankOrTheEnd) {
  for (const std::string_view bytes : {"PN\r\n", "P\r\n", " PNG\r\n", "  \r\n", "PNGX\r\n", "png\r\n",
                                       "PN1\r\n", "201 5\r\n", "PNG\xC2\xA0 1\r\n"}) {
    EXPECT_EQ(every_way(to_server, notification, bytes).fault, Error::malformed_line) << bytes;
  }
}

TEST(ClientLines, HoldNoControlByteAnywhere) {
  for (int byte = 1; byte < 0x100; ++byte) {
    const bool control = (byte < 0x20 && byte != '\n') || byte == 0x7F;
    if (!control) continue;
    for (const std::size_t at : {4U, 7U, 8U, 15U, 16U, 19U}) {
      std::string line = "CHG 5 NLN 0 abcdefgh\r\n";
      line[at] = static_cast<char>(byte);
      EXPECT_EQ(whole(to_server, notification, line).fault, Error::malformed_line) << byte << " at " << at;
    }
  }
}

TEST(ClientLines, MayHoldUtf8WhereNoMessageTravels) {
  EXPECT_EQ(whole(to_server, notification, "PRP 5 MFN J\xC3\xBCrgen\r\n").fault, std::nullopt);
  EXPECT_EQ(whole(to_server, notification, "PRP 5 MFN J\xFCrgen\r\n").fault, Error::malformed_line);
  EXPECT_EQ(whole(to_server, notification, "UUM 5 \xC3\xBC@x.org 1 1 0\r\n").fault, Error::not_canonical);
}

TEST(ClientLines, ThatCarryMessagesAreCanonicalToTheLetter) {
  for (const std::string_view bytes :
       {"MSG 1 A 3 \r\nabc", "MSG 1 a 3\r\nabc", "MSG 1 X 3\r\nabc", "MSG 1 AA 3\r\nabc", "MSG x A 3\r\nabc",
        "MSG -1 A 3\r\nabc", "MSG  A 3\r\nabc", "MSG 12345678901 A 3\r\nabc"}) {
    EXPECT_EQ(every_way(to_server, switchboard, bytes).fault, Error::not_canonical) << bytes;
  }
  for (const std::string_view bytes : {"MSG\r\n", "MSG 1\r\n", "MSG 1 A\r\n", "MSG 1 A 3 4\r\nabc",
                                       "MSG 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 3\r\nabc"}) {
    EXPECT_EQ(every_way(to_server, switchboard, bytes).fault, Error::wrong_arity) << bytes;
  }
}

TEST(ClientLines, OfCommandsThatBelongToTheOtherSideAreForbidden) {
  EXPECT_EQ(whole(to_server, notification, "MSG 1 A 3\r\nabc").fault, Error::forbidden_command);
  EXPECT_EQ(whole(to_server, switchboard, "ADL 1 3\r\nabc").fault, Error::forbidden_command);
  // Escargot reads a payload behind a client's NOT, on any connection.
  EXPECT_EQ(whole(to_server, notification, "NOT 3\r\nabc").fault, Error::forbidden_command);
  EXPECT_EQ(whole(to_client, switchboard, "UBX a@x.org 3\r\nabc").fault, Error::forbidden_command);
}

// Lines of a server ------------------------------------------------------------------------------------

TEST(ServerLines, OfAShortOrLongFormAreRefused) {
  for (const std::string_view bytes :
       {"UBX\r\n", "UBX a@x.org\r\n", "UBX a 1 2 3\r\n", "NOT\r\n", "NOT 1 2\r\n", "GCF 5\r\n",
        "MSG Hotmail 5\r\n", "UBM a 1 b 1 5\r\n", "UBN a\r\n"}) {
    EXPECT_EQ(whole(to_client, notification, bytes).fault, Error::wrong_arity) << bytes;
  }
}

TEST(ServerLines, ThatReadersSplitDifferentlyAreRefused) {
  EXPECT_EQ(whole(to_client, notification, "UBX a@x.org 3 \r\nabc").fault, Error::not_canonical);
  EXPECT_EQ(whole(to_client, notification, "UBX  1 3\r\nabc").fault, Error::not_canonical);
  EXPECT_EQ(whole(to_client, switchboard, "MSG  Bob 3\r\nabc").fault, Error::not_canonical);
  EXPECT_EQ(whole(to_client, notification, "UBX a@x.org 3x\r\nabc").fault, Error::bad_length);
}

TEST(ServerLines, PushAListOnlyWithTransactionZero) {
  // aMSN reads the payload behind 0 alone, Pidgin behind any number.
  EXPECT_EQ(whole(to_client, notification, "ADL 5 3\r\nabc").fault, Error::not_canonical);
  EXPECT_EQ(whole(to_client, notification, "RML 5 3\r\nabc").fault, Error::not_canonical);
}

TEST(ServerLines, NumericRepliesHaveAPayloadOnlyWithTwoTokensOnANotificationServer) {
  EXPECT_EQ(whole(to_client, notification, "731 12 3\r\nabc").frames.at(0).payload_length, 3U);
  EXPECT_THAT(commands(every_way(to_client, notification, "911\r\n731 12 0\r\n509 5\r\n201 5 unknown\r\n")),
              testing::ElementsAre("911", "731", "509", "201"));
  EXPECT_EQ(every_way(to_client, notification, "731 12 03\r\nabc").fault, Error::bad_length);
  EXPECT_EQ(every_way(to_client, notification, "731 12 3 \r\nabc").fault, Error::not_canonical);
  EXPECT_THAT(commands(every_way(to_client, switchboard, "217 8 3\r\nACK 9\r\n")),
              testing::ElementsAre("217", "ACK"));
}

TEST(ServerLines, WithASenderOfDigitsAreDroppedWhole) {
  const DecoderRun run = every_way(to_client, switchboard, "MSG 123 Bob 2\r\nhiACK 5\r\n");
  EXPECT_THAT(commands(run), testing::ElementsAre("MSG", "ACK"));
  EXPECT_EQ(run.forwarded, "ACK 5\r\n");
}

// Unknown commands (framing.md 2.4) --------------------------------------------------------------------

TEST(UnknownCommands, WithoutANumberArePlainLines) {
  EXPECT_THAT(commands(every_way(to_client, notification, "ZZZ 5 x\r\nZZZ 0\r\nQNG 50\r\n")),
              testing::ElementsAre("ZZZ", "ZZZ", "QNG"));
  EXPECT_THAT(commands(every_way(to_client, notification, "ZZZ\r\nQNG 50\r\n")),
              testing::ElementsAre("ZZZ", "QNG"));
}

TEST(UnknownCommands, WithANumberWaitForTheNextBytes) {
  EXPECT_TRUE(whole(to_client, notification, "ZZZ 5\r\n").frames.empty());
  EXPECT_EQ(whole(to_client, notification, "ZZZ 5\r\nQNG").wanted, 11U);
  EXPECT_EQ(whole(to_client, notification, "ZZZ 5\r\n<").wanted, 12U);
}

TEST(UnknownCommands, MayNotStandBeforeAMessageThatAPayloadReaderWouldMiss) {
  EXPECT_EQ(every_way(to_client, notification, "ZZZ 30\r\nMSG a b 2\r\nhi").fault, Error::ambiguous_command);
  EXPECT_EQ(every_way(to_client, notification, "ZZZ 30\r\nQNG 50\r\nMSG a b 2\r\nhi").fault,
            Error::ambiguous_command);
  EXPECT_EQ(every_way(to_server, notification, "ZZZ 30\r\nPNG\r\nADL 1 2\r\nhi").fault,
            Error::ambiguous_command);
  // Behind the bytes in doubt all is certain again.
  EXPECT_THAT(commands(every_way(to_client, notification, "ZZZ 8\r\nQNG 50\r\nMSG a b 2\r\nhi")),
              testing::ElementsAre("ZZZ", "QNG", "MSG"));
}

TEST(UnknownCommands, MayNotEndInsideALineWhereAMessageBegins) {
  EXPECT_EQ(every_way(to_server, switchboard, "ZZZ 4\r\nPNG MSG 1 A 5\r\n").fault, Error::ambiguous_command);
  EXPECT_EQ(every_way(to_server, switchboard, "ZZZ 3\r\nPNG MSG 1 A 5\r\n").fault, Error::ambiguous_command);
  EXPECT_EQ(every_way(to_server, switchboard, "ZZZ 4\r\nPNG 1 MSG 5\r\n").fault, std::nullopt);
}

TEST(UnknownCommands, MayNotHideAMessageInAPayloadThatALineReaderWouldSee) {
  for (const std::string_view payload :
       {"x\nMSG 1 A", "x\r MSG 1 A", " msg 1 Aab", "x\n%4DSG 1 ", "xxxxxxx\nMS"}) {
    const std::string bytes =
        "ZZZ " + std::to_string(payload.size()) + "\r\n" + std::string(payload) + "PNG\r\n";
    EXPECT_EQ(every_way(to_server, switchboard, bytes).fault, Error::ambiguous_command) << payload;
  }
}

TEST(UnknownCommands, MayNotRunIntoAMessage) {
  // A reader of lines sees `<a>MSG ...` as one line, and then the payload as commands.
  EXPECT_EQ(every_way(to_client, notification, "ZZZ 3\r\n<a>MSG a b 2\r\nhi").fault,
            Error::ambiguous_command);
  EXPECT_THAT(commands(every_way(to_client, notification, "ZZZ 4\r\n<a>\nMSG a b 2\r\nhi")),
              testing::ElementsAre("ZZZ", "MSG"));
}

TEST(UnknownCommands, MayNotStandBeforeBytesThatWouldNotGoOnAsTheyCame) {
  // A reader of the payload counts what is swallowed and mended; a reader of lines misses the end of one.
  for (const std::string_view bytes :
       {"ZZZ 30\r\nPNG\r\n\r\n", "ZZZ 30\r\nPNG\n", "ZZZ 30\r\nNLN a\tb\r\n", "ZZZ 4\r\n<a>\r\nPNG\r\n"}) {
    EXPECT_EQ(every_way(to_client, notification, bytes).fault, Error::ambiguous_command) << bytes;
  }
  for (const std::string_view bytes :
       {"ZZZ 5\r\nPNG\r\n\r\n", "ZZZ 5\r\n<a>\r\n\r\nPNG\r\n", "ZZZ 3\r\nPNG\n", "ZZZ 3\r\n<a>PNG\n"}) {
    EXPECT_EQ(every_way(to_client, notification, bytes).fault, std::nullopt) << bytes;
  }
}

TEST(UnknownCommands, AreFollowedByABoundaryOnceAllReadersAgreeAgain) {
  const std::string_view bytes = "ZZZ 8\r\nPNG\r\nPNG\r\nPNG\r\n";
  const Limits limits;
  msnp::Decoder decoder(to_client, notification, limits);
  std::vector<bool> boundaries;
  for (std::size_t at = 0; at < bytes.size();) {
    at += std::get<msnp::Frame>(decoder.next(msnp::as_bytes(bytes.substr(at)))).raw.size();
    boundaries.push_back(decoder.at_boundary());
  }
  EXPECT_THAT(boundaries, testing::ElementsAre(false, false, true, true));
}

TEST(UnknownCommands, AreNoMsnpAfterThreeInARow) {
  EXPECT_EQ(every_way(to_server, notification, "ABC\r\nDEF x\r\nGHI\r\n").fault, Error::not_msnp);
  EXPECT_EQ(every_way(to_server, notification, "ABC\r\nDEF\r\nPNG\r\nGHI\r\nJKL\r\n").fault, std::nullopt);
  EXPECT_EQ(every_way(to_client, notification, "ABC 3\r\n<a>DEF\r\nGHI\r\n").fault, Error::not_msnp);
}

TEST(EmptyLines, AreSwallowedBetweenFramesAndNotInsidePayloads) {
  const DecoderRun run = every_way(to_client, notification, "\r\n\nNOT 4\r\n\r\n\r\n\nQNG 5\n\r\n");
  EXPECT_THAT(commands(run), testing::ElementsAre("NOT", "QNG"));
  EXPECT_EQ(run.forwarded, "NOT 4\r\n\r\n\r\nQNG 5\r\n");
}

}  // namespace
