// GET /api/v1/policy: the rules in force and how often each decided.
#include <string>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "proxy/admin_routes.hpp"
#include "proxy/audit_json.hpp"
#include "proxy/config_values.hpp"
#include "proxy/gateway.hpp"

namespace gate {
namespace {

namespace json = boost::json;

// A page is for people; `msnpgate check` tells all of ten thousand rules.
constexpr std::size_t most_rules = 1'000;
constexpr std::size_t most_entries = 20;  // of one list in a rule

template <class List, class Text>
void put(json::object& rule, std::string_view key, const List& list, Text text) {
  if (list.empty()) return;
  json::array entries;
  for (const auto& entry : list) {
    if (entries.size() == most_entries) {
      entries.emplace_back("and " + std::to_string(list.size() - most_entries) + " more");
      break;
    }
    entries.emplace_back(text(entry));
  }
  rule[key] = std::move(entries);
}

json::object value_of(const Rule& rule, std::uint64_t hits) {
  const auto itself = [](const std::string& text) { return text; };
  json::object value{{"name", rule.name}, {"action", name_of(rule.action)}, {"hits", hits}};
  put(value, "users", rule.users, itself);
  put(value, "peers", rule.peers, itself);
  put(value, "clients", rule.clients, network_text);
  put(value, "kinds", rule.kinds, [](msnp::Kind kind) { return std::string(name_of(kind)); });
  put(value, "names", rule.names, itself);
  put(value, "when", rule.when, window_text);
  if (rule.direction) value["direction"] = name_of(*rule.direction);
  if (rule.max_size) value["max_size"] = *rule.max_size;
  if (rule.until) value["until"] = to_rfc3339(*rule.until);
  return value;
}

AdminResponse policy(const Gateway& gateway) {
  const std::shared_ptr<const Policy> current = gateway.policy();
  json::array rules;
  for (std::size_t i = 0; i < current->rules().size() && i < most_rules; ++i) {
    rules.push_back(value_of(current->rules()[i], current->hits().of_rule(i)));
  }
  return json_response(json::object{{"revision", current->revision()},
                                    {"default", name_of(current->fallback())},
                                    {"default_hits", current->hits().of_default()},
                                    {"rule_count", current->rules().size()},
                                    {"rules", std::move(rules)}});
}

}  // namespace

void add_policy_routes(Gateway& gateway, AdminRoutes& routes) {
  routes.push_back(
      {.path = "/api/v1/policy", .answer = [&gateway](const AdminRequest&) { return policy(gateway); }});
}

}  // namespace gate
