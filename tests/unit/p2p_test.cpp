#include "msnp/p2p.hpp"

#include <gtest/gtest.h>

#include "tests/support/bridge_end.hpp"
#include "tests/support/invitations.hpp"
#include "tests/support/transfer_vectors.hpp"

namespace {

using msnp::as_bytes;
using msnp::as_text;
using msnp::read_p2p_v1;
using msnp::read_p2p_v2;

std::string package_of(const std::string& vector, std::size_t frame = 0) {
  const std::string& bytes = gate::test::transfer_vector(vector).frames.at(frame).bytes;
  return bytes.substr(bytes.find("\r\n\r\n") + 4);
}

TEST(P2pV1, ReadsARealOffer) {
  const std::string bytes = package_of("p02-offer-2chunks", 1);
  const auto package = read_p2p_v1(as_bytes(bytes));
  ASSERT_TRUE(package);
  EXPECT_EQ(package->session, 0U);
  EXPECT_EQ(package->offset, 1202U);
  EXPECT_EQ(package->offset + package->length, package->total);
  EXPECT_EQ(package->data.size(), package->length);
  EXPECT_FALSE(package->is_bare_ack());
}

TEST(P2pV1, EveryFieldIsLittleEndianAtItsPlace) {
  std::string bytes;
  for (char i = 0; i < 48; ++i) bytes.push_back(i);
  const auto package = read_p2p_v1(as_bytes(bytes));
  ASSERT_TRUE(package);
  EXPECT_EQ(package->session, 0x03020100U);
  EXPECT_EQ(package->identifier, 0x07060504U);
  EXPECT_EQ(package->offset, 0x0F0E0D0C0B0A0908U);
  EXPECT_EQ(package->total, 0x1716151413121110U);
  EXPECT_EQ(package->length, 0x1B1A1918U);
  EXPECT_EQ(package->flags, 0x1F1E1D1CU);
  EXPECT_EQ(package->ack_session, 0x23222120U);
  EXPECT_EQ(package->ack_uid, 0x27262524U);
  EXPECT_EQ(package->ack_size, 0x2F2E2D2C2B2A2928U);
  EXPECT_TRUE(package->data.empty());
}

TEST(P2pV1, IsWrittenAsItWasRead) {
  const std::string bytes = package_of("p01-offer-single");
  EXPECT_EQ(msnp::write_p2p_v1(*read_p2p_v1(as_bytes(bytes))), bytes);
}

TEST(P2pV1, ATruncatedHeaderIsNoPackage) {
  const std::string bytes = package_of("p01-offer-single");
  for (std::size_t size = 0; size < 48; ++size) {
    EXPECT_FALSE(read_p2p_v1(as_bytes(std::string_view(bytes).substr(0, size)))) << size;
  }
}

TEST(P2pV1, AMissingOrShortFooterIsNoData) {
  const std::string bytes = package_of("p01-offer-single");
  for (std::size_t size = 48; size <= 52; ++size) {
    EXPECT_TRUE(read_p2p_v1(as_bytes(std::string_view(bytes).substr(0, size)))->data.empty()) << size;
  }
  EXPECT_EQ(read_p2p_v1(as_bytes(std::string_view(bytes).substr(0, 53)))->data.size(), 1U);
}

TEST(P2pV1, AnAcknowledgementWithABodyIsNotBare) {
  gate::test::Package package = gate::test::whole(1, "");
  package.flags = 2;
  EXPECT_TRUE(read_p2p_v1(as_bytes(gate::test::v1_package(package)))->is_bare_ack());
  package.flags = 0x01000002;
  EXPECT_TRUE(read_p2p_v1(as_bytes(gate::test::v1_package(package)))->is_bare_ack());
  package.data = "x";
  EXPECT_FALSE(read_p2p_v1(as_bytes(gate::test::v1_package(package)))->is_bare_ack());
  package.data.clear();
  package.flags = 0x40;
  EXPECT_FALSE(read_p2p_v1(as_bytes(gate::test::v1_package(package)))->is_bare_ack());
}

TEST(P2pV2, ReadsARealOffer) {
  const std::string first = package_of("q01-offer-syn", 0);
  const std::string second = package_of("q01-offer-syn", 1);
  const auto one = read_p2p_v2(as_bytes(first));
  const auto two = read_p2p_v2(as_bytes(second));
  ASSERT_TRUE(one && two);
  EXPECT_EQ(one->operation, 3U);
  EXPECT_TRUE(one->has_data && one->is_first());
  EXPECT_FALSE(two->is_first());
  EXPECT_EQ(one->remaining, two->data.size());
  EXPECT_EQ(two->remaining, 0U);
  EXPECT_EQ(one->package_number, two->package_number);
  EXPECT_EQ(two->base_id, one->base_id + one->message_length);
  EXPECT_TRUE(as_text(one->data).starts_with("INVITE MSNMSGR:"));
}

TEST(P2pV2, AHeaderAloneHasNoData) {
  const std::string bytes = package_of("q07-ack");
  const auto package = read_p2p_v2(as_bytes(bytes));
  ASSERT_TRUE(package);
  EXPECT_FALSE(package->has_data);
  EXPECT_TRUE(package->data.empty());
}

TEST(P2pV2, UnknownTlvsPushTheDataAway) {
  const std::string bytes = package_of("q20-unknown-tlv");
  const auto package = read_p2p_v2(as_bytes(bytes));
  ASSERT_TRUE(package);
  EXPECT_TRUE(as_text(package->data).starts_with("INVITE"));
}

TEST(P2pV2, RemainingBytesAreFoundBehindOtherTlvsAndNotBehindTheEnd) {
  const auto remaining = [](std::string tlvs) {
    std::string data_header(1, static_cast<char>(8 + tlvs.size()));
    data_header += std::string(7, '\0') + tlvs + "data";
    std::string bytes("\x08\x00\x00", 3);
    bytes.push_back(static_cast<char>(data_header.size()));
    bytes += std::string(4, '\0') + data_header;
    const auto package = read_p2p_v2(as_bytes(bytes));
    EXPECT_TRUE(package);
    EXPECT_EQ(as_text(package->data), "data");
    return package->remaining;
  };
  const std::string eight("\x01\x08\0\0\0\0\0\0\x02\x01", 10);
  EXPECT_EQ(remaining(eight), 513U);
  EXPECT_EQ(remaining("\x7F\x02xy" + eight), 513U);
  EXPECT_EQ(remaining(std::string("\x01\x04\0\0\0\x09", 6) + eight), 513U);
  EXPECT_EQ(remaining('\0' + eight), 0U);
  EXPECT_EQ(remaining(std::string("\x7F", 1)), 0U);
  EXPECT_EQ(remaining(std::string("\x01\x08\0\0", 4)), 0U);
  EXPECT_EQ(remaining(std::string("\x01\xFF", 2)), 0U);
}

TEST(P2pV2, LengthsThatReachBeyondTheBytesAreNoPackage) {
  const std::string good = gate::test::BridgeEnd("", "", 1000).packages({.data = "data"}).front();
  EXPECT_TRUE(read_p2p_v2(as_bytes(good)));
  EXPECT_TRUE(read_p2p_v2(as_bytes(std::string_view(good).substr(0, good.size() - 4)))) << "no footer";
  EXPECT_FALSE(read_p2p_v2(as_bytes(std::string_view(good).substr(0, good.size() - 5))));
  const auto with = [&good](std::size_t at, char byte) {
    std::string bad = good;
    bad[at] = byte;
    return read_p2p_v2(as_bytes(bad)).has_value();
  };
  EXPECT_FALSE(with(0, 7)) << "transport header too short";
  EXPECT_FALSE(with(0, '\xFC')) << "transport header longer than the bytes";
  EXPECT_FALSE(with(0, '\xFD')) << "no header is that long";
  EXPECT_FALSE(with(1, 4)) << "no such operation";
  EXPECT_FALSE(with(2, 1)) << "message longer than the bytes";
  EXPECT_FALSE(with(8, 7)) << "data header too short";
  EXPECT_FALSE(with(8, 13)) << "data header longer than the message";
  EXPECT_TRUE(with(8, 12)) << "a data header of the whole message";
  EXPECT_FALSE(read_p2p_v2({}));
}

TEST(P2pV2, AcknowledgementsAreFoundWithTheirPlaces) {
  gate::test::BridgeEnd end("", "", 1000);
  const std::string bytes = end.control(
      3, gate::test::peer_information() + gate::test::acknowledges(77) + gate::test::asks_again(0xFFFFFFFE));
  const auto package = read_p2p_v2(as_bytes(bytes));
  ASSERT_TRUE(package);
  EXPECT_TRUE(package->opens_bridge() && package->plain);
  EXPECT_EQ(as_text(package->peer_information), gate::test::peer_information().substr(2));
  ASSERT_EQ(package->acknowledgement_count, 2U);
  EXPECT_EQ(package->acknowledgements[0].value, 77U);
  EXPECT_EQ(bytes.substr(package->acknowledgements[0].offset, 4), std::string("\0\0\0M", 4));
  EXPECT_EQ(package->acknowledgements[1].value, 0xFFFFFFFEU);
  EXPECT_EQ(bytes.substr(package->acknowledgements[1].offset, 4), "\xFF\xFF\xFF\xFE");
  EXPECT_EQ(package->end(), 1000U);
}

TEST(P2pV2, AcknowledgementsOfAnotherLengthOrBeyondTheFourthGoUnread) {
  gate::test::BridgeEnd end("", "", 1000);
  std::string five;
  for (std::uint32_t value = 1; value <= 5; ++value) five += gate::test::acknowledges(value);
  const auto count = [&end](const std::string& tlvs) {
    const std::string bytes = end.control(0, tlvs);
    return read_p2p_v2(as_bytes(bytes))->acknowledgement_count;
  };
  EXPECT_EQ(count(five), 4U);
  EXPECT_EQ(count(std::string("\2\2xx\3\5xxxxx", 11)), 0U);
  EXPECT_EQ(count(std::string("\0\0", 2) + gate::test::acknowledges(1)), 0U) << "behind the end";
}

TEST(P2pV2, IsPlainOnlyWithoutBytesThatNobodyReads) {
  gate::test::BridgeEnd end("", "", 1000);
  const auto plain = [](const std::string& bytes) { return read_p2p_v2(as_bytes(bytes))->plain; };
  const std::string data = end.packages({.data = "data", .opens = true}).front();
  EXPECT_TRUE(plain(data));
  EXPECT_TRUE(plain(data.substr(0, data.size() - 4))) << "without a footer";
  EXPECT_FALSE(plain(data + "x")) << "behind the footer";
  EXPECT_TRUE(plain(end.control(0, gate::test::acknowledges(1))));
  EXPECT_FALSE(plain(end.control(0, gate::test::acknowledges(1) + std::string(6, '\0'))))
      << "a word of padding";
  EXPECT_FALSE(plain(end.control(0, gate::test::acknowledges(1) + std::string("\0x", 2))));
  EXPECT_FALSE(plain(end.control(0, gate::test::acknowledges(1) + "\2\x40"))) << "a TLV that does not end";
}

TEST(P2pV2, OursAreReadAsTheyWereWritten) {
  const std::string text("words\0", 6);
  const std::string bytes = msnp::write_p2p_v2(0xFFFFFFFA, 0x4001, text);
  EXPECT_EQ(bytes, std::string("\x08\x00\x00\x0E\xFF\xFF\xFF\xFA\x08\x01\x40\x01\0\0\0\0", 16) + text +
                       std::string(4, '\0'));
  const auto package = read_p2p_v2(as_bytes(bytes));
  ASSERT_TRUE(package);
  EXPECT_EQ(as_text(package->data), text);
  EXPECT_EQ(package->message_length, msnp::length_p2p_v2(text));
  EXPECT_EQ(package->end(), 8U) << "modulo 2^32";
  EXPECT_EQ(package->data_offset, 16U);
  EXPECT_EQ(package->operation, 0U);
}

TEST(P2pV2, OurAnswerToASynRepeatsThePeerInformation) {
  const std::string information = gate::test::peer_information();
  gate::test::BridgeEnd end("", "", 7);
  EXPECT_EQ(msnp::acknowledge_p2p_v2(7, 9, as_bytes(information.substr(2))),
            end.control(1, information + gate::test::acknowledges(9)));
  EXPECT_EQ(msnp::acknowledge_p2p_v2(7, 9, {}), end.control(0, gate::test::acknowledges(9)));
}

TEST(P2pV2, AMessageShorterThanADataHeaderIsNoPackage) {
  for (char length = 1; length < 8; ++length) {
    std::string bytes("\x08\x00\x00", 3);
    bytes.push_back(length);
    bytes += std::string(4, '\0') + '\x08' + std::string(40, '\0');
    EXPECT_FALSE(read_p2p_v2(as_bytes(bytes))) << int{length};
  }
}

}  // namespace
