#include "proxy/config.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "proxy/config_admin.hpp"
#include "proxy/config_boot.hpp"
#include "proxy/config_file.hpp"
#include "proxy/config_policy.hpp"
#include "proxy/config_reader.hpp"

namespace gate {
namespace {

constexpr const char* usual_audit_path = "/var/log/msnpgate/audit.jsonl";

struct Draft {
  Boot boot;
  PolicyDraft policy;
};

/// Hands a section to the function that reads its part of the draft.
template <void (*read)(const Value&, Boot&)>
void boot_section(const Value& value, Draft& draft) {
  read(value, draft.boot);
}
template <void (*read)(const Value&, PolicyDraft&)>
void policy_section(const Value& value, Draft& draft) {
  read(value, draft.policy);
}

constexpr auto main_fields = std::to_array<Field<Draft>>({
    {"threads", boot_section<read_threads>},
    {"state", boot_section<read_state_path>},
    {"listener", boot_section<read_listeners>},
    {"limits", boot_section<read_limits>},
    {"audit", boot_section<read_audit>},
    {"intercept", boot_section<read_intercept>},
    {"admin", boot_section<read_admin>},
    {"service", boot_section<read_service>},
    {"http", boot_section<read_http>},
    {"failure", policy_section<read_failure>},
    {"refusal", policy_section<read_refusal>},
    {"objects", policy_section<read_objects>},
    {"policy", policy_section<read_policy>},
    {"notice", policy_section<read_notice>},
    {"groups", policy_section<read_groups>},
    {"rule", policy_section<read_rules>},
});
constexpr std::array<Field<Draft>, 2> included_fields{{
    {"groups", policy_section<read_groups>},
    {"rule", policy_section<read_rules>},
}};

/// Reads one file into the draft.
template <std::size_t Count>
void read_file(const std::filesystem::path& file, const std::array<Field<Draft>, Count>& fields,
               std::string_view instead, Draft& draft, std::vector<ConfigError>& errors) {
  auto read = draft.policy.sources->read(file);
  if (const auto* const fault = std::get_if<ReadFault>(&read)) {
    errors.push_back({file, 0, 0, {}, fault->message});
    return;
  }
  const std::string& text = draft.policy.text.add(file, std::get<std::string>(std::move(read)));
  const std::optional<toml::table> document = parse_document(text, file, errors);
  if (!document) return;
  const std::size_t before = errors.size();
  const Report report(file, errors);
  read_table(Value(*document, {}, report), fields, draft, instead);
  // Sections are met in the order of their names; an operator reads from the top. Files of groups come last.
  std::stable_sort(errors.begin() + static_cast<std::ptrdiff_t>(before), errors.end(),
                   [&file](const ConfigError& one, const ConfigError& other) {
                     return std::tuple(one.file != file, one.line, one.column) <
                            std::tuple(other.file != file, other.line, other.column);
                   });
}

/// Two patterns may match one file, and a pattern the main file: it is read once.
void read_includes(const std::filesystem::path& main, Draft& draft, std::vector<std::filesystem::path>& files,
                   std::vector<ConfigError>& errors) {
  const ConfigSource& sources = *draft.policy.sources;
  std::unordered_set<std::string> known{sources.identity(main)};
  for (const PolicyDraft::Word& include : draft.policy.includes) {
    auto found = sources.matching(main.parent_path(), include.text);
    if (const auto* const fault = std::get_if<ReadFault>(&found)) {
      ConfigError error = include.place;
      error.message = "found " + in_quotes(include.text) + ", which " + fault->message;
      errors.push_back(std::move(error));
      continue;
    }
    auto& matching = std::get<std::vector<std::filesystem::path>>(found);
    for (const std::filesystem::path& file : matching) {
      if (!known.insert(sources.identity(file)).second) continue;
      files.push_back(file);
      read_file(file, included_fields, "an included file may hold only [groups] and [[rule]]", draft, errors);
    }
    draft.policy.text.includes.push_back({include.text, std::move(matching)});
  }
}

}  // namespace

std::string to_string(const ConfigError& error) {
  std::string text = error.file.string();
  if (error.line != 0) text += ':' + std::to_string(error.line) + ':' + std::to_string(error.column);
  text += ": ";
  if (!error.key.empty()) text += error.key + ": ";
  return text + error.message;
}

std::variant<Config, std::vector<ConfigError>> load_config(const std::filesystem::path& file,
                                                           const ConfigSource& sources) {
  std::vector<ConfigError> errors;
  Draft draft;
  draft.boot.audit.path = usual_audit_path;
  draft.policy.sources = &sources;
  draft.policy.source.notice.on = true;
  std::vector<std::filesystem::path> files{file};
  read_file(file, main_fields, {}, draft, errors);
  read_includes(file, draft, files, errors);
  settle_rules(draft.policy, errors);
  if (!errors.empty()) return errors;

  Config config;
  config.boot = std::move(draft.boot);
  settle_audit_paths(config.boot.audit, file.parent_path());
  // A gateway whose log is elsewhere is not the one of the machine: it keeps to itself.
  if (config.boot.state.empty()) {
    const bool usual = config.boot.audit.path == usual_audit_path;
    config.boot.state = usual ? "/var/lib/msnpgate" : config.boot.audit.path.parent_path() / "state";
  }
  config.boot.state = file.parent_path() / config.boot.state;
  anchor_admin(config.boot.admin, file.parent_path());
  draft.policy.source.revision = draft.policy.text.revision();
  config.policy = std::make_shared<const Policy>(std::move(draft.policy.source));
  config.files = std::move(files);
  config.text = std::move(draft.policy.text);
  for (const PolicyDraft::Word& include : draft.policy.includes) {
    config.include_directories.push_back(include_directory(file.parent_path(), include.text));
  }
  return config;
}

std::optional<ConfigError> missing_for_run(const Config& config, const std::filesystem::path& file) {
  if (!config.boot.listeners.empty()) return std::nullopt;
  return ConfigError{file, 0, 0, "listener",
                     "found none; write at least one, such as [[listener]] bind = \"[::]:11863\""};
}

std::vector<std::string> known_keys() {
  std::vector<std::string> keys;
  append_keys("", main_fields, keys);
  append_boot_keys(keys);
  append_admin_keys(keys);
  append_policy_keys(keys);
  return keys;
}

Config default_config() {
  Config config;
  Policy::Source source;
  config.text.add("built-in", {});
  source.revision = config.text.revision();
  source.notice.on = true;
  config.policy = std::make_shared<const Policy>(std::move(source));
  return config;
}

}  // namespace gate
