// The header block of a MSG payload, as the union of what all known readers would believe
// (framing.md 6.5, 6.6). Clients disagree about line ends, letter case, duplicates and even the
// direction of reading; whatever one of them takes for an invitation or a P2P package, is one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "msnp/bytes.hpp"

namespace msnp {

/// Views point into the payload.
struct MimeBlock {
  /// Every reader sees the same headers and the same body: CRLF lines `Name: value`, one Content-Type in
  /// that spelling, an empty line. All real clients write so.
  bool canonical = false;
  /// Some reader takes the message for a classic invitation.
  bool invite = false;
  /// Some reader takes the message for a P2P package.
  bool p2p = false;
  /// Every type named is text or ink: what a multi-packet message may be (framing.md 7.2).
  bool text_or_ink = false;
  /// Some type is named at all.
  bool typed = false;
  /// Message-ID with Chunk or Chunks: one part of a multi-packet message.
  bool part = false;
  std::string_view message_id;          // of a part
  std::optional<std::uint32_t> chunks;  // first part: number of parts in all
  std::optional<std::uint32_t> chunk;   // other parts: index from 1
  /// P2P-Dest or P2P-Src names an endpoint (`;{guid}`): the sign of P2P v2 for those who look.
  bool endpoints = false;
  /// The values of P2P-Dest and P2P-Src, the first ones; empty if not there.
  std::string_view destination, source;

  /// The places where some reader lets the body begin, the usual one first. At least one.
  [[nodiscard]] std::span<const std::uint32_t> bodies() const noexcept {
    return {body_offsets.data(), body_count};
  }
  std::array<std::uint32_t, 4> body_offsets{};
  std::uint8_t body_count = 0;
};

/// Never fails: a payload that nobody can read is a block with nothing in it.
[[nodiscard]] MimeBlock read_mime(Bytes payload);

}  // namespace msnp
