// POST /api/v1/reload: reads the configuration file again.
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
  const std::vector<ConfigError> errors = gateway.reload();
  if (errors.empty()) return json_response(json::object{{"policy", gateway.policy()->revision()}});
  json::array texts;
  for (const ConfigError& error : errors) texts.emplace_back(to_string(error));
  return json_response(json::object{{"error", "the policy in force stays as it was"}, {"errors", texts}},
                       http::status::unprocessable_entity);
}

}  // namespace

void add_reload_route(Gateway& gateway, AdminRoutes& routes) {
  routes.push_back({.method = http::verb::post,
                    .path = "/api/v1/reload",
                    .role = Role::admin,
                    .answer = [&gateway](const AdminRequest& request) { return reload(gateway, request); }});
}

}  // namespace gate
