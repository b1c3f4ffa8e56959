// A message of the HTTP gateway whose body changed: the bytes that came, but for the body and its length.
#pragma once

#include <string>
#include <string_view>

namespace gate {

/// `head` with its blank line, then `body`. Its Content-Length is corrected, or added if it had none; a
/// chunked body becomes one chunk. `target`, when not empty, takes the place of that of the request line.
[[nodiscard]] std::string edited_message(std::string_view head, bool chunked, std::string_view body,
                                         std::string_view target = {});

}  // namespace gate
