// The chain that ties every audit record to the one before. A line ends in its two links:
//
//   {"time":...,"detail":"...","prev":"<64 hex digits>","hash":"<64 hex digits>"}LF
//   |<------------------- body ------------------------>|
//
// `hash` is the SHA-256 of the body and one `}`: the record as it would be without `hash`, to the byte.
// `prev` is the `hash` of the record before, and 64 zeros in the first record of all.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/sha256.hpp"

namespace gate {

/// 64 lower-case hex digits.
using HexDigest = std::array<char, 64>;

/// `prev` of the first record.
inline constexpr HexDigest chain_start = [] {
  HexDigest zeros{};
  zeros.fill('0');
  return zeros;
}();

[[nodiscard]] constexpr std::string_view text_of(const HexDigest& digest) noexcept {
  return {digest.data(), digest.size()};
}

/// Bytes that sealing adds to a line.
inline constexpr std::size_t links_size = 2 * 75 - 1;

/// Puts both links into a line made by `to_json_line`, and returns its hash: `prev` of the next one.
[[nodiscard]] HexDigest seal(std::string& line, const HexDigest& prev, Sha256& sha256);

/// What a sealed line, with or without its LF, says of itself; `body` is a view into the line.
struct Links {
  std::string_view body;
  HexDigest prev;
  HexDigest hash;
};
/// Nothing if the line does not end as a sealed line does.
[[nodiscard]] std::optional<Links> links_of(std::string_view line) noexcept;

/// The hash that a line with this body must have.
[[nodiscard]] HexDigest hash_of(const Links& links, Sha256& sha256);

}  // namespace gate
