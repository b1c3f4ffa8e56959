// What a request must be before anybody answers it: meant for this server, not made by a foreign web page,
// known, and allowed to whoever asks. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>

#include "proxy/admin_http.hpp"

namespace gate {

/// How somebody came in.
struct AdminDoor {
  bool tls = false;
  /// Names by which a browser may call this server, folded and without port: whoever has a foreign name
  /// resolve to this address must not be taken for its neighbour (DNS rebinding).
  std::vector<std::string> hosts;
};

using AdminHead = boost::beast::http::request_header<boost::beast::http::fields>;

/// The host of "gate.corp.example:9863" or "[::1]:9863", folded.
[[nodiscard]] std::string host_of(std::string_view authority);

/// The route that answers, or why there is no answer. `role` is that of whoever asks.
struct AdminAdmission {
  const AdminRoute* route = nullptr;
  AdminTarget target;
  AdminResponse refusal;  // meaningful without a route
  std::string allow;      // of a 405: the methods that are known
};
[[nodiscard]] AdminAdmission admit(const AdminHead& head, const AdminDoor& door, Role role,
                                   const AdminRoutes& routes);

}  // namespace gate
