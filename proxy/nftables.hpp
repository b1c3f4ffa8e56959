// The nftables ruleset that hands intercepted connections to a redirect listener, and the way to
// the `nft` program. Everything lives in a table of its own, `inet msnpgate`.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "proxy/config.hpp"

namespace gate {

/// Why no ruleset can be made.
struct RulesFault {
  std::string message;
};

/// The ruleset for the redirect listeners of `boot`, as nft reads it. Loading it replaces an earlier one in
/// one step. The first listener that can take a family of addresses takes it.
[[nodiscard]] std::variant<std::string, RulesFault> ruleset_for(const Boot& boot);

/// Removes the table; fine when there is none.
[[nodiscard]] std::string ruleset_removal();

/// Gives `ruleset` to nft, all or nothing. Returns what went wrong, in words for an operator.
[[nodiscard]] std::optional<std::string> load_ruleset(const std::string& ruleset);

}  // namespace gate
