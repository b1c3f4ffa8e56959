#include "proxy/audit_commands.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <ostream>
#include <stdexcept>
#include <thread>
#include <variant>

#include "proxy/account_hash.hpp"
#include "proxy/audit_reader.hpp"
#include "proxy/audit_report.hpp"
#include "proxy/audit_verify.hpp"
#include "proxy/commands.hpp"
#include "proxy/config.hpp"
#include "proxy/moment.hpp"

namespace gate {
namespace {

using Path = std::filesystem::path;

/// What ends a command early, with its exit code.
struct Failure : std::runtime_error {
  Failure(int its_code, const std::string& text) : std::runtime_error(text), code(its_code) {}
  int code;
};

/// Runs a command's work and turns what it throws into an exit code.
template <class Work>
int run_command(std::ostream& out, std::ostream& err, Work work) {
  try {
    const int code = work();
    if (out.flush()) return code;
    err << "msnpgate: the output takes no more\n";
  } catch (const Failure& failure) {
    err << failure.what() << '\n';
    return failure.code;
  } catch (const std::exception& error) {
    err << "msnpgate: " << error.what() << '\n';
  }
  return exit_failed;
}

AuditSettings settings_of(const Path& config) {
  auto loaded = load_config(config);
  const auto* const errors = std::get_if<std::vector<ConfigError>>(&loaded);
  if (errors == nullptr) return std::get<Config>(loaded).boot.audit;
  std::string text;
  for (const ConfigError& error : *errors) text += (text.empty() ? "" : "\n") + to_string(error);
  throw Failure(exit_config, text);
}

AuditSettings settings_of(const AuditPlace& place) {
  AuditSettings settings;
  if (place.config) settings = settings_of(*place.config);
  if (place.log) settings.path = *place.log;
  if (settings.path.empty()) settings.path = "/var/log/msnpgate/audit.jsonl";
  return settings;
}

/// A log has more segments than a process may open files by default.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::chrono::system_clock::time_point moment_from(const std::string& text, const char* option) {
  const auto moment = moment_of(text, std::chrono::system_clock::now());
  if (moment) return *moment;
  throw Failure(exit_usage, std::string(option) + ": found \"" + text +
                                "\"; write a time, such as 2026-11-22T16:00Z, or a time ago, such as 7d");
}

/// People are asked for by their accounts, whatever they are called in the log.
void hash_accounts(std::vector<std::string>& accounts, const AccountHash& hash) {
  for (std::string& account : accounts) {
    if (account.starts_with(hashed_account)) continue;
    if (account.find_first_of("*?[") != std::string::npos) {
      throw Failure(exit_usage, "\"" + account +
                                    "\": accounts are hashed in this log; only whole ones can be looked for");
    }
    account = hash.of(account);
  }
}

AuditQuery query_of(const AuditQueryOptions& options, const AuditSettings& settings) {
  AuditQuery query = options.query;
  if (!options.since.empty()) query.since = moment_from(options.since, "--since");
  if (!options.until.empty()) query.until = moment_from(options.until, "--until");
  if (options.seq) query.seq_from = query.seq_to = *options.seq;
  const Path key = options.account_key.value_or(settings.account_key);
  if (!key.empty() && !(query.users.empty() && query.peers.empty())) {
    const AccountHash hash(key);
    hash_accounts(query.users, hash);
    hash_accounts(query.peers, hash);
  }
  return query;
}

/// The newest that match, oldest of them first; and the number of the last one that was looked at.
void print_last(const AuditReader& reader, const AuditQuery& query, std::uint64_t count, AuditFormat format,
                std::ostream& out) {
  std::vector<std::string> rows;
  if (count == 0) return;
  reader.each_from_the_end(query, [&](const AuditRecord& record) {
    append(rows.emplace_back(), record, format);
    return rows.size() < count;
  });
  std::reverse(rows.begin(), rows.end());
  for (const std::string& row : rows) out << row;
}

}  // namespace

int command_audit_init(const Path& config, std::ostream& out, std::ostream& err) {
  return run_command(out, err, [&] {
    const AuditSettings settings = settings_of(config);
    if (settings.key.empty() && settings.account_key.empty()) {
      throw Failure(exit_config, config.string() +
                                     ": audit.key: found none; write where the key is to be, such as "
                                     "key = \"/etc/msnpgate/audit.key\"");
    }
    std::error_code ignored;
    if (!settings.account_key.empty() && !std::filesystem::exists(settings.account_key, ignored)) {
      write_secret(settings.account_key, AccountHash::new_key());
      err << "made " << settings.account_key.string()
          << ": with it, and only with it, accounts can be looked for\n";
    }
    if (settings.key.empty()) return exit_fine;
    if (std::filesystem::exists(settings.key, ignored)) {
      err << settings.key.string() << " is there already, and stays\n";
    } else {
      SigningKey::make().write_private(settings.key);
      err << "made " << settings.key.string() << "; keep the public key, which follows, on another machine\n";
    }
    out << SigningKey::read_private(settings.key).public_pem();
    return exit_fine;
  });
}

