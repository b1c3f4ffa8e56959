// Base64 as the most lenient client reads it: foreign characters are skipped, padding is optional
// (libpurple, papyon; transfers.md 5.4).
#pragma once

#include <string>
#include <string_view>

namespace msnp {

/// The bytes of `text`, at most `limit` of them. Empty when nothing decodes.
[[nodiscard]] std::string decode_base64(std::string_view text, std::size_t limit);

}  // namespace msnp
