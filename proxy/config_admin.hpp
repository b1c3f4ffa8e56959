// The `[admin]` section of the configuration.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "proxy/config.hpp"
#include "proxy/config_reader.hpp"

namespace gate {

/// Relative paths stay relative.
void read_admin(const Value& value, Boot& boot);

/// Makes the paths of files relative to `directory`; an absolute path stays as it is.
void anchor_admin(AdminSettings& admin, const std::filesystem::path& directory);

/// "admin.socket" and its neighbours.
void append_admin_keys(std::vector<std::string>& keys);

}  // namespace gate
