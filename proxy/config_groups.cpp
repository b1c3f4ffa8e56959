// [groups]: accounts under a name, written in place or one a line in a file of their own; and what rules
// make of them.
#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "proxy/config_policy.hpp"
#include "proxy/config_values.hpp"
#include "proxy/suggestion.hpp"

namespace gate {
namespace {

constexpr std::string_view member_expected = "write an account as name@domain or *@domain";

/// A file of the wrong kind is wrong in every line.
constexpr std::size_t most_errors = 10;

struct GroupFile {
  std::optional<std::string> path;
};
constexpr std::array<Field<GroupFile>, 1> group_fields{{
    {"file",
     [](const Value& value, GroupFile& file) {
       file.path = value.parsed(file_name_from, "write the name of a file, such as \"groups/staff.txt\"");
     }},
}};

/// One line without its comment and the blanks around: where it begins, from 0, and what it says.
std::pair<std::size_t, std::string_view> content_of(std::string_view line) {
  constexpr std::string_view blanks = " \t\r";
  line = line.substr(0, line.find('#'));
  const std::size_t begin = std::min(line.find_first_not_of(blanks), line.size());
  line.remove_prefix(begin);
  return {begin, line.substr(0, line.find_last_not_of(blanks) + 1)};
}

/// Adds the accounts of a file, one a line. `place` is where it is named.
void read_members(const Value& value, const std::filesystem::path& file, PolicyDraft& draft, Group& group) {
  const auto read = draft.sources->read(file);
  if (const auto* const fault = std::get_if<ReadFault>(&read)) {
    value.complain("found " + in_quotes(file.string()) + ", which " + fault->message);
    return;
  }
  const std::string& text = draft.text.add(file, std::get<std::string>(read));
  std::string_view rest = text;
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
  std::size_t errors = 0;
  for (std::uint32_t line = 1; !rest.empty() && errors < most_errors; ++line) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const auto [begin, content] = content_of(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (content.empty()) continue;
    if (auto account = account_pattern_from(content)) {
      group.members.push_back(*std::move(account));
      continue;
    }
    ++errors;
    ConfigError error{file, line, static_cast<std::uint32_t>(begin + 1), value.key(), {}};
    value.report().add(std::move(error), "found " + in_quotes(content) + "; " + std::string(member_expected));
  }
  if (errors == most_errors) {
    value.report().add({file, 0, 0, value.key(), {}},
                       "found more faults than are told; is it the right file?");
  } else if (group.members.empty() && errors == 0) {
    value.report().add({file, 0, 0, value.key(), {}}, "found nobody; write at least one account, one a line");
  }
}

using Groups = std::map<std::string_view, const ConfigError*>;

/// The words of a rule, once it is known that their groups exist.
std::vector<std::string> settled(std::vector<PolicyDraft::Word>& words, const Groups& groups,
                                 std::vector<ConfigError>& errors) {
  std::vector<std::string> accounts;
  accounts.reserve(words.size());
  for (PolicyDraft::Word& word : words) {
    const std::string_view text = word.text;
    if (text.starts_with(group_mark) && !groups.contains(text.substr(group_mark.size()))) {
      std::vector<std::string_view> known;
      for (const auto& [other, _] : groups) known.push_back(other);
      ConfigError error = word.place;
      error.message = "found " + in_quotes(text) + ", and there is no such group; ";
      const auto near = nearest(text.substr(group_mark.size()), known);
      error.message += near ? "did you mean " + in_quotes(std::string(group_mark) + std::string(*near)) + "?"
                            : "write a group of [groups]";
      errors.push_back(std::move(error));
    }
    accounts.push_back(std::move(word.text));
  }
  return accounts;
}

std::string place_text(const ConfigError& place) {
  return place.file.string() + ':' + std::to_string(place.line) + ':' + std::to_string(place.column);
}

}  // namespace

void read_groups(const Value& value, PolicyDraft& draft) {
  constexpr std::string_view expected =
      "write a list of accounts, such as [\"name@domain\"], at least one, or { file = \"groups/staff.txt\" }";
  const toml::table* const table = value.table("write a table of lists, headed [groups]");
  if (table == nullptr) return;
  for (const auto& [key, node] : *table) {
    const Value list(node, value.key() + '.' + quoted_key(key.str()), value.report());
    PolicyDraft::GroupDraft group{list.report().place(key.source(), list.key()),
                                  {std::string(key.str()), {}}};
    if (node.is_table()) {
      GroupFile file;
      read_table(list, group_fields, file);
      if (!list.contains("file")) list.complain("found no file; write file = \"groups/staff.txt\"");
      // Seen from the directory of the file that names it.
      if (file.path) read_members(list, group.place.file.parent_path() / *file.path, draft, group.group);
    } else {
      // A group of nobody would look like one that stops nothing, or everybody.
      list.elements(Value::Empty::fault, expected, [&](const Value& element) {
        if (auto account = element.parsed(account_pattern_from, member_expected)) {
          group.group.members.push_back(*std::move(account));
        }
      });
    }
    draft.groups.push_back(std::move(group));
  }
}

void settle_rules(PolicyDraft& draft, std::vector<ConfigError>& errors) {
  Groups groups;
  for (const PolicyDraft::GroupDraft& group : draft.groups) {
    const auto [first, unique] = groups.emplace(group.group.name, &group.place);
    if (unique) continue;
    ConfigError error = group.place;
    error.message = "found a group that " + place_text(*first->second) +
                    " has already; write all its members in one place";
    errors.push_back(std::move(error));
  }
  std::map<std::string_view, const ConfigError*> places;
  for (PolicyDraft::RuleDraft& rule : draft.rules) {
    rule.rule.users = settled(rule.users, groups, errors);
    rule.rule.peers = settled(rule.peers, groups, errors);
    const auto [first, unique] = places.emplace(rule.rule.name, &rule.place);
    if (unique || rule.rule.name.empty()) continue;
    ConfigError error = rule.place;
    error.key += ".name";
    error.message = "found " + in_quotes(rule.rule.name) + ", which the rule at " +
                    place_text(*first->second) + " is called already; write another name";
    errors.push_back(std::move(error));
  }
  if (draft.rules.size() > most_rules) {
    ConfigError error = draft.rules[most_rules].place;
    error.message =
        "found more rules than " + std::to_string(most_rules) + "; join some, with lists or groups";
    errors.push_back(std::move(error));
  }
  if (!errors.empty()) return;
  for (PolicyDraft::GroupDraft& group : draft.groups) draft.source.groups.push_back(std::move(group.group));
  draft.source.rules.reserve(draft.rules.size());
  for (PolicyDraft::RuleDraft& rule : draft.rules) draft.source.rules.push_back(std::move(rule.rule));
}

}  // namespace gate
