#include "msnp/routing.hpp"

#include <algorithm>
#include <cstdint>

#include "msnp/ascii.hpp"

namespace msnp {
namespace {

/// Calls `each` with every line, without its end and the blanks around it.
template <class Each>
void for_each_line(std::string_view text, Each each) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find_first_of("\r\n", begin), text.size());
    each(trimmed(text.substr(begin, end - begin)));
    begin = end + 1;
  }
}

}  // namespace

Routing read_routing(std::string_view datagram) noexcept {
  Routing routing{{}, {}, {}, datagram};
  std::size_t at = 0;
  for (int block = 0; block < 3; ++block) {
    const std::size_t end = datagram.find("\r\n\r\n", at);
    if (end == std::string_view::npos) {
      at = 0;
      break;
    }
    at = end + 4;
  }
  routing.headers = datagram.substr(0, at);
  routing.content = datagram.substr(at);
  for_each_line(at == 0 ? datagram : routing.headers, [&routing](std::string_view line) {
    if (routing.to.empty() && starts_folded(line, "to:")) routing.to = trimmed(line.substr(3));
    if (routing.from.empty() && starts_folded(line, "from:")) routing.from = trimmed(line.substr(5));
  });
  return routing;
}

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

std::vector<std::size_t> package_offsets(std::string_view headers) {
  std::vector<std::size_t> offsets;
  constexpr std::string_view name = "bridging-offsets";
  for_each_line(headers, [&](std::string_view line) {
    if (!starts_folded(line, name)) return;
    std::string_view list = line.substr(name.size());
    while (!list.empty() && offsets.size() <= offsets_limit) {
      const std::size_t digit = list.find_first_of("0123456789");
      if (digit == std::string_view::npos) break;
      list.remove_prefix(digit);
      if (const auto offset = leading_number<std::uint32_t>(list)) offsets.push_back(*offset);
      list.remove_prefix(std::min(list.find_first_not_of("0123456789"), list.size()));
    }
  });
  return offsets;
}

}  // namespace msnp
