// What the filter target is fed: a setting, then chunks of either direction in the order of their arrival.
//
//   setting 1 | chunk ...        chunk: shape and direction 1 | length 2, big-endian | bytes
//
// A chunk is raw bytes or the inside of a frame: then line, lengths and headers are made for it, so that a
// mutation of the inside still arrives as one frame.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "msnp/types.hpp"

namespace fuzz {

enum class Shape : std::uint8_t {
  raw,
  message,       // the payload of a MSG
  package_v1,    // SessionID 1, Identifier 1, Offset 2, TotalSize 2, Length 2, Flags 1, then the data
  package_v2,    // TF 1, package number 1, bytes remaining 2, SessionID 1, then the data; on a bridge below
  notification,  // the payload of a UUN or UBN
  datagram,      // what stands behind the header blocks of an SDG
  page,          // the payload of a UUM or UBM
  time,          // no bytes arrive, but time passes
};

struct Chunk {
  msnp::Direction direction = msnp::Direction::to_server;
  Shape shape = Shape::raw;
  /// Lowest bits: acknowledgement letter, sender, type of a notification ...; four bits.
  std::uint8_t variant = 0;
  std::string bytes;
};

/// What a client that counts its packages would number next, by direction and peer. It is the variant of a
/// package_v2 that puts it on the bridge of its direction and sender; then it begins with one byte more:
///   1, 2 SYN, RAK | 4 peer information | 8 ACK | 16 NAK | 32 the last number again | 64 a hole before it |
///   128 a TLV nobody knows
/// and behind SessionID, with ACK or NAK, one that says how far from the other side's number its value is.
/// Without data and fields it is a header alone.
class Bridges {
 public:
  [[nodiscard]] static bool holds(const Chunk& chunk) noexcept {
    return chunk.shape == Shape::package_v2 && (chunk.variant & 8U) != 0;
  }
  /// Header, data and footer of the next package.
  [[nodiscard]] std::string package(const Chunk& chunk);

 private:
  struct Ends {
    std::uint32_t last[2];  // by direction
    std::uint32_t next[2];
  };
  // One side is about to come to the end of its numbers.
  Ends ends_[2] = {{{0xFFFFFA00, 0x11223344}, {0xFFFFFA00, 0x11223344}},
                   {{0x7FFFFF00, 0x00000010}, {0x7FFFFF00, 0x00000010}}};
};

struct FilterScript {
  std::uint8_t setting = 0;
  std::vector<Chunk> chunks;

  [[nodiscard]] bool on_switchboard() const noexcept { return (setting & 1U) != 0; }
  [[nodiscard]] bool small_limits() const noexcept { return (setting & 2U) != 0; }
  [[nodiscard]] bool small_memory() const noexcept { return (setting & 4U) != 0; }
  [[nodiscard]] bool two_peers() const noexcept { return (setting & 8U) != 0; }
  [[nodiscard]] std::uint8_t policy() const noexcept { return (setting >> 4U) & 3U; }
};

[[nodiscard]] FilterScript read_script(const std::uint8_t* data, std::size_t size);
[[nodiscard]] std::string write_script(const FilterScript& script);

/// The bytes of a chunk as they arrive; `number` becomes the transaction id.
[[nodiscard]] std::string wire_of(const Chunk& chunk, std::size_t number, bool on_switchboard,
                                  Bridges& bridges);

}  // namespace fuzz