int command_audit_key(const Path& config, std::ostream& out, std::ostream& err) {
  return run_command(out, err, [&] {
    const AuditSettings settings = settings_of(config);
    if (settings.key.empty())
      throw Failure(exit_failed, config.string() + ": audit.key: found none; the log is not signed");
    out << SigningKey::read_private(settings.key).public_pem();
    return exit_fine;
  });
}

int command_audit_verify(const AuditVerifyOptions& options, std::ostream& out, std::ostream& err) {
  raise_descriptor_limit();
  return run_command(out, err, [&] {
    const AuditSettings settings = settings_of(options.place);
    std::optional<SigningKey> key;
    if (options.key) {
      key = SigningKey::read_public(*options.key);
    } else if (!settings.key.empty()) {
      key = SigningKey::read_private(settings.key);
    }
    std::vector<Witness> witnesses;
    for (const std::string& text : options.checkpoints) {
      const std::vector<Witness> more = witnesses_of(text);
      witnesses.insert(witnesses.end(), more.begin(), more.end());
    }
    const AuditVerdict verdict = verify_audit(settings.path, key ? &*key : nullptr, witnesses);
    if (verdict.fault) {
      err << to_string(*verdict.fault) << '\n';
      out << "NOT as it was written; good up to record " << verdict.last << '\n';
      return exit_failed;
    }
    if (verdict.first == 0) {
      out << "no records\n";
      return exit_fine;
    }
    out << "records " << verdict.first << " to " << verdict.last << " in " << verdict.segments
        << (verdict.segments == 1 ? " file" : " files") << " are as they were written\n"
        << "last record  " << verdict.last << ':' << text_of(verdict.hash) << ' ' << verdict.last_time
        << '\n';
    if (verdict.beginning_removed) {
      out << "records before " << verdict.first << " are gone"
          << (key ? ", removed by the gateway as configured"
                  : "; whether on purpose tells only the public key (--key)")
          << '\n';
    }
    if (verdict.torn != 0) out << verdict.torn << " torn lines, which no record is missing for\n";
    if (!key) {
      out << "signatures   not looked at: no key was given\n";
    } else if (verdict.signed_to == 0) {
      out << "signatures   none: whoever can write the files could have written all of them anew\n";
    } else {
      out << "signatures   " << verdict.checkpoints << " by key " << key->id() << ", the last at record "
          << verdict.signed_to << ' ' << verdict.signed_time << '\n';
    }
    return exit_fine;
  });
}

int command_audit_query(const AuditQueryOptions& options, std::ostream& out, std::ostream& err) {
  raise_descriptor_limit();
  return run_command(out, err, [&] {
    const AuditSettings settings = settings_of(options.place);
    const AuditQuery query = query_of(options, settings);
    const AuditReader reader(settings.path);
    out << heading(options.format);
    if (options.last) {
      print_last(reader, query, *options.last, options.format, out);
      return exit_fine;
    }
    reader.each_chunk<std::string>(
        query, false,
        [&](const AuditRecord& record, std::string& rows) { append(rows, record, options.format); },
        [&](const std::string& rows) { return static_cast<bool>(out << rows); });
    return exit_fine;
  });
}

int command_audit_tail(const AuditQueryOptions& options, std::ostream& out, std::ostream& err) {
  raise_descriptor_limit();
  return run_command(out, err, [&] {
    const AuditSettings settings = settings_of(options.place);
    const AuditQuery query = query_of(options, settings);
    const AuditMatcher matcher(query);
    // Made first, so that nothing falls between what was and what comes.
    AuditFollower follower(settings.path, std::nullopt);
    out << heading(options.format);
    AuditQuery before = query;
    before.seq_to = std::min(before.seq_to, follower.last());
    print_last(AuditReader(settings.path), before, options.last.value_or(10), options.format, out);
    constexpr std::chrono::milliseconds pause{200};
    while (options.follow && out.flush()) {
      std::string_view lines = follower.more();
      if (lines.empty()) std::this_thread::sleep_for(pause);
      std::string rows;
      while (const auto record = next_match(lines, matcher)) append(rows, *record, options.format);
      out << rows;
    }
    return exit_fine;
  });
}

int command_audit_report(const AuditReportOptions& options, std::ostream& out, std::ostream& err) {
  raise_descriptor_limit();
  return run_command(out, err, [&] {
    const AuditSettings settings = settings_of(options.query.place);
    const AuditQuery query = query_of(options.query, settings);
    AuditReport report;
    AuditReader(settings.path)
        .each_chunk<AuditReport>(
            query, false, [](const AuditRecord& record, AuditReport& part) { part.add(record); },
            [&](const AuditReport& part) {
              report.add(part);
              return true;
            });
    if (options.html) {
      report.write_html(out);
    } else {
      report.write_text(out);
    }
    return exit_fine;
  });
}

}  // namespace gate
