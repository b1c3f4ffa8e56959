#include "proxy/audit_outlet.hpp"

#include <unistd.h>

#include <algorithm>

#include "proxy/audit_output.hpp"

namespace gate {
namespace {

void add(std::string& to, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  to += name;
  if (value.find('\n') == std::string_view::npos) {
    to += '=';
  } else {
    to += '\n';
    for (unsigned shift = 0; shift < 64; shift += 8) to += static_cast<char>(value.size() >> shift & 0xFFU);
  }
  to += value;
  to += '\n';
}

void add_text(std::string& to, std::string_view name, std::string_view escaped) {
  add(to, name, text_of_json(escaped));
}

/// A sentence for who reads the journal.
std::string sentence(const AuditRecord& record) {
  std::string text(record[AuditKey::action].empty() ? record[AuditKey::event] : record[AuditKey::action]);
  for (const std::string_view part :
       {record[AuditKey::kind], record[AuditKey::user], record.member(AuditKey::file, "name_shown"),
        record[AuditKey::reason], record[AuditKey::detail]}) {
    if (!part.empty()) text += ' ' + text_of_json(part);
  }
  return text;
}

}  // namespace

int severity_of(const AuditRecord& record) noexcept {
  if (record[AuditKey::event] == "failure") return 4;
  return record[AuditKey::action] == "block" ? 5 : 6;
}

std::string syslog_message(const AuditRecord& record, const AuditExportSettings& settings,
                           std::string_view host, bool resent) {
  std::string text = '<' + std::to_string(settings.facility * 8 + severity_of(record)) + ">1 ";
  text.append(record[AuditKey::time]).append(" ").append(host).append(" msnpgate ");
  text.append(std::to_string(::getpid())).append(" ").append(record[AuditKey::event]);
  text.append(" [msnpgate@32473 seq=\"")
      .append(record[AuditKey::seq])
      .append("\" id=\"")
      .append(record[AuditKey::id]);
  text.append(resent ? "\" resent=\"1\"] " : "\"] ");
  append(text, record, settings.format);
  text.pop_back();  // its LF
  return text;
}

std::string journal_message(const AuditRecord& record, bool resent) {
  std::string text;
  add(text, "MESSAGE", sentence(record));
  add(text, "PRIORITY", std::to_string(severity_of(record)));
  add(text, "SYSLOG_IDENTIFIER", "msnpgate");
  for (std::size_t i = 0; i < audit_key_count; ++i) {
    const auto key = static_cast<AuditKey>(i);
    if (key == AuditKey::peers || key == AuditKey::file || key == AuditKey::call ||
        key == AuditKey::checkpoint)
      continue;
    std::string name = "MSNPGATE_";
    for (const char c : name_of(key)) name += static_cast<char>(c - ('a' - 'A'));
    add_text(text, name, record[key]);
  }
  std::string_view peers = record[AuditKey::peers];
  while (const auto peer = next_text(peers)) add_text(text, "MSNPGATE_PEER", *peer);
  add_text(text, "MSNPGATE_FILE", record.member(AuditKey::file, "name_shown"));
  add_text(text, "MSNPGATE_FILE_SIZE", record.member(AuditKey::file, "size"));
  add_text(text, "MSNPGATE_CALL", record[AuditKey::call]);
  add_text(text, "MSNPGATE_CHECKPOINT", record[AuditKey::checkpoint]);
  if (resent) add(text, "MSNPGATE_RESENT", "1");
  return text;
}

std::unique_ptr<AuditOutlet> make_outlet(const AuditExportSettings& settings) {
  switch (settings.to) {
    case AuditExportSettings::To::journald:
      return make_journal_outlet(settings);
    case AuditExportSettings::To::file:
      return make_file_outlet(settings);
    case AuditExportSettings::To::syslog_udp:
    case AuditExportSettings::To::syslog_tcp:
    case AuditExportSettings::To::syslog_tls:
      break;
  }
  return make_syslog_outlet(settings);
}

std::string text_of(const AuditExportSettings& settings) {
  switch (settings.to) {
    case AuditExportSettings::To::journald:
      return "journald";
    case AuditExportSettings::To::file:
      return "file " + settings.path.string();
    case AuditExportSettings::To::syslog_udp:
      return "syslog-udp " + settings.host + ':' + settings.port;
    case AuditExportSettings::To::syslog_tcp:
      return "syslog-tcp " + settings.host + ':' + settings.port;
    case AuditExportSettings::To::syslog_tls:
      break;
  }
  return "syslog-tls " + settings.host + ':' + settings.port;
}

}  // namespace gate
