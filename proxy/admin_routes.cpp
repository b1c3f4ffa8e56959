#include "proxy/admin_routes.hpp"

namespace gate {

AdminRoutes admin_routes(Gateway& gateway) {
  AdminRoutes routes;
  add_status_routes(gateway, routes);
  add_change_routes(gateway, routes);
  return routes;
}

}  // namespace gate
