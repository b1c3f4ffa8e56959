// What a reload can put in force, and what takes more.
#pragma once

#include <string>
#include <vector>

#include "proxy/config.hpp"

namespace gate {

/// One sentence for every part of the file that differs from what runs and that a reload leaves as it is.
[[nodiscard]] std::vector<std::string> beyond_reload(const Boot& running, const Boot& file);

/// `running` with everything of `file` that a reload puts in force.
[[nodiscard]] Boot after_reload(const Boot& running, const Boot& file);

}  // namespace gate
