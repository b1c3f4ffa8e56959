// `msnpgate check`: everything a start would find wrong, and in plain words what would be in force.
// Exit code 78 for a file that `run` would refuse, 1 for a good file on a machine that is not ready
// for it (the directory of the audit log is missing).
#include <array>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/audit_outlet.hpp"
#include "proxy/commands.hpp"
#include "proxy/config.hpp"
#include "proxy/config_values.hpp"
#include "proxy/rule_warnings.hpp"

namespace gate {
namespace {

/// Long lists are cut: a group may have a thousand members.
constexpr std::size_t longest_list = 8;

template <class Items, class Text>
std::string list_of(const Items& items, std::string_view last_joint, Text text) {
  std::string list;
  std::size_t index = 0;
  for (const auto& item : items) {
    if (index == longest_list && items.size() > longest_list + 1) {
      return list + ", and " + std::to_string(items.size() - longest_list) + " more";
    }
    if (index > 0) list += index + 1 == items.size() ? std::string(last_joint) : ", ";
    list += text(item);
    ++index;
  }
  return list;
}

const std::string& itself(const std::string& text) {
  return text;
}

std::string rate_text(std::size_t per_second) {
  return per_second == 0 ? "without limit" : std::to_string(per_second) + " a second";
}

std::string timeout_text(std::chrono::milliseconds duration) {
  return duration.count() == 0 ? "never" : duration_text(duration);
}

std::string utc_text(std::chrono::system_clock::time_point moment) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(moment);
  std::tm utc{};
  std::array<char, 32> text{};
  gmtime_r(&seconds, &utc);
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return {text.data(), length};
}

std::string_view verb_of(Action action) {
  switch (action) {
    case Action::allow:
      return "allow ";
    case Action::observe:
      return "allow, and record, ";
    case Action::block:
      break;
  }
  return "block ";
}

/// "allow file-transfer sent by ann@corp.example to anybody named *.png, up to 10MiB".
std::string sentence(const Rule& rule) {
  std::string text(verb_of(rule.action));
  const auto kind_name = [](msnp::Kind kind) { return std::string(name_of(kind)); };
  text += rule.kinds.empty() ? "everything" : list_of(rule.kinds, " and ", kind_name);
  const std::string users = rule.users.empty() ? "anybody" : list_of(rule.users, " or ", itself);
  const std::string peers = rule.peers.empty() ? "anybody" : list_of(rule.peers, " or ", itself);
  if (!rule.direction) {
    text += " between local " + users + " and remote " + peers;
  } else if (*rule.direction == msnp::Direction::to_server) {
    text += " sent by local " + users + " to remote " + peers;
  } else {
    text += " received by local " + users + " from remote " + peers;
  }
  if (!rule.clients.empty()) text += ", on clients in " + list_of(rule.clients, " or ", network_text);
  if (!rule.names.empty()) {
    text += rule.action == Action::block ? ", any reading of the file name like "
                                         : ", every reading of the file name like ";
    text += list_of(rule.names, " or ", itself);
  }
  if (rule.max_size) {
    text += ", up to " + size_text(*rule.max_size);
    text += rule.action == Action::block ? " or of unknown size" : "";
  }
  if (!rule.when.empty()) text += ", " + list_of(rule.when, " or ", window_text) + " local time";
  if (rule.until) text += ", until " + utc_text(*rule.until);
  return text;
}

void tell_http(const Boot& boot, std::ostream& out) {
  const HttpIntercept& web = boot.http_intercept;
  const auto port_text = [](std::uint16_t port) { return std::to_string(port); };
  if (!boot.http.enabled) {
    out << "HTTP: not read; it is other traffic on an intercepted port\n";
  } else if (web.ports.empty()) {
    out << "HTTP: read where it comes by, but no web port is intercepted: clients that fall back to the HTTP "
           "gateway on port 80 pass unread\n";
  } else {
    out << "HTTP: requests of the HTTP gateway are read; all web traffic to TCP ports "
        << list_of(web.ports, " and ", port_text) << " runs through the gateway";
    if (!web.addresses.empty()) out << ", to " << list_of(web.addresses, " and ", network_text);
    if (!web.hosts.empty()) out << ", to " << list_of(web.hosts, " and ", itself);
    out << '\n';
  }
}

void tell_audit(const AuditSettings& audit, std::ostream& out) {
  out << "audit log: " << audit.path.string();
  if (audit.fsync == AuditSync::always) out << ", forced to disk record by record";
  if (audit.fsync == AuditSync::interval)
    out << ", forced to disk every " << duration_text(audit.fsync_interval);
  out << '\n'
      << (audit.key.empty() ? "  not signed: whoever can write it can write it anew\n"
                            : "  signed every " + duration_text(audit.checkpoint_interval) + " with " +
                                  audit.key.string() + '\n')
      << "  a new file " << (audit.rotate_size == 0 ? "" : "at " + size_text(audit.rotate_size) + " and ")
      << (audit.rotate_age.count() == 0 ? "whenever that is" : "after " + duration_text(audit.rotate_age))
      << (audit.compress ? ", old ones compressed" : "") << '\n';
  if (audit.keep_size != 0) out << "  at most " << size_text(audit.keep_size) << " are kept\n";
  if (audit.keep_age.count() != 0) out << "  records are kept for " << duration_text(audit.keep_age) << '\n';
  if (!audit.account_key.empty()) out << "  accounts are hashed with " << audit.account_key.string() << '\n';
  for (const AuditExportSettings& one : audit.exports) out << "  sent on to " << text_of(one) << '\n';
}

void tell_boot(const Boot& boot, std::ostream& out) {
  out << "listeners, on " << boot.threads << (boot.threads == 1 ? " thread:\n" : " threads:\n");
  for (const ListenerSettings& listener : boot.listeners) {
    out << "  " << endpoint_text(listener.bind);
    if (listener.upstream) {
      out << ", everything to " << endpoint_text(*listener.upstream) << '\n';
    } else {
      out << (listener.mode == ListenerMode::tproxy ? ", diverted connections, in the clients' names\n"
                                                    : ", redirected connections\n");
    }
  }
  const InterceptSettings& intercept = boot.intercept;
  out << "intercepted: TCP ports "
      << list_of(intercept.ports, " and ", [](std::uint16_t port) { return std::to_string(port); }) << " on "
      << (intercept.interfaces.empty() ? "every interface" : list_of(intercept.interfaces, " and ", itself))
      << (intercept.exempt.empty() ? "" : ", but not to " + list_of(intercept.exempt, " and ", network_text))
      << '\n';
  tell_http(boot, out);
  const LimitSettings& limits = boot.limits;
  out << "limits:\n"
      << "  sessions               " << limits.sessions << ", of one client address "
      << limits.sessions_per_source << '\n'
      << "  new sessions           " << rate_text(limits.new_sessions) << ", of one client address "
      << rate_text(limits.new_sessions_per_source) << '\n'
      << "  memory                 " << size_text(limits.memory) << ", of one session "
      << size_text(limits.session_memory) << '\n'
      << "  connect_timeout        " << timeout_text(limits.connect_timeout) << '\n'
      << "  first_command_timeout  " << timeout_text(limits.first_command_timeout) << '\n'
      << "  idle_timeout           " << timeout_text(limits.idle_timeout) << '\n'
      << "  close_timeout          " << timeout_text(limits.close_timeout) << '\n';
  out << "state: " << boot.state.string() << '\n';
  tell_audit(boot.audit, out);
}

void tell_admin(const AdminSettings& admin, std::ostream& out) {
  out << "admin: " << (admin.socket.empty() ? "no socket" : admin.socket.string()) << '\n';
  for (const AdminListener& listener : admin.listeners) {
    out << "  " << endpoint_text(listener.bind)
        << (listener.certificate.empty() ? ", without TLS" : ", with TLS")
        << (listener.anonymous == Role::viewer ? "; everybody may look\n" : "; nobody looks unknown\n");
  }
}

void tell_policy(const Config& config, std::ostream& out) {
  const Policy& policy = *config.policy;
  out << "when something is wrong:\n";
  for (std::size_t index = 0; index < cause_count; ++index) {
    const auto cause = static_cast<Cause>(index);
    std::string name(name_of(cause));
    name.resize(22, ' ');
    out << "  " << name << ' ' << name_of(policy.on(cause)) << '\n';
  }
  out << "when an offer is refused:\n"
      << "  p2p_v2                 " << name_of(policy.refusal_mode()) << '\n';
  out << "largest objects:\n";
  for (std::size_t index = 0; index < msnp::kind_count; ++index) {
    const auto kind = static_cast<msnp::Kind>(index);
    const auto cap = policy.caps().of(kind);
    if (!cap) continue;
    std::string name(name_of(kind));
    name.resize(22, ' ');
    out << "  " << name << ' ' << size_text(*cap) << '\n';
  }
  out << "objects that are not what was announced:\n"
      << "  over_size              " << name_of(policy.over_size()) << '\n'
      << "  wrong_digest           " << name_of(policy.wrong_digest()) << '\n';
  const NoticeSettings& notice = policy.notice();
  out << "notice to the local user: ";
  if (notice.on) {
    out << "yes, from \"" << notice.sender << "\", the same one again after "
        << duration_text(notice.interval) << '\n';
  } else {
    out << "no\n";
  }
  if (!policy.groups().empty()) out << "groups:\n";
  for (const Group& group : policy.groups()) {
    out << "  " << group.name << ": " << list_of(group.members, ", ", itself) << '\n';
  }
  out << "rules, the first that fits decides:\n";
  std::size_t number = 0;
  for (const Rule& rule : policy.rules()) {
    out << "  " << ++number << ". \"" << rule.name << "\": " << sentence(rule) << '\n';
  }
  std::vector<msnp::Kind> governed;
  for (std::size_t index = 0; index < msnp::kind_count; ++index) {
    const auto kind = static_cast<msnp::Kind>(index);
    if (msnp::blocked_by_default(kind)) governed.push_back(kind);
  }
  out << "  otherwise: " << verb_of(policy.fallback())
      << list_of(governed, " and ", [](msnp::Kind kind) { return std::string(name_of(kind)); })
      << "; everything else passes\n"
      << "direct connections: only between those who may transfer everything, or where a rule names them\n";
}

bool keys_are_there(const AuditSettings& audit, const std::filesystem::path& config, std::ostream& err) {
  bool good = true;
  for (const std::filesystem::path* const key : {&audit.key, &audit.account_key}) {
    std::error_code ignored;
    if (key->empty() || std::filesystem::exists(*key, ignored)) continue;
    good = false;
    err << config.string() << ": " << (key == &audit.key ? "audit.key: " : "audit.account_key: ")
        << key->string() << " does not exist; msnpgate audit init -c " << config.string() << " makes it\n";
  }
  return good;
}

}  // namespace

