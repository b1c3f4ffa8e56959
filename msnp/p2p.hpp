// P2P packages, versions 1 and 2 (transfers.md 2.1, 3.1). The same bytes may be read as v1 by one
// client and as v2 by another, so both readings exist side by side.
//
// v1, little-endian, 48 bytes, then data, then a 4-byte footer:
//    0 SessionID 4 | 4 Identifier 4 | 8 Offset 8 | 16 TotalSize 8 | 24 Length 4 | 28 Flags 4
//   32 AckSession 4 | 36 AckUID 4 | 40 AckSize 8
// v2, big-endian:
//    0 HL 1 | 1 OP 1 | 2 ML 2 | 4 BaseID 4 | 8 TLVs | HL: DHL 1 | TF 1 | PackageNumber 2 | SessionID 4
//   HL+8 TLVs | HL+DHL data | HL+ML footer 4
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "msnp/bytes.hpp"

namespace msnp {

namespace p2p_flag {
inline constexpr std::uint32_t ack = 0x02;
/// OR-ed on by WLM 2009 and those who imitate it.
inline constexpr std::uint32_t wlm2009 = 0x01000000;
}  // namespace p2p_flag

namespace p2p_operation {
inline constexpr std::uint8_t syn = 0x01;
}  // namespace p2p_operation

/// Bytes of a v1 header.
inline constexpr std::size_t p2p_v1_header = 48;

struct PackageV1 {
  std::uint32_t session = 0;
  std::uint32_t identifier = 0;
  std::uint64_t offset = 0;
  std::uint64_t total = 0;
  std::uint32_t length = 0;  // as declared; `data` is what is really there
  std::uint32_t flags = 0;
  std::uint32_t ack_session = 0;
  std::uint32_t ack_uid = 0;
  std::uint64_t ack_size = 0;
  Bytes data;
  Bytes footer;  // what stands behind the data, four bytes or fewer

  /// The declared length takes in a footer that is not empty: Miranda and msnp-sharp read it as data.
  [[nodiscard]] bool footer_is_data() const noexcept {
    return length > data.size() &&
           std::any_of(footer.begin(), footer.end(), [](std::byte byte) { return byte != std::byte{0}; });
  }
  /// An acknowledgement and nothing else: no receiver finds a text in it.
  [[nodiscard]] bool is_bare_ack() const noexcept { return (flags & p2p_flag::ack) != 0 && data.empty(); }
};

/// Nothing if `body` is shorter than a header. A missing footer is no error.
[[nodiscard]] std::optional<PackageV1> read_p2p_v1(Bytes body) noexcept;

struct PackageV2 {
  std::uint8_t operation = 0;  // 1 SYN, 2 RAK, 3 both
  std::uint32_t base_id = 0;
  std::uint16_t message_length = 0;  // ML: data header and data, what BaseID advances by
  bool has_data = false;             // a data header follows the transport header
  std::uint8_t type_flags = 0;
  std::uint16_t package_number = 0;
  std::uint32_t session = 0;
  std::uint64_t remaining = 0;  // bytes of the message still to come after this package
  Bytes data;
  /// Nothing in it but what version 2 knows: TLVs up to the padding of the header, and no bytes behind the
  /// footer. So every client writes it; what it is not may be a text for readers of version 1.
  bool plain = false;
  std::uint16_t data_offset = 0;  // of `data`, from the first byte of the package

  /// A number that acknowledges (ACK) or asks again (NAK); what it counts is the other side's.
  struct Acknowledgement {
    std::uint16_t offset = 0;  // of the four bytes, from the first byte of the package
    std::uint32_t value = 0;
  };
  /// No client sends more than one; what is beyond these goes unread.
  std::array<Acknowledgement, 4> acknowledgements{};
  std::uint8_t acknowledgement_count = 0;
  /// The peer information (TLV type 1 of the transport header); empty if there is none.
  Bytes peer_information;

  [[nodiscard]] bool opens_bridge() const noexcept { return (operation & p2p_operation::syn) != 0; }
  [[nodiscard]] bool is_first() const noexcept { return (type_flags & 1U) != 0; }
  /// The number after this package: what acknowledges it.
  [[nodiscard]] std::uint32_t end() const noexcept { return base_id + message_length; }
};

/// Where the BaseID stands in a v2 package.
inline constexpr std::size_t base_id_offset = 4;

/// Nothing if the bytes are no well-formed v2 package for any known reader.
[[nodiscard]] std::optional<PackageV2> read_p2p_v2(Bytes body) noexcept;

/// A v2 package of ours: no operation, one whole message `text` of session 0, footer 0. It asks for no
/// acknowledgement, so that there is none to swallow (block-proof.md 4.2).
[[nodiscard]] std::string write_p2p_v2(std::uint32_t base_id, std::uint16_t package_number,
                                       std::string_view text);
/// What `write_p2p_v2` advances BaseID by.
[[nodiscard]] std::uint16_t length_p2p_v2(std::string_view text) noexcept;

/// A v2 package without data that acknowledges up to `value`; with `peer_information` it also answers a SYN
/// (block-proof.md 4.3).
[[nodiscard]] std::string acknowledge_p2p_v2(std::uint32_t base_id, std::uint32_t value,
                                             Bytes peer_information);

/// Header, data and footer 0 of a v1 package; the data is always whole (Offset 0, Length = TotalSize).
[[nodiscard]] std::string write_p2p_v1(const PackageV1& package);

}  // namespace msnp
