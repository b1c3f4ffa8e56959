// The sub-commands of the command line (decisions.md 2). Each returns the process's exit code.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "proxy/asked_question.hpp"

namespace gate {

/// Exit codes: a stable contract.
enum ExitCode : int { exit_fine = 0, exit_failed = 1, exit_usage = 2, exit_config = 78 };

int command_run(const std::filesystem::path& config, std::ostream& out, std::ostream& err);
int command_check(const std::filesystem::path& config, std::ostream& out, std::ostream& err);

enum class ReplayFormat { text, json };
struct ReplayOptions {
  std::optional<std::filesystem::path> config;
  ReplayFormat format = ReplayFormat::text;
  std::optional<std::filesystem::path> emit;
  /// Two configurations, the older first: what would change. Empty: no comparison.
  std::vector<std::filesystem::path> compare;
  std::vector<std::filesystem::path> captures;
};
int command_replay(const ReplayOptions& options, std::ostream& out, std::ostream& err);

/// `check` prints, and lets nft try it without a change.
enum class RulesVerb { print, check, load, unload };
/// `config` is not needed to unload.
int command_rules(RulesVerb verb, const std::optional<std::filesystem::path>& config, std::ostream& out,
                  std::ostream& err);
/// How a command finds the admin socket of a running gateway: as written, else from the configuration
/// file, else the default.
struct AdminOptions {
  std::optional<std::filesystem::path> config;
  std::optional<std::filesystem::path> socket;
};
/// `watch`: again every two seconds, until interrupted or there is no gateway any more.
int command_status(const AdminOptions& options, bool watch, std::ostream& out, std::ostream& err);
int command_reload(const AdminOptions& options, std::ostream& out, std::ostream& err);
int command_drain(const AdminOptions& options, std::ostream& out, std::ostream& err);

/// A permission for a while; texts as written, judged by the gateway.
struct GrantOptions {
  AdminOptions admin;
  std::string user, peer, lasting, direction, max_size;
  std::vector<std::string> names, kinds;
  bool once = false;
};
int command_grant(const GrantOptions& options, std::ostream& out, std::ostream& err);
int command_grants(const AdminOptions& options, ReplayFormat format, std::ostream& out, std::ostream& err);
int command_revoke(const AdminOptions& options, const std::string& id, std::ostream& out, std::ostream& err);

struct ExplainOptions {
  std::optional<std::filesystem::path> config;
  std::string audit;       // id of a record; else
  QuestionWords question;  // this
  ReplayFormat format = ReplayFormat::text;
};
int command_explain(const ExplainOptions& options, std::ostream& out, std::ostream& err);

int command_version(std::ostream& out);

}  // namespace gate
