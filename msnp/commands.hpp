// The commands of the protocol: which of them carry a payload, in which form of the line, and what
// becomes of it (framing.md 2.1). The table itself stands in commands.cpp and reads like the manual.
// It does not ask for the dialect: no form means two things in two dialects (framing.md rule 9).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "msnp/frame.hpp"
#include "msnp/limits.hpp"
#include "msnp/types.hpp"

namespace msnp {

/// What may stand at one place of a line. The name in a form is in quotes.
enum class TokenKind : std::uint8_t {
  any,     // every other name: a token of at least one byte
  name,    // "name": a friendly name, which may be empty (framing.md 1.1, double space)
  trid,    // "trid": the transaction id, digits, up to ten of them
  zero,    // "0": the transaction id of what a server begins
  ok,      // "OK"
  ack,     // "ack": the acknowledgement letter, one of U N A D S (framing.md 6.1)
  length,  // "N": the payload length; always the last token
};

inline constexpr std::size_t most_tokens = 9;  // SDC has the longest form

/// One form of a line, compiled from text such as "trid ack N" or "trid address type [N]".
/// `[N]` is a length that some programs leave out when it is 0: see Repair::missing_length.
struct LineForm {
  std::array<TokenKind, most_tokens> kinds{};
  std::uint8_t arity = 0;
  bool has_length = false;
  bool has_name = false;  // then it is the second token, behind the address it belongs to
  bool length_optional = false;

  constexpr LineForm() noexcept = default;
  // Implicit, so that a form in the table is its text and nothing else.
  constexpr LineForm(const char* letters) noexcept;  // NOLINT(google-explicit-constructor)
};

/// What becomes of a payload.
enum class Treatment : std::uint8_t {
  stream,   // passes by count, unread
  inspect,  // gathered whole and judged
  drop,     // gathered whole; the frame does not go on
};

/// One row: a command in one direction on one side, with the forms its line may have (one or two).
struct CommandRow {
  Word word = {};
  Direction direction = {};
  Side side = {};
  std::array<LineForm, 2> forms = {};  // the second may be unused: arity 0
  Treatment treatment = {};
  std::size_t Limits::*limit = nullptr;
};

/// The payload table of framing.md 2.1.
[[nodiscard]] std::span<const CommandRow> payload_table() noexcept;
/// `NNN trid [N]` from a notification server (framing.md 2.2). Its `word` says nothing.
[[nodiscard]] const CommandRow& numeric_reply() noexcept;

enum class Standing : std::uint8_t {
  unknown,    // no source names it: framing.md 2.4
  plain,      // a line, never a payload
  tabled,     // `row` tells
  forbidden,  // carries a payload, but never this way on this side
};
struct Lookup {
  Standing standing = Standing::unknown;
  const CommandRow* row = nullptr;
};
[[nodiscard]] Lookup look_up(Direction direction, Side side, Word word) noexcept;

/// True for a word that has a payload anywhere in the table: what an ambiguous reading must not hide.
[[nodiscard]] bool carries_payload(Word word) noexcept;
/// True for a word that some client or server is known to use.
[[nodiscard]] bool is_known(Word word) noexcept;

inline constexpr std::size_t most_transaction_digits = 10;  // 4294967295
inline constexpr std::size_t most_length_digits = 7;

/// `0|[1-9][0-9]{0,6}` and nothing else. Escargot takes "+3", "0_3", "003" and other scripts' digits,
/// aMSN takes octal and hexadecimal: any other spelling is read differently by two programs.
[[nodiscard]] constexpr std::optional<std::size_t> canonical_length(std::string_view token) noexcept {
  if (token.empty() || token.size() > most_length_digits) return std::nullopt;
  if (token.front() == '0' && token.size() > 1) return std::nullopt;
  std::size_t value = 0;
  for (const char digit : token) {
    if (digit < '0' || digit > '9') return std::nullopt;
    value = value * 10 + static_cast<std::size_t>(digit - '0');
  }
  return value;
}

constexpr LineForm::LineForm(const char* letters) noexcept {
  std::string_view text = letters;
  while (!text.empty()) {
    const std::size_t end = text.find(' ') == std::string_view::npos ? text.size() : text.find(' ');
    const std::string_view token = text.substr(0, end);
    text.remove_prefix(end == text.size() ? end : end + 1);
    TokenKind kind = TokenKind::any;
    if (token == "name") {
      kind = TokenKind::name;
      has_name = true;
    }
    if (token == "trid") kind = TokenKind::trid;
    if (token == "0") kind = TokenKind::zero;
    if (token == "OK") kind = TokenKind::ok;
    if (token == "ack") kind = TokenKind::ack;
    if (token == "N" || token == "[N]") {
      kind = TokenKind::length;
      has_length = true;
      length_optional = token == "[N]";
    }
    kinds[arity++] = kind;
  }
}

}  // namespace msnp
