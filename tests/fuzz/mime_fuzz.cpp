// Input: messages, each two bytes of length and a payload. Every one is read alone, and all are given to
// Parts as pieces of multi-packet messages.
//
// Laws: all views lie in the payload; letter case hides nothing; what stands behind the header block of a
// canonical message changes nothing; Parts stays within its limits and its messages come to an end.
#include "msnp/mime.hpp"
#include "msnp/parts.hpp"
#include "tests/fuzz/laws.hpp"
#include "tests/fuzz/targets.hpp"

namespace fuzz {
namespace {

std::string upper(std::string_view text) {
  std::string made(text);
  for (char& letter : made) {
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
  }
  return made;
}

msnp::MimeBlock read(const Exact& payload) {
  const msnp::MimeBlock block = msnp::read_mime(payload.bytes());
  law(block.body_count >= 1, "a message has a body");
  for (const std::uint32_t body : block.bodies()) {
    law(body <= payload.bytes().size(), "a body lies in the payload");
  }
  if (!block.message_id.empty()) {
    const std::string_view text = payload.text();
    law(block.message_id.data() >= text.data() &&
            block.message_id.data() + block.message_id.size() <= text.data() + text.size(),
        "a Message-ID lies in the payload");
  }
  law(!block.part || !(block.p2p || block.invite) || !block.text_or_ink,
      "a part of an invitation is neither text nor ink");
  return block;
}

}  // namespace

int mime_fuzz(const std::uint8_t* data, std::size_t size) {
  Script script(data, size);
  msnp::Limits limits;
  limits.slp_text = 512;
  limits.parts_per_message = 8;
  limits.open_part_messages = 4;
  msnp::Parts parts;
  msnp::Moment now = 0;
  while (!script.at_end()) {
    const Exact payload(script.take(script.two_bytes()));
    const msnp::MimeBlock block = read(payload);

    const msnp::MimeBlock shouted = read(Exact(upper(payload.text())));
    law((!block.p2p || shouted.p2p) && (!block.invite || shouted.invite), "letter case hides nothing");
    if (block.canonical) {
      law(block.body_count == 1, "a canonical message has one body");
      const Exact headers(payload.bytes().first(block.bodies().front()));
      const msnp::MimeBlock alone = read(headers);
      law(alone.canonical && alone.p2p == block.p2p && alone.invite == block.invite &&
              alone.endpoints == block.endpoints && alone.text_or_ink == block.text_or_ink,
          "the body of a canonical message changes nothing");
    }
    if (block.part) {
      const std::string_view sender = payload.bytes().size() % 2 == 0 ? "" : "bob@example.org";
      if (parts.add(sender, block, payload.bytes(), {}, limits, now++) == msnp::Parts::Ruling::finished) {
        law(parts.whole().size() <= limits.slp_text + 64, "a message put together is bounded");
      }
      // A string may have reserved twice what it holds, and a kept key is an Exact payload long.
      law(parts.footprint() <= (limits.open_part_messages + 1) * (4 * limits.slp_text + 256),
          "what waits for more parts is bounded");
    }
  }
  (void)parts.expire(limits, now + limits.message_age + 1);
  law(parts.empty(), "every unfinished message is given up in time");
  return 0;
}

}  // namespace fuzz
