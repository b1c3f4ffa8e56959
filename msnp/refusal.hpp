// The words of a refusal: the payloads that end an offer cleanly, in the other side's name
// (transfers.md 7.2-7.5, block-proof.md 4). Only bytes are made here; who gets them is decided by those
// who hold the conversation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "msnp/p2p.hpp"
#include "msnp/slp.hpp"
#include "msnp/types.hpp"

namespace msnp {

/// `Invitation-Command: CANCEL`, `Cancel-Code: REJECT`: the only code that every client heeds. Nothing if
/// the cookie is of a kind that some reader would take for an invitation.
[[nodiscard]] std::optional<std::string> classic_reject(std::string_view cookie);

/// The words of To, From and the ids are those of the offerer: an answer must not carry on what it refuses.
[[nodiscard]] bool is_harmless(std::string_view text);

/// A text in a package ends with a NUL, one that is a payload by itself does not.
enum class TextEnd : std::uint8_t { nul, bare };

/// The text `MSNSLP/1.0 603 Decline` to an invitation, its To, From, Via, Call-ID and SessionID repeated.
/// Nothing if the invitation lacks what a client needs to find its call, holds too much
/// to repeat, or names an application where a To, From or id should be.
[[nodiscard]] std::optional<std::string> decline_text(const SlpMessage& invitation,
                                                      TextEnd end = TextEnd::nul);

/// What the audit tells of a decline: who gets it when the offer travels in `offered`.
[[nodiscard]] constexpr std::string_view decline_for(Direction offered) noexcept {
  return offered == Direction::to_server ? "603 to client" : "603 to server";
}

/// The names a running call is ended by.
struct CallParties {
  std::string offerer;     // the value of From in the invitation, `<msnmsgr:...>`
  std::string invited;     // the value of To
  std::string call_id;     // as spelled
  std::string session_id;  // as spelled
};
/// The text `BYE` of a call that was let through and may not go on, to the side that is `to_offerer`, in the
/// name of the other. Nothing as for `decline_text`.
[[nodiscard]] std::optional<std::string> bye_text(const CallParties& call, bool to_offerer);

/// What takes the place of an offer that is refused in place: a request of no known method, from and to the
/// same people, about no call (transfers.md 7.3). Exactly `size` bytes; all NULs if they are too few.
/// `seed` makes the identifiers.
[[nodiscard]] std::string tombstone_text(const SlpMessage& invitation, std::size_t size, std::uint32_t seed);

/// A MSG payload of P2P v1: one text, or the acknowledgement of a message whose last package was `last`
/// (AckUID is that package's AckSession, which aMSN changes in every package).
[[nodiscard]] std::string message_v1(std::string_view destination, std::uint32_t identifier,
                                     std::string_view text);
[[nodiscard]] std::string acknowledgement_v1(std::string_view destination, std::uint32_t identifier,
                                             const PackageV1& last);

/// A MSG payload of P2P v2 around `package`, from endpoint to endpoint.
[[nodiscard]] std::string message_v2(std::string_view destination, std::string_view source,
                                     std::string_view package);

/// The three header blocks of an SDG and its content. `destination` and `source` are the values of To and
/// From as they stood in the other side's datagram. A package (`Data`) or a bare SLP text (`Signal/P2P`).
[[nodiscard]] std::string datagram_with_package(std::string_view destination, std::string_view source,
                                                std::string_view package);
[[nodiscard]] std::string datagram_with_text(std::string_view destination, std::string_view source,
                                             std::string_view text);

/// A chat line of ours for the local user: the payload of a MSG, and a datagram (framing.md 7.1, 8.3). `name`
/// is shown in place of the nickname by clients that read P4-Context (Messenger, aMSN, Miranda); neither has
/// control characters, but that `text` may have several lines, each ended by CRLF.
[[nodiscard]] std::string message_with_notice(std::string_view name, std::string_view text);
[[nodiscard]] std::string datagram_with_notice(std::string_view destination, std::string_view source,
                                               std::string_view name, std::string_view text);

}  // namespace msnp
