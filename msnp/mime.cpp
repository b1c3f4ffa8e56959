#include "msnp/mime.hpp"

#include <algorithm>
#include <string>

#include "msnp/ascii.hpp"
#include "msnp/line_scan.hpp"

namespace msnp {
namespace {

constexpr std::string_view p2p_type = "x-msnmsgrp2p";
constexpr std::string_view invite_type = "x-msmsgsinvite";
constexpr std::string_view type_name = "content-type";
constexpr std::string_view usual_version = "MIME-Version: 1.0";
constexpr std::string_view usual_type = "Content-Type: ";
/// How nearly every chat message and every P2P package begin, and go on.
constexpr std::string_view usual_chat = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n";
constexpr std::string_view usual_p2p = "MIME-Version: 1.0\r\nContent-Type: application/x-msnmsgrp2p\r\n";
constexpr std::string_view usual_format = "X-MMS-IM-Format: ";
constexpr std::string_view usual_destination = "P2P-Dest: ";

/// One Content-Type. The two spellings of nearly all traffic are told without a copy.
void note_type(MimeBlock& block, std::string_view value) {
  bool harmless = value == "text/plain; charset=UTF-8";
  if (value == "application/x-msnmsgrp2p") {
    block.p2p = true;
  } else if (!harmless) {
    for (std::size_t x = value.find_first_of("xX"); x < value.size(); x = value.find_first_of("xX", x + 1)) {
      if (starts_folded(value.substr(x), p2p_type)) block.p2p = true;
      if (starts_folded(value.substr(x), invite_type)) block.invite = true;
    }
    harmless = starts_folded(value, "text/plain") || starts_folded(value, "image/gif") ||
               starts_folded(value, "application/x-ms-ink");
  }
  block.text_or_ink = harmless && (block.text_or_ink || !block.typed);
  block.typed = true;
}

void note_end(MimeBlock& block, std::string_view name, std::string_view value) {
  if (block.destination.empty() && equal_folded(name, "p2p-dest")) block.destination = value;
  if (block.source.empty() && equal_folded(name, "p2p-src")) block.source = value;
}

/// The value of P2P-Dest in its usual spelling.
void note_destination(MimeBlock& block, std::string_view value) noexcept {
  if (value.find(';') != std::string_view::npos) block.endpoints = true;
  if (block.destination.empty()) block.destination = value;
}

void add_body(MimeBlock& block, std::size_t offset) noexcept {
  const auto at = static_cast<std::uint32_t>(offset);
  const auto known = block.bodies();
  if (block.body_count == block.body_offsets.size() ||
      std::find(known.begin(), known.end(), at) != known.end()) {
    return;
  }
  block.body_offsets[block.body_count++] = at;
}

constexpr bool is_name_letter(char letter) noexcept {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= '0' && letter <= '9') || letter == '-';
}

/// Reads a canonical block, without multi-packet headers and without names spelt backwards. False if it
/// is none: then `block` means nothing.
bool read_canonical(std::string_view text, MimeBlock& block) {
  std::size_t at = 0;
  if (text.starts_with(usual_chat)) {  // the two lines as the loop below would read them
    at = usual_chat.size();
    block.typed = block.text_or_ink = true;
  } else if (text.starts_with(usual_p2p)) {
    at = usual_p2p.size();
    block.typed = block.p2p = true;
  }
  while (at < text.size()) {
    const Run run = run_at(text, at);
    if (text.size() - run.end < 2 || text[run.end] != '\r' || text[run.end + 1] != '\n') return false;
    const std::string_view line = text.substr(at, run.end - at);
    at = run.end + 2;
    if (line.empty()) {
      if (!block.typed) return false;
      block.body_offsets[block.body_count++] = static_cast<std::uint32_t>(at);
      block.canonical = true;
      return true;
    }
    if (line == usual_version || line.starts_with(usual_format)) continue;
    if (line.starts_with(usual_destination)) {
      note_destination(block, line.substr(usual_destination.size()));
      continue;
    }
    if (line.starts_with(usual_type)) {
      // MSNPSharp looks through U+200D; no type is written with letters beyond ASCII.
      if (block.typed || run.non_ascii) return false;
      note_type(block, line.substr(usual_type.size()));
      continue;
    }
    std::size_t colon = 0;
    while (colon < line.size() && is_name_letter(line[colon])) ++colon;
    if (colon == 0 || colon + 1 >= line.size() || line[colon] != ':' || line[colon + 1] != ' ') {
      return false;
    }
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = line.substr(colon + 2);
    switch (fold(name.front())) {
      case 'c':
        if (starts_folded(name, type_name) || starts_folded(name, "chunk") || equal_folded(name, "crs-p2p")) {
          return false;
        }
        break;
      case 'm':
        if (equal_folded(name, "message-id")) return false;
        break;
      case 't':
        if (equal_folded(name, "tsed-p2p")) return false;
        break;
      case 'e':
      case 'd':
      case 's':
        if (equal_folded(name, "epyt-tnetnoc") || equal_folded(name, "di-egassem") ||
            equal_folded(name, "sknuhc")) {
          return false;
        }
        break;
      case 'p':
        if (starts_folded(name, "p2p-")) {
          if (value.find(';') != std::string_view::npos) block.endpoints = true;
          note_end(block, name, value);
        }
        break;
      default:
        break;
    }
  }
  return false;
}

/// One line as the loosest readers take it: any separator, any case, forwards and backwards.
void read_loose_line(std::string_view line, MimeBlock& block) {
  line = trimmed(line);
  if (line.empty()) return;
  const auto value_after = [](std::string_view text, std::size_t name) {
    const std::size_t begin = text.find_first_not_of(" \t:", name);
    return begin == std::string_view::npos ? std::string_view{} : text.substr(begin);
  };
  if (starts_folded(line, type_name)) note_type(block, value_after(line, type_name.size()));
  if (starts_folded(line, "epyt-tnetnoc")) {
    note_type(block, reversed(value_after(line, type_name.size())));
  }
  if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
    note_end(block, trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
  }
  if (starts_folded(line, "message-id")) block.message_id = trimmed(value_after(line, 10));
  if (starts_folded(line, "chunks")) {
    block.chunks = leading_number<std::uint32_t>(value_after(line, 6)).value_or(0);
  } else if (starts_folded(line, "chunk")) {
    block.chunk = leading_number<std::uint32_t>(value_after(line, 5)).value_or(0);
  }
}

void read_loose(std::string_view text, MimeBlock& block) {
  const std::size_t blank_line = text.find("\r\n\r\n");
  const std::size_t area =
      blank_line == std::string_view::npos ? text.size() : std::min(text.size(), blank_line + 4);
  if (blank_line != std::string_view::npos) add_body(block, area);

  // Where readers of other line ends see the body: LFLF, CRCR, and a line of nothing but blanks.
  std::size_t begin = 0;
  while (begin < area) {
    const std::size_t end = std::min(text.find_first_of(std::string_view{"\r\n\0", 3}, begin), area);
    const std::string_view line = text.substr(begin, end - begin);
    read_loose_line(line, block);
    if (begin > 0 && trimmed(line).empty() && end < area) {
      const bool crlf = text[end] == '\r' && end + 1 < text.size() && text[end + 1] == '\n';
      const bool inside_crlf = line.empty() && text[begin - 1] == '\r' && text[begin] == '\n';
      if (!inside_crlf) add_body(block, end + (crlf ? 2 : 1));
    }
    begin = end + 1;
  }
  if (block.body_count == 0) add_body(block, 0);

  // Folded, reversed or oddly spaced types: what remains of the block without any blank.
  std::string dense;
  dense.reserve(area);
  constexpr std::string_view joiner = "\xE2\x80\x8D";  // U+200D, which MSNPSharp's collation ignores
  for (std::size_t at = 0; at < area; ++at) {
    const char letter = text[at];
    if (text.substr(at).starts_with(joiner)) {
      at += joiner.size() - 1;
    } else if (letter > ' ' || static_cast<unsigned char>(letter) >= 0x80) {
      dense.push_back(fold(letter));
    }
  }
  const auto holds = [&dense](std::string_view type) {
    return dense.find(type) != std::string::npos || dense.find(reversed(type)) != std::string::npos;
  };
  if (holds(p2p_type)) block.p2p = true;
  if (holds(invite_type)) block.invite = true;
  if (block.p2p || block.invite) block.text_or_ink = false;
  block.part = holds("message-id") && holds("chunk");
  block.endpoints = dense.find(";{") != std::string::npos || dense.find("{;") != std::string::npos;
}

}  // namespace

MimeBlock read_mime(Bytes payload) {
  MimeBlock block;
  if (!read_canonical(as_text(payload), block)) {
    block = {};
    read_loose(as_text(payload), block);
  }
  return block;
}

}  // namespace msnp
