// SDG, the only carrier of MSNP21: three header blocks, each ended by an empty line, then content
// (framing.md 8.3, transfers.md 4.4). msnp-sharp looks at Message-Type alone, so the content is read
// both as packages and as a bare SLP text whatever the headers call it.
#include <algorithm>

#include "msnp/ascii.hpp"
#include "msnp/conversation.hpp"

namespace msnp {
namespace {

/// Packages of one datagram that are looked at; msnp-sharp sends one or two.
constexpr std::size_t packages_limit = 32;

std::string_view content_of(std::string_view text) noexcept {
  std::size_t at = 0;
  for (int block = 0; block < 3; ++block) {
    const std::size_t end = text.find("\r\n\r\n", at);
    if (end == std::string_view::npos) return text;
    at = end + 4;
  }
  return text.substr(at);
}

/// Typed text: every Message-Type is Text. Chat may quote an invitation.
bool is_chat(std::string_view headers) {
  const std::string lower = folded(headers);
  std::size_t types = 0;
  std::size_t texts = 0;
  constexpr std::string_view name = "message-type";
  for (std::size_t at = 0; (at = lower.find(name, at)) != std::string::npos; at += name.size()) {
    ++types;
    if (lower.compare(at + name.size(), 7, ": text\r") == 0) ++texts;
  }
  return types > 0 && types == texts;
}

/// The offsets of all Bridging-Offsets headers; 0 if there is none.
std::vector<std::size_t> package_offsets(std::string_view text) {
  std::vector<std::size_t> offsets;
  constexpr std::string_view name = "bridging-offsets";
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find_first_of("\r\n", begin), text.size());
    const std::string_view line = trimmed(text.substr(begin, end - begin));
    begin = end + 1;
    if (!starts_folded(line, name)) continue;
    std::string_view list = line.substr(name.size());
    while (!list.empty() && offsets.size() < packages_limit) {
      const std::size_t digit = list.find_first_of("0123456789");
      if (digit == std::string_view::npos) break;
      list.remove_prefix(digit);
      if (const auto offset = leading_number<std::uint32_t>(list)) offsets.push_back(*offset);
      list.remove_prefix(std::min(list.find_first_not_of("0123456789"), list.size()));
    }
  }
  if (offsets.empty()) offsets.push_back(0);
  return offsets;
}

}  // namespace

Fate Conversation::see_datagram(const Passage& passage) {
  const std::string_view text = as_text(passage.frame.payload);
  const std::string_view content = content_of(text);
  const std::string_view headers = text.substr(0, text.size() - content.size());
  bool first = true;
  Fate fate = Fate::forward;
  for (const std::size_t offset : package_offsets(headers)) {
    if (offset >= content.size()) continue;
    const auto package = read_p2p_v2(as_bytes(content.substr(offset)));
    if (!package) continue;
    // Only the first can hold the datagram back, or it would be sent on once for each package. When a later
    // one completes the text, the datagram held is what goes on.
    if (see_package_v2(passage, *package, Form::sdg, first) == Fate::withhold) fate = Fate::withhold;
    first = false;
  }
  if (!first || is_chat(headers)) return fate;
  const std::array texts{content, text};
  return see_texts(passage, texts, Form::sdg, nullptr);
}

}  // namespace msnp
