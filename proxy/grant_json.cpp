#include "proxy/grant_json.hpp"

#include <algorithm>
#include <stdexcept>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "proxy/audit_json.hpp"
#include "proxy/config_values.hpp"
#include "proxy/name_pattern.hpp"

namespace gate {
namespace {

namespace json = boost::json;
using std::chrono::system_clock;

constexpr std::chrono::hours longest{24 * 366};

/// What a key must hold, read into a request: false with something else in it.
struct Key {
  std::string_view name;
  std::string_view expected;
  bool (*read)(const json::value& value, GrantRequest& request);
};

std::optional<std::string> account(const json::value& value) {
  return value.is_string() ? account_pattern_from(std::string_view(value.get_string())) : std::nullopt;
}

template <class Read>
bool each(const json::value& value, Read read) {
  const json::array* const list = value.if_array();
  return list != nullptr && list->size() <= 100 &&
         std::all_of(list->begin(), list->end(), [&](const json::value& element) {
           return element.is_string() && read(std::string_view(element.get_string()));
         });
}

constexpr std::array<Key, 8> keys{{
    {"user", "an account, name@domain",
     [](const json::value& value, GrantRequest& request) {
       auto user = account(value);
       if (user) request.rule.users = {*std::move(user)};
       return !request.rule.users.empty();
     }},
    {"peer", "an account, name@domain or *@domain",
     [](const json::value& value, GrantRequest& request) {
       auto peer = account(value);
       if (peer) request.rule.peers = {*std::move(peer)};
       return !request.rule.peers.empty();
     }},
    {"names", "patterns of file names, such as *.pdf",
     [](const json::value& value, GrantRequest& request) {
       return each(value, [&](std::string_view pattern) {
         request.rule.names.emplace_back(pattern);
         return pattern.size() <= 1000 && !NamePattern::fault_in(pattern);
       });
     }},
    {"kinds", "kinds, such as file-transfer",
     [](const json::value& value, GrantRequest& request) {
       return each(value, [&](std::string_view name) {
         const auto kind = msnp::kind_named(name);
         if (kind) request.rule.kinds.push_back(*kind);
         return kind.has_value();
       });
     }},
    {"direction", "send or receive",
     [](const json::value& value, GrantRequest& request) {
       if (value.is_string()) request.rule.direction = direction_named(std::string_view(value.get_string()));
       return request.rule.direction.has_value();
     }},
    {"max_size", "a size, such as 10MiB",
     [](const json::value& value, GrantRequest& request) {
       if (value.is_string()) request.rule.max_size = size_from(std::string_view(value.get_string()));
       return request.rule.max_size.has_value();
     }},
    {"for", "a duration such as 30m or 2h, at most a year",
     [](const json::value& value, GrantRequest& request) {
       const auto lasting =
           value.is_string() ? duration_from(std::string_view(value.get_string())) : std::nullopt;
       request.lasting = lasting.value_or(std::chrono::milliseconds(0));
       return request.lasting.count() > 0 && request.lasting <= longest;
     }},
    {"once", "true or false",
     [](const json::value& value, GrantRequest& request) {
       request.once = value.is_bool() && value.get_bool();
       return value.is_bool();
     }},
}};

std::int64_t milliseconds(system_clock::time_point moment) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(moment.time_since_epoch()).count();
}

std::string text_at(const json::object& object, std::string_view key) {
  return std::string(std::string_view(object.at(key).as_string()));
}

}  // namespace

std::variant<GrantRequest, std::string> grant_request(const json::object& object) {
  GrantRequest request;
  for (const auto& member : object) {
    const auto* const key = std::find_if(
        keys.begin(), keys.end(), [&](const Key& one) { return one.name == std::string_view(member.key()); });
    if (key == keys.end()) return std::string("there is no key ") + std::string(member.key());
    if (!key->read(member.value(), request)) {
      return std::string(key->name) + " has to be " + std::string(key->expected);
    }
  }
  for (const std::string_view needed : {"user", "for"}) {
    if (!object.contains(needed)) return std::string(needed) + " is needed";
  }
  const auto& kinds = request.rule.kinds;
  if (request.once && std::find(kinds.begin(), kinds.end(), msnp::Kind::direct_connection) != kinds.end()) {
    return std::string("what passes on a direct-connection cannot be counted: leave once or that kind out");
  }
  request.rule.action = Action::allow;
  return request;
}

json::object to_json(const Grant& grant) {
  const Rule& rule = grant.rule;
  json::object object{{"id", grant.id}, {"user", rule.users.empty() ? "*" : rule.users.front()}};
  if (!rule.peers.empty()) object["peer"] = rule.peers.front();
  if (!rule.names.empty()) object["names"] = json::array(rule.names.begin(), rule.names.end());
  if (!rule.kinds.empty()) {
    json::array kinds;
    for (const msnp::Kind kind : rule.kinds) kinds.emplace_back(name_of(kind));
    object["kinds"] = std::move(kinds);
  }
  if (rule.direction) object["direction"] = name_of(*rule.direction);
  if (rule.max_size) object["max_size"] = size_text(*rule.max_size);
  object["until"] = to_rfc3339(*rule.until);
  object["until_ms"] = milliseconds(*rule.until);
  object["once"] = grant.once;
  object["spent"] = grant.once && grant.use->spent();
  object["by"] = grant.by;
  object["given"] = to_rfc3339(grant.given);
  object["given_ms"] = milliseconds(grant.given);
  return object;
}

Grant grant_from(const json::object& object) {
  json::object asked;
  for (const std::string_view key : {"user", "peer", "names", "kinds", "direction", "max_size", "once"}) {
    if (const json::value* const value = object.if_contains(key)) asked[key] = *value;
  }
  asked["for"] = "1m";  // the end is told by itself
  auto read = grant_request(asked);
  if (const auto* const fault = std::get_if<std::string>(&read)) throw std::runtime_error(*fault);
  const auto moment = [&object](std::string_view key) {
    return system_clock::time_point(std::chrono::milliseconds(object.at(key).as_int64()));
  };
  Grant grant;
  grant.id = text_at(object, "id");
  grant.rule = std::move(std::get<GrantRequest>(read).rule);
  grant.rule.name = "grant " + grant.id;
  grant.rule.until = moment("until_ms");
  grant.once = object.at("once").as_bool();
  grant.by = text_at(object, "by");
  grant.given = moment("given_ms");
  grant.use = std::make_shared<GrantUse>();
  if (object.at("spent").as_bool()) grant.use->exhaust();
  return grant;
}

std::string described(const Grant& grant) {
  const Rule& rule = grant.rule;
  std::string text = rule.users.empty() ? "*" : rule.users.front();
  if (!rule.direction) {
    text += " with ";
  } else {
    text += *rule.direction == msnp::Direction::to_server ? " to " : " from ";
  }
  text += rule.peers.empty() ? "anybody" : rule.peers.front();
  for (const msnp::Kind kind : rule.kinds) text += std::string(", ") + std::string(name_of(kind));
  for (const std::string& name : rule.names) text += ", " + name;
  if (rule.max_size) text += ", up to " + size_text(*rule.max_size);
  if (grant.once) text += ", once";
  return text + ", until " + to_rfc3339(*rule.until);
}

}  // namespace gate
