// Grants as JSON: in the state file, and between the command line and the gateway.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include <boost/json/object.hpp>

#include "proxy/grant.hpp"

namespace gate {

/// What is asked for: a grant without id, giver and time, that lasts `lasting`.
struct GrantRequest {
  Rule rule;
  bool once = false;
  std::chrono::milliseconds lasting{};
};

/// From {"user", "peer", "names", "kinds", "direction", "max_size", "for", "once"}; or what is wrong, for
/// people. `user` and `for` are needed.
[[nodiscard]] std::variant<GrantRequest, std::string> grant_request(const boost::json::object& object);

/// {"id", "user", "peer", "names", "kinds", "direction", "max_size", "until", "once", "spent", "by",
/// "given"}.
[[nodiscard]] boost::json::object to_json(const Grant& grant);
/// The way back, of what `to_json` made. Throws std::exception if it is something else.
[[nodiscard]] Grant grant_from(const boost::json::object& object);

/// "ann@corp.example to or from bob@agency.example, *.pdf, once, until 2026-11-26T10:00:00Z".
[[nodiscard]] std::string described(const Grant& grant);

}  // namespace gate
