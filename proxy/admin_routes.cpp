#include "proxy/admin_routes.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace gate {
namespace {

/// GET /api/v1: what this gateway can be asked. For tools that serve several versions.
void add_index_route(AdminRoutes& routes) {
  boost::json::array list;
  for (const AdminRoute& route : routes) {
    const auto method = boost::beast::http::to_string(route.method);
    list.push_back(boost::json::object{{"method", std::string_view(method)}, {"path", route.path}});
  }
  routes.push_back({.path = "/api/v1",
                    .answer =
                        [list = std::move(list)](const AdminRequest&) {
                          return json_response(boost::json::object{{"routes", list}});
                        },
                    .quick = true});
}

}  // namespace

AdminRoutes admin_routes(Gateway& gateway) {
  AdminRoutes routes;
  add_status_routes(gateway, routes);
  add_metrics_route(gateway, routes);
  add_session_routes(gateway, routes);
  add_policy_routes(gateway, routes);
  add_event_routes(gateway, routes);
  add_summary_route(gateway, routes);
  add_explain_route(gateway, routes);
  add_dashboard_routes(routes);
  add_change_routes(gateway, routes);
  add_grant_routes(gateway, routes);
  add_index_route(routes);
  return routes;
}

}  // namespace gate
