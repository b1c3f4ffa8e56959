// `msnpgate grant`, `grants` and `revoke`: permissions for a while, of a running gateway.
#include <ostream>
#include <string>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "proxy/admin_client.hpp"
#include "proxy/commands.hpp"
#include "proxy/escape.hpp"

namespace gate {
namespace {

namespace json = boost::json;
using boost::beast::http::verb;

std::string text_of(const json::value& value) {
  return value.is_string() ? showable(std::string_view(value.get_string())) : json::serialize(value);
}

std::string joined(const json::object& grant, std::string_view key) {
  const json::value* const list = grant.if_contains(key);
  std::string text;
  if (list == nullptr) return text;
  for (const json::value& element : list->as_array()) text += (text.empty() ? "" : " ") + text_of(element);
  return text;
}

/// One line: what, for whom, how long, by whom.
void tell(const json::object& grant, std::ostream& out) {
  out << text_of(grant.at("id")) << "  " << text_of(grant.at("user"));
  const json::value* const peer = grant.if_contains("peer");
  const json::value* const direction = grant.if_contains("direction");
  out << (direction == nullptr ? " with " : *direction == json::value("send") ? " to " : " from ");
  out << (peer == nullptr ? "anybody" : text_of(*peer));
  for (const std::string_view key : {"kinds", "names"}) {
    if (const std::string list = joined(grant, key); !list.empty()) out << ", " << list;
  }
  if (const json::value* const size = grant.if_contains("max_size")) out << ", up to " << text_of(*size);
  if (grant.at("once").as_bool()) out << ", once";
  out << ", until " << text_of(grant.at("until")) << ", by " << text_of(grant.at("by")) << '\n';
}

}  // namespace

int command_grant(const GrantOptions& options, std::ostream& out, std::ostream& err) {
  json::object asked{{"user", options.user}, {"for", options.lasting}, {"once", options.once}};
  if (!options.peer.empty()) asked["peer"] = options.peer;
  if (!options.names.empty()) asked["names"] = json::array(options.names.begin(), options.names.end());
  if (!options.kinds.empty()) asked["kinds"] = json::array(options.kinds.begin(), options.kinds.end());
  if (!options.direction.empty()) asked["direction"] = options.direction;
  if (!options.max_size.empty()) asked["max_size"] = options.max_size;
  const AdminAnswer answer =
      ask_admin(options.admin, verb::post, "/api/v1/grants", err, json::serialize(asked));
  if (answer.code != exit_fine) return answer.code;
  tell(answer.value.as_object(), out);
  return exit_fine;
}

int command_grants(const AdminOptions& options, ReplayFormat format, std::ostream& out, std::ostream& err) {
  const AdminAnswer answer = ask_admin(options, verb::get, "/api/v1/grants", err);
  if (answer.code != exit_fine) return answer.code;
  const json::array& grants = answer.value.at("grants").as_array();
  for (const json::value& grant : grants) {
    if (format == ReplayFormat::json) {
      out << json::serialize(grant) << '\n';
    } else {
      tell(grant.as_object(), out);
    }
  }
  if (grants.empty() && format == ReplayFormat::text) out << "no grants\n";
  return exit_fine;
}

int command_revoke(const AdminOptions& options, const std::string& id, std::ostream& out, std::ostream& err) {
  const AdminAnswer answer =
      ask_admin(options, verb::post, "/api/v1/grants/revoke", err, json::serialize(json::object{{"id", id}}));
  if (answer.code != exit_fine) return answer.code;
  out << "revoked " << text_of(answer.value.at("id")) << '\n';
  return exit_fine;
}

}  // namespace gate
