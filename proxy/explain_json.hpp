// An explanation as JSON: of `msnpgate explain --format json`, and over HTTP.
#pragma once

#include <cstddef>
#include <cstdint>

#include <boost/json/object.hpp>

#include "proxy/explain.hpp"

namespace gate {

/// {"question", "policy", "action", "rule", "reason", "rules": [{"number", "rule", "fits", "condition",
/// "why"}], "why"}: every rule up to the deciding one, of more than `most_steps` the last; `why` where no
/// rule decides.
[[nodiscard]] boost::json::object to_json(const Policy& policy, const Question& question,
                                          const Explanation& why, std::size_t most_steps = SIZE_MAX);

}  // namespace gate
