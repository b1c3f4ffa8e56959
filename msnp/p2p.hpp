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

#include <cstdint>
#include <optional>
#include <string>

#include "msnp/bytes.hpp"

namespace msnp {

namespace p2p_flag {
inline constexpr std::uint32_t ack = 0x02;
/// OR-ed on by WLM 2009 and those who imitate it.
inline constexpr std::uint32_t wlm2009 = 0x01000000;
}  // namespace p2p_flag

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

  /// An acknowledgement and nothing else: no receiver finds a text in it.
  [[nodiscard]] bool is_bare_ack() const noexcept { return (flags & p2p_flag::ack) != 0 && data.empty(); }
};

/// Nothing if `body` is shorter than a header. A missing footer is no error.
[[nodiscard]] std::optional<PackageV1> read_p2p_v1(Bytes body) noexcept;

struct PackageV2 {
  std::uint8_t operation = 0;
  std::uint32_t base_id = 0;
  std::uint16_t message_length = 0;
  bool has_data = false;  // a data header follows the transport header
  std::uint8_t type_flags = 0;
  std::uint16_t package_number = 0;
  std::uint32_t session = 0;
  std::uint64_t remaining = 0;  // bytes of the message still to come after this package
  Bytes data;

  [[nodiscard]] bool is_first() const noexcept { return (type_flags & 1U) != 0; }
};

/// Nothing if the bytes are no well-formed v2 package for any known reader.
[[nodiscard]] std::optional<PackageV2> read_p2p_v2(Bytes body) noexcept;

/// Header, data and footer 0 of a v1 package; the data is always whole (Offset 0, Length = TotalSize).
[[nodiscard]] std::string write_p2p_v1(const PackageV1& package);

}  // namespace msnp
