// An MSNSLP text as the union of what all known clients would read in it (transfers.md 5).
//
//   INVITE MSNMSGR:bob@example.org MSNSLP/1.0 CRLF     or   MSNSLP/1.0 603 Decline CRLF
//   headers CRLF CRLF body NUL
//
// Lines may end in CRLF, LF, CR or NUL; names count in any case and spelt backwards (Miranda); of a
// name written twice every value counts; the method may be anything (aMSN never looks at it).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "msnp/offer.hpp"

namespace msnp {

struct SlpMessage {
  /// Some reader takes the text for a request that invites; the words of a status never do.
  bool invites = false;
  bool bye = false;
  /// The code of a status, 0 for a request.
  std::uint16_t status = 0;
  /// A transport negotiation (`transreqbody`, `transrespbody`), not an application.
  bool transport = false;

  /// Values as spelled, first one of each; what a reply has to repeat.
  std::string to, from, via, call_id, session_id;
  /// Every value found, so that none escapes a refused call.
  std::vector<std::string> call_ids;
  std::vector<std::uint32_t> session_ids;

  /// The SHA1D of the MSNObject it asks for, as announced; empty if there is none, `no_digest` if more than
  /// one.
  std::string sha1d;

  /// What the text offers, the most restricted kind first; empty if it offers nothing.
  std::vector<Offer> offers;
};

/// Nothing if no reader would see an SLP message in `text`. `text` may hold junk before and after.
[[nodiscard]] std::optional<SlpMessage> read_slp(std::string_view text);

/// The account inside `<msnmsgr:account;{guid}>`, as spelled, without endpoint; empty if there is none.
[[nodiscard]] std::string_view slp_account(std::string_view value) noexcept;

}  // namespace msnp
