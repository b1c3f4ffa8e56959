// POST /api/v1/reload: reads the configuration again. POST /api/v1/drain: no new connections, then the end.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "proxy/admin_routes.hpp"
#include "proxy/gateway.hpp"
#include "proxy/log.hpp"

namespace gate {
namespace {

namespace http = boost::beast::http;
namespace json = boost::json;

AdminResponse reload(Gateway& gateway, const AdminRequest& request) {
  log(Level::notice, "reload, asked for by " + request.who);
  const Reloaded outcome = gateway.reload();
  if (outcome.errors.empty()) {
    json::array warnings;
    for (const std::string& warning : outcome.warnings) warnings.emplace_back(warning);
    return json_response(
        json::object{{"policy", gateway.policy()->revision()}, {"warnings", std::move(warnings)}});
  }
  json::array texts;
  for (const ConfigError& error : outcome.errors) texts.emplace_back(to_string(error));
  return json_response(json::object{{"error", "everything stays in force as it was"}, {"errors", texts}},
                       http::status::unprocessable_entity);
}

AdminResponse drain(Gateway& gateway, const AdminRequest& request) {
  log(Level::notice, "drain, asked for by " + request.who);
  gateway.drain();
  return json_response(json::object{{"sessions", gateway.sessions()}});
}

}  // namespace

void add_change_routes(Gateway& gateway, AdminRoutes& routes) {
  routes.push_back({.method = http::verb::post,
                    .path = "/api/v1/reload",
                    .role = Role::admin,
                    .answer = [&gateway](const AdminRequest& request) { return reload(gateway, request); }});
  routes.push_back({.method = http::verb::post,
                    .path = "/api/v1/drain",
                    .role = Role::admin,
                    .answer = [&gateway](const AdminRequest& request) { return drain(gateway, request); }});
}

}  // namespace gate
