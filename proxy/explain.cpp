#include "proxy/explain.hpp"

#include <algorithm>
#include <array>

#include "proxy/config_values.hpp"
#include "proxy/escape.hpp"
#include "proxy/grant_json.hpp"

namespace gate {
namespace {

constexpr std::size_t longest_list = 5;
constexpr std::size_t longest_word = 120;

template <class Items, class Text>
std::string either(const Items& items, Text text) {
  std::string list;
  for (std::size_t index = 0; index < items.size(); ++index) {
    if (index == longest_list && items.size() > longest_list + 1) {
      return list + " or " + std::to_string(items.size() - index) + " others";
    }
    if (index > 0) list += " or ";
    list += text(items[index]);
  }
  return list;
}

std::string shown(const std::string& text) {
  return showable(text, longest_word);
}

std::string account_text(std::string_view account, std::string_view nobody) {
  return account.empty() ? std::string(nobody) : showable(account, longest_word);
}

std::string local_text(std::chrono::system_clock::time_point at) {
  constexpr std::array<std::string_view, 7> days{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  const LocalMinute now = local_minute(at);
  const auto two = [](unsigned number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  return std::string(days[now.day]) + ' ' + two(now.minute / 60U) + ':' + two(now.minute % 60U);
}

}  // namespace

Explanation explain(const Policy& policy, const Question& question) {
  Explanation why;
  why.verdict = policy.judge(question);
  why.everything_allowed = question.kind == msnp::Kind::direct_connection &&
                           policy.allows_everything(question.user, question.peer, question.client);
  if (why.everything_allowed || why.verdict.grant != nullptr) return why;
  std::optional<LocalMinute> now;
  const std::vector<RuleMatch>& matches = policy.matches();
  for (std::size_t number = 0; number < matches.size(); ++number) {
    const auto mismatch = matches[number].mismatch(question, now);
    why.steps.push_back({number + 1, &matches[number].rule(), mismatch});
    if (!mismatch) break;
  }
  return why;
}

std::string mismatch_text(const Rule& rule, Condition condition, const Question& question) {
  const auto kind_text = [](msnp::Kind kind) { return std::string(name_of(kind)); };
  const std::string key(name_of(condition));
  switch (condition) {
    case Condition::kinds:
      if (rule.kinds.empty()) return key + ": a direct-connection is allowed only by a rule that names it";
      return key + ": " + kind_text(question.kind) + " is not " + either(rule.kinds, kind_text);
    case Condition::direction:
      return key + ": it speaks of what the user " +
             (*rule.direction == msnp::Direction::to_server ? "sends" : "receives");
    case Condition::users:
      return key + ": " + account_text(question.user, "a user who is not signed in") + " is not " +
             either(rule.users, shown);
    case Condition::peers:
      return key + ": " + account_text(question.peer, "a peer who is not known") + " is not " +
             either(rule.peers, shown);
    case Condition::clients:
      return key + ": " + question.client.to_string() + " is not in " + either(rule.clients, network_text);
    case Condition::max_size:
      if (!question.size) return key + ": the size is not known";
      return key + ": " + size_text(*question.size) + " is more than " + size_text(*rule.max_size);
    case Condition::until:
      return key + ": it has expired";
    case Condition::when:
      return key + ": " + local_text(question.at) + " is not in " + either(rule.when, window_text);
    case Condition::names:
      break;
  }
  if (question.names.empty()) return key + ": there is no name";
  const auto quoted = [](const std::string& name) { return '"' + showable(name, longest_word) + '"'; };
  return key + ": " + either(question.names, quoted) + " is not like " + either(rule.names, shown);
}

std::string ruleless_text(const Policy& policy, const Question& question, const Explanation& why) {
  if (why.verdict.grant != nullptr) {
    return "a grant decides before all rules: " + described(*why.verdict.grant);
  }
  if (why.everything_allowed) return "everything may pass between these two, so a direct connection may too";
  if (question.kind == msnp::Kind::direct_connection) {
    return "no rule names direct-connection, and these two may not transfer everything";
  }
  if (why.verdict.reason == msnp::Reason::object_too_big) {
    return "it is larger than [objects] allows for its kind, and counts as a file";
  }
  if (msnp::blocked_by_default(question.kind)) {
    return "no rule fits; [policy] default is " + std::string(name_of(policy.fallback()));
  }
  return "no rule fits; this kind passes unless a rule blocks it";
}

}  // namespace gate
