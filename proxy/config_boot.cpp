#include "proxy/config_boot.hpp"

#include <array>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

namespace gate {
namespace {

constexpr std::array<Field<AuditSettings>, 2> audit_fields{{
    {"path",
     [](const Value& value, AuditSettings& audit) {
       const auto path_from = [](std::string_view text) {
         const bool usable = !text.empty() && text.size() < 4096 && text.back() != '/' &&
                             text.find('\0') == std::string_view::npos;
         return usable ? std::optional<std::filesystem::path>(text) : std::nullopt;
       };
       store(audit.path,
             value.parsed(path_from, "write the path of a file, such as \"/var/log/msnpgate/audit.jsonl\""));
     }},
    {"fsync",
     [](const Value& value, AuditSettings& audit) {
       constexpr std::array<std::pair<std::string_view, AuditSync>, 2> words{
           {{"never", AuditSync::never}, {"always", AuditSync::always}}};
       store(audit.fsync, value.choice(words));
     }},
}};

}  // namespace

void read_threads(const Value& value, Boot& boot) {
  store(boot.threads, value.count(1, 64));
}

void read_audit(const Value& value, Boot& boot) {
  read_table(value, audit_fields, boot.audit);
}

void append_boot_keys(std::vector<std::string>& keys) {
  append_listener_keys(keys);
  append_limit_keys(keys);
  append_keys("audit.", audit_fields, keys);
  append_intercept_keys(keys);
  append_service_keys(keys);
  append_http_keys(keys);
}

}  // namespace gate
