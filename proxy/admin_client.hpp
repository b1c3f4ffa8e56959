// Asking a running gateway, from the command line: one request, one answer, nothing kept.
#pragma once

#include <chrono>
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

#include <boost/beast/http/verb.hpp>
#include <boost/json/value.hpp>

#include "proxy/commands.hpp"

namespace gate {

struct AdminReply {
  unsigned status = 0;  // of HTTP
  std::string body;
};

/// Asks over the unix socket and waits at most `patience`. Throws std::runtime_error whose text tells an
/// operator what is wrong: no gateway there, no permission, no answer.
[[nodiscard]] AdminReply ask_admin(const std::filesystem::path& socket, boost::beast::http::verb method,
                                   std::string_view target, std::string_view body = {},
                                   std::chrono::milliseconds patience = std::chrono::seconds(30));

/// The same for a command: finds the socket, asks, and gives the JSON of a good answer. Whatever goes wrong
/// is told on `err`, and then `code` is what the command returns.
struct AdminAnswer {
  boost::json::value value;
  int code = exit_fine;
};
[[nodiscard]] AdminAnswer ask_admin(const AdminOptions& options, boost::beast::http::verb method,
                                    std::string_view target, std::ostream& err, std::string_view body = {});

}  // namespace gate
