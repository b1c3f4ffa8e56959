// GET /api/v1/explain: which rule decides, and why those before it do not; of a question as asked, or of a
// recorded decision.
#include <chrono>
#include <string>
#include <variant>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "proxy/admin_routes.hpp"
#include "proxy/audited_question.hpp"
#include "proxy/explain_json.hpp"
#include "proxy/gateway.hpp"

namespace gate {
namespace {

namespace http = boost::beast::http;
namespace json = boost::json;

constexpr std::size_t most_steps = 200;  // that are told of: a page is for people

std::string word(const AdminRequest& request, const char* name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? std::string() : found->second;
}

QuestionWords words_of(const AdminRequest& request) {
  QuestionWords words{.user = word(request, "user"),
                      .peer = word(request, "peer"),
                      .kind = word(request, "kind"),
                      .names = {},
                      .size = word(request, "size"),
                      .at = word(request, "at"),
                      .direction = word(request, "direction"),
                      .client = word(request, "client")};
  if (std::string name = word(request, "name"); !name.empty()) words.names.push_back(std::move(name));
  return words;
}

json::object explanations(const Policy& policy, const AskedQuestion& asked) {
  json::array list;
  for (const std::string& peer : asked.peers) {
    const Question question = asked.about(peer);
    list.push_back(to_json(policy, question, explain(policy, question), most_steps));
  }
  return {{"explanations", std::move(list)}};
}

AdminResponse explain_recorded(const Gateway& gateway, const std::string& id, const std::string& with) {
  if (!with.empty() && with != "then" && with != "now") {
    return error_response(http::status::bad_request, "policy has to be then or now");
  }
  const Boot boot = gateway.boot();
  auto found = audited_question(boot.audit.path, id);
  if (const auto* const fault = std::get_if<std::string>(&found)) {
    return error_response(http::status::not_found, *fault);
  }
  auto& decision = std::get<AuditedQuestion>(found);
  std::shared_ptr<const Policy> policy = gateway.policy();
  if (with == "now") {
    decision.asked.question.at = std::chrono::system_clock::now();
  } else {
    const auto kept = PolicyArchive(boot.state).find(decision.policy);
    if (const auto* const fault = std::get_if<std::string>(&kept)) {
      return error_response(http::status::not_found, *fault);
    }
    policy = std::get<std::shared_ptr<const Policy>>(kept);
  }
  json::object answer = explanations(*policy, decision.asked);
  answer["recorded"] = json::object{{"id", decision.id},
                                    {"action", decision.action},
                                    {"rule", decision.rule},
                                    {"reason", decision.reason},
                                    {"policy", decision.policy}};
  return json_response(answer);
}

AdminResponse explain(const Gateway& gateway, const AdminRequest& request) {
  if (const std::string id = word(request, "audit"); !id.empty()) {
    return explain_recorded(gateway, id, word(request, "policy"));
  }
  const auto asked = asked_question(words_of(request));
  if (const auto* const fault = std::get_if<std::string>(&asked)) {
    return error_response(http::status::bad_request, *fault);
  }
  return json_response(explanations(*gateway.policy(), std::get<AskedQuestion>(asked)));
}

}  // namespace

void add_explain_route(Gateway& gateway, AdminRoutes& routes) {
  routes.push_back({.path = "/api/v1/explain",
                    .answer = [&gateway](const AdminRequest& request) { return explain(gateway, request); }});
}

}  // namespace gate
