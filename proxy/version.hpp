// Which msnpgate this is.
#pragma once

#include <string_view>

namespace gate {

/// "0.1.0"
[[nodiscard]] std::string_view version() noexcept;

}  // namespace gate
