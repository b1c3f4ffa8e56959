#include "msnp/decoder.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>

#include "msnp/line_scan.hpp"
#include "msnp/utf8.hpp"

namespace msnp {
namespace {

constexpr std::size_t word_size = 3;
/// A command and the byte behind it: what tells a command from a payload (framing.md 2.4).
constexpr std::size_t lookahead = word_size + 1;
/// Lines in a row without one known command that show another protocol (framing.md 2.4).
constexpr std::uint8_t most_unknown_lines = 3;

using Tokens = TokenScan<most_tokens>;

constexpr bool is_capital(char letter) noexcept {
  return letter >= 'A' && letter <= 'Z';
}
constexpr bool is_digit(char letter) noexcept {
  return letter >= '0' && letter <= '9';
}
constexpr bool is_letter(char letter) noexcept {
  return is_capital(letter) || (letter >= 'a' && letter <= 'z');
}

// A loop of its own: std::all_of with a function is not inlined, and every transaction id comes by here.
constexpr bool all_digits(std::string_view text) noexcept {
  for (const char letter : text) {
    if (!is_digit(letter)) return false;
  }
  return true;
}

constexpr bool is_ack_letter(char letter) noexcept {
  return letter == 'U' || letter == 'N' || letter == 'A' || letter == 'D' || letter == 'S';
}

/// `text` holds at least three bytes.
Word word_at(std::string_view text) noexcept {
  return word({text[0], text[1], text[2], '\0'});
}

std::size_t first_control(std::string_view text) noexcept {
  const auto* const found = std::find_if(text.begin(), text.end(), [](char letter) {
    return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F;
  });
  return found == text.end() ? 0 : static_cast<std::size_t>(found - text.begin());
}

inline bool fits(TokenKind kind, std::string_view token) noexcept {
  switch (kind) {
    case TokenKind::any:
      return !token.empty();
    case TokenKind::name:
      return true;
    case TokenKind::trid:
      return !token.empty() && token.size() <= most_transaction_digits && all_digits(token);
    case TokenKind::zero:
      return token == "0";
    case TokenKind::ok:
      return token == "OK";
    case TokenKind::ack:
      return token.size() == 1 && is_ack_letter(token.front());
    case TokenKind::length:
      break;  // read, not only looked at: see `tabled`
  }
  return false;
}

/// A payload that one reader takes for lines: does one of those lines begin with a command that carries a
/// payload? Blanks and case are looked through, because some reader does the same (framing.md 1.3).
bool hides_command(std::string_view payload) noexcept {
  const auto upper = [](char letter) {
    return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
  };
  const auto is_blank = [](char letter) { return static_cast<unsigned char>(letter) <= ' '; };
  std::size_t at = 0;
  while (at < payload.size()) {
    while (at < payload.size() && is_blank(payload[at])) ++at;
    const std::string_view rest = payload.substr(at);
    if (!rest.empty() && rest.front() == '%') return true;  // Escargot decodes the command: %4DSG
    if (rest.size() >= word_size) {
      if (carries_payload(word({upper(rest[0]), upper(rest[1]), upper(rest[2]), '\0'}))) return true;
    } else if (!rest.empty() && is_letter(rest.front())) {
      return true;  // what follows the payload would complete the command
    }
    const std::size_t end = rest.find_first_of("\r\n");
    if (end == std::string_view::npos) return false;
    at += end + 1;
  }
  return false;
}

enum class Likeness : std::uint8_t { undecided, command, something_else };

/// `[A-Z]{3}[ \r\n]` or `[0-9]{3} `.
Likeness likeness(std::string_view bytes) noexcept {
  const std::string_view letters = bytes.substr(0, word_size);
  const bool capitals = std::all_of(letters.begin(), letters.end(), is_capital);
  if (!capitals && !all_digits(letters)) return Likeness::something_else;
  if (bytes.size() < lookahead) return Likeness::undecided;
  const char behind = bytes[word_size];
  if (behind == ' ' || (capitals && (behind == '\r' || behind == '\n'))) return Likeness::command;
  return Likeness::something_else;
}

std::string_view last_token(std::string_view text) noexcept {
  const std::size_t end = text.find_last_not_of(' ') + 1;
  const std::string_view trimmed = text.substr(0, end);
  const std::size_t blank = trimmed.rfind(' ');
  return blank == std::string_view::npos ? std::string_view{} : trimmed.substr(blank + 1);
}

}  // namespace

struct Decoder::Line {
  Bytes in;
  CommandLine command;
  std::size_t size;  // with its end
  Repair repair;
  bool non_ascii;
  std::uint64_t blanks = 0;  // of a short line, one bit for each
  bool known = true;         // some source names the command
  bool inspected = false;
  bool dropped = false;
};

Step Decoder::next(Bytes in) noexcept {
  if (opaque_left_ != 0) {
    if (in.empty()) return NeedMore{1};
    const std::size_t size = std::min<std::size_t>(in.size(), opaque_left_);
    opaque_left_ -= static_cast<std::uint32_t>(size);
    return Opaque{in.first(size)};
  }
  if (faulted_) return Fault{error_, fault_offset_};
  if (in.size() < needed_) return NeedMore{needed_};

  const std::string_view all = as_text(in);
  if (searched_ == 0) {
    const ShortLine found = short_line_of(all);
    if (found.size != 0 && found.size <= limits_->line) {
      Line line{in, {all.substr(0, found.size), Word{}}, found.size + 2, Repair::none, found.non_ascii};
      line.blanks = found.blanks;
      return command(line);
    }
  }
  return any_line(in);
}

/// A line of whatever length and bytes.
Step Decoder::any_line(Bytes in) noexcept {
  // Two more bytes than the longest line: its CR and LF.
  const std::size_t window = std::min(in.size(), limits_->line + 2);
  const std::string_view all = as_text(in);
  const void* const found = std::memchr(all.data() + searched_, '\n', window - searched_);
  if (found == nullptr) return unfinished_line(in);
  const auto length_with_cr = static_cast<std::size_t>(static_cast<const char*>(found) - all.data());
  const bool crlf = length_with_cr > 0 && all[length_with_cr - 1] == '\r';
  const std::string_view text = all.substr(0, length_with_cr - (crlf ? 1 : 0));
  if (text.empty()) return swallow(in);
  if (text.size() > limits_->line) return too_long_line(in);

  // Only CRLF goes on: the official server and Escargot take a bare LF, but Pidgin, papyon and aMSN join
  // such a line with the next one.
  Line line{in, {text, Word{}}, length_with_cr + 1, crlf ? Repair::none : Repair::line_end, false};
  const ByteClasses classes = byte_classes(text);
  line.non_ascii = classes.non_ascii;
  if (classes.control) {
    // Escargot splits its words at control bytes, so none comes from a client. Servers send them inside
    // friendly names; there they are encoded. A lone CR ends the line for BitlBee and Miranda.
    if (direction_ == Direction::to_server || text.find('\r') != std::string_view::npos) {
      return fail(Error::malformed_line, first_control(text));
    }
    line.repair = line.repair | Repair::control_bytes;
  }
  return command(line);
}

/// A line without control bytes, or with such as are repaired: what does it command?
Step Decoder::command(Line& line) noexcept {
  const std::string_view text = line.command.text;
  if (line.non_ascii && direction_ == Direction::to_server && !is_utf8(text)) {
    return fail(Error::malformed_line, 0);  // Escargot raises and closes, too
  }
  if (text.size() < word_size || (text.size() > word_size && text[word_size] != ' ')) {
    return fail(Error::malformed_line, 0);
  }
  line.command.word = word_at(text);

  const Lookup known = look_up(direction_, side_, line.command.word);
  switch (known.standing) {
    case Standing::plain:
      return take(line, 0, 0);
    case Standing::tabled:
      return tabled(line, *known.row);
    case Standing::forbidden:
      return fail(Error::forbidden_command, 0);
    case Standing::unknown:
      break;
  }
  const std::string_view letters = text.substr(0, word_size);
  if (std::all_of(letters.begin(), letters.end(), is_capital)) return doubtful(line);
  if (direction_ == Direction::to_client && all_digits(letters)) return numeric(line);
  return fail(Error::malformed_line, 0);
}

/// No LF yet. A CR with anything but LF behind it cannot become a good line any more.
Step Decoder::unfinished_line(Bytes in) noexcept {
  const std::string_view all = as_text(in);
  const std::size_t cr = all.find('\r', searched_ > 0 ? searched_ - 1 : 0);
  const bool too_long = all.size() > limits_->line && all[limits_->line] != '\r';
  if (too_long || (cr != std::string_view::npos && cr + 1 < all.size())) return too_long_line(in);
  searched_ = static_cast<std::uint32_t>(all.size());
  return wait_for(all.size() + 1);
}

/// Whichever comes first is the fault, however the bytes were cut: a lone CR, or the end of the limit.
Step Decoder::too_long_line(Bytes in) noexcept {
  const std::string_view all = as_text(in);
  const std::size_t cr = all.find('\r');
  if (cr <= limits_->line && cr + 1 < all.size() && all[cr + 1] != '\n') {
    return fail(Error::malformed_line, first_control(all));
  }
  return fail(Error::line_too_long, 0);
}

Step Decoder::swallow(Bytes in) noexcept {
  // To a reader who took the other reading these bytes belong to a payload, or end a line.
  if (shadow_ != 0) return fail(Error::ambiguous_command, 0);
  const std::string_view all = as_text(in);
  std::size_t size = 0;
  for (;;) {
    const std::string_view rest = all.substr(size);
    if (rest.starts_with("\r\n")) {
      size += 2;
    } else if (rest.starts_with('\n')) {
      size += 1;
    } else {
      break;
    }
  }
  searched_ = 0;
  needed_ = 1;
  return Swallowed{in.first(size)};
}

/// A command of the table: its line must have one of the listed forms to the letter.
Step Decoder::tabled(Line& line, const CommandRow& row) noexcept {
  const std::string_view text = line.command.text;
  if (text.back() == ' ') return fail(Error::not_canonical, text.size() - 1);
  // Escargot splits words at NBSP, NEL and U+3000, and reads any script's digits.
  if (line.non_ascii && direction_ == Direction::to_server) return fail(Error::not_canonical, 0);

  const Tokens tokens = line.blanks != 0 ? Tokens(text, line.blanks) : Tokens(text);
  const std::size_t count = tokens.count();
  Error error = Error::wrong_arity;
  std::size_t error_at = 0;
  for (const LineForm& form : row.forms) {
    const bool length_left_out = form.length_optional && count + 1 == form.arity;
    if ((count != form.arity && !length_left_out) || count == 0) continue;
    const bool measured = form.has_length && !length_left_out;
    const std::size_t words = measured ? count - 1 : count;
    std::size_t misfit = 0;
    while (misfit < words && fits(form.kinds[misfit], tokens[misfit])) ++misfit;
    if (misfit < words) {
      error = Error::not_canonical;
      error_at = static_cast<std::size_t>(tokens[misfit].data() - text.data());
      continue;
    }
    std::size_t length = 0;
    if (measured) {
      const auto announced = canonical_length(tokens[words]);
      if (!announced) {
        error = Error::bad_length;
        error_at = static_cast<std::size_t>(tokens[words].data() - text.data());
        continue;
      }
      length = *announced;
      if (length > limits_->*row.limit) return fail(Error::payload_too_long, 0);
    } else if (length_left_out) {
      line.repair = line.repair | Repair::missing_length;
    }
    line.dropped = row.treatment == Treatment::drop;
    line.inspected = row.treatment == Treatment::inspect;
    if (form.has_name) {
      if (tokens[1].empty()) line.repair = line.repair | Repair::empty_name;
      // Miranda takes a sender of digits for a transaction id and does not consume the payload. No
      // account is a number.
      line.dropped = all_digits(tokens[0]);
      line.inspected = !line.dropped;
    }
    return take(line, length, row.treatment == Treatment::stream ? 0 : length);
  }
  return fail(error, error_at);
}

/// `NNN [trid [N]]`. With exactly two tokens a notification server sends a payload (framing.md 2.2); a
/// switchboard never does.
Step Decoder::numeric(Line& line) noexcept {
  const std::string_view text = line.command.text;
  if (side_ == Side::switchboard) return take(line, 0, 0);
  const std::size_t count = line.command.token_count();
  if (count < 2) return take(line, 0, 0);
  if (count > 2) return doubtful(line);
  // Nobody reads a length out of a word: atoi gives 0, and the others want an integer.
  if (is_letter(last_token(text).front())) return take(line, 0, 0);
  return tabled(line, numeric_reply());
}

/// A command that no source names (framing.md 2.4). If it ends in a number, MSNPSharp reads a payload and
/// everybody else a line. What comes next decides, and nothing that carries a message may stand where the
/// two readings differ: such bytes never go on.
Step Decoder::doubtful(Line& line) noexcept {
  line.known = is_digit(line.command.text.front());
  if (!line.known && unknown_lines_ + 1 >= most_unknown_lines) return fail(Error::not_msnp, 0);
  const std::size_t length = canonical_length(last_token(line.command.text)).value_or(0);
  if (length == 0) return take(line, 0, 0);

  const std::string_view behind = as_text(line.in.subspan(line.size));
  switch (likeness(behind)) {
    case Likeness::undecided:
      return wait_for(line.in.size() + 1);
    case Likeness::command: {
      if (carries_payload(word_at(behind))) return fail(Error::ambiguous_command, 0);
      const Step step = take(line, 0, 0);
      shadow_ = std::max(shadow_, static_cast<std::uint32_t>(length));
      return step;
    }
    case Likeness::something_else:
      break;
  }
  if (length > limits_->inspected_payload) return fail(Error::payload_too_long, 0);
  const Step step = take(line, length, length);
  if (const auto* const frame = std::get_if<Frame>(&step)) {
    const std::string_view payload = as_text(frame->payload);
    if (hides_command(payload)) return fail(Error::ambiguous_command, 0);
    // To a reader of lines the last one goes on into the next frame.
    shadow_ = payload.back() == '\n' ? 0 : 1;
  }
  return step;
}

/// True if a reader who took the other reading of an earlier line would see this frame differently in a
/// way that matters, or would see other bytes than came. Moves `shadow_` past the frame.
bool Decoder::misread_elsewhere(const Line& line, std::size_t length) noexcept {
  if (length > 0 || line.inspected || line.dropped) return true;
  // A repair changes sizes behind the command.
  if (shadow_ > word_size && line.repair != Repair::none) return true;
  const std::string_view text = line.command.text;
  if (shadow_ < text.size()) {
    // That reader goes on here, in the middle of the line.
    const std::string_view tail = text.substr(shadow_);
    const std::size_t begin = std::min(tail.find_first_not_of(' '), tail.size());
    const std::string_view rest = tail.substr(begin);
    if (rest.size() >= word_size && carries_payload(word_at(rest))) return true;
  }
  shadow_ -= static_cast<std::uint32_t>(std::min<std::size_t>(shadow_, line.size));
  return false;
}

/// Hands out the frame once `gathered` bytes of its payload are there.
Step Decoder::take(const Line& line, std::size_t length, std::size_t gathered) noexcept {
  const std::size_t size = line.size + gathered;
  if (shadow_ != 0) [[unlikely]] {
    const std::uint32_t before = shadow_;
    if (misread_elsewhere(line, length)) return fail(Error::ambiguous_command, 0);
    if (line.in.size() < size) shadow_ = before;
  }
  if (line.in.size() < size) return wait_for(size);
  searched_ = 0;
  needed_ = 1;
  unknown_lines_ = line.known ? 0 : static_cast<std::uint8_t>(unknown_lines_ + 1);
  opaque_left_ = static_cast<std::uint32_t>(length - gathered);
  return Frame{line.command,   line.in.subspan(line.size, gathered),
               length,         line.in.first(size),
               line.inspected, line.dropped,
               line.repair};
}

/// The line may have been found already; it is not looked at again before `size` bytes are there.
Step Decoder::wait_for(std::size_t size) noexcept {
  needed_ = static_cast<std::uint32_t>(size);
  return NeedMore{size};
}

Step Decoder::fail(Error error, std::size_t offset) noexcept {
  faulted_ = true;
  error_ = error;
  fault_offset_ = static_cast<std::uint32_t>(offset);
  return Fault{error, offset};
}

}  // namespace msnp
