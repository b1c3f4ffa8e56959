// `msnpgate audit ...`: each returns the process's exit code (proxy/commands.hpp).
#pragma once

#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "proxy/audit_output.hpp"
#include "proxy/audit_query.hpp"

namespace gate {

/// Where the log is: as written, else as the configuration says, else the default.
struct AuditPlace {
  std::optional<std::filesystem::path> config;
  std::optional<std::filesystem::path> log;
};

/// Makes the keys that the configuration names and that are not there yet, and prints the public one.
int command_audit_init(const std::filesystem::path& config, std::ostream& out, std::ostream& err);
/// Prints the public key.
int command_audit_key(const std::filesystem::path& config, std::ostream& out, std::ostream& err);

struct AuditVerifyOptions {
  AuditPlace place;
  std::optional<std::filesystem::path> key;  // public
  std::vector<std::string> checkpoints;
};
int command_audit_verify(const AuditVerifyOptions& options, std::ostream& out, std::ostream& err);

struct AuditQueryOptions {
  AuditPlace place;
  AuditQuery query;
  std::string since, until;
  std::optional<std::uint64_t> seq;
  std::optional<std::filesystem::path> account_key;
  AuditFormat format = AuditFormat::table;
  std::optional<std::uint64_t> last;  // only so many, the newest
  bool follow = false;                // tail: goes on until it is stopped
};
int command_audit_query(const AuditQueryOptions& options, std::ostream& out, std::ostream& err);
/// The last 10 records that match, and with `follow` every new one.
int command_audit_tail(const AuditQueryOptions& options, std::ostream& out, std::ostream& err);

struct AuditReportOptions {
  AuditQueryOptions query;
  bool html = false;
};
int command_audit_report(const AuditReportOptions& options, std::ostream& out, std::ostream& err);

}  // namespace gate
