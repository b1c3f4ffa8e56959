// The section [audit].
#include <array>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include "proxy/config_boot.hpp"

namespace gate {
namespace {

using namespace std::chrono_literals;
using Path = std::filesystem::path;

constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t tib = kib * kib * kib * kib;
constexpr std::chrono::milliseconds longest = 24h * 366 * 20;
constexpr std::string_view file_expected =
    "write the path of a file, such as \"/var/log/msnpgate/audit.jsonl\"";

std::optional<Path> file_from(std::string_view text) {
  const bool usable =
      !text.empty() && text.size() < 4096 && text.back() != '/' && text.find('\0') == std::string_view::npos;
  return usable ? std::optional<Path>(text) : std::nullopt;
}

/// The same, or none.
std::optional<Path> optional_file_from(std::string_view text) {
  return text.empty() ? Path() : file_from(text);
}

void read_rotate_size(const Value& value, AuditSettings& audit) {
  const auto size = value.size(0, tib);
  if (size && *size != 0 && *size < 64 * kib) {
    value.fault("write at least \"64KiB\", or 0 to let the file grow");
  } else if (size) {
    audit.rotate_size = *size;
  }
}

enum class Accounts : std::uint8_t { plain, hashed };

struct AuditDraft {
  AuditSettings* settings = nullptr;
  Accounts accounts = Accounts::plain;
  Path account_key;
};

struct ExportDraft {
  AuditExportSettings settings;
  bool to_known = false;
};

/// "HOST:PORT", "[ADDRESS]:PORT".
bool split_address(std::string_view text, AuditExportSettings& settings) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!bracketed && host.find_first_of(":[]") != std::string_view::npos) return false;
  const bool number =
      !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == std::string_view::npos;
  if (!number || std::stoul(std::string(port)) - 1 >= 65'535) return false;
  settings.host = host;
  settings.port = port;
  return true;
}

template <auto member>
void read_export_path(const Value& value, ExportDraft& draft) {
  store(draft.settings.*member, value.parsed(optional_file_from, "write the path of a file"));
}

constexpr std::array<Field<ExportDraft>, 10> export_fields{{
    {"to",
     [](const Value& value, ExportDraft& draft) {
       using To = AuditExportSettings::To;
       constexpr std::array<std::pair<std::string_view, To>, 5> words{{{"journald", To::journald},
                                                                       {"syslog-udp", To::syslog_udp},
                                                                       {"syslog-tcp", To::syslog_tcp},
                                                                       {"syslog-tls", To::syslog_tls},
                                                                       {"file", To::file}}};
       const auto to = value.choice(words);
       draft.to_known = to.has_value();
       store(draft.settings.to, std::optional(to));
     }},
    {"address",
     [](const Value& value, ExportDraft& draft) {
       constexpr std::string_view expected = "write a host and a port, such as \"logs.corp.example:6514\"";
       const auto text = value.text(expected);
       if (text && !split_address(*text, draft.settings)) value.fault(expected);
     }},
    {"path", read_export_path<&AuditExportSettings::path>},
    {"ca", read_export_path<&AuditExportSettings::ca>},
    {"certificate", read_export_path<&AuditExportSettings::certificate>},
    {"certificate_key", read_export_path<&AuditExportSettings::certificate_key>},
    {"server_name",
     [](const Value& value, ExportDraft& draft) {
       store(draft.settings.server_name, value.text("write the name in the collector's certificate"));
     }},
    {"format",
     [](const Value& value, ExportDraft& draft) {
       constexpr std::array<std::pair<std::string_view, AuditFormat>, 2> words{
           {{"json", AuditFormat::json}, {"ecs", AuditFormat::ecs}}};
       store(draft.settings.format, value.choice(words));
     }},
    {"facility",
     [](const Value& value, ExportDraft& draft) {
       constexpr std::array<std::pair<std::string_view, int>, 12> words{{{"auth", 4},
                                                                         {"daemon", 3},
                                                                         {"authpriv", 10},
                                                                         {"user", 1},
                                                                         {"local0", 16},
                                                                         {"local1", 17},
                                                                         {"local2", 18},
                                                                         {"local3", 19},
                                                                         {"local4", 20},
                                                                         {"local5", 21},
                                                                         {"local6", 22},
                                                                         {"local7", 23}}};
       store(draft.settings.facility, value.choice(words));
     }},
    {"cursor", read_export_path<&AuditExportSettings::cursor>},
}};

void read_exports(const Value& value, AuditSettings& audit) {
  value.tables(
      "write every export as a table of its own, headed [[audit.export]]", [&](const Value& element) {
        using To = AuditExportSettings::To;
        ExportDraft draft;
        read_table(element, export_fields, draft);
        if (!element.contains("to")) {
          element.complain("found no to; write where, such as to = \"syslog-tls\"");
        } else if (draft.to_known && draft.settings.to == To::file && draft.settings.path.empty()) {
          element.complain("found no path; to = \"file\" needs one");
        } else if (draft.to_known && draft.settings.to != To::file && draft.settings.to != To::journald &&
                   !element.contains("address")) {
          element.complain(
              "found no address; write the collector's, such as address = \"logs.corp.example:6514\"");
        }
        if (draft.settings.certificate.empty() != draft.settings.certificate_key.empty()) {
          element.complain("found one of certificate and certificate_key; write both, or none");
        }
        audit.exports.push_back(draft.settings);
      });
}

template <auto member>
void read_path(const Value& value, AuditDraft& draft) {
  store(draft.settings->*member, value.parsed(optional_file_from, file_expected));
}

constexpr std::array<Field<AuditDraft>, 13> audit_fields{{
    {"path", [](const Value& value,
                AuditDraft& draft) { store(draft.settings->path, value.parsed(file_from, file_expected)); }},
    {"fsync",
     [](const Value& value, AuditDraft& draft) {
       constexpr std::array<std::pair<std::string_view, AuditSync>, 3> words{
           {{"never", AuditSync::never}, {"interval", AuditSync::interval}, {"always", AuditSync::always}}};
       store(draft.settings->fsync, value.choice(words));
     }},
    {"fsync_interval",
     [](const Value& value, AuditDraft& draft) {
       store(draft.settings->fsync_interval, value.duration(50ms, 1h));
     }},
    {"key", read_path<&AuditSettings::key>},
    {"checkpoint_interval",
     [](const Value& value, AuditDraft& draft) {
       store(draft.settings->checkpoint_interval, value.duration(1s, 24h));
     }},
    {"rotate_size", [](const Value& value, AuditDraft& draft) { read_rotate_size(value, *draft.settings); }},
    {"rotate_age",
     [](const Value& value, AuditDraft& draft) {
       store(draft.settings->rotate_age, value.duration(0ms, longest));
     }},
    {"compress",
     [](const Value& value, AuditDraft& draft) {
       constexpr std::array<std::pair<std::string_view, bool>, 2> words{{{"zstd", true}, {"none", false}}};
       store(draft.settings->compress, value.choice(words));
     }},
    {"keep_size", [](const Value& value,
                     AuditDraft& draft) { store(draft.settings->keep_size, value.size(0, 1024 * tib)); }},
    {"keep_age", [](const Value& value,
                    AuditDraft& draft) { store(draft.settings->keep_age, value.duration(0ms, longest)); }},
    {"accounts",
     [](const Value& value, AuditDraft& draft) {
       constexpr std::array<std::pair<std::string_view, Accounts>, 2> words{
           {{"plain", Accounts::plain}, {"hashed", Accounts::hashed}}};
       store(draft.accounts, value.choice(words));
     }},
    {"account_key",
     [](const Value& value, AuditDraft& draft) {
       store(draft.account_key, value.parsed(optional_file_from, file_expected));
     }},
    {"export", [](const Value& value, AuditDraft& draft) { read_exports(value, *draft.settings); }},
}};

}  // namespace

