#include "msnp/repair.hpp"

#include <string_view>

namespace msnp {
namespace {

/// Bytes that some client takes for a blank or for the end of the line (framing.md 1.3, second table).
constexpr bool is_control(unsigned char byte) noexcept {
  return byte < 0x20 || byte == 0x7F;
}

void append_encoded(std::string_view text, std::string& to) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (is_control(byte)) {
      to += '%';
      to += digits[byte >> 4U];
      to += digits[byte & 15U];
    } else {
      to += letter;
    }
  }
}

}  // namespace

void append_repaired(const Frame& frame, std::string& to) {
  const std::string_view text = frame.line.text;
  if (has(frame.repair, Repair::empty_name)) {
    // `MSG address  N`: Miranda collapses the two blanks, sees two words and runs the payload as
    // commands; the address is what every client shows for a person without a name.
    const std::size_t gap = text.find("  ");
    append_encoded(text.substr(0, gap + 1), to);
    append_encoded(frame.line.token(0), to);
    append_encoded(text.substr(gap + 1), to);
  } else {
    append_encoded(text, to);
  }
  if (has(frame.repair, Repair::missing_length)) to += " 0";
  to += "\r\n";
  to += as_text(frame.payload);
}

}  // namespace msnp
