// What speaks on a connection, told from its first bytes from the client (framing.md 3.1).
#pragma once

#include <cstdint>
#include <string_view>

#include "msnp/bytes.hpp"

namespace msnp {

enum class Protocol : std::uint8_t {
  need_more,     // not decidable yet; at most 64 bytes are looked at
  notification,  // MSNP, notification or dispatch server
  switchboard,   // MSNP, switchboard: USR with an address, or ANS
  http,          // POST, GET, OPTIONS, CONNECT ...
  msnftp,        // the data socket of a classic transfer: VER MSNFTP
  p2p_direct,    // the data socket of a P2P session: 04 00 00 00 "foo" 00, or a nonce frame
  tls,
  other,
};

/// "notification", "switchboard", "http", "msnftp", "p2p-direct", "tls", "other", "need-more".
[[nodiscard]] std::string_view name_of(Protocol protocol) noexcept;

/// `first` holds everything the client has sent so far. Lower-case or blank-led variants of an MSNP
/// opening are MSNP attempts (Escargot takes them): they are reported as MSNP, and the decoder
/// refuses them.
[[nodiscard]] Protocol detect(Bytes first) noexcept;

}  // namespace msnp
