// Why a byte stream can no longer be followed. One value per cause, no text built while parsing.
#pragma once

#include <cstdint>
#include <string_view>

namespace msnp {

enum class Error : std::uint8_t {
  /// A line longer than Limits::line, or one that never ended within it.
  line_too_long,
  /// A client line that is not `[A-Z]{3}` followed by a blank or the end, or holds a control byte,
  /// a lone CR, or bytes that are no UTF-8; a server line of neither three capitals nor digits.
  malformed_line,
  /// A line that carries messages, but not in its one canonical spelling (framing.md rule 3).
  not_canonical,
  /// A known command with a number of tokens that none of its forms has.
  wrong_arity,
  /// The payload length is no canonical decimal, or its position and the last token disagree.
  bad_length,
  /// A payload longer than the limit of its command.
  payload_too_long,
  /// An unknown command that hides a message-bearing command under one of its two readings.
  ambiguous_command,
  /// A command that no client sends on this side (MSG to a notification server).
  forbidden_command,
  /// Three successive lines with no known command: not this protocol.
  not_msnp,
};

/// A short lower-case sentence, such as "command line too long".
[[nodiscard]] std::string_view message_of(Error error) noexcept;

}  // namespace msnp
