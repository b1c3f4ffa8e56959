// The readers of tests/support/client_readers.hpp against what transfer-vectors.json says each client
// accepts, and what is peculiar to each.
#include "tests/support/client_readers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/filter_rig.hpp"
#include "tests/support/reader_slp.hpp"
#include "tests/support/transfer_vectors.hpp"

namespace {

using gate::test::all_clients;
using gate::test::Client;
using gate::test::message_to_client;
using gate::test::message_to_server;
using gate::test::offers_read;
using gate::test::Reader;
using gate::test::transfer_vector;
using gate::test::TransferVector;
using gate::test::VectorFrame;
using msnp::Direction;

Reader reader_of(Client client, Direction direction) {
  if (direction == Direction::to_client) {
    return {client, "alice@example.com", "{a1a1a1a1-0001-4001-8001-0123456789ab}"};
  }
  return {client, "bob@example.org", "{b2b2b2b2-0002-4002-8002-ba9876543210}"};
}

std::string stream_of(const TransferVector& vector, Direction direction) {
  std::string stream;
  for (const VectorFrame& frame : vector.frames) {
    if (frame.direction == direction) stream += frame.bytes;
  }
  return stream;
}

/// The offers that a client finds in what the side of the first frame sends.
std::vector<gate::test::OfferRead> found_in(const TransferVector& vector, Client client) {
  const Direction direction = vector.frames.front().direction;
  return offers_read(reader_of(client, direction), direction, stream_of(vector, direction));
}

bool is_listed(const TransferVector& vector, Client client) {
  const auto& clients = vector.accepted_by;
  return std::find(clients.begin(), clients.end(), name_of(client)) != clients.end();
}

/// Where the readers follow the document and the lists do not.
struct Difference {
  std::string_view vector;
  Client client;
};
constexpr std::array differences{
    // transfers.md 4.2: MSNPSharp splits at ":" and trims, the last Content-Type wins. The lists leave it
    // out, as
    // its newest tree reads no P2P on switchboards at all.
    Difference{"p58-ct-nospace", Client::msnp_sharp},
    Difference{"p59-ct-dup-last", Client::msnp_sharp},
};

TEST(ClientReaders, AcceptWhatTheVectorsSayThatTheirClientAccepts) {
  for (const TransferVector& vector : gate::test::transfer_vectors()) {
    if (vector.accepted_by.empty()) continue;
    for (const Client client : all_clients) {
      const bool differs = std::any_of(differences.begin(), differences.end(), [&](const Difference& one) {
        return one.vector == vector.id && one.client == client;
      });
      EXPECT_EQ(!found_in(vector, client).empty(), is_listed(vector, client) != differs)
          << vector.id << ": " << name_of(client);
    }
  }
}

TEST(ClientReaders, FindNothingInWhatMustPass) {
  for (const TransferVector& vector : gate::test::transfer_vectors()) {
    if (vector.section != "must-pass") continue;
    for (const Direction direction : {Direction::to_server, Direction::to_client}) {
      for (const Client client : all_clients) {
        EXPECT_TRUE(
            offers_read(reader_of(client, direction), direction, stream_of(vector, direction)).empty())
            << vector.id << ": " << name_of(client);
      }
    }
  }
}

constexpr std::string_view file_guid = "{5D3E02AB-6190-11D3-BBBB-00C04F795683}";
/// What every open client can read: 574 bytes with the name "a.txt" and a size of 7, in base64.
std::string context_of_a_file() {
  return "PgIAAAIAAAAHAAAAAAAAAAEAAABhAC4AdAB4AHQA" + std::string(724, 'A') + "AA==";
}

std::string invitation(std::string_view guid = file_guid) {
  return "INVITE MSNMSGR:bob@example.org MSNSLP/1.0\r\nTo: <msnmsgr:bob@example.org>\r\n"
         "From: <msnmsgr:alice@example.com>\r\nVia: MSNSLP/1.0/TLP ;branch={1}\r\nCSeq: 0 \r\nCall-ID: "
         "{2}\r\n"
         "Content-Type: application/x-msnmsgr-sessionreqbody\r\n\r\nEUF-GUID: " +
         std::string(guid) + "\r\nSessionID: 77\r\nAppID: 2\r\nContext: " + context_of_a_file() + "\r\n\r\n" +
         std::string(1, '\0');
}

std::string little(std::uint64_t value, std::size_t size) {
  std::string bytes;
  for (; size > 0; --size, value >>= 8U) bytes += static_cast<char>(value & 0xFFU);
  return bytes;
}

struct Piece {
  std::size_t offset = 0;
  std::size_t total = 0;
  std::uint32_t flags = 0;
  std::uint32_t session = 0;
};

std::string package(const Piece& piece, std::string_view data) {
  return little(piece.session, 4) + little(9, 4) + little(piece.offset, 8) + little(piece.total, 8) +
         little(data.size(), 4) + little(piece.flags, 4) + std::string(16, '\0') + std::string(data) +
         std::string(4, '\0');
}

std::string p2p_headers() {
  return "MIME-Version: 1.0\r\nContent-Type: application/x-msnmsgrp2p\r\nP2P-Dest: bob@example.org\r\n\r\n";
}

std::string message(std::string_view payload) {
  return message_to_server("11", 'D', payload);
}

std::string whole(std::string_view text) {
  return message(p2p_headers() + package({0, text.size()}, text));
}

/// The clients that find an offer in what goes to bob, by name.
std::vector<std::string> finders(std::string_view stream) {
  std::vector<std::string> names;
  for (const Client client : all_clients) {
    const auto offers = offers_read(reader_of(client, Direction::to_server), Direction::to_server, stream);
    if (!offers.empty()) names.emplace_back(name_of(client));
  }
  return names;
}

using Names = std::vector<std::string>;

TEST(ClientReaders, ShowTheNameOfTheFile) {
  for (const Client client : {Client::libpurple, Client::miranda, Client::papyon, Client::msnp_sharp}) {
    const auto offers = found_in(transfer_vector("p05-offer-unicode-5g"), client);
    ASSERT_EQ(offers.size(), 1U) << name_of(client);
    EXPECT_EQ(offers.front().envelope, "p2p-v1");
    EXPECT_EQ(offers.front().name, "\xC3\xA9t\xC3\xA9 \xE6\x97\xA5\xE6\x9C\xAC.zip");
  }
  EXPECT_EQ(found_in(transfer_vector("c01-offer-out"), Client::bitlbee).front().name, "report.txt");
  EXPECT_EQ(found_in(transfer_vector("c09-reversed"), Client::miranda).front().name, "report.txt");
  EXPECT_EQ(found_in(transfer_vector("n01-uun-offer"), Client::papyon).front().envelope, "uun");
  EXPECT_EQ(found_in(transfer_vector("s01-sdg-offer"), Client::msnp_sharp).front().envelope, "sdg");
}

TEST(ClientReaders, AllSevenReadTheSameOrdinaryInvitation) {
  EXPECT_EQ(finders(whole(invitation())),
            (Names{"libpurple", "pecan", "miranda", "papyon", "amsn", "msnp-sharp", "msnp11"}));
}

TEST(ClientReaders, SharpTakesEverySpellingOfAGuidThatDotNetTakes) {
  for (const std::string_view guid :
       {"(5d3e02ab-6190-11d3-bbbb-00c04f795683)", "5D3E02AB619011D3BBBB00C04F795683",
        "{0x5D3E02AB,0x6190,0x11D3,{0xBB,0xBB,0x00,0xC0,0x4F,0x79,0x56,0x83}}"}) {
    EXPECT_EQ(finders(whole(invitation(guid))), Names{"msnp-sharp"}) << guid;
  }
  EXPECT_FALSE(gate::test::reading::is_dotnet_guid("{5D3E02AB619011D3BBBB00C04F795683}",
                                                   "5d3e02ab619011d3bbbb00c04f795683"));
}

TEST(ClientReaders, AmsnAndSharpAlsoShowPhotoSharing) {
  EXPECT_EQ(finders(whole(invitation("{41D3E74E-04A2-4B37-96F8-08ACDB610874}"))),
            (Names{"amsn", "msnp-sharp"}));
  EXPECT_EQ(finders(whole(invitation("{534142D5-1F2A-431F-A60C-B0CF723FDF7D}"))), Names{"amsn"});
}

TEST(ClientReaders, LibpurpleAndPecanLookAtTheFlagsOfTheFirstPackageOnly) {
  const std::string text = invitation();
  const std::size_t cut = text.find("SessionID");
  const std::string stream =
      message(p2p_headers() + package({0, text.size()}, text.substr(0, cut))) +
      message(p2p_headers() + package({cut, text.size(), 0x01000040}, text.substr(cut)));
  EXPECT_EQ(finders(stream), (Names{"libpurple", "pecan", "amsn"}));
}

TEST(ClientReaders, ThoseWhoWriteAtTheOffsetCompleteATextWithAHole) {
  std::string text = invitation();
  const std::size_t hole = text.rfind("\r\n");  // behind the Context
  text += std::string(40, 'x');
  const std::string stream =
      message(p2p_headers() + package({0, text.size()}, text.substr(0, hole))) +
      message(p2p_headers() + package({hole + 30, text.size()}, text.substr(hole + 30)));
  EXPECT_EQ(finders(stream), (Names{"pecan", "miranda", "msnp-sharp", "msnp11"}));
}

TEST(ClientReaders, PapyonGetsStuckAndHearsNothingMore) {
  const std::string text = invitation();
  const std::string stuck = message(p2p_headers() + package({0, 5}, "too long"));
  EXPECT_EQ(finders(stuck + whole(text)),
            (Names{"libpurple", "pecan", "miranda", "amsn", "msnp-sharp", "msnp11"}));
}

TEST(ClientReaders, PapyonAppendsWhateverComesNext) {
  const std::string text = invitation();
  const std::string stream =
      message(p2p_headers() + package({0, text.size()}, text.substr(0, 300))) +
      message(p2p_headers() + package({900, 5000}, text.substr(300)).replace(4, 4, "xxxx"));
  EXPECT_EQ(finders(stream), Names{"papyon"});
}

TEST(ClientReaders, AmsnTakesTheLastPartOfAP2pMessageForAllOfIt) {
  const std::string text = invitation();
  const std::string stream = message(
                                 "MIME-Version: 1.0\r\nContent-Type: application/x-msnmsgrp2p\r\nMessage-ID: "
                                 "{1}\r\nChunks: 2\r\n\r\nx") +
                             message("Message-ID: {1}\r\nChunk: 1\r\n\r\n" + package({0, text.size()}, text));
  EXPECT_EQ(finders(stream), Names{"amsn"});
}

TEST(ClientReaders, AmsnTakesTheTypeThatAnyPartNames) {
  const std::string fields =
      "Application-Name: x\r\nApplication-GUID: {5D3E02AB-6190-11d3-BBBB-00C04F795683}\r\n"
      "Invitation-Command: INVITE\r\n\r\n";
  const std::string stream =
      message("MIME-Version: 1.0\r\nContent-Type: text/plain\r\nMessage-ID: {1}\r\nChunks: 2\r\n\r\n" +
              fields) +
      message("Content-Type: text/x-msmsgsinvite\r\nMessage-ID: {1}\r\nChunk: 1\r\n\r\n");
  EXPECT_EQ(finders(stream), Names{"amsn"});
}

TEST(ClientReaders, MirandaEndsHeadersAtANulWithoutAnEmptyLine) {
  const std::string text = invitation();
  EXPECT_EQ(finders(message("Content-Type: application/x-msnmsgrp2p\r\nP2P-Dest: bob@example.org\r\n" +
                            package({0, text.size()}, text))),
            Names{"miranda"});
}

TEST(ClientReaders, BitlbeeWantsTheBeginningOfALineAndSkipsColons) {
  const std::string stream = message(
      "Content-Type :: Text/X-MsmsgsInvite\n\nInvitation-Command INVITEx\n"
      "application-guid:{5D3E02AB-6190-11d3-BBBB-00C04F795683}\nApplication-File=: y.txt\n\n");
  EXPECT_EQ(finders(stream), Names{"bitlbee"});
}

TEST(ClientReaders, OnlyWhomItConcernsReadsVersion2) {
  const TransferVector& vector = transfer_vector("q02-offer-single");
  const std::string stream = stream_of(vector, Direction::to_server);
  for (const Client client : {Client::miranda, Client::papyon, Client::msnp_sharp}) {
    const Reader other{client, "bob@example.org", "{c3c3c3c3-0003-4003-8003-0123456789ab}"};
    EXPECT_TRUE(offers_read(other, Direction::to_server, stream).empty()) << name_of(client);
    EXPECT_EQ(offers_read({client, {}, {}}, Direction::to_server, stream).size(), 1U) << name_of(client);
  }
}

TEST(ClientReaders, FindFramesBehindOtherPayloadsAndStopAtAnUnfinishedOne) {
  const std::string text = invitation();
  const std::string payload = p2p_headers() + package({0, text.size()}, text);
  const std::string stream = "UBX carol@example.net 1 11\r\nMSG a A 5\r\nACK 7\r\n241 3 2\r\nab" +
                             message_to_client("bob@example.org", "Bob", payload);
  const Reader reader{Client::libpurple, "alice@example.com", {}};
  EXPECT_EQ(offers_read(reader, Direction::to_client, stream).size(), 1U);
  EXPECT_TRUE(offers_read(reader, Direction::to_client, std::string_view(stream).substr(0, stream.size() - 1))
                  .empty());
}

}  // namespace
