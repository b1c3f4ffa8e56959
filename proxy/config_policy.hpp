// The part of the configuration that a reload replaces: default, rules, groups, objects, the way of
// refusing, failure reactions. Several files add to one draft, which is settled when all are read.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/config.hpp"
#include "proxy/config_reader.hpp"
#include "proxy/config_source.hpp"

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

  const ConfigSource* sources = nullptr;  // not null
  PolicyText text;                        // all that was read so far
  Policy::Source source;                  // without groups and rules
  std::vector<Word> includes;             // patterns of file names
  std::vector<GroupDraft> groups;
  std::vector<RuleDraft> rules;
};

void read_policy(const Value& value, PolicyDraft& draft);
void read_failure(const Value& value, PolicyDraft& draft);
void read_refusal(const Value& value, PolicyDraft& draft);
void read_objects(const Value& value, PolicyDraft& draft);
void read_notice(const Value& value, PolicyDraft& draft);
/// Reads the files that groups are in, too.
void read_groups(const Value& value, PolicyDraft& draft);
void read_rules(const Value& value, PolicyDraft& draft);

/// Puts groups and rules into `draft.source`. Names used twice, groups that do not exist and too many rules
/// are reported.
void settle_rules(PolicyDraft& draft, std::vector<ConfigError>& errors);

inline constexpr std::array<std::pair<std::string_view, Action>, 3> actions{
    {{"block", Action::block}, {"allow", Action::allow}, {"observe", Action::observe}}};

/// Every key these know, such as "rule.users".
void append_policy_keys(std::vector<std::string>& keys);
void append_rule_keys(std::vector<std::string>& keys);
void append_notice_keys(std::vector<std::string>& keys);

}  // namespace gate
