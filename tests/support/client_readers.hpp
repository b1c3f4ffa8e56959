// How known clients read what arrives: small models of their parsers, written from
// transfers.md 1.5, 2.4, 3.4, 4.2 and 5.3 and from nothing else. They share no code with msnp/, so that both
// do not err alike.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "msnp/types.hpp"

namespace gate::test {

enum class Client { libpurple, pecan, miranda, papyon, amsn, msnp_sharp, msnp11, bitlbee };
inline constexpr std::array all_clients{Client::libpurple, Client::pecan,  Client::miranda,
                                        Client::papyon,    Client::amsn,   Client::msnp_sharp,
                                        Client::msnp11,    Client::bitlbee};

/// "libpurple", "pecan", "miranda", "papyon", "amsn", "msnp-sharp", "msnp11", "bitlbee".
[[nodiscard]] std::string_view name_of(Client client);

/// Whose client it is that reads: account and endpoint as in transfer-vectors.json. Empty: it takes every
/// account or endpoint for its own.
struct Reader {
  Client client = Client::libpurple;
  std::string account;   // "bob@example.org"
  std::string endpoint;  // "{b2b2...}", with braces
};

/// A file offer (or photo sharing, or sharing folder) that a client would show to its user or act upon.
struct OfferRead {
  std::string envelope;  // "classic", "p2p-v1", "p2p-v2", "sdg", "uun"
  std::string name;      // as the client would show it; empty if it shows none
};

/// What the client finds in `bytes`: complete frames, one after another, as they travelled in `direction`
/// (`MSG 11 D 300` to the server, which everybody in the switchboard then reads; `MSG bob Bob 300` to the
/// client).
[[nodiscard]] std::vector<OfferRead> offers_read(const Reader& reader, msnp::Direction direction,
                                                 std::string_view bytes);

/// Every offer that any of the clients finds in `bytes`, whoever they are for: "miranda p2p-v1 report.txt,
/// ...". Empty if nobody finds one.
[[nodiscard]] std::string offers_read_by_anybody(msnp::Direction direction, std::string_view bytes);

}  // namespace gate::test
