// `msnpgate status`, `reload` and `drain`: a running gateway, asked over its admin socket.
#include <ostream>
#include <string>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "proxy/admin_client.hpp"
#include "proxy/commands.hpp"
#include "proxy/escape.hpp"

namespace gate {
namespace {

namespace json = boost::json;
using boost::beast::http::verb;

std::string age_text(std::int64_t seconds) {
  if (seconds < 120) return std::to_string(seconds) + " s";
  if (seconds < 7200) return std::to_string(seconds / 60) + " min";
  if (seconds < 172'800) return std::to_string(seconds / 3600) + " h";
  return std::to_string(seconds / 86'400) + " days";
}

std::string text_of(const json::value& value) {
  return value.is_string() ? showable(value.get_string()) : json::serialize(value);
}

void tell(const json::object& status, std::ostream& out) {
  out << "msnpgate " << text_of(status.at("version")) << ", process " << status.at("pid") << ", running for "
      << age_text(status.at("uptime_seconds").to_number<std::int64_t>()) << '\n'
      << (status.at("ready").as_bool() ? "ready\n" : "NOT READY: " + text_of(status.at("trouble")) + '\n')
      << "policy     " << text_of(status.at("policy")) << '\n'
      << "sessions   " << status.at("sessions").at("open") << " of " << status.at("sessions").at("limit")
      << ", on " << status.at("threads") << " threads\n"
      << "audit log  " << text_of(status.at("audit").at("path")) << '\n';
  for (const json::value& listener : status.at("listeners").as_array()) {
    out << "listener   " << text_of(listener.at("bind"));
    if (const json::value* upstream = listener.as_object().if_contains("upstream")) {
      out << ", everything to " << text_of(*upstream);
    }
    out << '\n';
  }
}

}  // namespace

int command_status(const AdminOptions& options, std::ostream& out, std::ostream& err) {
  const AdminAnswer answer = ask_admin(options, verb::get, "/api/v1/status", err);
  if (answer.code != exit_fine) return answer.code;
  tell(answer.value.as_object(), out);
  return answer.value.at("ready").as_bool() ? exit_fine : exit_failed;
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
