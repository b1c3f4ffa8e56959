// [[rule]]: one table for each.
#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "proxy/config_policy.hpp"
#include "proxy/config_values.hpp"

namespace gate {
namespace {

constexpr std::uint64_t largest_size = std::uint64_t{1} << 62U;
constexpr std::string_view account_expected = "write an account as name@domain, *@domain or group:NAME";

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

/// One window, or a list of them.
void read_windows(const Value& value, Rule& rule) {
  static constexpr std::string_view expected =
      "write days, hours or both, such as \"Mon-Fri 08:00-18:00\", \"Sat,Sun\" or \"22:00-06:00\"";
  const auto read_one = [&rule](const Value& one) {
    if (const auto window = one.parsed(window_from, expected)) rule.when.push_back(*window);
  };
  if (value.is_list()) {
    value.elements(Value::Empty::fault,
                   "write a window, or a list of them, such as [\"Mon-Fri 08:00-12:00\", \"Sat\"]", read_one);
  } else {
    read_one(value);
  }
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
    {"when", [](const Value& value, PolicyDraft::RuleDraft& draft) { read_windows(value, draft.rule); }},
    {"until", [](const Value& value, PolicyDraft::RuleDraft& draft) { draft.rule.until = value.moment(); }},
}};

}  // namespace

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

void append_rule_keys(std::vector<std::string>& keys) {
  append_keys("rule.", rule_fields, keys);
}

}  // namespace gate
