// `msnpgate status`, `reload` and `drain`: a running gateway, asked over its admin socket. What the
// dashboard shows in a browser, for a terminal.
#include <array>
#include <chrono>
#include <cstdint>
#include <ostream>
#include <sstream>
#include <string>
#include <thread>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "proxy/admin_client.hpp"
#include "proxy/commands.hpp"
#include "proxy/escape.hpp"

namespace gate {
namespace {

namespace json = boost::json;
using boost::beast::http::verb;

constexpr std::size_t longest_cell = 40;
constexpr std::size_t most_lines = 10;  // of each list

std::string age_text(std::int64_t seconds) {
  if (seconds < 120) return std::to_string(seconds) + " s";
  if (seconds < 7200) return std::to_string(seconds / 60) + " min";
  if (seconds < 172'800) return std::to_string(seconds / 3600) + " h";
  return std::to_string(seconds / 86'400) + " days";
}

std::string text_of(const json::value& value) {
  return value.is_string() ? showable(value.get_string()) : json::serialize(value);
}

/// A member as text of a bounded length; empty if there is none.
std::string member(const json::value& value, std::string_view key) {
  const json::value* const found = value.as_object().if_contains(key);
  return found == nullptr ? std::string() : showable(text_of(*found), longest_cell);
}

std::string cell(std::string text, std::size_t width) {
  if (text.size() < width) text.resize(width, ' ');
  return text + "  ";
}

std::string peers_of(const json::value& value) {
  std::string list;
  if (const json::value* const peers = value.as_object().if_contains("peers")) {
    for (const json::value& peer : peers->as_array()) list += (list.empty() ? "" : ", ") + text_of(peer);
  }
  return showable(list, longest_cell);
}

/// Where the audit log is, and what is wrong with it and with those that get it.
void tell_audit(const json::value& status, std::ostream& out) {
  const json::object& audit = status.at("audit").as_object();
  out << "audit log  " << text_of(audit.at("path")) << ", " << audit.at("seq") << " records\n";
  const std::int64_t failures = audit.at("failures").to_number<std::int64_t>();
  if (failures != 0) {
    out << "           " << failures << " could not be written: " << text_of(audit.at("last_error")) << '\n';
  }
  if (const json::value* const error = audit.if_contains("rotation_error")) {
    out << "           its file cannot be closed: " << text_of(*error) << '\n';
  }
  for (const json::value& sent : audit.at("exports").as_array()) {
    const json::object& one = sent.as_object();
    out << "export     " << text_of(one.at("to")) << ": "
        << (one.at("connected").as_bool() ? "connected" : "NOT CONNECTED") << ", " << one.at("behind")
        << " records behind, " << one.at("lost") << " lost, " << one.at("retries") << " retries\n";
    const json::value* const error = one.if_contains("last_error");
    if (error != nullptr && !one.at("connected").as_bool()) out << "           " << text_of(*error) << '\n';
  }
}

void tell_health(const json::value& status, std::ostream& out) {
  out << "msnpgate " << text_of(status.at("version")) << ", process " << status.at("pid") << ", running for "
      << age_text(status.at("uptime_seconds").to_number<std::int64_t>()) << '\n'
      << (status.at("ready").as_bool() ? "ready\n" : "NOT READY: " + text_of(status.at("trouble")) + '\n')
      << "policy     " << text_of(status.at("policy")) << '\n'
      << "sessions   " << status.at("sessions").at("open") << " of " << status.at("sessions").at("limit")
      << ", on " << status.at("threads") << " threads\n";
  tell_audit(status, out);
  for (const json::value& listener : status.at("listeners").as_array()) {
    out << "listener   " << text_of(listener.at("bind"));
    if (const json::value* upstream = listener.as_object().if_contains("upstream")) {
      out << ", everything to " << text_of(*upstream);
    }
    out << '\n';
  }
}

void tell_summary(const json::value& summary, std::ostream& out) {
  const json::value& totals = summary.at("totals");
  out << "24 hours   " << totals.at("block") << " stopped, " << totals.at("allow") << " allowed, "
      << totals.at("observe") << " observed, " << totals.at("failure") << " failures\n";
  for (const json::value& cause : summary.at("causes").as_array()) {
    out << "           " << cell(text_of(cause.at("name")), 24) << cause.at("count") << '\n';
  }
}

void tell_stopped(const json::value& events, std::ostream& out) {
  const json::array& list = events.at("events").as_array();
  out << "\nlast stopped" << (list.empty() ? ": nothing\n" : "\n");
  for (const json::value& event : list) {
    const json::value* const file = event.as_object().if_contains("file");
    const std::string direction = member(event, "direction");
    out << "  " << cell(member(event, "time").substr(0, 19), 19) << cell(member(event, "user"), 24)
        << cell(direction == "receive" ? "from" : "to", 4) << cell(peers_of(event), 24)
        << cell(member(event, "kind"), 16) << (file == nullptr ? "" : member(*file, "name_shown")) << '\n';
  }
}

void tell_sessions(const json::value& sessions, std::ostream& out) {
  const json::array& list = sessions.at("sessions").as_array();
  out << "\nopen sessions" << (list.empty() ? ": none\n" : "\n");
  for (std::size_t i = 0; i < list.size() && i < most_lines; ++i) {
    const json::value& session = list[i];
    const std::string dialect = member(session, "dialect");
    out << "  " << cell(member(session, "user"), 24) << cell(peers_of(session), 24)
        << cell(member(session, "client"), 22) << cell(dialect.empty() ? "" : "MSNP" + dialect, 6)
        << cell(
               member(session, "bytes_from_client") + " + " + member(session, "bytes_from_server") + " bytes",
               24)
        << age_text(session.at("age_seconds").to_number<std::int64_t>()) << '\n';
  }
  if (list.size() > most_lines) out << "  and " << list.size() - most_lines << " more\n";
}

void tell_rules(const json::value& policy, std::ostream& out) {
  out << "\nrules, and how often each decided\n";
  const json::array& rules = policy.at("rules").as_array();
  for (std::size_t i = 0; i < rules.size() && i < most_lines; ++i) {
    out << "  " << cell(member(rules[i], "hits"), 8) << cell(member(rules[i], "action"), 8)
        << member(rules[i], "name") << '\n';
  }
  if (rules.size() > most_lines) out << "  and " << rules.size() - most_lines << " more\n";
  out << "  " << cell(member(policy, "default_hits"), 8) << cell(member(policy, "default"), 8) << "default\n";
}

void tell_grants(const json::value& answer, std::ostream& out) {
  const json::array& grants = answer.at("grants").as_array();
  if (grants.empty()) return;
  out << "\ngrants\n";
  for (std::size_t i = 0; i < grants.size() && i < most_lines; ++i) {
    const json::value& grant = grants[i];
    const std::string peer = member(grant, "peer");
    out << "  " << cell(member(grant, "user"), 24) << cell("with", 4)
        << cell(peer.empty() ? "anybody" : peer, 24)
        << cell(grant.at("once").as_bool() ? "once, until" : "until", 11)
        << member(grant, "until").substr(0, 19) << '\n';
  }
  if (grants.size() > most_lines) out << "  and " << grants.size() - most_lines << " more\n";
}

/// Everything, or what is wrong on `err`.
int tell(const AdminOptions& options, std::ostream& out, std::ostream& err) {
  struct Part {
    const char* target;
    void (*tell)(const json::value&, std::ostream&);
  };
  constexpr std::array<Part, 6> parts{
      {{"/api/v1/status", tell_health},
       {"/api/v1/summary?hours=24", tell_summary},
       {"/api/v1/events?event=transfer,transport,object&action=block&limit=10", tell_stopped},
       {"/api/v1/sessions", tell_sessions},
       {"/api/v1/grants", tell_grants},
       {"/api/v1/policy", tell_rules}}};
  bool ready = true;
  for (const Part& part : parts) {
    const AdminAnswer answer = ask_admin(options, verb::get, part.target, err);
    if (answer.code != exit_fine) return answer.code;
    part.tell(answer.value, out);
    if (part.tell == tell_health) ready = answer.value.at("ready").as_bool();
  }
  return ready ? exit_fine : exit_failed;
}

}  // namespace

int command_status(const AdminOptions& options, bool watch, std::ostream& out, std::ostream& err) {
  if (!watch) return tell(options, out, err);
  constexpr std::chrono::seconds pause{2};
  for (;;) {
    std::ostringstream page;
    const int code = tell(options, page, err);
    if (page.str().empty()) return code;  // there is no gateway any more
    out << "\033[H\033[J" << page.str() << std::flush;
    if (!out) return exit_failed;
    std::this_thread::sleep_for(pause);
  }
}

int command_reload(const AdminOptions& options, std::ostream& out, std::ostream& err) {
  const AdminAnswer answer = ask_admin(options, verb::post, "/api/v1/reload", err);
  if (answer.code != exit_fine) return answer.code;
  for (const json::value& warning : answer.value.at("warnings").as_array()) {
    err << "warning: " << text_of(warning) << '\n';
  }
  out << "policy " << text_of(answer.value.at("policy")) << " is in force\n";
  return exit_fine;
}

int command_drain(const AdminOptions& options, std::ostream& out, std::ostream& err) {
  const AdminAnswer answer = ask_admin(options, verb::post, "/api/v1/drain", err);
  if (answer.code != exit_fine) return answer.code;
  out << "no new connections; " << answer.value.at("sessions")
      << " sessions are open, and it ends with them\n";
  return exit_fine;
}

}  // namespace gate
