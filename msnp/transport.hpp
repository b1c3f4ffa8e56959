// Direct connections, the gate G2: an SLP text that tells where a socket could be opened loses the address
// and keeps its size (transfers.md 8.4; run with clients in block-proof.md 3.2). The transfer then takes the
// switchboard, where it is seen.
//
//   transrespbody          IPv4External-Addrs: 198.51.100.7    ->  IPv4External-Addrs: 0.0.0.0
//                          troP-lanretxE4vPI: 1986             ->  troP-lanretxE4vPI: 0       (mirrored
//                          spelling)
//   transdestaddrupdate    stroPdnAsrddAlanretnI4vPI: 1986:3.2.1.01
//                                                              ->  stroPdnAsrddAlanretnI4vPI: 0:0.0.0.0
//   transudpswitch, turnsetup                                  ->  Content-Type: null, no body
//
// What is a field is decided as the union of all readers: names in any case, plain or mirrored (Miranda,
// official clients), anywhere in the text (libpurple searches for them), whatever the body calls itself;
// lines end in CR, LF, CRLF or NUL, and a value goes on behind a lone CR, LF or NUL where some reader thinks
// so. Body types, nonces, `Listening`, `NetID` and `IPv6-global` (an address without a port) stay as they
// are.
#pragma once

#include <string>
#include <string_view>

namespace msnp {

/// True if some client would find in `text`, an MSNSLP text, a live address, port or relay of a direct
/// connection. A transport request tells none. Linear in the size of `text`.
[[nodiscard]] bool tells_address(std::string_view text);

/// Makes every one of them dead; `text` keeps its size (what gets shorter is followed by more NULs), and so
/// Content-Length, the TotalSize of P2P v1 and the lengths of P2P v2 stay true. After it `tells_address` is
/// false. A value with no room for its dead form becomes empty. False, and nothing changed, if there was
/// nothing to do. Linear in the size of `text`.
[[nodiscard]] bool remove_addresses(std::string& text);

}  // namespace msnp
