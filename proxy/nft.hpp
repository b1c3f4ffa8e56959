// The way to the program nft(8), which reads rulesets as text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace gate {

enum class Trial : std::uint8_t {
  dry,   // nft and the kernel check it, and nothing changes
  real,  // all of it, or nothing
};

/// Gives `ruleset` to nft. Returns what went wrong, in words for an operator.
[[nodiscard]] std::optional<std::string> run_nft(const std::string& ruleset, Trial trial);

}  // namespace gate
