// Policy routing for TPROXY: packets that the ruleset marked are delivered to this machine, whatever their
// address.
//
//   ip rule  add priority 1863 fwmark MARK lookup TABLE protocol 163
//   ip route add local default dev lo table TABLE protocol 163            the same with ip -6
//
// What is ours is known by its protocol number, so that it can be taken away without the configuration that
// it was made from.
#pragma once

#include <optional>
#include <string>

#include "proxy/config.hpp"

namespace gate {

struct Families {
  bool v4 = false;
  bool v6 = false;
};

/// Rules and routes for the families of `diverted`, in place of whatever was there of ours; safe to repeat,
/// without a moment in which they are missing. Returns what went wrong, in words for an operator.
[[nodiscard]] std::optional<std::string> load_policy_routing(const InterceptSettings& intercept,
                                                             Families diverted);

/// Takes away all of ours; fine when there is nothing.
[[nodiscard]] std::optional<std::string> unload_policy_routing();

}  // namespace gate
