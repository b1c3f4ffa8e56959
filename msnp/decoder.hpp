// Cuts one direction of a connection into frames. The one rule: it never guesses. A line whose
// reading is not certain for every known receiver is a Fault, and after a Fault there is no
// resynchronising (framing.md 2.6).
//
//   in:  |leftover of last time|new bytes                         |
//        ^ every call starts here; the caller drops `raw.size()` bytes of each step
#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>

#include "msnp/bytes.hpp"
#include "msnp/commands.hpp"
#include "msnp/error.hpp"
#include "msnp/frame.hpp"
#include "msnp/limits.hpp"
#include "msnp/types.hpp"

namespace msnp {

/// The frame at the front is not complete. Call again with the same first byte and more behind it;
/// what was searched already is not searched again. `at_least` is the size worth waiting for.
struct NeedMore {
  std::size_t at_least;
};
/// A piece of a payload that streams through unread.
struct Opaque {
  Bytes raw;
};
/// Empty lines: they are consumed and never sent on (Escargot stalls, papyon disconnects on one).
struct Swallowed {
  Bytes raw;
};
/// Framing is lost. `offset` tells the byte or token of the bytes given that broke it, 0 when the line as a
/// whole did. Every later call returns the same Fault.
struct Fault {
  Error error;
  std::size_t offset;
};

using Step = std::variant<NeedMore, Frame, Opaque, Swallowed, Fault>;

/// One per direction of a connection. Tens of bytes, no heap, no exceptions.
///
/// A payload is gathered into its Frame when the command is inspected or dropped, or unknown; every
/// other payload streams, however short: a Frame with an empty `payload`, then Opaque steps.
class Decoder {
 public:
  /// `limits` must outlive the decoder.
  Decoder(Direction direction, Side side, const Limits& limits) noexcept
      : limits_(&limits), direction_(direction), side_(side) {}

  /// Takes one step from the front of `in`.
  [[nodiscard]] Step next(Bytes in) noexcept;

  /// True between frames, for a reader of either reading of an unknown command: the only place where bytes of
  /// ours may go into this direction.
  [[nodiscard]] bool at_boundary() const noexcept { return opaque_left_ == 0 && shadow_ == 0; }

 private:
  /// A line found at the front of the input, before anything is known about its payload.
  struct Line;

  [[nodiscard]] Step any_line(Bytes in) noexcept;
  [[nodiscard]] Step command(Line& line) noexcept;
  [[nodiscard]] Step unfinished_line(Bytes in) noexcept;
  [[nodiscard]] Step too_long_line(Bytes in) noexcept;
  [[nodiscard]] Step swallow(Bytes in) noexcept;
  [[nodiscard]] Step tabled(Line& line, const CommandRow& row) noexcept;
  [[nodiscard]] Step numeric(Line& line) noexcept;
  [[nodiscard]] Step doubtful(Line& line) noexcept;
  [[nodiscard]] Step take(const Line& line, std::size_t length, std::size_t gathered) noexcept;
  [[nodiscard]] Step wait_for(std::size_t size) noexcept;
  [[nodiscard]] Step fail(Error error, std::size_t offset) noexcept;
  [[nodiscard]] bool misread_elsewhere(const Line& line, std::size_t length) noexcept;

  const Limits* limits_;
  std::uint32_t opaque_left_ = 0;  // payload bytes that still stream through
  std::uint32_t searched_ = 0;     // bytes of the unfinished line already searched for LF
  std::uint32_t needed_ = 1;       // with fewer bytes than this nothing new can be told
  std::uint32_t shadow_ = 0;       // bytes ahead that are a payload to a reader who took the other reading
  std::uint32_t fault_offset_ = 0;
  Direction direction_;
  Side side_;
  std::uint8_t unknown_lines_ = 0;  // successive lines with no known command
  bool faulted_ = false;
  Error error_ = Error::malformed_line;
};

}  // namespace msnp
