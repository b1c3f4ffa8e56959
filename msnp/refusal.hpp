// The words of a refusal: the payloads that end an offer cleanly, in the other side's name
// (transfers.md 7.2, block-proof.md 4.1, 4.5). Only bytes are made here; who gets them is decided
// in conversation.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "msnp/p2p.hpp"
#include "msnp/slp.hpp"

namespace msnp {

/// `Invitation-Command: CANCEL`, `Cancel-Code: REJECT`: the only code that every client heeds. Nothing if
/// the cookie is of a kind that some reader would take for an invitation.
[[nodiscard]] std::optional<std::string> classic_reject(std::string_view cookie);

/// The P2P acknowledgement of a message whose last package was `last`: AckUID is that package's
/// AckSession, which aMSN changes in every package.
[[nodiscard]] std::string acknowledgement_v1(std::string_view destination, std::uint32_t identifier,
                                             const PackageV1& last);

/// `MSNSLP/1.0 603 Decline` to an invitation, its To, From, Via, Call-ID and SessionID repeated.
/// Nothing if the invitation lacks what a client needs to find its call, holds too much to repeat, or names
/// an application where a To, From or id should be.
[[nodiscard]] std::optional<std::string> decline_v1(std::string_view destination, std::uint32_t identifier,
                                                    const SlpMessage& invitation);

}  // namespace msnp
