// Input: one byte that says what the rest is: the head of a request to the admin server, a target, a file of
// tokens with what is shown, or the body that asks for a grant.
//
// Laws: only who may is admitted, to the route he named, by a name of the server and not for a foreign page;
// a target keeps to its bounds; no token that is not in the file lets anybody in; a grant has a user, an end,
// and comes back from its JSON as it was.
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/json/serialize.hpp>

#include <sys/stat.h>

#include "proxy/admin_access.hpp"
#include "proxy/admin_check.hpp"
#include "proxy/grant_json.hpp"
#include "tests/fuzz/laws.hpp"
#include "tests/fuzz/scratch_file.hpp"
#include "tests/fuzz/targets.hpp"

namespace fuzz {
namespace {

namespace http = boost::beast::http;
using gate::Role;

const gate::AdminRoutes& routes() {
  static const gate::AdminRoutes table = [] {
    const auto nothing = [](const gate::AdminRequest&) { return gate::AdminResponse{}; };
    return gate::AdminRoutes{{http::verb::get, "/livez", Role::none, nothing, true},
                             {http::verb::get, "/api/v1/events", Role::viewer, nothing},
                             {http::verb::get, "/api/v1/grants", Role::viewer, nothing},
                             {http::verb::post, "/api/v1/grants", Role::admin, nothing},
                             {http::verb::post, "/api/v1/reload", Role::admin, nothing}};
  }();
  return table;
}

void head(const Exact& text) {
  http::request_parser<http::string_body> parser;
  parser.header_limit(16 * 1024);
  boost::beast::error_code error;
  parser.put(boost::asio::buffer(text.bytes().data(), text.bytes().size()), error);
  if (!parser.is_header_done()) return;
  const gate::AdminHead& head = parser.get().base();
  const gate::AdminDoor door{false, {"gate.example", "127.0.0.1", "[::1]"}};
  for (const Role role : {Role::none, Role::viewer, Role::admin}) {
    const gate::AdminAdmission admission = gate::admit(head, door, role, routes());
    if (admission.route == nullptr) {
      law(!admission.refusal.body.empty() &&
              http::to_status_class(admission.refusal.status) == http::status_class::client_error,
          "who is not admitted is told why");
      continue;
    }
    const gate::AdminRoute& route = *admission.route;
    law(role >= route.role, "only who may is admitted");
    law(std::string_view(head.target()).starts_with(route.path), "a route is the one that was named");
    law(head.method() == route.method ||
            (head.method() == http::verb::head && route.method == http::verb::get),
        "a route is asked by its method");
    const std::string host = gate::host_of(std::string_view(head[http::field::host]));
    law(head.count(http::field::host) == 1 &&
            std::find(door.hosts.begin(), door.hosts.end(), host) != door.hosts.end(),
        "the server was called by a name of its own");
    const auto origin = head.find(http::field::origin);
    law(origin == head.end() ||
            std::string_view(origin->value()).find(host.substr(0, 4)) != std::string::npos ||
            gate::host_of(std::string_view(origin->value()).substr(7)) == host,
        "no page of another origin asks");
    law(route.role != Role::admin || !std::string_view(head[http::field::content_type]).empty(),
        "what changes something says what it brings");
  }
}

void target(const Exact& text) {
  const auto read = gate::admin_target(text.text());
  if (!read) return;
  law(read->path.starts_with('/') && read->path.find('?') == std::string::npos, "a target has a path");
  law(text.text().starts_with(read->path), "a path is as it was sent");
  law(read->query.size() <= 32, "a query is bounded");
}

void tokens(const Exact& text) {
  static ScratchFile file("tokens");
  const std::size_t end = text.text().find('\0');
  const std::string_view list = text.text().substr(0, end);
  const std::string_view shown = end == std::string_view::npos ? "" : text.text().substr(end + 1);
  const auto& path = file.write(list);
  ::chmod(path.c_str(), 0600);
  try {
    const gate::AdminTokens known(path);
    const auto caller = known.caller(shown);
    if (!caller) return;
    const std::size_t space = shown.find(' ');
    law(space != std::string_view::npos && caller->role != Role::none, "a caller has a role");
    const std::string_view token = shown.substr(shown.find_last_of(' ') + 1);
    law(!token.empty() && list.find(token) != std::string_view::npos, "a token that lets in is in the file");
  } catch (const std::runtime_error& refused) {
    law(std::string_view(refused.what()).find(path.filename().string()) != std::string_view::npos,
        "a file that cannot be read is named");
  }
}

void grant(const Exact& text) {
  gate::AdminRequest request;
  request.body = text.text();
  const auto object = gate::json_body(request);
  if (!object) return;
  const auto asked = gate::grant_request(*object);
  if (const auto* const fault = std::get_if<std::string>(&asked)) {
    law(!fault->empty(), "who gets no grant is told why");
    return;
  }
  const auto& wanted = std::get<gate::GrantRequest>(asked);
  law(!wanted.rule.users.empty() && wanted.lasting.count() > 0, "a grant has a user and an end");
  gate::Grant grant;
  grant.id = "01K";
  grant.rule = wanted.rule;
  grant.rule.until = std::chrono::system_clock::from_time_t(1'790'000'000);
  grant.once = wanted.once;
  grant.by = "ruth";
  grant.given = std::chrono::system_clock::from_time_t(1'780'000'000);
  grant.use = std::make_shared<gate::GrantUse>();
  const gate::Grant again = gate::grant_from(gate::to_json(grant));
  law(boost::json::serialize(gate::to_json(again)) == boost::json::serialize(gate::to_json(grant)),
      "a grant comes back from its JSON as it was");
}

}  // namespace

int admin_fuzz(const std::uint8_t* data, std::size_t size) {
  Script script(data, size);
  const std::uint8_t part = script.byte();
  const Exact text(script.rest());
  switch (part % 4) {
    case 0:
      head(text);
      break;
    case 1:
      target(text);
      break;
    case 2:
      tokens(text);
      break;
    default:
      grant(text);
  }
  return 0;
}

}  // namespace fuzz
