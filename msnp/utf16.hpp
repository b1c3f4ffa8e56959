// UTF-16 to UTF-8. A lone surrogate becomes U+FFFD: what cannot be shown is shown as that.
#pragma once

#include <string>
#include <string_view>

namespace msnp {

[[nodiscard]] std::string to_utf8(std::u16string_view text);

}  // namespace msnp
