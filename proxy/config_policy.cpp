#include "proxy/config_policy.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "proxy/config_values.hpp"
#include "proxy/suggestion.hpp"

namespace gate {
namespace {

constexpr std::string_view group_mark = "group:";
constexpr std::uint64_t largest_size = std::uint64_t{1} << 62U;
constexpr std::string_view account_expected = "write an account as name@domain, *@domain or group:NAME";
constexpr std::string_view member_expected = "write an account as name@domain or *@domain";

constexpr std::array<std::pair<std::string_view, Action>, 3> actions{
    {{"block", Action::block}, {"allow", Action::allow}, {"observe", Action::observe}}};

constexpr std::array<Field<PolicyDraft>, 2> policy_fields{{
    {"default",
     [](const Value& value, PolicyDraft& draft) { store(draft.source.fallback, value.choice(actions)); }},
    {"include",
     [](const Value& value, PolicyDraft& draft) {
       constexpr std::string_view expected =
           "write a list of file names or patterns, such as [\"allow.d/*.toml\"]";
       value.elements(Value::Empty::fine, expected, [&](const Value& element) {
         const auto pattern_from = [](std::string_view text) {
           const bool usable =
               !text.empty() && text.size() < 4096 && text.find('\0') == std::string_view::npos;
           return usable ? std::optional<std::string>(text) : std::nullopt;
         };
         if (auto pattern = element.parsed(pattern_from, expected)) {
           draft.includes.push_back({element.place(), *std::move(pattern)});
         }
       });
     }},
}};

/// Which reactions a cause offers, the default first (decisions.md 5).
template <Cause cause, Reaction usual, Reaction other>
void read_reaction(const Value& value, PolicyDraft& draft) {
  constexpr std::array<Reaction, 2> choices{usual, other};
  const std::array<std::string_view, 2> words{name_of(usual), name_of(other)};
  const std::optional<std::size_t> word = value.word_of(words);
  if (word) draft.source.failure[static_cast<std::size_t>(cause)] = choices[*word];
}

constexpr std::array<Field<PolicyDraft>, cause_count> failure_fields{{
    {"parse-error", read_reaction<Cause::parse_error, Reaction::close, Reaction::pass>},
    {"not-msnp", read_reaction<Cause::not_msnp, Reaction::close, Reaction::pass>},
    {"reassembly-limit", read_reaction<Cause::reassembly_limit, Reaction::block, Reaction::close>},
    {"memory", read_reaction<Cause::memory, Reaction::close, Reaction::block>},
    {"audit-write-failed", read_reaction<Cause::audit_write_failed, Reaction::block, Reaction::pass>},
}};

template <std::uint64_t ObjectCaps::*cap>
void read_cap(const Value& value, PolicyDraft& draft) {
  store(draft.source.caps.*cap, value.size(0, largest_size));
}

constexpr std::array<Field<PolicyDraft>, 1> refusal_fields{{
    {"p2p_v2",
     [](const Value& value, PolicyDraft& draft) {
       constexpr std::array modes{msnp::RefusalMode::tombstone, msnp::RefusalMode::withhold};
       const std::array<std::string_view, 2> words{name_of(modes[0]), name_of(modes[1])};
       if (const auto word = value.word_of(words)) draft.source.refusal_mode = modes[*word];
     }},
}};

constexpr std::array<Field<PolicyDraft>, 8> object_fields{{
    {"display-picture", read_cap<&ObjectCaps::display_picture>},
    {"custom-emoticon", read_cap<&ObjectCaps::custom_emoticon>},
    {"wink", read_cap<&ObjectCaps::wink>},
    {"voice-clip", read_cap<&ObjectCaps::voice_clip>},
    {"background", read_cap<&ObjectCaps::background>},
    {"ink", read_cap<&ObjectCaps::ink>},
    {"over_size",
     [](const Value& value, PolicyDraft& draft) { store(draft.source.over_size, value.choice(actions)); }},
    {"wrong_digest",
     [](const Value& value, PolicyDraft& draft) { store(draft.source.wrong_digest, value.choice(actions)); }},
}};

void read_accounts(const Value& value, std::vector<PolicyDraft::Word>& words) {
  constexpr std::string_view expected =
      "write a list of accounts, such as [\"name@domain\", \"group:NAME\"], or leave the key out for anybody";
  value.elements(Value::Empty::fault, expected, [&](const Value& element) {
    auto account = element.parsed(
        [](std::string_view text) {
          return text.starts_with(group_mark) ? std::optional<std::string>(text) : account_pattern_from(text);
        },
        account_expected);
    if (account) words.push_back({element.place(), *std::move(account)});
  });
}

void read_kinds(const Value& value, Rule& rule) {
  std::array<std::string_view, msnp::kind_count> words;
  for (std::size_t index = 0; index < words.size(); ++index)
    words[index] = name_of(static_cast<msnp::Kind>(index));
  value.elements(Value::Empty::fault,
                 "write a list of kinds, such as [\"file-transfer\"], or leave the key out",
                 [&](const Value& element) {
                   const std::optional<std::size_t> word = element.word_of(words);
                   if (word) rule.kinds.push_back(static_cast<msnp::Kind>(*word));
                 });
}

void read_names(const Value& value, Rule& rule) {
  constexpr std::string_view expected = "write a list of file names or patterns, such as [\"*.png\"]";
  value.elements(Value::Empty::fault, expected, [&](const Value& element) {
    auto pattern = element.text(expected);
    if (!pattern) return;
    if (const auto fault = NamePattern::fault_in(*pattern)) {
      element.fault("the pattern " + std::string(*fault));
    } else {
      rule.names.push_back(*std::move(pattern));
    }
  });
}

constexpr std::array<Field<PolicyDraft::RuleDraft>, 11> rule_fields{{
    {"name",
     [](const Value& value, PolicyDraft::RuleDraft& draft) {
       const auto name_from = [](std::string_view text) {
         // "default" is what audit records say when no rule matched.
         const bool usable = !text.empty() && text.size() <= 200 && text != "default" &&
                             std::none_of(text.begin(), text.end(), [](char letter) {
                               return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F;
                             });
         return usable ? std::optional<std::string>(text) : std::nullopt;
       };
       store(draft.rule.name,
             value.parsed(name_from,
                          "write a name of 1 to 200 characters in one line, other than \"default\""));
     }},
    {"action", [](const Value& value,
                  PolicyDraft::RuleDraft& draft) { store(draft.rule.action, value.choice(actions)); }},
    {"users", [](const Value& value, PolicyDraft::RuleDraft& draft) { read_accounts(value, draft.users); }},
    {"peers", [](const Value& value, PolicyDraft::RuleDraft& draft) { read_accounts(value, draft.peers); }},
    {"clients",
     [](const Value& value, PolicyDraft::RuleDraft& draft) {
       value.elements(Value::Empty::fault,
                      "write a list of networks, such as [\"10.20.0.0/16\"], or leave the key out for any",
                      [&](const Value& element) {
                        if (const auto network = element.network()) draft.rule.clients.push_back(*network);
                      });
     }},
    {"direction",
     [](const Value& value, PolicyDraft::RuleDraft& draft) {
       constexpr std::array<std::pair<std::string_view, msnp::Direction>, 2> words{
           {{"send", msnp::Direction::to_server}, {"receive", msnp::Direction::to_client}}};
       draft.rule.direction = value.choice(words);
     }},
    {"kinds", [](const Value& value, PolicyDraft::RuleDraft& draft) { read_kinds(value, draft.rule); }},
    {"names", [](const Value& value, PolicyDraft::RuleDraft& draft) { read_names(value, draft.rule); }},
    {"max_size", [](const Value& value,
                    PolicyDraft::RuleDraft& draft) { draft.rule.max_size = value.size(0, largest_size); }},
    {"when",
     [](const Value& value, PolicyDraft::RuleDraft& draft) {
       draft.rule.when = value.parsed(
           window_from,
           "write days, hours or both, such as \"Mon-Fri 08:00-18:00\", \"Sat,Sun\" or \"22:00-06:00\"");
     }},
    {"until", [](const Value& value, PolicyDraft::RuleDraft& draft) { draft.rule.until = value.moment(); }},
}};

using Groups = std::map<std::string_view, const Group*>;

/// The accounts of `words`, with groups replaced by their members.
std::vector<std::string> resolved(const std::vector<PolicyDraft::Word>& words, const Groups& groups,
                                  std::vector<ConfigError>& errors) {
  std::vector<std::string> accounts;
  for (const PolicyDraft::Word& word : words) {
    if (!std::string_view(word.text).starts_with(group_mark)) {
      accounts.push_back(word.text);
      continue;
    }
    const std::string_view name = std::string_view(word.text).substr(group_mark.size());
    const auto group = groups.find(name);
    if (group != groups.end()) {
      accounts.insert(accounts.end(), group->second->members.begin(), group->second->members.end());
      continue;
    }
    std::vector<std::string_view> known;
    for (const auto& [other, _] : groups) known.push_back(other);
    ConfigError error = word.place;
    error.message = "found " + in_quotes(word.text) + ", and there is no such group; ";
    const auto near = nearest(name, known);
    error.message += near ? "did you mean " + in_quotes(std::string(group_mark) + std::string(*near)) + "?"
                          : "write a group of [groups]";
    errors.push_back(std::move(error));
  }
  return accounts;
}

std::string place_text(const ConfigError& place) {
  return place.file.string() + ':' + std::to_string(place.line) + ':' + std::to_string(place.column);
}

}  // namespace

void read_policy(const Value& value, PolicyDraft& draft) {
  read_table(value, policy_fields, draft);
}
void read_failure(const Value& value, PolicyDraft& draft) {
  read_table(value, failure_fields, draft);
}
void read_refusal(const Value& value, PolicyDraft& draft) {
  read_table(value, refusal_fields, draft);
}
void read_objects(const Value& value, PolicyDraft& draft) {
  read_table(value, object_fields, draft);
}

void read_groups(const Value& value, PolicyDraft& draft) {
  constexpr std::string_view expected = "write a list of accounts, such as [\"name@domain\"], at least one";
  const toml::table* const table = value.table("write a table of lists, headed [groups]");
  if (table == nullptr) return;
  for (const auto& [key, node] : *table) {
    const Value list(node, value.key() + '.' + quoted_key(key.str()), value.report());
    PolicyDraft::GroupDraft group{list.report().place(key.source(), list.key()),
                                  {std::string(key.str()), {}}};
    // A group of nobody would leave the lists it is used in empty, and those mean anybody.
    list.elements(Value::Empty::fault, expected, [&](const Value& element) {
      if (auto account = element.parsed(account_pattern_from, member_expected)) {
        group.group.members.push_back(*std::move(account));
      }
    });
    draft.groups.push_back(std::move(group));
  }
}

void read_rules(const Value& value, PolicyDraft& draft) {
  value.tables("write every rule as a table of its own, headed [[rule]]", [&](const Value& element) {
    PolicyDraft::RuleDraft rule;
    rule.place = element.place();
    read_table(element, rule_fields, rule);
    if (!element.contains("name"))
      element.complain("found no name; write one, such as name = \"ann may send files\"");
    if (!element.contains("action")) {
      element.complain("found no action; write action = \"allow\", \"block\" or \"observe\"");
    }
    draft.rules.push_back(std::move(rule));
  });
}

void settle_rules(PolicyDraft& draft, std::vector<ConfigError>& errors) {
  Groups groups;
  std::map<std::string_view, const ConfigError*> places;
  for (const PolicyDraft::GroupDraft& group : draft.groups) {
    if (groups.emplace(group.group.name, &group.group).second) {
      places.emplace(group.group.name, &group.place);
      continue;
    }
    ConfigError error = group.place;
    error.message = "found a group that " + place_text(*places[group.group.name]) +
                    " has already; write all its members in one place";
    errors.push_back(std::move(error));
  }
  places.clear();
  for (PolicyDraft::RuleDraft& rule : draft.rules) {
    rule.rule.users = resolved(rule.users, groups, errors);
    rule.rule.peers = resolved(rule.peers, groups, errors);
    const auto [first, unique] = places.emplace(rule.rule.name, &rule.place);
    if (unique || rule.rule.name.empty()) continue;
    ConfigError error = rule.place;
    error.key += ".name";
    error.message = "found " + in_quotes(rule.rule.name) + ", which the rule at " +
                    place_text(*first->second) + " is called already; write another name";
    errors.push_back(std::move(error));
  }
  if (!errors.empty()) return;
  draft.source.rules.reserve(draft.rules.size());
  for (PolicyDraft::RuleDraft& rule : draft.rules) draft.source.rules.push_back(std::move(rule.rule));
}

void append_policy_keys(std::vector<std::string>& keys) {
  append_keys("policy.", policy_fields, keys);
  append_keys("failure.", failure_fields, keys);
  append_keys("refusal.", refusal_fields, keys);
  append_keys("objects.", object_fields, keys);
  append_keys("rule.", rule_fields, keys);
}

}  // namespace gate
