// The page that the admin server shows, as it is built into the program (cmake/dashboard.cmake).
#pragma once

#include <span>
#include <string_view>

namespace gate {

struct DashboardFile {
  std::string_view name;  // "index.html"
  std::string_view text;
};

[[nodiscard]] std::span<const DashboardFile> dashboard_files() noexcept;

}  // namespace gate
