// "Did you mean": the known word nearest to one that is not known.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace gate {

/// The word with the smallest edit distance to `found`, if it is near enough to be meant.
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view found,
                                                      std::span<const std::string_view> words);

/// `did you mean "users"?`, or when nothing is near: `write "a", "b" or "c"`.
[[nodiscard]] std::string suggest(std::string_view found, std::span<const std::string_view> words);

}  // namespace gate
