// Configuration files as text: reading them bounded, parsing them, finding the included ones.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <toml++/toml.h>

#include "proxy/config.hpp"
#include "proxy/config_source.hpp"

namespace gate {

/// The whole file, or what went wrong in words. At most 16 MiB: ten thousand rules need two.
[[nodiscard]] std::variant<std::string, ReadFault> read_text(const std::filesystem::path& file);

/// The document; nothing after an error, which is added to `errors`.
[[nodiscard]] std::optional<toml::table> parse_document(std::string_view text,
                                                        const std::filesystem::path& file,
                                                        std::vector<ConfigError>& errors);

/// The files that `pattern` names, seen from `directory`, in byte order of their names. A pattern that
/// matches nothing is fine, a plain name is not; a directory that cannot be read never counts as empty.
[[nodiscard]] std::variant<std::vector<std::filesystem::path>, ReadFault> included_files(
    const std::filesystem::path& directory, const std::string& pattern);

/// The directory whose files `pattern` may name: the part without wildcards.
[[nodiscard]] std::filesystem::path include_directory(const std::filesystem::path& directory,
                                                      const std::string& pattern);

}  // namespace gate
