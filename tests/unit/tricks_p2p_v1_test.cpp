// transfers.md 10, tricks 10-31, 46-50: what an SLP text says, and which packages carry one. Each twin is a
// whole picture session whose INVITE has the same oddity.
#include <gtest/gtest.h>

#include "tests/support/tricks.hpp"

namespace {

using namespace std::string_literals;
using namespace gate::test;
using enum Client;
using gate::Action;
using msnp::Direction;

const std::vector<Client> everybody{amsn, libpurple, miranda, msnp_sharp, msnp11, papyon, pecan};
const std::vector<Client> all_but_miranda{amsn, libpurple, msnp_sharp, msnp11, papyon, pecan};

constexpr std::string_view object = object_guid;

/// The picture session with its application named in another way.
Script picture_with_guid_line(const std::string& line) {
  return picture_session(replaced(picture_text(), "EUF-GUID: " + std::string(object), line));
}

TEST(Trick10, OfferInManyTinyPackagesIsStopped) {
  expect_stopped(from_vector("p04-offer-64-byte-chunks"),
                 {libpurple, pecan, miranda, papyon, amsn, msnp_sharp});
}

TEST(Trick10Twin, PictureAskedForInTinyPackagesPasses) {
  expect_untouched(picture_session(cut(940'017'483, picture_text(), 64)));
}

TEST(Trick11, LowerCaseGuidIsStopped) {
  expect_stopped(from_vector("p30-guid-lower"), {miranda, msnp_sharp});
}

TEST(Trick11, LowerCaseGuidOverVersion2IsStopped) {
  expect_stopped(from_vector("q24-guid-lower"), {miranda, msnp_sharp});
}

TEST(Trick11Twin, PictureWithLowerCaseGuidPasses) {
  expect_untouched(picture_with_guid_line("EUF-GUID: {a4268eec-fec5-49e5-95c3-f126696bdbf6}"));
  V2Message message;
  message.text = replaced(picture_text_v2(), object, "{a4268eec-fec5-49e5-95c3-f126696bdbf6}");
  expect_untouched(picture_session_v2(message));
}

TEST(Trick12, GuidWithoutBracesIsStopped) {
  expect_stopped(from_vector("p31-guid-nobrace"), {msnp_sharp});
}

TEST(Trick12Twin, PictureWithoutBracesPasses) {
  expect_untouched(picture_with_guid_line("EUF-GUID: A4268EEC-FEC5-49E5-95C3-F126696BDBF6"));
}

TEST(Trick13, GuidAsHexDigitsIsStopped) {
  expect_stopped(from_vector("p32-guid-32hex"), {msnp_sharp});
}

TEST(Trick13Twin, PictureGuidAsHexDigitsPasses) {
  expect_untouched(picture_with_guid_line("EUF-GUID: A4268EECFEC549E595C3F126696BDBF6"));
}

TEST(Trick14, TextAroundTheBracesIsStopped) {
  expect_stopped(from_vector("p33-guid-junk-around"), {amsn});
}

TEST(Trick14Twin, PictureWithTextAroundTheBracesPasses) {
  expect_untouched(picture_with_guid_line("EUF-GUID: x" + std::string(object) + "y"));
}

TEST(Trick15, FileGuidBehindABenignOneIsStopped) {
  expect_stopped(from_vector("p34-guid-dup-first-benign"), {amsn, msnp_sharp, papyon});
}

TEST(Trick15Twin, PictureBehindAWebcamGuidPasses) {
  expect_untouched(picture_with_guid_line("EUF-GUID: " + std::string(webcam_guid) +
                                          "\r\nEUF-GUID: " + std::string(object)));
}

TEST(Trick16, FileGuidBeforeABenignOneIsStopped) {
  expect_stopped(from_vector("p35-guid-dup-last-benign"), {libpurple, miranda, pecan});
}

TEST(Trick16Twin, PictureBeforeAWebcamGuidPasses) {
  expect_untouched(picture_with_guid_line("EUF-GUID: " + std::string(object) +
                                          "\r\nEUF-GUID: " + std::string(webcam_guid)));
}

TEST(Trick17, GuidInAnotherHeadersValueIsStopped) {
  expect_stopped(from_vector("p36-guid-substring"), {libpurple, pecan});
}

TEST(Trick17Twin, PictureGuidInAnotherHeadersValuePasses) {
  expect_untouched(picture_with_guid_line("X-Comment: EUF-GUID: " + std::string(object)));
}

TEST(Trick18, MirroredGuidHeaderIsStopped) {
  expect_stopped(from_vector("p37-guid-reversed"), {miranda});
}

TEST(Trick18Twin, PictureWithAMirroredGuidHeaderPasses) {
  expect_untouched(picture_with_guid_line(mirrored("EUF-GUID") + ": " + mirrored(object)));
}

TEST(Trick19, FileGuidWithTheAppIdOfAPictureIsStopped) {
  expect_stopped(from_vector("p38-appid-other"), all_but_miranda);
}

TEST(Trick19Twin, PictureWithTheAppIdOfAFilePasses) {
  expect_untouched(picture_session(replaced(picture_text(), "AppID: 12", "AppID: 2")));
}

TEST(Trick20, FileGuidWithoutAppIdIsStopped) {
  expect_stopped(from_vector("p39-appid-missing"), {amsn, libpurple, msnp11, papyon, pecan});
}

TEST(Trick20Twin, PictureWithoutAppIdPasses) {
  expect_untouched(picture_session(replaced(picture_text(), "AppID: 12\r\n", "")));
}

TEST(Trick21, AnotherMethodIsStopped) {
  expect_stopped(from_vector("p40-method-other"), {amsn});
}

TEST(Trick21Twin, PictureUnderAnotherMethodPasses) {
  expect_untouched(picture_session(replaced(picture_text(), "INVITE MSNMSGR", "FOO MSNMSGR")));
}

TEST(Trick22, MethodWithASuffixIsStopped) {
  expect_stopped(from_vector("p41-method-suffix"), {amsn, libpurple, msnp11, pecan});
}

TEST(Trick22Twin, PictureUnderSuchAMethodPasses) {
  expect_untouched(
      picture_session(replaced(picture_text(), "INVITE MSNMSGR:bob@example.org MSNSLP/1.0", "INVITEX y")));
}

TEST(Trick23, SlpWithBareLineFeedsIsStopped) {
  expect_stopped(from_vector("p42-lf-only"), {miranda, msnp11});
}

TEST(Trick23Twin, PictureWithBareLineFeedsPasses) {
  const std::string text = picture_text();
  const std::size_t body = text.find("\r\n") + 2;
  expect_untouched(picture_session(text.substr(0, body) + replaced(text.substr(body), "\r\n", "\n")));
}

TEST(Trick24, ContentLengthOfNothingIsStopped) {
  expect_stopped(from_vector("p43-content-length-0"), everybody);
}

TEST(Trick24Twin, PictureWithAWrongContentLengthPasses) {
  expect_untouched(picture_session(replaced(picture_text(), "Content-Length: 321", "Content-Length: 0")));
  expect_untouched(picture_session(replaced(picture_text(), "Content-Length: 321", "Content-Length: 99999")));
}

TEST(Trick25, ContextWithoutPaddingIsStopped) {
  expect_stopped(from_vector("p44-ctx-nopad"), {libpurple, miranda, msnp11, papyon, pecan});
}

TEST(Trick25, ContextWithForeignCharactersIsStopped) {
  expect_stopped(sent_whole(replaced(offer_text(), "Context: PgIA", "Context: Pg*!I-A")),
                 {libpurple, papyon});
}

TEST(Trick25Twin, PictureWithSuchAContextPasses) {
  const std::string text = picture_text();
  expect_untouched(picture_session(replaced(text, "=\r\n\r\n", "\r\n\r\n")));
  expect_untouched(picture_session(replaced(text, "Context: PG1z", "Context: PG*1!z")));
}

TEST(Trick26, ShortContextIsStopped) {
  expect_stopped(from_vector("p45-ctx-short"), {amsn, msnp_sharp, msnp11, papyon, pecan});
}

TEST(Trick26Twin, PictureWithAShortContextPasses) {
  const std::string text = picture_text();
  const std::size_t begin = text.find("Context: ") + 9;
  const std::string rest = text.substr(text.find("\r\n", begin));
  expect_untouched(
      picture_session(text.substr(0, begin) + base64("<msnobj Size=\"2608\" Type=\"3\"/>") + rest));
}

TEST(Trick27, SlpInASessionIsStopped) {
  expect_stopped(from_vector("p46-session-nonzero"), {libpurple, msnp11, pecan});
}

TEST(Trick27Twin, DataPreparationOfAPicturePasses) {
  expect_untouched(from_vector("p11-display-picture"));
  expect_untouched(from_vector("p12-display-picture-serve"));
}

TEST(Trick27Twin, InkInItsOwnSessionPasses) {
  expect_untouched(from_vector("m08-ink-p2p"));
}

TEST(Trick28, SlpUnderFlagsOfDataIsStopped) {
  expect_stopped(from_vector("p47-flags-20"), {amsn, papyon});
  for (const std::uint32_t flags : {0x10U, 0x30U, 0x100U, 0x200U}) {
    SCOPED_TRACE(flags);
    Package package = whole(904'760'837, offer_text());
    package.flags = flags;
    expect_stopped(sent_as({package}), {amsn, papyon});
  }
}

TEST(Trick28Twin, PictureUnderFlagsOfDataPasses) {
  for (const std::uint32_t flags : {0x10U, 0x20U, 0x30U, 0x100U, 0x200U, 0x01000000U}) {
    SCOPED_TRACE(flags);
    Package package = whole(940'017'483, picture_text());
    package.flags = flags;
    expect_untouched(picture_session({package}));
  }
}

TEST(Trick29, AcknowledgementWithABodyIsStopped) {
  expect_stopped(from_vector("p48-flags-ack"), {amsn, msnp11});
}

TEST(Trick29Twin, TrueAcknowledgementsPass) {
  expect_untouched(from_vector("p68-ack-only"));
  expect_untouched(from_vector("p13-emoticon"));
}

TEST(Trick29Twin, PictureUnderTheFlagOfAnAcknowledgementPasses) {
  Package package = whole(940'017'483, picture_text());
  package.flags = 2;
  expect_untouched(picture_session({package}));
}

TEST(Trick30, OfferWithAnotherFooterIsStopped) {
  expect_stopped(from_vector("p49-footer"), everybody);
}

TEST(Trick30Twin, PictureWithOtherFootersPasses) {
  for (const char footer : {'\x01', '\x02', '\x03', '\x04', '\x0B', '\x0C'}) {
    Script session = from_vector("p11-display-picture");
    for (VectorFrame& frame : session.frames) frame.bytes.back() = footer;
    expect_untouched(session);
  }
}

TEST(Trick31, LengthThatIsTooShortIsStopped) {
  expect_stopped(from_vector("p50-length-lies"), {amsn, libpurple, msnp11, papyon, pecan});
}

/// As published retro-prpl does it: every package with a Length of nothing, then again with the right one.
TEST(Trick31Twin, PictureSentTwiceFirstWithLengthZeroPasses) {
  const Script honest = from_vector("p11-display-picture");
  Script session;
  for (const VectorFrame& frame : honest.frames) {
    const std::size_t package = frame.bytes.find("\r\n\r\n") + 4;
    const bool has_data = frame.bytes.size() - package > 52;
    if (has_data) {
      VectorFrame& lying = session.frames.emplace_back(frame);
      lying.bytes.replace(package + 24, 4, 4, '\0');
    }
    session.frames.push_back(frame);
  }
  expect_untouched(session);
}

/// The last package of a picture says it is as long as those before it (retro-prpl).
TEST(Trick31Twin, LastPackageOfAPictureThatCallsItselfLongerPasses) {
  Script session = from_vector("p11-display-picture");
  VectorFrame& last = session.frames.at(8);
  last.bytes.replace(last.bytes.find("\r\n\r\n") + 4 + 24, 2, "\xB2\x04");  // 1202
  expect_untouched(session);
}

TEST(Trick46, FileUnderTheCallOfAPictureIsStopped) {
  expect_stopped(from_vector("p63-reinvite"), {libpurple, miranda, msnp11, papyon, pecan});
  const Script reinvite = from_vector("p63-reinvite");
  const Outcome outcome = through_gate(reinvite, Gate::of_alice);
  EXPECT_TRUE(outcome.to_server.starts_with(reinvite.frames.front().bytes)) << "the picture itself passes";
}

TEST(Trick46Twin, AnotherPictureUnderTheCallOfAPicturePasses) {
  Script session = from_vector("p11-display-picture");
  const std::string again = replaced(picture_text(), "SessionID: 133393542", "SessionID: 133393543");
  session.frames.push_back(sent_as({whole(940'017'500, again)}).frames.front());
  expect_untouched(session);
}

TEST(Trick47, KeyRepeatedInItsValueIsStopped) {
  expect_stopped(from_vector("p64-guid-doubled-key"), {amsn, libpurple, msnp11, pecan});
}

TEST(Trick47Twin, PictureWithTheKeyRepeatedPasses) {
  expect_untouched(picture_with_guid_line("EUF-GUID: EUF-GUID: " + std::string(object)));
}

// Who would have taken it depends on the client's decoder: blocked for what it calls itself.
TEST(Trick48, UndecodableContextIsStoppedAndRecordedAsSuch) {
  expect_stopped(from_vector("p65-ctx-broken"));
  const auto blocks = through_gate(from_vector("p65-ctx-broken"), Gate::of_alice).blocks();
  ASSERT_EQ(blocks.size(), 1U);
  EXPECT_EQ(blocks.front().reason, "undecodable");
  EXPECT_EQ(blocks.front().kind, msnp::Kind::file_transfer);
}

TEST(Trick48Twin, WebcamAndActivityWithAnUndecodableContextPass) {
  const std::string text = replaced(picture_text(), "AppID: 12", "AppID: 4");
  const std::size_t begin = text.find("Context: ") + 9;
  const std::string odd = text.substr(0, begin) + "@@@not base64@@@" + text.substr(text.find("\r\n", begin));
  expect_untouched(sent_whole(replaced(odd, object, webcam_guid)));
  expect_untouched(sent_whole(replaced(odd, object, "{6A13AF9C-5308-4F35-923A-67E8DDA40C2F}")));
}

/// A request for the object; `from` is in the MSNObject of p66 or p11.
Script request_for(const std::string& msn_object) {
  const std::string text = picture_text();
  const std::size_t begin = text.find("Context: ") + 9;
  return sent_whole(text.substr(0, begin) + base64(msn_object) + text.substr(text.find("\r\n", begin)));
}

std::string object_of(int type, std::uint64_t size) {
  return "<msnobj Creator=\"bob@example.org\" Size=\"" + std::to_string(size) + "\" Type=\"" +
         std::to_string(type) +
         "\" Location=\"x.dat\" Friendly=\"AAA=\" SHA1D=\"2jmj7l5rSw0yVb/vlWAYkK/YBwk=\"/>\0"s;
}

// Every client that shows pictures takes such an object: no file offer, so no model speaks of it.
TEST(Trick49, ObjectOfFortyMebibytesIsStopped) {
  expect_stopped(from_vector("p66-dp-40mb"));
  const auto blocks = through_gate(from_vector("p66-dp-40mb"), Gate::of_alice).blocks();
  ASSERT_EQ(blocks.size(), 1U);
  EXPECT_EQ(blocks.front().reason, "object-too-big");
}

TEST(Trick49, ObjectThatIsASharedFileIsStopped) {
  const Script request = request_for(object_of(4, 1000));
  expect_stopped(request);
  const auto blocks = through_gate(request, Gate::of_alice).blocks();
  ASSERT_EQ(blocks.size(), 1U);
  EXPECT_EQ(blocks.front().reason, "object-type");
  EXPECT_EQ(blocks.front().kind, msnp::Kind::file_transfer);
}

TEST(Trick49Twin, ObjectsOfOrdinaryTypesAndSizesPass) {
  for (const int type : {2, 3, 5, 7, 8, 11}) {
    SCOPED_TRACE(type);
    expect_untouched(request_for(object_of(type, 20'000)));
  }
}

// Only modified pairs take data that nobody offered: the third gate.
TEST(Trick50, DataOfASessionNobodyOfferedIsStopped) {
  for (const char* id : {"p67-data-unknown-session", "q26-data-unknown-session"}) {
    SCOPED_TRACE(id);
    for (const Gate gate : {Gate::of_alice, Gate::of_bob}) {
      const Outcome outcome = through_gate(from_vector(id), gate);
      EXPECT_EQ((outcome.to_server + outcome.to_client).find("ZZZZ"), std::string::npos);
      ASSERT_EQ(outcome.blocks().size(), 1U);
      EXPECT_EQ(outcome.blocks().front().reason, "data-without-session");
    }
  }
}

TEST(Trick50, DataOfARefusedFileIsStopped) {
  const std::string text = replaced(offer_text(), "SessionID: 430017319", "SessionID: 424242");
  const Script script = joined(sent_whole(text), from_vector("p67-data-unknown-session"));
  for (const Gate gate : {Gate::of_alice, Gate::of_bob}) {
    const Outcome outcome = through_gate(script, gate);
    EXPECT_EQ((outcome.to_server + outcome.to_client).find("ZZZZ"), std::string::npos);
    EXPECT_EQ(outcome.blocks().size(), 1U);
  }
}

TEST(Trick50Twin, DataOfAnAdmittedPicturePasses) {
  expect_untouched(from_vector("p11-display-picture"));
  expect_untouched(from_vector("p13-emoticon"));
  expect_untouched(from_vector("q09-display-picture"));
}

}  // namespace
