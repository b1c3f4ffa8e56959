// What an administrator asks and is answered, as values; and the table of who answers what. Handlers know
// nothing of sockets.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/beast/http/status.hpp>
#include <boost/beast/http/verb.hpp>
#include <boost/json/value.hpp>

#include "proxy/admin_settings.hpp"

namespace gate {

struct AdminRequest {
  std::string path;                          // as sent, without the query; never decoded
  std::map<std::string, std::string> query;  // decoded; the last of equal names
  std::string body;                          // JSON, or empty
  Role role = Role::none;
  std::string who;  // for log and audit: "ann" (a local user), "token 2", "certificate ops"
};

/// An answer without an end (Server-Sent Events). Nothing is queued for a slow reader: it is asked for more
/// only when all before has been sent.
class AdminStream {
 public:
  AdminStream() = default;
  virtual ~AdminStream() = default;
  AdminStream(const AdminStream&) = delete;
  AdminStream& operator=(const AdminStream&) = delete;
  /// What there is to send now, at most some 256 KiB; empty when nothing is new. Asked a few times a second.
  [[nodiscard]] virtual std::string next() = 0;
};

struct AdminResponse {
  boost::beast::http::status status = boost::beast::http::status::ok;
  std::string type = "application/json";
  std::string body;
  std::shared_ptr<AdminStream> stream{};  // sent behind `body`, until either side ends it
};

[[nodiscard]] AdminResponse json_response(const boost::json::value& value,
                                          boost::beast::http::status status = boost::beast::http::status::ok);
/// {"error": "..."}, for people to read.
[[nodiscard]] AdminResponse error_response(boost::beast::http::status status, std::string_view text);
/// The object in the body of a request; nothing if it is none.
[[nodiscard]] std::optional<boost::json::object> json_body(const AdminRequest& request);

/// One thing that can be asked. Handlers run on threads of the admin server, never on one that carries
/// connections, and may throw std::exception: that is a 500.
struct AdminRoute {
  boost::beast::http::verb method = boost::beast::http::verb::get;
  std::string path;
  Role role = Role::viewer;  // `none`: for everybody who reaches the server
  std::function<AdminResponse(const AdminRequest&)> answer;
  /// Answers at once, without a disk or a lock that is held for long: needs no thread of its own.
  bool quick = false;
  /// Reads the log, which may take long, and holds no lock: done when nobody else wants the processor.
  bool searches = false;
};
using AdminRoutes = std::vector<AdminRoute>;

/// A target such as "/api/v1/events?user=ann%40corp.example" into path and query. Nothing when it is no
/// path, or its query has a broken escape or more than 32 names.
struct AdminTarget {
  std::string path;
  std::map<std::string, std::string> query;
};
[[nodiscard]] std::optional<AdminTarget> admin_target(std::string_view target);

}  // namespace gate
