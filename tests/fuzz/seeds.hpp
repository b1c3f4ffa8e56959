// Where fuzzing starts: inputs for each target, made from the vectors, captures and example configurations
// of the tree.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fuzz {

/// The seeds of a target of targets.hpp, in a fixed order.
[[nodiscard]] std::vector<std::string> seeds_of(std::string_view target);

// Those of the targets around the conversations (http_seeds.cpp).
[[nodiscard]] std::vector<std::string> seeds_over_http();
[[nodiscard]] std::vector<std::string> seeds_for_admin();
[[nodiscard]] std::vector<std::string> seeds_for_audit();

}  // namespace fuzz
