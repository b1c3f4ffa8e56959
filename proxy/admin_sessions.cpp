// GET /api/v1/sessions, POST /api/v1/sessions/end.
#include <algorithm>
#include <charconv>
#include <string>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "proxy/admin_routes.hpp"
#include "proxy/escape.hpp"
#include "proxy/gateway.hpp"
#include "proxy/log.hpp"

namespace gate {
namespace {

namespace http = boost::beast::http;
namespace json = boost::json;

// Each costs its worker a microsecond or two while it carries nothing.
constexpr std::size_t most_sessions = 2'000;

json::object value_of(const SessionInfo& session) {
  json::array peers;
  for (const std::string& peer : session.peers) peers.emplace_back(showable(peer));
  json::object value{{"client", session.client},
                     {"server", session.server},
                     {"phase", session.phase},
                     {"age_seconds", session.age_seconds},
                     {"bytes_from_client", session.from_client},
                     {"bytes_from_server", session.from_server},
                     {"peers", std::move(peers)}};
  if (!session.user.empty()) value["user"] = showable(session.user);
  if (session.dialect != 0) value["dialect"] = session.dialect;
  return value;
}

AdminResponse sessions(Gateway& gateway) {
  json::array list;
  std::vector<SessionInfo> all = gateway.list_sessions(most_sessions);
  if (all.size() > most_sessions) all.resize(most_sessions);
  for (const SessionInfo& session : all) list.push_back(value_of(session));
  return json_response(json::object{{"open", gateway.sessions()}, {"sessions", std::move(list)}});
}

AdminResponse end_session(Gateway& gateway, const AdminRequest& request) {
  const auto body = json_body(request);
  const json::value* client = body ? body->if_contains("client") : nullptr;
  if (client == nullptr || !client->is_string()) {
    return error_response(http::status::bad_request, R"(write {"client": "192.0.2.1:49152"})");
  }
  const std::string text(client->get_string());
  if (!gateway.end_session(text))
    return error_response(http::status::not_found, "no session of this client is open");
  log(Level::notice, "the session of " + showable(text) + " was ended by " + request.who);
  return json_response(json::object{{"ended", text}});
}

}  // namespace

void add_session_routes(Gateway& gateway, AdminRoutes& routes) {
  routes.push_back(
      {.path = "/api/v1/sessions", .answer = [&gateway](const AdminRequest&) { return sessions(gateway); }});
  routes.push_back(
      {.method = http::verb::post,
       .path = "/api/v1/sessions/end",
       .role = Role::admin,
       .answer = [&gateway](const AdminRequest& request) { return end_session(gateway, request); }});
}

}  // namespace gate
