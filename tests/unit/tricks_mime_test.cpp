// transfers.md 10, tricks 36-45: what is P2P, and for whom. The twins are requests for a picture in the very
// same dress.
#include <gtest/gtest.h>

#include "tests/support/tricks.hpp"

namespace {

using namespace std::string_literals;
using namespace gate::test;
using enum Client;
using msnp::Direction;

/// A picture is asked for under the headers of the vector.
Script picture_dressed_as(const std::string& id) {
  const std::string package = v1_package(whole(940'017'483, picture_text()));
  return {{message(Direction::to_server, dressed_as(id, package))}, false, {}};
}

/// The offer of p01 under other headers.
Script offer_under(std::string_view headers) {
  const std::string package = v1_package(whole(474'788'307, offer_text()));
  return {{message(Direction::to_server, std::string(headers) + package)}, false, {}};
}

Script with_carol(Script script) {
  script.guests = {"carol@example.net"};
  return script;
}

TEST(Trick36, OfferNamingAThirdPersonIsStopped) {
  expect_stopped(from_vector("p53-dest-other"), {amsn, libpurple, msnp11, papyon, pecan});
}

TEST(Trick36, OfferNamingAThirdPersonWhoIsThereIsStopped) {
  expect_stopped(with_carol(from_vector("p53-dest-other")), {amsn, libpurple, papyon, pecan});
}

TEST(Trick36Twin, PictureNamingAThirdPersonPasses) {
  expect_untouched(picture_dressed_as("p53-dest-other"));
  expect_untouched(with_carol(picture_dressed_as("p53-dest-other")));
}

TEST(Trick37, OfferWithoutDestinationIsStopped) {
  expect_stopped(from_vector("p54-dest-missing"), {amsn, libpurple, pecan});
}

TEST(Trick37Twin, PictureWithoutDestinationPasses) {
  expect_untouched(picture_dressed_as("p54-dest-missing"));
}

TEST(Trick38, PackageOfVersion1UnderEndpointsIsStopped) {
  expect_stopped(from_vector("p55-v1-under-v2-dest"), {libpurple, msnp11, pecan});
}

// Clients of version 1 write bare addresses, also among those of version 2.
TEST(Trick38Twin, PictureOfVersion1UnderABareAddressPassesAndOneUnderEndpointsIsDisordered) {
  expect_untouched(from_vector("p12-display-picture-serve"));
  expect_disordered(picture_dressed_as("p55-v1-under-v2-dest"));
}

TEST(Trick39, ContentTypeInOtherCaseWithSuffixIsStopped) {
  expect_stopped(from_vector("p56-ct-case-suffix"), {miranda});
}

TEST(Trick39Twin, PictureUnderSuchAContentTypePasses) {
  expect_untouched(picture_dressed_as("p56-ct-case-suffix"));
}

TEST(Trick40, MirroredContentTypeIsStopped) {
  expect_stopped(from_vector("p57-ct-reversed"), {miranda});
}

TEST(Trick40Twin, PictureUnderAMirroredContentTypePasses) {
  expect_untouched(picture_dressed_as("p57-ct-reversed"));
}

TEST(Trick41, NoBlankBehindTheColonIsStopped) {
  expect_stopped(from_vector("p58-ct-nospace"), {miranda, papyon});
}

TEST(Trick41, BlankBeforeTheColonIsStopped) {
  expect_stopped(offer_under("MIME-Version: 1.0\r\nContent-Type : application/x-msnmsgrp2p\r\n"
                             "P2P-Dest: bob@example.org\r\n\r\n"),
                 {miranda, papyon});
}

TEST(Trick41Twin, PicturesWithSuchColonsPass) {
  expect_untouched(picture_dressed_as("p58-ct-nospace"));
  const std::string package = v1_package(whole(940'017'483, picture_text()));
  expect_untouched({{message(Direction::to_server,
                             "MIME-Version: 1.0\r\nContent-Type : application/x-msnmsgrp2p\r\n"
                             "P2P-Dest: bob@example.org\r\n\r\n" +
                                 package)},
                    false,
                    {}});
}

TEST(Trick42, TwoContentTypesWithP2pLastAreStopped) {
  expect_stopped(from_vector("p59-ct-dup-last"), {amsn, libpurple, papyon, pecan});
}

TEST(Trick42Twin, PictureUnderTwoContentTypesPasses) {
  expect_untouched(picture_dressed_as("p59-ct-dup-last"));
}

TEST(Trick43, TwoContentTypesWithP2pFirstAreStopped) {
  expect_stopped(from_vector("p60-ct-dup-first"), {miranda, msnp11});
}

TEST(Trick43Twin, PictureUnderTwoContentTypesPasses) {
  expect_untouched(picture_dressed_as("p60-ct-dup-first"));
}

TEST(Trick44, HeadersEndedByABlankLookingLineAreStopped) {
  expect_stopped(from_vector("p61-blank-space-line"), {miranda, msnp11, papyon});
}

TEST(Trick44Twin, ChatThatQuotesAnOfferPasses) {
  expect_untouched(from_vector("m02-text-lookalike"));
}

TEST(Trick45, PackageCutByMessageIdIsStopped) {
  expect_stopped(from_vector("p62-mime-chunked"), {libpurple});
}

TEST(Trick45Twin, InkCutByMessageIdPasses) {
  expect_untouched(from_vector("m07-ink-gif"));
  expect_untouched(joined(from_vector("m07-ink-gif"), from_vector("p11-display-picture")));
}

}  // namespace
