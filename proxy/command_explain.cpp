// `msnpgate explain`: which rule decides, and why those before it do not; of a question as asked, or of a
// recorded decision with the policy of its time.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <ostream>
#include <variant>

#include "proxy/audit_json.hpp"
#include "proxy/audited_question.hpp"
#include "proxy/commands.hpp"
#include "proxy/config.hpp"
#include "proxy/config_values.hpp"
#include "proxy/escape.hpp"
#include "proxy/explain.hpp"
#include "proxy/moment.hpp"
#include "proxy/policy_archive.hpp"

namespace gate {
namespace {

namespace json = boost::json;

std::string account_text(std::string_view account) {
  return account.empty() ? "?" : showable(account);
}

std::string question_text(const Question& question) {
  const bool sends = question.direction == msnp::Direction::to_server;
  std::string text(name_of(question.kind));
  text += sends ? ", sent by " : ", received by ";
  text += account_text(question.user) + (sends ? " to " : " from ") + account_text(question.peer);
  for (const std::string& name : question.names) text += ", \"" + showable(name) + '"';
  text += question.size ? ", " + std::to_string(*question.size) + " bytes" : ", of unknown size";
  return text + ", client " + question.client.to_string() + ", at " + to_rfc3339(question.at);
}

json::object question_json(const Question& question) {
  json::object object{{"user", question.user},
                      {"peer", question.peer},
                      {"kind", name_of(question.kind)},
                      {"direction", question.direction == msnp::Direction::to_server ? "send" : "receive"},
                      {"client", question.client.to_string()},
                      {"at", to_rfc3339(question.at)}};
  json::array names;
  for (const std::string& name : question.names) names.emplace_back(storable(name));
  object["names"] = std::move(names);
  if (question.size) object["size"] = *question.size;
  return object;
}

void tell_text(const Policy& policy, const Question& question, const Explanation& why, std::ostream& out) {
  out << question_text(question) << "\npolicy " << policy.revision() << ":\n";
  for (const Explanation::Step& step : why.steps) {
    out << "  " << step.number << ". \"" << showable(step.rule->name) << "\" ";
    if (step.mismatch) {
      out << "does not fit, " << mismatch_text(*step.rule, *step.mismatch, question) << '\n';
    } else {
      out << "fits\n";
    }
  }
  out << name_of(why.verdict.action) << ": ";
  if (why.verdict.rule == "default") {
    out << default_text(policy, question, why) << '\n';
  } else {
    out << "rule " << why.steps.back().number << " \"" << showable(why.verdict.rule) << "\"\n";
  }
}

json::object explanation_json(const Policy& policy, const Question& question, const Explanation& why) {
  json::array steps;
  for (const Explanation::Step& step : why.steps) {
    json::object object{{"number", step.number}, {"rule", step.rule->name}, {"fits", !step.mismatch}};
    if (step.mismatch) {
      object["condition"] = name_of(*step.mismatch);
      object["why"] = mismatch_text(*step.rule, *step.mismatch, question);
    }
    steps.push_back(std::move(object));
  }
  json::object object{{"question", question_json(question)},
                      {"policy", policy.revision()},
                      {"action", name_of(why.verdict.action)},
                      {"rule", why.verdict.rule},
                      {"rules", std::move(steps)}};
  if (why.verdict.rule == "default") object["why"] = default_text(policy, question, why);
  return object;
}

void tell(const Policy& policy, const Question& question, ReplayFormat format, std::ostream& out) {
  const Explanation why = explain(policy, question);
  if (format == ReplayFormat::json) {
    out << json::serialize(explanation_json(policy, question, why)) << '\n';
  } else {
    tell_text(policy, question, why, out);
  }
}

/// What the options ask; or which of them is wrong. `options` and what is read of them stay alive.
struct Asked {
  std::string user, peer;
  Question question;
};
std::variant<Asked, std::string> asked_by(const ExplainOptions& options) {
  Asked asked;
  const auto account = [](const std::string& text) -> std::optional<std::string> {
    auto folded = account_pattern_from(text);
    return folded && folded->find('*') == std::string::npos ? folded : std::nullopt;
  };
  const auto user = account(options.user);
  if (!user) return "--user has to be an account, name@domain";
  const auto peer = account(options.peer);
  if (!peer) return "--peer has to be an account, name@domain";
  asked.user = *user;
  asked.peer = *peer;
  Question& question = asked.question;
  const auto kind = msnp::kind_named(options.kind);
  if (!kind) return "--kind has to be a kind, such as file-transfer";
  question.kind = *kind;
  question.names = options.names;
  if (!options.size.empty()) {
    question.size = size_from(options.size);
    if (!question.size) return "--size has to be a size, such as 10MiB or 48231";
  }
  question.at = std::chrono::system_clock::now();
  if (!options.at.empty()) {
    const auto at = moment_of(options.at);
    if (!at) return "--at has to be a time, such as 2026-11-26T10:00:00Z or 2026-11-26 11:00+01:00";
    question.at = *at;
  }
  question.direction =
      options.direction == "receive" ? msnp::Direction::to_client : msnp::Direction::to_server;
  boost::system::error_code error;
  question.client = boost::asio::ip::make_address(options.client, error);
  if (error) return "--client has to be an address";
  return asked;
}

int explain_audited(const Config& config, const ExplainOptions& options, std::ostream& out,
                    std::ostream& err) {
  const auto found = audited_question(config.boot.audit.path, options.audit);
  if (const auto* const fault = std::get_if<std::string>(&found)) {
    err << *fault << '\n';
    return exit_failed;
  }
  const auto& asked = std::get<AuditedQuestion>(found);
  const auto kept = PolicyArchive(config.boot.state / "policies").find(asked.policy);
  if (const auto* const fault = std::get_if<std::string>(&kept)) {
    err << *fault << '\n';
    return exit_failed;
  }
  if (options.format == ReplayFormat::text) {
    out << "recorded: " << asked.action << ", rule \"" << showable(asked.rule) << "\", reason "
        << asked.reason << '\n';
    if (asked.rule.starts_with("grant ")) {
      out << "a grant decided before all rules; without it:\n";
    }
  }
  for (const std::string& peer : asked.peers) {
    tell(*std::get<std::shared_ptr<const Policy>>(kept), asked.about(peer), options.format, out);
  }
  return exit_fine;
}

}  // namespace

int command_explain(const ExplainOptions& options, std::ostream& out, std::ostream& err) {
  Config config = default_config();
  if (options.config) {
    auto loaded = load_config(*options.config);
    if (const auto* const errors = std::get_if<std::vector<ConfigError>>(&loaded)) {
      for (const ConfigError& error : *errors) err << to_string(error) << '\n';
      return exit_config;
    }
    config = std::move(std::get<Config>(loaded));
  }
  if (!options.audit.empty()) {
    if (options.config) return explain_audited(config, options, out, err);
    err << "--audit needs -c FILE: it says where the log and the old policies are\n";
    return exit_usage;
  }
  const auto asked = asked_by(options);
  if (const auto* const fault = std::get_if<std::string>(&asked)) {
    err << *fault << '\n';
    return exit_usage;
  }
  Question question = std::get<Asked>(asked).question;
  question.user = std::get<Asked>(asked).user;
  question.peer = std::get<Asked>(asked).peer;
  tell(*config.policy, question, options.format, out);
  return exit_fine;
}

}  // namespace gate
