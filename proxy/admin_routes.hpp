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
/// GET /metrics.
void add_metrics_route(Gateway& gateway, AdminRoutes& routes);
/// GET /api/v1/sessions, POST /api/v1/sessions/end.
void add_session_routes(Gateway& gateway, AdminRoutes& routes);
/// GET /api/v1/events, /api/v1/events/stream.
void add_event_routes(Gateway& gateway, AdminRoutes& routes);
/// GET /api/v1/summary.
void add_summary_route(Gateway& gateway, AdminRoutes& routes);
/// GET /api/v1/explain.
void add_explain_route(Gateway& gateway, AdminRoutes& routes);
/// GET /api/v1/policy.
void add_policy_routes(Gateway& gateway, AdminRoutes& routes);
/// GET /, the dashboard.
void add_dashboard_routes(AdminRoutes& routes);
/// POST /api/v1/reload, /api/v1/drain.
void add_change_routes(Gateway& gateway, AdminRoutes& routes);

/// GET and POST /api/v1/grants, POST /api/v1/grants/revoke.
void add_grant_routes(Gateway& gateway, AdminRoutes& routes);

}  // namespace gate
