// What must be the same on every road, and what policy changes.
#pragma once

#include <string>
#include <vector>

#include "end.hpp"

namespace differential {

/// Both ends of one conversation, after it.
struct Ends {
  End client;
  End server;
};

/// Whatever is not as it must be on `road`, compared with the same conversation `direct`; empty if all is
/// well.
[[nodiscard]] std::vector<std::string> differences(const Script& script, Road road, const Ends& direct,
                                                   const Ends& through);

}  // namespace differential
