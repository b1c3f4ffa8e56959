// GET /: the dashboard, and the few files it is made of. They are no secret: what they show is asked for
// separately, by whoever may.
#include <array>
#include <string>

#include "proxy/admin_routes.hpp"
#include "proxy/dashboard_files.hpp"

namespace gate {
namespace {

std::string type_of(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> types{
      {{".html", "text/html"}, {".css", "text/css"}, {".js", "text/javascript"}}};
  for (const auto& [ending, type] : types) {
    if (name.ends_with(ending)) return std::string(type) + "; charset=utf-8";
  }
  return "application/octet-stream";
}

}  // namespace

void add_dashboard_routes(AdminRoutes& routes) {
  for (const DashboardFile& file : dashboard_files()) {
    const bool page = file.name == "index.html";
    routes.push_back({.path = page ? "/" : '/' + std::string(file.name),
                      .role = Role::none,
                      .answer =
                          [file](const AdminRequest&) {
                            return AdminResponse{.type = type_of(file.name), .body = std::string(file.text)};
                          },
                      .quick = true});
  }
}

}  // namespace gate
