// The nftables ruleset that hands connections to the listeners, as text for nft(8): a pure function of the
// configuration. Everything lives in a table of its own, `inet msnpgate`.
//
//   packet from a client ─► client_side   tproxy: a conntrack zone of its own, see below      prerouting, raw
//                        ─► intercept     redirect or dnat: new connections                   prerouting,
//                        dstnat ─► divert        tproxy: what our sockets have, and new connections
//                        prerouting, dstnat + 10 ─► guard         nobody aims at a listener directly input ─►
//                        fence         what should have been intercepted is not forwarded  forward
//
// A transparent connection has two sides with the same addresses and ports: client to gateway, and gateway to
// server in the client's name. One conntrack entry cannot follow both, nor could the host translate the
// addresses of one alone (masquerade): the client's side is tracked in a zone of its own. `divert` stands
// behind dstnat, where replies to a masqueraded connection have the client's address again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "proxy/config.hpp"
#include "proxy/policy_routing.hpp"

namespace gate {

inline constexpr std::string_view table_name = "msnpgate";
// Sets that the running gateway writes (kernel_sets.hpp). A load leaves what is in them.
inline constexpr std::string_view learned_set4 = "learned4";
inline constexpr std::string_view learned_set6 = "learned6";
inline constexpr std::string_view alive_set = "alive";
/// Elements in each of the sets of learned addresses.
inline constexpr std::uint32_t most_learned = 65'535;

/// Why no ruleset can be made.
struct RulesFault {
  std::string message;
};

/// The ruleset for the listeners of `boot`, as nft reads it. Loading it replaces an earlier one in one step.
/// The first listener that can take a family of addresses takes it. Names of [http] hosts have been looked
/// up: their addresses stand with the others.
[[nodiscard]] std::variant<std::string, RulesFault> ruleset_for(const Boot& boot);

/// Removes the table; fine when there is none.
[[nodiscard]] std::string ruleset_removal();

/// The families of addresses that a tproxy listener takes: those need policy routing.
[[nodiscard]] Families diverted_families(const Boot& boot);

}  // namespace gate
