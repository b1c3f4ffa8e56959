// GET /api/v1/explain: what the policy in force would say now, and why rule by rule.
#include <charconv>
#include <chrono>
#include <string>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "proxy/admin_routes.hpp"
#include "proxy/gateway.hpp"

namespace gate {
namespace {

namespace http = boost::beast::http;
namespace json = boost::json;

constexpr std::size_t most_rules = 200;  // that are told of

/// Accounts are compared in small letters, as filters know them.
std::string folded(std::string text) {
  for (char& letter : text) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return text;
}

struct Asked {
  std::string user;
  std::string peer;
  std::vector<std::string> names;
  Question question;  // with views into the above
};

/// What is wrong with the request, in words.
std::optional<std::string> read(const AdminRequest& request, Asked& asked) {
  const auto value = [&request](const char* name) {
    const auto found = request.query.find(name);
    return found == request.query.end() ? std::string() : found->second;
  };
  asked.user = folded(value("user"));
  asked.peer = folded(value("peer"));
  if (const std::string name = value("name"); !name.empty()) asked.names.push_back(name);
  asked.question.user = asked.user;
  asked.question.peer = asked.peer;
  asked.question.names = asked.names;
  asked.question.at = std::chrono::system_clock::now();
  const std::string kind = value("kind");
  const auto known = msnp::kind_named(kind.empty() ? "file-transfer" : kind);
  if (!known) return "kind is one such as file-transfer";
  asked.question.kind = *known;
  const std::string direction = value("direction");
  if (direction == "receive") {
    asked.question.direction = msnp::Direction::to_client;
  } else if (!direction.empty() && direction != "send") {
    return "direction is send or receive";
  }
  if (const std::string size = value("size"); !size.empty()) {
    std::uint64_t bytes = 0;
    const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), bytes);
    if (error != std::errc() || end != size.data() + size.size()) return "size is a number of bytes";
    asked.question.size = bytes;
  }
  if (std::string client = value("client"); !client.empty()) {
    if (client.front() == '[' && client.back() == ']') client = client.substr(1, client.size() - 2);
    boost::system::error_code error;
    asked.question.client = boost::asio::ip::make_address(client, error);
    if (error) return "client is an address such as 10.20.0.7";
  }
  return std::nullopt;
}

AdminResponse explain(const Gateway& gateway, const AdminRequest& request) {
  Asked asked;
  if (const auto wrong = read(request, asked)) return error_response(http::status::bad_request, *wrong);
  const std::shared_ptr<const Policy> policy = gateway.policy();
  const Verdict verdict = policy->judge(asked.question);
  json::array rules;
  std::optional<LocalMinute> now;
  for (const RuleMatch& match : policy->matches()) {
    if (rules.size() == most_rules) break;
    const auto mismatch = match.mismatch(asked.question, now);
    const std::string why =
        mismatch ? "does not fit: " + std::string(name_of(*mismatch)) : std::string("fits, and decides");
    rules.push_back(json::object{{"name", match.rule().name}, {"fits", !mismatch}, {"why", why}});
    if (!mismatch) break;
  }
  return json_response(json::object{{"action", name_of(verdict.action)},
                                    {"rule", verdict.rule},
                                    {"reason", msnp::name_of(verdict.reason)},
                                    {"policy", policy->revision()},
                                    {"rules", std::move(rules)}});
}

}  // namespace

void add_explain_route(Gateway& gateway, AdminRoutes& routes) {
  routes.push_back({.path = "/api/v1/explain",
                    .answer = [&gateway](const AdminRequest& request) { return explain(gateway, request); }});
}

}  // namespace gate
