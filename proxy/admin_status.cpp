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
  const std::uint64_t missing = gateway.audit().missing();
  if (missing != 0)
    return "the audit log cannot be written: " + std::to_string(missing) + " records are missing";
  if (gateway.draining()) return "draining: no new connections";
  if (gateway.sessions() >= gateway.boot().limits.sessions) return "limits.sessions is reached";
  return {};
}

json::object shown(const OpenListener& open) {
  json::object listener{{"bind", endpoint_text(open.at)}};
  if (open.settings->upstream) listener["upstream"] = endpoint_text(*open.settings->upstream);
  return listener;
}

AdminResponse status(const Gateway& gateway, const AdminRequest& request) {
  using namespace std::chrono;
  const Boot boot = gateway.boot();
  const auto now = system_clock::now();
  const std::string trouble = not_ready(gateway);
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
      {"audit", json::object{{"path", boot.audit.path.string()}, {"missing", gateway.audit().missing()}}},
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
