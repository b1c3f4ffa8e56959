#include "proxy/config_boot.hpp"

namespace gate {
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
