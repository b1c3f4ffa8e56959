// Foreign text made safe to store and to show. Whoever wrote it may want to hide a file name's true
// end, repaint an operator's terminal or forge a line of the log.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "msnp/bytes.hpp"

namespace gate {

/// Most of one foreign text that is ever stored, in bytes. File systems end at 255 bytes a name and
/// MSN accounts at 129; the rest is room to see what an attacker tried.
inline constexpr std::size_t text_limit = 4096;

struct CodePoint {
  char32_t value = 0;    // meaningless unless `valid`
  std::size_t size = 1;  // bytes taken; 1 when not valid
  bool valid = false;    // well-formed UTF-8 (RFC 3629): shortest form, no surrogate, at most U+10FFFF
};

/// The code point at the front of `text`, which is not empty.
[[nodiscard]] CodePoint first_code_point(std::string_view text) noexcept;

/// True for what acts on its neighbours or is seen by nobody: control characters, bidirectional marks,
/// overrides and isolates, zero-width characters, line and paragraph separators, tag characters.
[[nodiscard]] bool is_hidden(char32_t value) noexcept;

/// The text itself as far as UTF-8 can carry it: a byte that is no UTF-8 becomes `\xHH`. A
/// result longer than `limit` bytes is cut there, between characters, and says so: `...[cut, of N bytes]`.
[[nodiscard]] std::string storable(std::string_view text, std::size_t limit = text_limit);

/// The text as it can be put before human eyes: as `storable`, and hidden characters become
/// `\u{202e}`. A text already shown comes back as it is.
[[nodiscard]] std::string showable(std::string_view text, std::size_t limit = text_limit);

/// What may be told of bytes nobody could read: `USR, 5 tokens, 812 bytes`. Never more of them than
/// the command word: behind it may stand a ticket or a password (USR, ANS, XFR, RNG, QRY), and once
/// framing is lost any line may be a piece of somebody's chat.
[[nodiscard]] std::string safe_excerpt(msnp::Bytes bytes);

}  // namespace gate
