#include "proxy/config_boot.hpp"

#include "proxy/config_values.hpp"

namespace gate {

void read_state_path(const Value& value, Boot& boot) {
  store(boot.state,
        value.parsed(file_name_from, "write the path of a directory, such as \"/var/lib/msnpgate\""));
}

void read_threads(const Value& value, Boot& boot) {
  store(boot.threads, value.count(1, 64));
}

void append_boot_keys(std::vector<std::string>& keys) {
  append_listener_keys(keys);
  append_limit_keys(keys);
  append_audit_keys(keys);
  append_intercept_keys(keys);
  append_service_keys(keys);
  append_http_keys(keys);
}

}  // namespace gate
