// SDG, the only carrier of MSNP21 (routing.hpp). msnp-sharp looks at Message-Type alone, so the content is
// read both as packages and as a bare SLP text whatever the headers call it.
#include <algorithm>

#include "msnp/conversation.hpp"
#include "msnp/routing.hpp"

namespace msnp {

Fate Conversation::see_datagram(const Passage& passage) {
  if (passage.direction == Direction::to_client && see_reply(passage.frame) == Fate::withhold) {
    return Fate::withhold;
  }
  const std::string_view text = as_text(passage.frame.payload);
  const Routing routing = read_routing(text);
  std::vector<Found> found;
  std::vector<std::size_t> offsets = package_offsets(routing.headers);
  const bool announced = !offsets.empty();
  if (!announced) offsets.push_back(0);
  // msnp-sharp reads at every offset that is told; as clients tell them, packages stand one behind the other.
  bool fits = offsets.size() <= offsets_limit;
  std::size_t end = 0;
  for (const std::size_t offset : offsets) {
    const Bytes bytes = as_bytes(routing.content.substr(std::min(offset, routing.content.size())));
    const auto package = read_p2p_v2(bytes);
    fits = fits && package && offset >= end;
    if (!fits) break;
    end =
        offset + std::max<std::size_t>(package->message_length, package->data_offset + package->data.size());
    found.push_back({*package, bytes});
  }
  if (!fits) {
    if (announced) return see_odd_package(passage, Reason::disordered, text);
    found.clear();
  }
  if (!found.empty()) {
    Bridge& bridge = bridge_of(passage, routing.to, routing.from, Form::sdg);
    return see_packages(passage, bridge, found);
  }
  if (is_chat(routing.headers)) return Fate::forward;
  const std::array texts{routing.content, text};
  return see_bare_text(passage, texts, routing.content, Form::sdg);
}

}  // namespace msnp
