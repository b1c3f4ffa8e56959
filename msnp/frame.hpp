// One command of the protocol: a line and, for some commands, a payload.
// Every view points into the bytes given to the decoder and dies with them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "msnp/bytes.hpp"

namespace msnp {

/// Three letters or digits packed into an integer, so that a command compares in one instruction.
enum class Word : std::uint32_t {};

[[nodiscard]] constexpr Word word(const char (&letters)[4]) noexcept {
  return static_cast<Word>((static_cast<std::uint32_t>(static_cast<unsigned char>(letters[0])) << 16U) |
                           (static_cast<std::uint32_t>(static_cast<unsigned char>(letters[1])) << 8U) |
                           static_cast<std::uint32_t>(static_cast<unsigned char>(letters[2])));
}

/// An error code of a server, such as 282.
[[nodiscard]] constexpr bool is_numeric(Word word) noexcept {
  for (unsigned shift = 0; shift <= 16; shift += 8) {
    const std::uint32_t letter = (static_cast<std::uint32_t>(word) >> shift) & 0xFFU;
    if (letter < '0' || letter > '9') return false;
  }
  return true;
}

/// A line without its end. Tokens are split at every single blank once trailing blanks are gone;
/// empty tokens count (a friendly name may be empty). The command itself is no token.
struct CommandLine {
  std::string_view text;
  Word word{};

  /// The token at `index` (0 = first after the command), or nothing if there are fewer.
  [[nodiscard]] std::string_view token(std::size_t index) const noexcept;
  [[nodiscard]] std::size_t token_count() const noexcept;
};

/// What must change in a line before it may go on (framing.md 1.3, 2.5): everything is combined
/// by `append_repaired` (msnp/repair.hpp).
enum class Repair : std::uint8_t {
  none = 0,
  line_end = 1,        // a bare LF becomes CRLF
  empty_name = 2,      // an empty friendly name becomes the address
  control_bytes = 4,   // bytes below 0x21 and 0x7F inside tokens become %XX
  missing_length = 8,  // UUX, UUN, UBN without a length get " 0"
};

[[nodiscard]] constexpr Repair operator|(Repair a, Repair b) noexcept {
  return static_cast<Repair>(static_cast<std::uint8_t>(a) | static_cast<std::uint8_t>(b));
}
[[nodiscard]] constexpr bool has(Repair set, Repair one) noexcept {
  return (static_cast<std::uint8_t>(set) & static_cast<std::uint8_t>(one)) != 0;
}

struct Frame {
  CommandLine line;
  /// The whole payload of a command that is inspected, dropped or unknown; empty for one that streams.
  Bytes payload;
  /// The length announced by the line. Larger than `payload.size()` only when the payload streams:
  /// then exactly that many bytes follow as Opaque steps.
  std::size_t payload_length = 0;
  /// Line, its end, and the payload held in `payload`: the bytes as they came.
  Bytes raw;
  /// The command may carry an invitation: MSG, UUM, UBM, UUN, UBN, SDG.
  bool inspected = false;
  /// The frame must not go on at all: PAG and PGD, whose bodies Escargot executes (framing.md 2.4), and a
  /// MSG to a client whose sender is a number: Miranda would execute its payload (framing.md 1.3).
  bool dropped = false;
  Repair repair = Repair::none;
};

}  // namespace msnp
