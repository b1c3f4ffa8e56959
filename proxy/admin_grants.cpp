// GET and POST /api/v1/grants, POST /api/v1/grants/revoke: permissions for a while.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "proxy/admin_routes.hpp"
#include "proxy/gateway.hpp"
#include "proxy/grant_json.hpp"
#include "proxy/log.hpp"

namespace gate {
namespace {

namespace http = boost::beast::http;
namespace json = boost::json;

AdminResponse list(Gateway& gateway) {
  json::array grants;
  for (const Grant& grant : gateway.grants().list()) grants.push_back(to_json(grant));
  return json_response(json::object{{"grants", std::move(grants)}});
}

AdminResponse give(Gateway& gateway, const AdminRequest& request) {
  const auto body = json_body(request);
  if (!body) return error_response(http::status::bad_request, "the body has to be a JSON object");
  const auto asked = grant_request(*body);
  if (const auto* const fault = std::get_if<std::string>(&asked)) {
    return error_response(http::status::bad_request, *fault);
  }
  const auto given = gateway.grants().give(std::get<GrantRequest>(asked), request.who);
  if (const auto* const fault = std::get_if<std::string>(&given)) {
    return error_response(http::status::conflict, *fault);
  }
  const Grant& grant = std::get<Grant>(given);
  log(Level::notice, grant.rule.name + " given by " + request.who);
  return json_response(to_json(grant), http::status::created);
}

AdminResponse revoke(Gateway& gateway, const AdminRequest& request) {
  const auto body = json_body(request);
  const json::value* const id = body ? body->if_contains("id") : nullptr;
  if (id == nullptr || !id->is_string()) {
    return error_response(http::status::bad_request, "the body has to be {\"id\": \"...\"}");
  }
  const std::string_view name = id->get_string();
  const auto revoked = gateway.grants().revoke(name, request.who);
  if (const auto* const fault = std::get_if<std::string>(&revoked)) {
    return error_response(http::status::internal_server_error, *fault);
  }
  if (!std::get<bool>(revoked)) return error_response(http::status::not_found, "there is no such grant");
  log(Level::notice, "a grant was revoked by " + request.who);
  return json_response(json::object{{"id", name}});
}

}  // namespace

void add_grant_routes(Gateway& gateway, AdminRoutes& routes) {
  routes.push_back({.method = http::verb::get,
                    .path = "/api/v1/grants",
                    .role = Role::viewer,
                    .answer = [&gateway](const AdminRequest&) { return list(gateway); }});
  routes.push_back({.method = http::verb::post,
                    .path = "/api/v1/grants",
                    .role = Role::admin,
                    .answer = [&gateway](const AdminRequest& request) { return give(gateway, request); }});
  routes.push_back({.method = http::verb::post,
                    .path = "/api/v1/grants/revoke",
                    .role = Role::admin,
                    .answer = [&gateway](const AdminRequest& request) { return revoke(gateway, request); }});
}

}  // namespace gate
