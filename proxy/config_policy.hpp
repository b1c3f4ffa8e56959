// The part of the configuration that a reload replaces: default, rules, groups, objects, the way of
// refusing, failure reactions. Several files add to one draft; groups are resolved when all are read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/config.hpp"
#include "proxy/config_reader.hpp"

namespace gate {

struct PolicyDraft {
  /// A word of a file and where it stands, for what can be judged only later.
  struct Word {
    ConfigError place;
    std::string text;
  };
  struct GroupDraft {
    ConfigError place;
    Group group;
  };
  struct RuleDraft {
    ConfigError place;
    Rule rule;                // without users and peers
    std::vector<Word> users;  // "group:NAME" not yet resolved
    std::vector<Word> peers;
  };

  Policy::Source source;       // without rules
  std::vector<Word> includes;  // patterns of file names
  std::vector<GroupDraft> groups;
  std::vector<RuleDraft> rules;
};

void read_policy(const Value& value, PolicyDraft& draft);
void read_failure(const Value& value, PolicyDraft& draft);
void read_refusal(const Value& value, PolicyDraft& draft);
void read_objects(const Value& value, PolicyDraft& draft);
void read_groups(const Value& value, PolicyDraft& draft);
void read_rules(const Value& value, PolicyDraft& draft);

/// Puts the members of groups into the rules, and the rules into `draft.source`. Names used twice and
/// groups that do not exist are reported.
void settle_rules(PolicyDraft& draft, std::vector<ConfigError>& errors);

/// Every key these know, such as "rule.users".
void append_policy_keys(std::vector<std::string>& keys);

}  // namespace gate
