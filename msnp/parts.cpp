#include "msnp/parts.hpp"

#include <algorithm>

namespace msnp {

Parts::Ruling Parts::add(std::string_view sender, const MimeBlock& block, Bytes payload, Bytes wire,
                         const Limits& limits, Moment now) {
  std::string key(sender);
  key += '\n';
  key += block.message_id;
  auto message =
      std::find_if(open_.begin(), open_.end(), [&key](const Message& one) { return one.key == key; });
  const bool harmless = block.typed && block.text_or_ink;
  if (message == open_.end()) {
    // A part of an unknown message with no type of its own could be a part of anything.
    if (open_.size() >= limits.open_part_messages) open_.pop_front();
    message = open_.insert(open_.end(), Message{});
    message->key = std::move(key);
    message->gathered = !harmless;
    message->since = now;
  }
  if (block.typed && !harmless) message->gathered = true;
  if (block.chunks) message->expected = *block.chunks;
  ++message->seen;
  const bool last = message->expected != 0 && message->seen >= message->expected;

  if (!message->gathered) {
    if (last) open_.erase(message);
    return Ruling::pass;
  }
  const std::string_view text = as_text(payload);
  const std::size_t body = block.bodies().front();
  if (message->headers.size() + message->body.size() + text.size() <= limits.slp_text) {
    const std::string_view headers = text.substr(0, body);
    message->headers += headers.substr(0, headers.find_last_not_of("\r\n") + 1);
    message->headers += "\r\n";
    message->body += text.substr(body);
  } else {
    message->lost = true;
    message->held.clear();
  }
  if (!last && message->seen < limits.parts_per_message) {
    if (!message->lost) message->held.emplace_back(as_text(wire));
    return Ruling::withhold;
  }
  const bool lost = message->lost || !last;
  whole_ = message->headers + "\r\n" + message->body;
  held_ = lost ? std::vector<std::string>{} : std::move(message->held);
  open_.erase(message);
  return lost ? Ruling::lost : Ruling::finished;
}

std::size_t Parts::expire(const Limits& limits, Moment now) {
  std::size_t unfinished = 0;
  while (!open_.empty() && now - open_.front().since > limits.message_age) {
    if (open_.front().gathered) ++unfinished;
    open_.pop_front();
  }
  return unfinished;
}

std::size_t Parts::footprint() const noexcept {
  std::size_t bytes = whole_.capacity();
  for (const std::string& held : held_) bytes += sizeof(std::string) + held.capacity();
  for (const Message& message : open_) {
    bytes += sizeof(message) + message.headers.capacity() + message.body.capacity();
    for (const std::string& held : message.held) bytes += sizeof(std::string) + held.capacity();
  }
  return bytes;
}

}  // namespace msnp
