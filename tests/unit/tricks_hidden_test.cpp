// transfers.md 10, several tricks at once: parts of an offer that a reader of one version, of one carrier or
// of one state alone puts together. Each test hides a GUID of files from whoever reads the parts otherwise.
#include <gtest/gtest.h>

#include "tests/support/tricks.hpp"

namespace {

using namespace std::string_literals;
using namespace gate::test;
using enum Client;
using msnp::Direction;

constexpr std::uint32_t offer_id = 49'090'852;
constexpr std::uint32_t ink_session = 64;

Package part(std::uint32_t identifier, const std::string& text, std::size_t from, std::size_t to) {
  Package package = whole(identifier, text.substr(from, to - from));
  package.offset = from;
  package.total = text.size();
  return package;
}

/// A package whose last bytes stand where its footer would be: no footer, for whoever believes the Length.
std::string footless(Package package) {
  package.length = static_cast<std::uint32_t>(package.data.size());
  const std::string tail = package.data.substr(package.data.size() - 4);
  package.data.resize(package.data.size() - 4);
  std::string bytes = v1_package(package);
  bytes.replace(bytes.size() - 4, 4, tail);
  return bytes;
}

Script sent_raw(const std::vector<std::string>& packages) {
  Script script;
  for (const std::string& package : packages) {
    script.frames.push_back(message(Direction::to_server, p2p_block(package)));
  }
  return script;
}

/// A call for a webcam: what agrees upon a session that is neither a file nor an object.
Script webcam_call(std::uint32_t session, int number) {
  Call call;
  call.call_id = "{20000000-0000-4000-8000-00000000000" + std::to_string(number) + "}";
  call.session_id = std::to_string(session);
  return sent_as({whole(7'000U + static_cast<std::uint32_t>(number), slp_invite(call, webcam_guid, "AAAA"))});
}

/// An offer that ends with the GUID: the application is named behind its Context.
std::string offer_that_ends_with_guid() {
  const std::string text = with_decoy(offer_text());
  const std::string line = "EUF-GUID: " + std::string(file_guid) + "\r\n";
  return replaced(text, line, "").substr(0, text.size() - line.size() - 3) + line;
}

TEST(Trick10And31, OfferInTheFootersOfEmptyPackagesIsStopped) {
  std::string text = offer_text();
  text.resize((text.size() + 3) / 4 * 4, '\0');
  std::vector<std::string> packages;
  for (std::size_t at = 0; at < text.size(); at += 4) {
    packages.push_back(footless(part(offer_id, text, at, at + 4)));
  }
  const Script script = sent_raw(packages);
  expect_dropped(script, {miranda, msnp_sharp});
}

TEST(Trick30And31, GuidThatEndsInTheFooterIsStopped) {
  const std::string text = offer_that_ends_with_guid();
  expect_stopped(sent_raw({footless(whole(offer_id, text))}), {miranda, msnp_sharp});
  const std::size_t half = text.size() / 2;
  expect_stopped(sent_raw({v1_package(part(offer_id, text, 0, half)),
                           footless(part(offer_id, text, half, text.size()))}),
                 {miranda, msnp_sharp});
}

/// The second part under flags of data, which libpurple and pecan look at in a first package only.
Script half_of_it_called_data(std::uint32_t session) {
  const std::string text = with_decoy(offer_text());
  const Cuts cut(text);
  Package first = part(offer_id, text, 0, cut.first);
  Package second = part(offer_id, text, cut.first, text.size());
  first.session = second.session = session;
  second.flags = 0x20;
  return sent_as({first, second});
}

TEST(Trick27And28, RestUnderFlagsOfDataInASessionOfAWebcamIsStopped) {
  expect_stopped(joined(webcam_call(5151, 1), half_of_it_called_data(5151)), {libpurple, pecan});
}

TEST(Trick27And28, RestUnderFlagsOfDataInTheSessionOfInkIsStopped) {
  expect_stopped(half_of_it_called_data(ink_session), {pecan});
}

TEST(Trick27And61, OfferInPartsInASessionOfAWebcamIsStopped) {
  const std::string text = with_decoy(offer_text());
  const Cuts cut(text);
  std::vector<Package> packages{part(offer_id, text, 0, cut.first), part(offer_id, text, cut.first, 700),
                                part(offer_id, text, 700, text.size())};
  for (Package& package : packages) package.session = 5151;
  // In a session nothing is held: parts may go on, but never so many that a client completes them.
  expect_dropped(joined(webcam_call(5151, 1), sent_as(packages)), {libpurple, pecan});
  Script late = sent_as(packages);
  late.pauses = {1};
  expect_dropped(joined(webcam_call(5151, 1), late), {libpurple, pecan});
}

// What is left over in a client after a message is not given up there as it is at the gate.

/// The beginning, complete for whoever believes its Length.
Package beginning(const std::string& text, std::size_t size) {
  Package package = part(offer_id, text, 0, size);
  package.length = static_cast<std::uint32_t>(text.size());
  return package;
}

TEST(Trick33And65, RestAfterAMinuteUnderAnotherIdentifierIsStopped) {
  const std::string text = with_decoy(offer_text());
  const Cuts cut(text);
  Script script = sent_as({beginning(text, cut.first), whole(offer_id + 1, text.substr(cut.first))});
  script.pauses = {1};
  expect_dropped(script, {papyon});
}

TEST(Trick33And65, RestAfterAMinuteUnderTheSameIdentifierIsStopped) {
  const std::string text = with_decoy(offer_text());
  const Cuts cut(text);
  Script script = sent_as({beginning(text, cut.first), whole(offer_id, text.substr(cut.first))});
  expect_dropped(script, {papyon, amsn});
  script.pauses = {1};
  expect_dropped(script, {papyon, amsn});
}

TEST(Trick33And65, RestAfterManyOtherMessagesIsStopped) {
  const std::string text = with_decoy(offer_text());
  const Cuts cut(text);
  std::vector<Package> packages{beginning(text, cut.first)};
  for (std::uint32_t i = 1; i <= 20; ++i) {
    packages.push_back(whole(offer_id + i, std::string(60, 'x')));
    packages.back().length = 30;
    packages.back().total = 30;
  }
  packages.push_back(whole(offer_id, text.substr(cut.first)));
  expect_stopped(sent_as(packages), {amsn});
}

// papyon completes a message in the middle of another one, whose rest begins the next.
TEST(Trick33And62, OfferFromTheEndOfOneMessageAndTheWholeOfAnotherIsStopped) {
  const std::string text = with_decoy(offer_text());
  const Cuts cut(text);
  const std::size_t rest = text.size() - cut.first;
  Package first = whole(offer_id, std::string(100, 'x'));
  first.total = 100 + rest;
  first.length = static_cast<std::uint32_t>(first.total);
  const std::string carrier = std::string(rest, 'y') + text.substr(0, cut.first);
  expect_dropped(
      sent_as({first, part(offer_id + 1, carrier, 0, rest), part(offer_id + 1, carrier, rest, carrier.size()),
               whole(offer_id + 2, text.substr(cut.first))}),
      {papyon});
}

TEST(Trick33And62, OfferFromTheEndOfAMessageBegunTwiceAndAnotherIsStopped) {
  std::string text = with_decoy(offer_text());
  // Padded, so that both halves are of one size.
  const std::size_t tail = text.size() - Cuts(text).first;
  ASSERT_GT(tail, Cuts(text).first);
  text =
      replaced(text, "CSeq:", "X-Padding: " + std::string(tail - Cuts(text).first - 13, 'x') + "\r\nCSeq:");
  const std::size_t half = Cuts(text).first;
  ASSERT_EQ(half * 2, text.size());
  const std::string carrier = std::string(half, 'y') + text.substr(0, half);
  const Package begin = part(offer_id, carrier, 0, half);
  expect_stopped(sent_as({begin, begin, part(offer_id, carrier, half, carrier.size()),
                          whole(offer_id + 2, text.substr(half))}),
                 {papyon});
}

// Both versions in one conversation.

/// As the vectors address a package of version 2.
std::string endpoints(const std::string& package) {
  return payload_of(sent_as_v2({package}).frames.front());
}

/// The session that version 1 reads.
std::uint32_t session_in(const std::string& package) {
  std::uint32_t session = 0;
  for (std::size_t i = 4; i-- > 0;) session = session << 8U | static_cast<unsigned char>(package[i]);
  return session;
}

/// A whole message for who ignores its Length; then, in a package of version 2, bytes that pecan writes into
/// it.
///
///     v1   session identifier offset ........ total ......... | length flags ...  | data
///     v2   HL OP ML   BaseID  TLV 4 0 0 0 0 0 | DHL TF nr session | data
TEST(Trick32And60, GuidCompletedByAPackageOfVersion2IsStopped) {
  constexpr std::size_t at = 0x04FF;
  constexpr std::size_t total = 0x0508;
  const std::string guid = "EUF-GUID: " + std::string(file_guid);
  std::string text = replaced(with_decoy(offer_text()), guid + "\r\n", "");
  text.resize(text.size() - 3);  // the empty line and the NUL
  const std::size_t line = at - (guid.size() - 5);
  ASSERT_LT(text.size() + 13, line);
  text += "X-Padding: " + std::string(line - text.size() - 13, 'x') + "\r\n";
  text += replaced(guid, "5683}", "0000}") + "\r\n";
  text.resize(total, '\0');

  Package second = whole(offer_id, "5683");
  second.offset = at;
  second.total = total;
  second.length = 0x1000;
  std::string bytes = v1_package(second);
  const std::size_t length = bytes.size() - 16 - 4;
  bytes.replace(0, 4, {'\x10', '\0', static_cast<char>(length >> 8U), static_cast<char>(length & 0xFFU)});

  Package first = whole(offer_id, text);
  first.session = session_in(bytes);
  first.length = 1;
  Script script = joined(webcam_call(first.session, 1), sent_as({first}));
  script.frames.push_back(message(Direction::to_server, endpoints(bytes)));
  expect_dropped(script, {pecan});
}

/// A package of version 2 of these data and this many bytes still to come, under another operation and
/// length.
std::string odd_v2(std::uint32_t base_id, std::uint8_t operation, std::size_t more, bool first,
                   std::uint64_t left, const std::string& data) {
  std::string header(left > 0 ? 28 : 8, '\0');
  header[0] = static_cast<char>(header.size());
  header[1] = first ? '\1' : '\0';
  if (left > 0) {
    header.replace(8, 10, "\x7F\x06xxxxxx\x01\x08"s);
    for (std::size_t i = 0; i < 8; ++i) header[18 + i] = static_cast<char>((left >> (8 * (7 - i))) & 0xFFU);
  }
  const std::size_t length = header.size() + data.size() + more;
  std::string bytes{'\x08', static_cast<char>(operation), static_cast<char>(length >> 8U),
                    static_cast<char>(length & 0xFFU)};
  for (std::size_t i = 0; i < 4; ++i) bytes.push_back(static_cast<char>((base_id >> (24 - 8 * i)) & 0xFFU));
  return bytes + header + data + std::string(more > 0 ? 0 : 4, '\0');
}

/// Two packages of version 2 in sessions that version 1 finds agreed upon.
Script odd_v2_in_sessions(const std::string& headers, std::uint8_t operation, std::size_t more) {
  const std::string text = with_decoy(offer_text_v2());
  const Cuts cut(text);
  const std::size_t left = text.size() - cut.first;
  const std::string first = odd_v2(1000, operation, more, true, left, text.substr(0, cut.first));
  const std::string second = odd_v2(1000 + 28 + static_cast<std::uint32_t>(cut.first), operation, more, false,
                                    0, text.substr(cut.first));
  Script script = joined(webcam_call(session_in(first), 1), webcam_call(session_in(second), 2));
  for (const std::string& package : {first, second}) {
    script.frames.push_back(
        message(Direction::to_server, headers.empty() ? endpoints(package) : headers + package));
  }
  return script;
}

TEST(Trick53And60, OfferOfVersion2UnderAnotherOperationIsStopped) {
  expect_stopped(odd_v2_in_sessions({}, 4, 0), {miranda, papyon, msnp_sharp});
}

TEST(Trick53And60, OfferOfVersion2LongerThanItsMessageIsStopped) {
  expect_stopped(odd_v2_in_sessions({}, 0, 100), {miranda, papyon});
}

TEST(Trick40And53, OfferOfVersion2UnderAMirroredDestinationIsStopped) {
  const std::string own = mirrored("bob@example.org;{b2b2b2b2-0002-4002-8002-ba9876543210}");
  expect_stopped(odd_v2_in_sessions("MIME-Version: 1.0\r\nContent-Type: application/x-msnmsgrp2p\r\n" +
                                        mirrored("P2P-Dest") + ": " + own + "\r\n\r\n",
                                    0, 0),
                 {miranda});
}

/// The two halves of an offer, each of which also names the application of pictures.
struct Halves {
  explicit Halves(const std::string& offer) : text(with_decoy(offer)) {
    text.insert(text.find("Context: "), "X-Comment: " + std::string(object_guid) + "\r\n");
    const std::size_t missing = text.size() - 2 * Cuts(text).first;
    text = replaced(text, "CSeq:", "X-Padding: " + std::string(missing - 13, 'x') + "\r\nCSeq:");
    cut = Cuts(text).first;
  }
  std::string text;
  std::size_t cut = 0;
};

TEST(Trick53And60, OfferInPackagesOfVersion2WithBytesBehindTheirFootersIsStopped) {
  const Halves halves(offer_text_v2());
  V2Message offer;
  offer.text = halves.text;
  offer.most = halves.cut;
  auto packages = v2_packages(offer);
  for (std::string& package : packages) package += "behind";
  ASSERT_EQ(packages.size(), 2U);
  expect_stopped(sent_as_v2(packages), {miranda, papyon, msnp_sharp});
}

// papyon completes a message when enough has come: what came twice makes it complete early, and what comes
// then begins the next, for which the gate does not wait for ever.
TEST(Trick53And65, RestOfVersion2AfterAMinuteIsStopped) {
  const std::string text = with_decoy(offer_text_v2());
  const Cuts cut(text);
  const std::string begin = text.substr(0, cut.first);
  const std::string rest = text.substr(cut.first);
  const std::string filler(text.size(), 'y');
  const auto header = static_cast<std::uint32_t>(28 + text.size());
  const auto packages = {
      odd_v2(1000, 0, 0, false, text.size(), filler), odd_v2(1000, 0, 0, false, text.size(), filler),
      odd_v2(1000 + header, 0, 0, false, rest.size(), begin), odd_v2(90'000, 0, 0, false, 0, rest)};
  Script script = sent_as_v2(packages);
  script.pauses = {3};
  expect_dropped(script, {papyon});
}

TEST(Trick10And44, OfferInPackagesBehindBlankLookingLinesIsStopped) {
  const Halves halves(offer_text());
  Script script;
  for (const Package& package : {part(offer_id, halves.text, 0, halves.cut),
                                 part(offer_id, halves.text, halves.cut, halves.text.size())}) {
    script.frames.push_back(
        message(Direction::to_server, dressed_as("p61-blank-space-line", v1_package(package))));
  }
  expect_stopped(script, {miranda, papyon});
}

TEST(Trick10And45, OfferInPackagesEachCutByMessageIdIsStopped) {
  const Halves halves(offer_text());
  Script script;
  int number = 0;
  for (const Package& package : {part(offer_id, halves.text, 0, halves.cut),
                                 part(offer_id, halves.text, halves.cut, halves.text.size())}) {
    const std::string id = "{30000000-0000-4000-8000-00000000000" + std::to_string(++number) + "}";
    const std::string bytes = v1_package(package);
    script.frames.push_back(
        message(Direction::to_server,
                "MIME-Version: 1.0\r\nContent-Type: application/x-msnmsgrp2p\r\nP2P-Dest: "
                "bob@example.org\r\nMessage-ID: " +
                    id + "\r\nChunks: 2\r\n\r\n" + bytes.substr(0, 100)));
    script.frames.push_back(
        message(Direction::to_server, "Message-ID: " + id + "\r\nChunk: 1\r\n\r\n" + bytes.substr(100)));
  }
  expect_stopped(script, {libpurple});
}

// A name that only .NET reads, beside one that everybody reads.
TEST(Trick13And15, HexadecimalGuidBesideThatOfAPictureIsStopped) {
  constexpr std::string_view hexadecimal =
      "{0x5d3e02ab,0x6190,0x11d3,{0xbb,0xbb,0x00,0xc0,0x4f,0x79,0x56,0x83}}";
  expect_stopped(sent_whole(replaced(with_decoy(offer_text()), file_guid, hexadecimal)), {msnp_sharp});
}

// Datagrams.

constexpr std::string_view data_lines =
    "Message-Type: Data\r\nContent-Type: application/x-msnmsgrp2p\r\n"
    "Content-Transfer-Encoding: binary\r\nBridging-Offsets: ";

std::vector<std::string> halves_v2() {
  const Halves halves(offer_text_v2());
  V2Message offer;
  offer.text = halves.text;
  offer.most = halves.cut;
  auto packages = v2_packages(offer);
  return packages;
}

TEST(Trick54And57, OfferInPackagesInsideOthersIsStopped) {
  Script script{{}, true, {}};
  std::uint32_t base_id = 77'000;
  for (const std::string& package : halves_v2()) {
    const std::string outer = odd_v2(base_id, 0, 0, true, 0, package);
    base_id += static_cast<std::uint32_t>(outer.size());
    script = joined(script, datagram(std::string(data_lines) + "0," + std::to_string(16), outer));
  }
  expect_stopped(script, {msnp_sharp});
}

TEST(Trick54And57, OfferBehindMoreOffsetsThanAreLookedAtIsStopped) {
  std::string offsets;
  for (int i = 0; i < 40; ++i) offsets += "9000,";
  Script script{{}, true, {}};
  for (const std::string& package : halves_v2()) {
    script = joined(script, datagram(std::string(data_lines) + offsets + "0", package));
  }
  expect_stopped(script, {msnp_sharp});
}

/// Over the notification server to a user of another network.
TEST(Trick10And56, OfferInPackagesUnderUumAndUbmIsStopped) {
  const Halves halves(offer_text());
  for (const bool to_server : {true, false}) {
    FilterRig rig(policy_with(gate::Action::block));
    rig.sign_in("alice@example.com");
    for (const Package& package : {part(offer_id, halves.text, 0, halves.cut),
                                   part(offer_id, halves.text, halves.cut, halves.text.size())}) {
      const std::string payload = p2p_block(v1_package(package));
      const std::string line =
          to_server ? "UUM 11 bob@example.org 1 3 " : "UBM bob@example.org 1 alice@example.com 1 3 ";
      rig.feed(to_server ? Direction::to_server : Direction::to_client,
               line + std::to_string(payload.size()) + "\r\n" + payload);
    }
    EXPECT_EQ(to_server ? rig.to_server() : rig.to_client(), "");
    EXPECT_FALSE(rig.audit.events.empty());
  }
}

}  // namespace
