// The part of the configuration that is sealed at start: listeners, limits, audit, interception.
#pragma once

#include <string>
#include <vector>

#include "proxy/config.hpp"
#include "proxy/config_reader.hpp"

namespace gate {

/// The path of the state directory.
void read_state_path(const Value& value, Boot& boot);
void read_threads(const Value& value, Boot& boot);
// config_audit.cpp
/// Relative paths stay relative.
void read_audit(const Value& value, Boot& boot);
/// Relative paths begin at `directory`; what depends on the log's own path gets its default.
void settle_audit_paths(AuditSettings& audit, const std::filesystem::path& directory);
void append_audit_keys(std::vector<std::string>& keys);

// config_listener.cpp
void read_listeners(const Value& value, Boot& boot);
void append_listener_keys(std::vector<std::string>& keys);
// config_limits.cpp
void read_limits(const Value& value, Boot& boot);
void append_limit_keys(std::vector<std::string>& keys);
// config_intercept.cpp
void read_intercept(const Value& value, Boot& boot);
void append_intercept_keys(std::vector<std::string>& keys);
// config_http.cpp
void read_http(const Value& value, Boot& boot);
void append_http_keys(std::vector<std::string>& keys);

// config_service.cpp
void read_service(const Value& value, Boot& boot);
void append_service_keys(std::vector<std::string>& keys);

/// Every key these know, such as "limits.sessions".
void append_boot_keys(std::vector<std::string>& keys);

}  // namespace gate
