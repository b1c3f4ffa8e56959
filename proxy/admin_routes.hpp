// What the admin server answers: one table, filled by one function for each part of the gateway.
#pragma once

#include "proxy/admin_http.hpp"

namespace gate {

class Gateway;

/// Everything there is to ask of `gateway`, which outlives the routes.
[[nodiscard]] AdminRoutes admin_routes(Gateway& gateway);

// The parts.

/// GET /livez, /readyz, /api/v1/status.
void add_status_routes(Gateway& gateway, AdminRoutes& routes);
/// POST /api/v1/reload, /api/v1/drain.
void add_change_routes(Gateway& gateway, AdminRoutes& routes);

}  // namespace gate
