// Files the gateway keeps for itself in its state directory: read whole, replaced whole and durably.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace gate {

/// The whole file; nothing if there is none. Throws std::system_error when it cannot be read, or is larger
/// than 64 MiB.
[[nodiscard]] std::optional<std::string> read_state(const std::filesystem::path& file);

/// Replaces the file: whoever reads it, also after a power cut, finds the old text or the new one. Readable
/// by the owner and the group only. Makes the directory if need be. Throws std::system_error.
void replace_state(const std::filesystem::path& file, std::string_view text);

}  // namespace gate
