// `msnpgate explain`: which rule decides, and why those before it do not; of a question as asked, or of a
// recorded decision with the policy of its time.
#include <ostream>
#include <variant>

#include <boost/json/serialize.hpp>

#include "proxy/audit_json.hpp"
#include "proxy/audited_question.hpp"
#include "proxy/commands.hpp"
#include "proxy/config.hpp"
#include "proxy/escape.hpp"
#include "proxy/explain_json.hpp"
#include "proxy/policy_archive.hpp"

namespace gate {
namespace {

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
  if (why.by_rule()) {
    out << "rule " << why.steps.back().number << " \"" << showable(why.verdict.rule) << "\"\n";
  } else {
    out << ruleless_text(policy, question, why) << '\n';
  }
}

void tell(const Policy& policy, const Question& question, ReplayFormat format, std::ostream& out) {
  const Explanation why = explain(policy, question);
  if (format == ReplayFormat::json) {
    out << boost::json::serialize(to_json(policy, question, why)) << '\n';
  } else {
    tell_text(policy, question, why, out);
  }
}

int explain_audited(const Config& config, const ExplainOptions& options, std::ostream& out,
                    std::ostream& err) {
  const auto found = audited_question(config.boot.audit.path, options.audit);
  if (const auto* const fault = std::get_if<std::string>(&found)) {
    err << *fault << '\n';
    return exit_failed;
  }
  const auto& decision = std::get<AuditedQuestion>(found);
  const auto kept = PolicyArchive(config.boot.state).find(decision.policy);
  if (const auto* const fault = std::get_if<std::string>(&kept)) {
    err << *fault << '\n';
    return exit_failed;
  }
  if (options.format == ReplayFormat::text) {
    out << "recorded: " << decision.action << ", rule \"" << showable(decision.rule) << "\", reason "
        << decision.reason << '\n';
    if (decision.rule.starts_with("grant ")) {
      out << "a grant decided before all rules; without it:\n";
    }
  }
  for (const std::string& peer : decision.asked.peers) {
    tell(*std::get<std::shared_ptr<const Policy>>(kept), decision.asked.about(peer), options.format, out);
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
  const auto read = asked_question(options.question);
  if (const auto* const fault = std::get_if<std::string>(&read)) {
    err << "--" << *fault << '\n';
    return exit_usage;
  }
  const auto& asked = std::get<AskedQuestion>(read);
  tell(*config.policy, asked.about(asked.peers.front()), options.format, out);
  return exit_fine;
}

}  // namespace gate
