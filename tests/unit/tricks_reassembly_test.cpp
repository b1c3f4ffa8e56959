// transfers.md 10, tricks 32-35, 60-62, 65, 66: packages of v1 that clients put together in different ways.
// A message in packages as no real client sends them is stopped whatever it says (`disordered`); the twins
// are requests for a picture with the oddities of real clients.
#include <gtest/gtest.h>

#include "tests/support/tricks.hpp"

namespace {

using namespace std::string_literals;
using namespace gate::test;
using enum Client;
using gate::Action;
using msnp::Direction;

const std::vector<Client> everybody{amsn, libpurple, miranda, msnp_sharp, msnp11, papyon, pecan};

constexpr std::uint32_t offer_id = 49'090'852;
constexpr std::uint32_t picture_id = 940'017'483;

Package part(std::uint32_t identifier, const std::string& text, std::size_t from, std::size_t to) {
  Package package = whole(identifier, text.substr(from, to - from));
  package.offset = from;
  package.total = text.size();
  return package;
}

/// Cut into as many packages as asked for, the first of which holds everything before the Context.
std::vector<Package> cut_in(std::size_t count, std::uint32_t identifier, const std::string& text) {
  const std::size_t first = text.find("Context: ") + 20;
  const std::size_t most = (text.size() - first) / (count - 1) + 1;
  std::vector<Package> packages{part(identifier, text, 0, first)};
  for (std::size_t at = first; at < text.size(); at += most) {
    packages.push_back(part(identifier, text, at, std::min(at + most, text.size())));
  }
  EXPECT_EQ(packages.size(), count);
  return packages;
}

/// In halves, which tears the GUID of the picture.
std::vector<Package> torn(std::uint32_t identifier, const std::string& text) {
  const std::size_t half = text.find("EUF-GUID: {") + 20;
  return {part(identifier, text, 0, half), part(identifier, text, half, text.size())};
}

/// The same through the GUID of files.
std::vector<Package> torn_at_file(const std::string& text) {
  const std::size_t inside = Cuts(text).first;
  return {part(offer_id, text, 0, inside), part(offer_id, text, inside, text.size())};
}

/// As p51 cuts its offer: a benign beginning, its second half again from byte 40 on, the rest.
std::vector<Package> overlapping(std::uint32_t identifier, const std::string& benign,
                                 const std::string& text) {
  const std::size_t first = text.size() * 3 / 5;
  return {part(identifier, benign, 0, first), part(identifier, text, 40, first),
          part(identifier, text, first, text.size())};
}

/// As published retro-prpl sends them: the first one again because its Length was 0, the others once, with
/// the Length of the one before.
std::vector<Package> as_retro_sends(const std::vector<Package>& packages) {
  std::vector<Package> sent;
  std::uint32_t length_before = 0;
  for (const Package& package : packages) {
    sent.push_back(package);
    sent.back().length = length_before;
    if (package.offset == 0) sent.push_back(package);
    length_before = package.length;
  }
  return sent;
}

TEST(Trick32, BenignTextOverwrittenLaterIsStopped) {
  expect_stopped(from_vector("p51-overlap"), {miranda, msnp_sharp, pecan});
}

TEST(Trick32, WebcamOverwrittenByAPictureIsStoppedAsDisordered) {
  const std::string webcam = replaced(picture_text(), object_guid, webcam_guid);
  expect_disordered(picture_session(overlapping(picture_id, webcam, picture_text())));
}

TEST(Trick32Twin, PictureOfWhichAPieceComesTwicePasses) {
  expect_untouched(picture_session(overlapping(picture_id, picture_text(), picture_text())));
}

TEST(Trick32Twin, PictureWhosePackagesAreAllSentTwicePasses) {
  std::vector<Package> packages;
  for (const Package& package : cut_in(3, picture_id, picture_text())) {
    packages.insert(packages.end(), 2, package);
  }
  expect_untouched(picture_session(packages));
}

TEST(Trick33, SwappedOffsetsAreStopped) {
  expect_stopped(from_vector("p52-offsets-swapped"), {amsn, papyon});
}

TEST(Trick33, PictureWithSwappedOffsetsIsStoppedAsDisordered) {
  auto packages = cut_in(2, picture_id, picture_text());
  packages[0].offset = packages[1].data.size();
  packages[1].offset = 0;
  expect_disordered(picture_session(packages));
}

TEST(Trick33And50, DataOfADisorderedPictureIsStopped) {
  auto packages = cut_in(2, picture_id, picture_text());
  packages[0].offset = packages[1].data.size();
  packages[1].offset = 0;
  const Script session = picture_session(packages);
  std::size_t largest = 0;
  for (std::size_t i = 0; i < session.frames.size(); ++i) {
    if (session.frames[i].bytes.size() > session.frames[largest].bytes.size()) largest = i;
  }
  ASSERT_GT(session.frames[largest].bytes.size(), 1200U);
  for (const Gate gate : {Gate::of_alice, Gate::of_bob}) {
    const Outcome outcome = through_gate(session, gate);
    EXPECT_EQ((outcome.to_server + outcome.to_client).find(payload_of(session.frames[largest])),
              std::string::npos);
  }
}

TEST(Trick33Twin, PictureInPackagesOfWrongLengthsPasses) {
  for (const std::size_t count : {2U, 3U, 5U}) {
    expect_untouched(picture_session(as_retro_sends(cut_in(count, picture_id, picture_text()))));
  }
}

TEST(Trick34, MiddlePackagesInAnotherOrderAreStopped) {
  auto packages = cut_in(4, offer_id, offer_text());
  std::swap(packages[1], packages[2]);
  expect_stopped(sent_as(packages), {miranda, pecan, msnp_sharp});
}

TEST(Trick34, PackagesOfTheOfficialOfferInAnotherOrderAreStopped) {
  Script script = from_vector("p04-offer-64-byte-chunks");
  for (std::size_t i = 1; i + 2 < script.frames.size(); i += 2)
    std::swap(script.frames[i], script.frames[i + 1]);
  expect_stopped(script, {miranda, pecan, msnp_sharp});
}

TEST(Trick34, PictureWithMiddlePackagesInAnotherOrderIsStoppedAsDisordered) {
  auto packages = cut_in(4, picture_id, picture_text());
  std::swap(packages[1], packages[2]);
  expect_disordered(picture_session(packages));
}

// aMSN and papyon, which put together what arrives as it arrives, read an application that nobody knows.
TEST(Trick34, PictureCutThroughItsGuidInAnotherOrderIsStopped) {
  const std::string text = picture_text();
  const std::size_t guid = text.find("EUF-GUID: {") + 20;
  const auto blocks =
      through_gate(
          sent_as({part(picture_id, text, 0, 100), part(picture_id, text, guid, guid + 100),
                   part(picture_id, text, 100, guid), part(picture_id, text, guid + 100, text.size())}),
          Gate::of_alice)
          .blocks();
  ASSERT_EQ(blocks.size(), 1U);
  EXPECT_EQ(blocks.front().kind, msnp::Kind::unknown_application);
}

TEST(Trick34Twin, PictureInPackagesOfWhichTheSecondComesAgainBehindTheThirdPasses) {
  const auto packages = cut_in(4, picture_id, picture_text());
  expect_untouched(picture_session({packages[0], packages[1], packages[2], packages[1], packages[3]}));
}

/// Padding behind the Context, so that a hole in it hurts no reader; and the part before the hole.
struct Holed {
  explicit Holed(const std::string& text) {
    padded = text.substr(0, text.size() - 3);  // without the empty line and the NUL
    before_hole = padded.size();
    padded += "X-Padding: " + std::string(200, 'x') + "\r\n\r\n\0"s;
  }
  std::vector<Package> packages(std::uint32_t identifier) const {
    const std::size_t half = before_hole / 2;
    return {part(identifier, padded, 0, half), part(identifier, padded, half, before_hole),
            part(identifier, padded, before_hole + 100, padded.size())};
  }
  std::string padded;
  std::size_t before_hole = 0;
};

TEST(Trick35, OfferWithAHoleIsStopped) {
  expect_stopped(sent_as(Holed(offer_text()).packages(offer_id)), {miranda, pecan, msnp_sharp});
}

TEST(Trick35, HoleFilledAfterwardsIsStoppedToo) {
  const Holed holed(offer_text());
  auto packages = holed.packages(offer_id);
  packages.push_back(part(offer_id, holed.padded, holed.before_hole, holed.before_hole + 100));
  expect_stopped(sent_as(packages), {miranda, pecan, msnp_sharp});
}

TEST(Trick35, PictureWithAHoleIsStoppedAsDisordered) {
  const Holed holed(picture_text());
  auto packages = holed.packages(picture_id);
  expect_disordered(picture_session(packages));
  packages.push_back(part(picture_id, holed.padded, holed.before_hole, holed.before_hole + 100));
  expect_disordered(picture_session(packages));
}

TEST(Trick35Twin, PictureInTinyPackagesTheFirstOfLength0Passes) {
  auto packages = cut(picture_id, picture_text(), 64);
  packages.front().length = 0;
  expect_untouched(picture_session(packages));
  expect_untouched(picture_session(as_retro_sends(cut(picture_id, picture_text(), 200))));
}

/// 48 bytes that are a header of both versions, then what version 1 reads. Version 2 reads `number` and
/// `session` at the end of its 252 bytes of header, where a line of padding of the v1 text takes them in.
///
///     v1   session identifier offset total length flags ...   | text ...   X-Padding: xxxx[8 bytes]\r\n ...
///     v2   HL OP ML   BaseID  TLVs, ended by their first zero ............ | data header | data
std::string polyglot(const std::string& text, std::uint32_t session, std::uint8_t type_flags) {
  constexpr std::size_t header = 252;
  const std::size_t line = text.find("CSeq:");
  std::string read_by_v1 = text.substr(0, line) + "X-Padding: ";
  EXPECT_LT(read_by_v1.size(), header - 48);
  read_by_v1.resize(header - 48, 'x');
  read_by_v1 += {'\x08', static_cast<char>(type_flags), 'p', 'n'};
  for (int shift = 24; shift >= 0; shift -= 8) read_by_v1.push_back(static_cast<char>(session >> shift));
  read_by_v1 += "\r\n" + text.substr(line);

  const std::size_t length = 48 + read_by_v1.size() - header;  // of the v2 data header and data
  Package package = whole(0x2A2B2C2D, read_by_v1);
  package.session = static_cast<std::uint32_t>(header | ((length >> 8U) << 16U) | ((length & 0xFFU) << 24U));
  return v1_package(package);
}

constexpr std::uint32_t picture_session_id = 0x61626364;

/// A picture is being sent in this session, over version 2.
Script picture_under_way() {
  V2Message request;
  request.text =
      replaced(picture_text_v2(), "SessionID: 706298397", "SessionID: " + std::to_string(picture_session_id));
  return sent_as_v2(v2_packages(request));
}

TEST(Trick60, OfferOfVersion1InsideDataOfVersion2IsStopped) {
  const Script hidden = sent_as_v2({polyglot(offer_text(), picture_session_id, 4)});
  expect_stopped(joined(picture_under_way(), hidden), {libpurple});
}

TEST(Trick60, OfferOfVersion2UnderAHeaderOfVersion1IsStopped) {
  // A transport header of 48 bytes is as long as that of version 1, whose text begins with the data header.
  V2Message offer;
  offer.text = offer_text_v2();
  offer.tlvs = std::string(40, '\0');
  const std::uint64_t total = offer.text.size() + 8;
  for (std::size_t i = 0; i < 4; ++i) {
    offer.tlvs[8 + i] = offer.tlvs[16 + i] = static_cast<char>((total >> (8 * i)) & 0xFFU);
  }
  expect_stopped(sent_as_v2(v2_packages(offer)), {miranda, papyon});
}

/// A text cut into packages of version 1 inside a session, so that the header of the last one is also a
/// transport header of version 2 without any data. Both fields agree byte for byte:
///
///   version 1:  session = 104 (68 00 00 00) | identifier | offset = 45 + 38 * 256 (2D 26 ...) | ... | 56
///   bytes of data version 2:  HL 104, OP 0, ML 0          | BaseID     | TLV 45, 38 bytes ... to the end of
///   the header |
///                                                        | TLV of the first two letters of the data: '-',
///                                                        '6' |
Script last_package_is_a_header_of_version_2() {
  constexpr std::size_t tail = 56;
  constexpr std::size_t place = 45 + 38 * 256;
  const std::string guid(file_guid);
  const std::size_t torn_at = guid.find("-6190");
  std::string text =
      "INVITE MSNMSGR:bob@example.org MSNSLP/1.0\r\nTo: <msnmsgr:bob@example.org>\r\n"
      "From: <msnmsgr:alice@example.com>\r\nCall-ID: {20000000-0000-4000-8000-000000000002}\r\n"
      "Content-Type: application/x-msnmsgr-sessionreqbody\r\n\r\nSessionID: 7002\r\nContext: ";
  text += base64(file_context(10, u"a.txt")) + "\r\nX: ";
  const std::string field = "\r\nEUF-GUID: " + guid.substr(0, torn_at);
  text += std::string(place - text.size() - field.size(), 'x') + field;
  std::string rest = guid.substr(torn_at) + "\r\nX: ";
  rest += std::string(tail - rest.size() - 5, 'x') + "\r\n\r\n" + '\0';
  text += rest;

  auto packages = cut(offer_id, text.substr(0, place), 1202);
  packages.push_back(part(offer_id, text, place, text.size()));
  for (Package& package : packages) {
    package.session = 104;
    package.total = text.size();
  }
  const Package last = packages.back();
  packages.pop_back();
  Script script = sent_as(packages);
  const Script behind = sent_as_v2({v1_package(last)});
  return joined(sent_whole(replaced(picture_text(), "SessionID: 133393542", "SessionID: 104")),
                joined(script, behind));
}

TEST(Trick60, LastPackageOfVersion1ThatIsAHeaderOfVersion2IsStopped) {
  expect_stopped(last_package_is_a_header_of_version_2(), {libpurple});
}

TEST(Trick60Twin, APictureOfVersion2Passes) {
  expect_untouched(from_vector("q09-display-picture"));
}

TEST(Trick65, AnOfferThatIsOneOnlyByOffsetIsKnownForWhatItIs) {
  // Sent in reverse, with lengths that are short by two: only whoever writes every byte at its place, as
  // pecan does, reads the offer. It stays a file where unknown applications may pass.
  const std::string text = offer_text();
  auto packages = torn_at_file(text);
  for (Package& package : packages) package.length -= 2;
  std::swap(packages[0], packages[1]);
  gate::Rule strangers;
  strangers.name = "unknown applications may pass";
  strangers.action = Action::allow;
  strangers.kinds = {msnp::Kind::unknown_application};
  const Outcome outcome =
      through_gate(sent_as(packages), Gate::of_alice, policy_with(Action::block, {strangers}));
  ASSERT_FALSE(outcome.blocks().empty());
  EXPECT_EQ(outcome.blocks().front().kind, msnp::Kind::file_transfer);
}

TEST(Trick61, TotalThatGrowsIsStopped) {
  auto packages = cut_in(2, offer_id, offer_text());
  packages[1].total = 5000;
  expect_stopped(sent_as(packages), {amsn, papyon});
}

TEST(Trick61, TotalThatShrinksIsStopped) {
  auto packages = cut_in(2, offer_id, offer_text());
  packages[0].total = 5000;
  expect_stopped(sent_as(packages), {libpurple, pecan, miranda});
}

TEST(Trick61, PictureWhoseTotalChangesIsStoppedAsDisordered) {
  auto packages = cut_in(2, picture_id, picture_text());
  packages[1].total = 5000;
  expect_disordered(picture_session(packages));
  packages[1].total = picture_text().size();
  packages[0].total = 5000;
  expect_disordered(picture_session(packages));
}

TEST(Trick61Twin, PictureWhoseLastPackageReachesBeyondItsTotalPasses) {
  auto packages = cut_in(2, picture_id, picture_text());
  packages[1].length = 1202;
  expect_untouched(picture_session(packages));
}

/// A request for a picture that is as long as the offer.
std::string benign_text() {
  std::string text = picture_text();
  const std::size_t end = text.size() - 3;
  text.insert(end, "X-Padding: " + std::string(offer_text().size() - text.size() - 13, 'x') + "\r\n");
  EXPECT_EQ(text.size(), offer_text().size());
  return text;
}

TEST(Trick62, HarmlessStartThenAWholeOfferUnderTheSameIdentifierIsStopped) {
  const auto harmless = cut_in(2, offer_id, benign_text());
  expect_stopped(sent_as({harmless[0], whole(offer_id, offer_text())}), {pecan, libpurple});
}

TEST(Trick62, HarmlessStartThenAnOfferInPartsUnderTheSameIdentifierIsStopped) {
  const auto harmless = cut_in(2, offer_id, benign_text());
  const auto offer = cut_in(2, offer_id, offer_text());
  expect_stopped(sent_as({harmless[0], offer[0], offer[1]}), {miranda, msnp_sharp});
}

TEST(Trick62, OfferThenAHarmlessStartUnderTheSameIdentifierIsStopped) {
  const auto harmless = cut_in(2, offer_id, benign_text());
  const auto offer = cut_in(2, offer_id, offer_text());
  expect_stopped(sent_as({offer[0], harmless[0], offer[1]}), {libpurple, pecan});
}

TEST(Trick62, WholeHarmlessMessageThenTheOfferUnderItsIdentifierIsStopped) {
  const auto offer = cut_in(2, offer_id, offer_text());
  expect_stopped(sent_as({whole(offer_id, picture_text()), offer[0], offer[1]}), {pecan, miranda, amsn});
}

TEST(Trick62Twin, PictureBegunTwicePasses) {
  const auto packages = cut_in(2, picture_id, picture_text());
  expect_untouched(picture_session({packages[0], packages[0], packages[1]}));
}

// The same as in trick 34: an unknown application for those who read what arrives as it arrives.
TEST(Trick62, PictureCutThroughItsGuidAndBegunTwiceIsStopped) {
  const auto packages = torn(picture_id, picture_text());
  const auto blocks = through_gate(sent_as({packages[0], packages[0], packages[1]}), Gate::of_alice).blocks();
  ASSERT_EQ(blocks.size(), 1U);
  EXPECT_EQ(blocks.front().kind, msnp::Kind::unknown_application);
}

TEST(Trick62, PictureBegunUnderTheIdentifierOfAnotherThatNeverEndedIsStoppedAsDisordered) {
  const auto begun = cut_in(2, picture_id, benign_text());
  const auto packages = cut_in(2, picture_id, picture_text());
  expect_disordered(picture_session({begun[0], packages[0], packages[1]}));
}

TEST(Trick62Twin, PictureUnderTheIdentifierOfAnotherPasses) {
  const auto packages = cut_in(2, picture_id, picture_text());
  const std::string webcam = replaced(picture_text(), object_guid, webcam_guid);
  expect_untouched(picture_session({whole(picture_id, webcam), packages[0], packages[1]}));
}

TEST(Trick65, FirstPackageWithoutItsRestIsStopped) {
  Script script = from_vector("p02-offer-2chunks");
  script.frames.resize(1);
  expect_dropped(script, {msnp11});
  EXPECT_EQ(through_gate(script, Gate::of_alice).to_server, "") << "and more than a minute passed";
}

TEST(Trick65Twin, PictureWhoseRestComesLatePasses) {
  FilterRig rig(policy_with(Action::block));
  rig.enter_switchboard("alice@example.com", {"bob@example.org"});
  const Script script = sent_as(cut_in(2, picture_id, picture_text()));
  rig.from_client(script.frames[0].bytes);
  rig.tick(59'000);
  rig.from_client(script.frames[1].bytes);
  EXPECT_EQ(rig.to_server(), script.frames[0].bytes + script.frames[1].bytes);
  EXPECT_TRUE(rig.audit.events.empty());
}

TEST(Trick66, OfferWithoutClosingNulIsStopped) {
  const std::string text = offer_text();
  expect_stopped(sent_whole(text.substr(0, text.size() - 1)), everybody);
}

TEST(Trick66, OfferWithJunkBehindTheNulIsStopped) {
  expect_stopped(sent_whole(offer_text() + "MSNSLP/1.0 200 OK\r\nCSeq: 1\r\n\r\n\0"s), everybody);
}

TEST(Trick66, FileGuidBehindTheNulIsStopped) {
  // C strings end before it, line parsers go on: the last EUF-GUID is that of a file.
  const std::string text = replaced(offer_text(), file_guid, object_guid);
  const std::size_t context = text.find("Context: ");
  expect_stopped(sent_whole(text.substr(0, context) + "X: \0\r\nEUF-GUID: "s + std::string(file_guid) +
                            "\r\n" + text.substr(context)),
                 {papyon, amsn, msnp_sharp});
}

TEST(Trick66Twin, PictureWithoutNulOrWithJunkBehindItPasses) {
  const std::string text = picture_text();
  expect_untouched(picture_session(text.substr(0, text.size() - 1)));
  expect_untouched(picture_session(text + "MSNSLP/1.0 200 OK\r\nCSeq: 1\r\n\r\n\0"s));
  expect_untouched(picture_session(text + std::string(64, '\0')));
}

}  // namespace
