// One invitation as read from the wire: what a policy judges and an audit record tells.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "msnp/kind.hpp"
#include "msnp/types.hpp"

namespace msnp {

/// Why a thing is judged, or what about it made it suspicious. Audit key `reason`.
enum class Reason : std::uint8_t {
  offer,                 // an ordinary invitation
  accept,                // the answer to a refused invitation, or one that reveals an address
  undecodable,           // an offer whose file data nobody could read
  object_type,           // an MSNObject of type 4, a shared file
  object_too_big,        // an MSNObject over the size cap of its type
  data_without_session,  // session data that no invitation let through announced
  chunked,               // an invitation or package cut into MIME parts
  disordered,            // packages that do not fit together as any client sends them
  transport,             // an address or port at which a direct connection could be made
  object_over_size,      // more bytes of an MSNObject than it was announced with
  object_wrong_digest,   // an MSNObject whose bytes are not those it was announced with
  policy_change,         // admitted once, and not under the policy of now
};

/// "offer", "accept", "undecodable", "object-type", ...
[[nodiscard]] std::string_view name_of(Reason reason) noexcept;

/// Owns its strings: it outlives the bytes it was read from.
struct Offer {
  Kind kind = Kind::unknown_application;
  Form form = Form::p2p_v1;
  Reason reason = Reason::offer;
  /// The way the invitation travels: to_server = the local user offers.
  Direction direction = Direction::to_server;

  /// Every reading of the file name, UTF-8, the likeliest first (transfers.md 5.4: clients cut at the
  /// first NUL, or drop all NULs). Empty when there is none.
  std::vector<std::string> names;
  /// In bytes, 64 bit as on the wire.
  std::optional<std::uint64_t> size;

  std::string call_id;     // P2P: as spelled on the wire
  std::string session_id;  // P2P: decimal as spelled
  std::string cookie;      // classic
  std::string from;        // account in the offer itself, if it names one; never trusted
  std::string to;
};

}  // namespace msnp
