// Health: is it alive, does it take connections, how is it.
#include <unistd.h>

#include <chrono>
#include <string>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "proxy/admin_routes.hpp"
#include "proxy/audit_json.hpp"
#include "proxy/config_values.hpp"
#include "proxy/gateway.hpp"
#include "proxy/version.hpp"

namespace gate {
namespace {

namespace http = boost::beast::http;
namespace json = boost::json;

AdminResponse plain(http::status status, std::string text) {
  return {.status = status, .type = "text/plain; charset=utf-8", .body = std::move(text), .stream = nullptr};
}

/// Why new connections are not served as they should be; empty when they are.
std::string not_ready(const Gateway& gateway) {
  const AuditHealth audit = gateway.audit().health();
  if (!audit.writable) return "the audit log cannot be written: " + audit.last_error;
  if (audit.missing != 0) return std::to_string(audit.missing) + " records are missing in the audit log";
  if (gateway.draining()) return "draining: no new connections";
  if (gateway.sessions() >= gateway.boot().limits.sessions) return "limits.sessions is reached";
  return {};
}

json::object shown(const OpenListener& open) {
  json::object listener{{"bind", endpoint_text(open.at)}};
  if (open.settings->upstream) listener["upstream"] = endpoint_text(*open.settings->upstream);
  return listener;
}

json::array exports_of(const Gateway& gateway, std::uint64_t newest) {
  json::array exports;
  for (const AuditExport& one : gateway.exports()) {
    const AuditExportHealth health = one.health();
    json::object shown{{"to", health.to},          {"connected", health.connected},
                       {"sent", health.sent},      {"confirmed", health.confirmed},
                       {"lost", health.lost},      {"behind", records_behind(health, newest)},
                       {"retries", health.retries}};
    if (!health.last_error.empty()) shown["last_error"] = health.last_error;
    exports.push_back(std::move(shown));
  }
  return exports;
}

json::object audit_of(const Gateway& gateway, const AuditSettings& settings) {
  const AuditHealth health = gateway.audit().health();
  json::object audit{{"path", settings.path.string()},
                     {"writable", health.writable},
                     {"missing", health.missing},
                     {"failures", health.failures},
                     {"seq", health.seq},
                     {"hash", health.hash},
                     {"size", health.size},
                     {"rotations", health.rotations},
                     {"signed", health.checkpoint_seq},
                     {"exports", exports_of(gateway, health.seq)}};
  if (!health.last_error.empty()) audit["last_error"] = health.last_error;
  if (!health.rotation_error.empty()) audit["rotation_error"] = health.rotation_error;
  return audit;
}

AdminResponse status(const Gateway& gateway, const AdminRequest& request) {
  using namespace std::chrono;
  const Boot boot = gateway.boot();
  const auto now = system_clock::now();
  const std::string trouble = not_ready(gateway);
  const ReloadCounts reloads = gateway.reloads();
  json::array listeners;
  for (const OpenListener& open : gateway.listeners()) listeners.push_back(shown(open));
  json::object answer{
      {"version", version()},
      {"pid", ::getpid()},
      {"time", to_rfc3339(now)},
      {"started", to_rfc3339(gateway.started())},
      {"uptime_seconds", duration_cast<seconds>(now - gateway.started()).count()},
      {"ready", trouble.empty()},
      {"policy", gateway.policy()->revision()},
      {"threads", boot.threads},
      {"sessions", json::object{{"open", gateway.sessions()}, {"limit", boot.limits.sessions}}},
      {"you", json::object{{"who", request.who}, {"role", request.role == Role::admin ? "admin" : "viewer"}}},
      {"listeners", std::move(listeners)},
      {"audit", audit_of(gateway, boot.audit)},
      {"reloads", json::object{{"done", reloads.done}, {"failed", reloads.failed}}},
  };
  if (!trouble.empty()) answer["trouble"] = trouble;
  return json_response(answer);
}

}  // namespace

void add_status_routes(Gateway& gateway, AdminRoutes& routes) {
  routes.push_back({.path = "/livez",
                    .role = Role::none,
                    .answer = [](const AdminRequest&) { return plain(http::status::ok, "alive\n"); },
                    .quick = true});
  routes.push_back({.path = "/readyz",
                    .role = Role::none,
                    .answer =
                        [&gateway](const AdminRequest&) {
                          const std::string trouble = not_ready(gateway);
                          return trouble.empty() ? plain(http::status::ok, "ready\n")
                                                 : plain(http::status::service_unavailable, trouble + '\n');
                        },
                    .quick = true});
  routes.push_back({.path = "/api/v1/status",
                    .answer = [&gateway](const AdminRequest& request) { return status(gateway, request); },
                    .quick = true});
}

}  // namespace gate
