// The head of an SDG: three header blocks, each ended by an empty line, then content (framing.md 8.3,
// transfers.md 4.4).
//
//   Routing: 1.0 CRLF To: 1:bob@example.org;epid={guid} CRLF From: ... CRLF CRLF
//   Reliability: 1.0 CRLF ... CRLF CRLF
//   Messaging: 2.0 CRLF Message-Type: Data CRLF ... Bridging-Offsets: 0,52 CRLF Content-Length: n CRLF CRLF
//   content
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace msnp {

/// Views point into the datagram.
struct Routing {
  std::string_view to, from;  // as spelled; empty if not there
  std::string_view headers;   // all three blocks
  std::string_view content;   // the whole datagram if the blocks do not end
};
[[nodiscard]] Routing read_routing(std::string_view datagram) noexcept;

/// Typed text: every Message-Type is Text. Chat may quote an invitation.
[[nodiscard]] bool is_chat(std::string_view headers);

/// The offsets of all Bridging-Offsets headers, into the content; empty if there is none. Bounded: more than
/// `offsets_limit` are never told.
inline constexpr std::size_t offsets_limit = 32;
[[nodiscard]] std::vector<std::size_t> package_offsets(std::string_view headers);

}  // namespace msnp
