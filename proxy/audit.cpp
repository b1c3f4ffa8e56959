#include "proxy/audit.hpp"

#include <array>
#include <cstddef>

namespace gate {

std::string_view name_of(AuditKind kind) noexcept {
  constexpr std::array<std::string_view, 7> names{"transfer", "transport", "object",    "failure",
                                                  "session",  "policy",    "checkpoint"};
  return names.at(static_cast<std::size_t>(kind));
}

}  // namespace gate