int command_check(const std::filesystem::path& config, std::ostream& out, std::ostream& err) {
  const auto loaded = load_config(config);
  if (const auto* const errors = std::get_if<std::vector<ConfigError>>(&loaded)) {
    for (const ConfigError& error : *errors) err << to_string(error) << '\n';
    return exit_config;
  }
  const Config& good = std::get<Config>(loaded);
  if (const auto missing = missing_for_run(good, config)) {
    err << to_string(*missing) << '\n';
    return exit_config;
  }
  out << "policy " << good.policy->revision() << ", read from "
      << list_of(good.files, " and ", [](const std::filesystem::path& file) { return file.string(); })
      << '\n';
  tell_boot(good.boot, out);
  tell_admin(good.boot.admin, out);
  tell_policy(good, out);
  const std::vector<std::string> warnings = rule_warnings(*good.policy, std::chrono::system_clock::now());
  if (!warnings.empty()) out << "warnings:\n";
  for (const std::string& warning : warnings) out << "  " << warning << '\n';
  const std::filesystem::path directory = good.boot.audit.path.parent_path();
  std::error_code ignored;
  const bool keys_there = keys_are_there(good.boot.audit, config, err);
  if (std::filesystem::is_directory(directory.empty() ? "." : directory, ignored)) {
    return keys_there ? exit_fine : exit_failed;
  }
  err << config.string() << ": audit.path: the directory " << directory.string()
      << " does not exist; make it before the gateway starts\n";
  return exit_failed;
}

}  // namespace gate
