// The part of the configuration that is sealed at start: listeners, limits, audit, interception.
#pragma once

#include <string>
#include <vector>

#include "proxy/config.hpp"
#include "proxy/config_reader.hpp"

namespace gate {

void read_threads(const Value& value, Boot& boot);
void read_listeners(const Value& value, Boot& boot);
void read_limits(const Value& value, Boot& boot);
/// A relative path stays relative.
void read_audit(const Value& value, Boot& boot);
void read_intercept(const Value& value, Boot& boot);

/// Every key these know, such as "limits.sessions".
void append_boot_keys(std::vector<std::string>& keys);

}  // namespace gate
