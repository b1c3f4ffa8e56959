#include "msnp/text_run.hpp"

#include "msnp/ascii.hpp"
#include "msnp/commands.hpp"

namespace msnp {
namespace {

constexpr std::string_view command = "MSG ";
constexpr std::string_view line_end = "\r\n";

/// Takes `front` away from `text`; false if it does not begin so.
bool take(std::string_view& text, std::string_view front) noexcept {
  if (!text.starts_with(front)) return false;
  text.remove_prefix(front.size());
  return true;
}

std::string_view words_of(const Frame& first, bool numbered) noexcept {
  std::string_view words = as_text(first.raw).substr(command.size());
  words.remove_suffix(first.payload.size() + line_end.size());
  if (numbered) words.remove_prefix(leading_digits(words, most_transaction_digits));
  return words.substr(0, words.rfind(' ') + 1);
}

}  // namespace

TextRun::TextRun(Direction direction, const Frame& first, std::size_t body, std::size_t most) noexcept
    : numbered_(direction == Direction::to_server),
      words_(words_of(first, numbered_)),
      block_(as_text(first.payload).substr(0, body)),
      most_(most) {}

std::size_t TextRun::extent(Bytes rest) const noexcept {
  const std::string_view text = as_text(rest);
  std::size_t end = 0;
  while (const std::size_t size = like_first(text.substr(end))) end += size;
  return end;
}

std::size_t TextRun::like_first(std::string_view rest) const noexcept {
  const std::size_t whole = rest.size();
  if (!take(rest, command)) return 0;
  if (numbered_) {
    const std::size_t digits = leading_digits(rest, most_transaction_digits);
    if (digits == 0) return 0;
    rest.remove_prefix(digits);
  }
  if (!take(rest, words_)) return 0;
  const std::size_t digits = leading_digits(rest, most_length_digits);
  const auto length = canonical_length(rest.substr(0, digits));
  rest.remove_prefix(digits);
  if (!length || !take(rest, line_end)) return 0;
  if (*length < block_.size() || *length > most_ || *length > rest.size() || !rest.starts_with(block_))
    return 0;
  return whole - rest.size() + *length;
}

}  // namespace msnp
