// Is this UTF-8? Strictly: no overlong forms, no surrogates, nothing above U+10FFFF, as Escargot's
// decoder has it (it closes the connection on anything else).
#pragma once

#include <string_view>

namespace msnp {

[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

}  // namespace msnp
