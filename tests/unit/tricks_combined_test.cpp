// transfers.md 10, several tricks at once: packages that one client drops and another takes tear the text for
// whoever takes them all. An offer counts as one if any client is left with it.
#include <gtest/gtest.h>

#include "tests/support/tricks.hpp"

namespace {

using namespace std::string_literals;
using namespace gate::test;
using enum Client;
using msnp::Direction;

constexpr std::uint32_t offer_id = 49'090'852;
constexpr std::uint32_t waiting_flag = 0x04;

Package part(const std::string& text, std::size_t from, std::size_t to) {
  Package package = whole(offer_id, text.substr(from, to - from));
  package.offset = from;
  package.total = text.size();
  return package;
}

Package junk(std::size_t offset, std::size_t size, std::uint64_t total) {
  Package package = whole(offer_id, std::string(size, 'x'));
  package.offset = offset;
  package.total = total;
  return package;
}

TEST(Trick34And61, PackageOfAnotherTotalThatOnlyMsnpSharpDropsDoesNotHideTheOffer) {
  const std::string text = with_decoy(offer_text());
  const Cuts cut(text);
  expect_stopped(
      sent_as({part(text, 0, cut.first), part(text, cut.second, 700), junk(cut.first - 8, 16, 9999),
               part(text, cut.first, cut.second), part(text, 700, text.size())}),
      {msnp_sharp});
}

TEST(Trick34And61, PackageBeyondTheTotalThatOnlyPecanDropsDoesNotHideTheOffer) {
  const std::string text = with_decoy(offer_text());
  const Cuts cut(text);
  expect_stopped(
      sent_as({part(text, 0, cut.first), part(text, cut.second, 700), junk(cut.first - 8, text.size(), 9999),
               part(text, cut.first, cut.second), part(text, 700, text.size())}),
      {pecan});
}

TEST(Trick28And33, PackagesWithFlagsThatOnlyPapyonDropsDoNotHideTheOffer) {
  const std::string text = with_decoy(offer_text());
  const Cuts cut(text);
  Package first = part(text, 0, cut.first);
  Package second = part(text, cut.first, text.size());
  first.offset = 600;
  second.offset = 0;
  Package between = junk(300, 50, text.size());
  between.flags = waiting_flag;
  expect_stopped(sent_as({first, between, second}), {papyon});
}

TEST(Trick32And39, PackagesUnderHeadersThatOnlyMirandaTakesDoNotHideTheOffer) {
  const std::string text = with_decoy(offer_text());
  const Cuts cut(text);
  // One continues the text, the other writes over it, for whoever takes them.
  Script script =
      sent_as({part(text, 0, cut.first), junk(cut.first, 50, text.size()), part(text, cut.first, 700),
               junk(cut.first - 8, 16, text.size()), part(text, 700, text.size())});
  for (const std::size_t i : {1U, 3U}) {
    script.frames[i] = message(Direction::to_server,
                               replaced(payload_of(script.frames[i]), "Content-Type: ", "content-type: "));
  }
  expect_stopped(script, {libpurple, pecan});
}

TEST(Trick33And36, PackageForAThirdPersonThatOnlyMirandaDropsDoesNotHideTheOffer) {
  const std::string text = with_decoy(offer_text());
  const Cuts cut(text);
  Script script =
      sent_as({part(text, 0, cut.first), part(text, cut.second, 700), junk(cut.first - 8, 16, text.size()),
               part(text, cut.first, cut.second), part(text, 700, text.size())});
  script.frames[2] = message(Direction::to_server,
                             replaced(payload_of(script.frames[2]), "bob@example.org", "carol@example.net"));
  expect_stopped(script, {miranda});
}

// papyon knows one message of session 0 at a time. Neither half is ever complete: both are dropped.
TEST(Trick33And34, OfferUnderTwoIdentifiersIsStopped) {
  const std::string text = offer_text();
  Package second = part(text, 500, text.size());
  second.identifier = offer_id + 1;
  const Script script = sent_as({part(text, 0, 500), second});
  expect_dropped(script, {papyon});
}

// The half that would be missing comes in a message that a filter calls complete.
TEST(Trick33And62, OfferWhoseEndIsAMessageOfItsOwnIsStopped) {
  const std::string text = with_decoy(offer_text());
  const Cuts cut(text);
  Package end = whole(offer_id + 1, text.substr(cut.first));
  Package begin = whole(offer_id, text.substr(0, cut.first));
  begin.total = text.size();
  begin.length = static_cast<std::uint32_t>(text.size());  // complete, for whoever believes it
  expect_dropped(sent_as({begin, end}), {papyon});
}

TEST(Trick27And60, OfferForTextSearchersInsideDataOfAPictureIsStopped) {
  // msnp11 looks for an INVITE in whatever its version 1 does not call data.
  constexpr std::uint32_t session = 0x61626364;
  V2Message request;
  request.text = replaced(picture_text_v2(), "706298397", std::to_string(session));
  V2Message data;
  data.text = std::string(64, 'x') + offer_text();
  data.most = data.text.size();
  std::string package = v2_packages(data).front();
  package.replace(9, 7, "\x05\x00\x03\x61\x62\x63\x64"s);  // object data, first package, of that session
  expect_stopped(joined(sent_as_v2(v2_packages(request)), sent_as_v2({package})), {msnp11});
}

/// A message of v2 in three packages.
std::vector<std::string> in_three(const std::string& text) {
  V2Message offer;
  offer.text = text;
  offer.most = text.size() / 3 + 1;
  auto packages = v2_packages(offer);
  EXPECT_EQ(packages.size(), 3U);
  return packages;
}

TEST(Trick34And53, PackagesOfVersion2InAnotherOrderAreStopped) {
  const auto packages = in_three(offer_text_v2());
  expect_stopped(sent_as_v2({packages[0], packages[2]}));
  V2Message four;
  four.text = offer_text_v2();
  four.most = four.text.size() / 4 + 1;
  const auto cut = v2_packages(four);
  expect_stopped(sent_as_v2({cut[0], cut[2], cut[1], cut[3]}), {miranda});
}

TEST(Trick35And53, OfferOfVersion2WithAHoleIsStopped) {
  std::string text = offer_text_v2();
  text.insert(text.size() - 3, "X-Padding: " + std::string(200, 'x') + "\r\n");
  V2Message offer;
  offer.text = text;
  offer.most = 100;
  auto packages = v2_packages(offer);
  packages.erase(packages.end() - 2);
  expect_stopped(sent_as_v2(packages), {miranda});
}

TEST(Trick53And62, OfferOfVersion2BegunTwiceIsStopped) {
  const auto offer = in_three(offer_text_v2());
  expect_stopped(sent_as_v2({offer[0], offer[0], offer[1], offer[2]}), {miranda});
  V2Message harmless;
  harmless.text = picture_text_v2();
  harmless.most = 400;
  expect_stopped(sent_as_v2({v2_packages(harmless).front(), offer[0], offer[1], offer[2]}), {miranda});
}

TEST(Trick36And53, PackageOfVersion2ForAnotherEndpointDoesNotHideTheOffer) {
  // A second beginning, for another endpoint of bob's, must not make the gate forget the first.
  const auto offer = in_three(offer_text_v2());
  V2Message harmless;
  harmless.text = picture_text_v2();
  harmless.most = 400;
  Script script = sent_as_v2({offer[0], v2_packages(harmless).front(), offer[1], offer[2]});
  script.frames[1] = message(Direction::to_server,
                             replaced(payload_of(script.frames[1]), "{b2b2b2b2-0002", "{b2b2b2b2-0003"));
  expect_stopped(script, {miranda, papyon, msnp_sharp});
}

/// The packages of an offer whose file GUID is torn by two that only some take: one continues the text, one
/// writes over it.
std::vector<std::string> torn_by_strangers() {
  const std::string text = with_decoy(offer_text_v2());
  const Cuts cut(text);
  V2Message offer;
  offer.text = text;
  offer.most = cut.first;
  auto packages = v2_packages(offer);
  EXPECT_GE(packages.size(), 3U);
  const std::size_t left = text.size() - cut.first;
  const std::string stranger(16, 'x');
  packages.insert(packages.begin() + 1, v2_package(offer.number, false, left - 16, stranger));
  packages.insert(packages.begin() + 3, v2_package(offer.number, false, left - 8, stranger));
  return packages;
}

TEST(Trick32And54, PackagesOutOfSequenceThatOnlyMsnpSharpDropsDoNotHideTheOffer) {
  expect_stopped(sent_as_v2(torn_by_strangers()), {msnp_sharp});
}

TEST(Trick36And54, PackagesForAnotherEndpointDoNotHideTheOffer) {
  Script script = sent_as_v2(torn_by_strangers());
  for (const std::size_t i : {1U, 3U}) {
    script.frames[i] = message(Direction::to_server,
                               replaced(payload_of(script.frames[i]), "{b2b2b2b2-0002", "{b2b2b2b2-0003"));
  }
  expect_stopped(script, {miranda, papyon, msnp_sharp});
}

TEST(Trick10And65, OfferInMorePackagesThanAreKeptIsStopped) {
  expect_dropped(sent_as(cut(offer_id, offer_text(), 8)), {libpurple});
}

TEST(Trick10And65, OfferAmongMoreBegunMessagesThanAreKeptIsStopped) {
  const std::string text = offer_text();
  std::vector<Package> packages{part(text, 0, 600)};
  for (std::uint32_t i = 1; i <= 40; ++i) {
    packages.push_back(part(text, 0, 50));
    packages.back().identifier = offer_id + i;
  }
  packages.push_back(part(text, 600, text.size()));
  expect_dropped(sent_as(packages), {libpurple});
}

}  // namespace
