#include "proxy/explain_json.hpp"

#include <algorithm>

#include <boost/json/array.hpp>

#include "proxy/audit_json.hpp"
#include "proxy/escape.hpp"

namespace gate {
namespace {

namespace json = boost::json;

json::object question_json(const Question& question) {
  json::object object{{"user", storable(question.user)},       {"peer", storable(question.peer)},
                      {"kind", name_of(question.kind)},        {"direction", name_of(question.direction)},
                      {"client", question.client.to_string()}, {"at", to_rfc3339(question.at)}};
  json::array names;
  for (const std::string& name : question.names) names.emplace_back(storable(name));
  object["names"] = std::move(names);
  if (question.size) object["size"] = *question.size;
  return object;
}

}  // namespace

json::object to_json(const Policy& policy, const Question& question, const Explanation& why,
                     std::size_t most_steps) {
  json::array steps;
  const std::size_t told = std::min(why.steps.size(), most_steps);
  for (auto step = why.steps.end() - static_cast<std::ptrdiff_t>(told); step != why.steps.end(); ++step) {
    json::object object{{"number", step->number}, {"rule", step->rule->name}, {"fits", !step->mismatch}};
    if (step->mismatch) {
      object["condition"] = name_of(*step->mismatch);
      object["why"] = mismatch_text(*step->rule, *step->mismatch, question);
    }
    steps.push_back(std::move(object));
  }
  json::object object{{"question", question_json(question)},         {"policy", policy.revision()},
                      {"action", name_of(why.verdict.action)},       {"rule", why.verdict.rule},
                      {"reason", msnp::name_of(why.verdict.reason)}, {"rules", std::move(steps)}};
  if (!why.by_rule()) object["why"] = ruleless_text(policy, question, why);
  return object;
}

}  // namespace gate