void read_audit(const Value& value, Boot& boot) {
  AuditDraft draft;
  draft.settings = &boot.audit;
  read_table(value, audit_fields, draft);
  if (draft.accounts == Accounts::hashed && draft.account_key.empty()) {
    value.complain(
        "found accounts = \"hashed\" and no account_key; name the file, and make it with msnpgate audit "
        "init");
  }
  if (draft.accounts == Accounts::hashed) boot.audit.account_key = draft.account_key;
}

void append_audit_keys(std::vector<std::string>& keys) {
  append_keys("audit.", audit_fields, keys);
  append_keys("audit.export.", export_fields, keys);
}

void settle_audit_paths(AuditSettings& audit, const std::filesystem::path& directory) {
  const auto settle = [&](Path& path) {
    if (!path.empty()) path = directory / path;  // an absolute path stays as it is
  };
  for (Path* const path : {&audit.path, &audit.key, &audit.account_key}) settle(*path);
  std::size_t number = 0;
  for (AuditExportSettings& one : audit.exports) {
    for (Path* const path : {&one.path, &one.ca, &one.certificate, &one.certificate_key, &one.cursor})
      settle(*path);
    ++number;
    if (one.cursor.empty()) one.cursor = audit.path.string() + ".export-" + std::to_string(number);
  }
}

}  // namespace gate
