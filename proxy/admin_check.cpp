#include "proxy/admin_check.hpp"

#include <algorithm>

namespace gate {
namespace {

namespace http = boost::beast::http;
using http::field;
using http::status;
using http::verb;

std::string folded(std::string_view text) {
  std::string result(text);
  for (char& letter : result) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return result;
}

std::string_view value_of(const AdminHead& head, field name) {
  const auto found = head.find(name);
  return found == head.end() ? std::string_view{} : std::string_view(found->value());
}

std::optional<AdminResponse> wrong_host(const AdminHead& head, const AdminDoor& door) {
  if (head.count(field::host) != 1) {
    return error_response(status::bad_request, "exactly one Host is needed");
  }
  const std::string host = host_of(value_of(head, field::host));
  if (std::find(door.hosts.begin(), door.hosts.end(), host) != door.hosts.end()) return std::nullopt;
  return error_response(status::misdirected_request,
                        "this server is not known by that Host; `hosts` of [[admin.listener]] adds names");
}

/// A foreign page can make a browser ask, but not without telling where it comes from.
std::optional<AdminResponse> foreign_page(const AdminHead& head, const AdminDoor& door) {
  const std::string own = (door.tls ? "https://" : "http://") + folded(value_of(head, field::host));
  const bool foreign_origin = head.count(field::origin) != 0 && folded(value_of(head, field::origin)) != own;
  const auto fetch = [&head](const char* name) {
    const auto found = head.find(name);
    return found == head.end() ? std::string_view{} : std::string_view(found->value());
  };
  const std::string_view site = fetch("Sec-Fetch-Site");
  // Following a link to the dashboard is fine; its answer is shown in a page of its own.
  const bool link = head.method() == verb::get && fetch("Sec-Fetch-Mode") == "navigate";
  const bool foreign_site = !site.empty() && site != "same-origin" && site != "none" && !link;
  if (!foreign_origin && !foreign_site) return std::nullopt;
  return error_response(status::forbidden, "asked by a page of another origin");
}

std::optional<AdminResponse> wrong_content(const AdminHead& head) {
  if (head.method() == verb::get || head.method() == verb::head) return std::nullopt;
  // No form of a foreign page can send this type, and no script without asking first.
  std::string_view type = value_of(head, field::content_type);
  type = type.substr(0, type.find(';'));
  if (folded(type) == "application/json") return std::nullopt;
  return error_response(status::unsupported_media_type, "Content-Type must be application/json");
}

std::optional<AdminResponse> wrong_role(Role role, const AdminRoute& route) {
  if (role >= route.role) return std::nullopt;
  if (role == Role::none) return error_response(status::unauthorized, "show a token or a client certificate");
  return error_response(status::forbidden, "this changes something and needs the role admin");
}

}  // namespace

std::string host_of(std::string_view authority) {
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    return folded(authority.substr(0, end == std::string_view::npos ? end : end + 1));
  }
  return folded(authority.substr(0, authority.find(':')));
}

AdminAdmission admit(const AdminHead& head, const AdminDoor& door, Role role, const AdminRoutes& routes) {
  AdminAdmission result;
  const auto refuse = [&result](AdminResponse response) {
    result.refusal = std::move(response);
    return std::move(result);
  };
  if (auto refusal = wrong_host(head, door)) return refuse(*std::move(refusal));
  if (auto refusal = foreign_page(head, door)) return refuse(*std::move(refusal));
  auto target = admin_target(std::string_view(head.target()));
  if (!target) return refuse(error_response(status::bad_request, "the path or its query cannot be read"));
  result.target = *std::move(target);

  const verb method = head.method() == verb::head ? verb::get : head.method();
  const AdminRoute* found = nullptr;
  for (const AdminRoute& route : routes) {
    if (route.path != result.target.path) continue;
    if (route.method == method) found = &route;
    if (!result.allow.empty()) result.allow += ", ";
    result.allow += std::string_view(http::to_string(route.method));
  }
  if (result.allow.empty()) return refuse(error_response(status::not_found, "there is nothing here"));
  if (found == nullptr) return refuse(error_response(status::method_not_allowed, "not with this method"));
  if (auto refusal = wrong_role(role, *found)) return refuse(*std::move(refusal));
  if (auto refusal = wrong_content(head)) return refuse(*std::move(refusal));
  result.route = found;
  return result;
}

}  // namespace gate
