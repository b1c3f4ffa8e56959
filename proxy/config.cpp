#include "proxy/config.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "proxy/config_admin.hpp"
#include "proxy/config_boot.hpp"
#include "proxy/config_file.hpp"
#include "proxy/config_policy.hpp"
#include "proxy/config_reader.hpp"

namespace gate {
namespace {

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

constexpr std::array<Field<Draft>, 12> main_fields{{
    {"threads", boot_section<read_threads>},
    {"listener", boot_section<read_listeners>},
    {"limits", boot_section<read_limits>},
    {"audit", boot_section<read_audit>},
    {"intercept", boot_section<read_intercept>},
    {"admin", boot_section<read_admin>},
    {"failure", policy_section<read_failure>},
    {"refusal", policy_section<read_refusal>},
    {"objects", policy_section<read_objects>},
    {"policy", policy_section<read_policy>},
    {"groups", policy_section<read_groups>},
    {"rule", policy_section<read_rules>},
}};
constexpr std::array<Field<Draft>, 2> included_fields{{
    {"groups", policy_section<read_groups>},
    {"rule", policy_section<read_rules>},
}};

/// The first 16 hex digits of the SHA-256 of everything that was read.
std::string revision_of(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  if (EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("the SHA-256 of the cryptographic library failed");
  }
  constexpr std::string_view hex = "0123456789abcdef";
  std::string revision;
  for (std::size_t index = 0; index < 8; ++index) {
    revision += hex[digest[index] >> 4U];
    revision += hex[digest[index] & 0x0FU];
  }
  return revision;
}

/// Reads one file into the draft and its text behind `texts`.
template <std::size_t Count>
void read_file(const std::filesystem::path& file, const std::array<Field<Draft>, Count>& fields,
               std::string_view instead, Draft& draft, std::string& texts, std::vector<ConfigError>& errors) {
  const auto text = read_text(file);
  if (const auto* const fault = std::get_if<ReadFault>(&text)) {
    errors.push_back({file, 0, 0, {}, fault->message});
    return;
  }
  texts += std::get<std::string>(text);
  const std::optional<toml::table> document = parse_document(std::get<std::string>(text), file, errors);
  if (!document) return;
  const std::size_t before = errors.size();
  const Report report(file, errors);
  read_table(Value(*document, {}, report), fields, draft, instead);
  // Sections are met in the order of their names; an operator reads from the top.
  std::stable_sort(errors.begin() + static_cast<std::ptrdiff_t>(before), errors.end(),
                   [](const ConfigError& one, const ConfigError& other) {
                     return std::pair(one.line, one.column) < std::pair(other.line, other.column);
                   });
}

void read_includes(const std::filesystem::path& main, Draft& draft, std::string& texts,
                   std::vector<std::filesystem::path>& files, std::vector<ConfigError>& errors) {
  for (const PolicyDraft::Word& include : draft.policy.includes) {
    const auto found = included_files(main.parent_path(), include.text);
    if (const auto* const fault = std::get_if<ReadFault>(&found)) {
      ConfigError error = include.place;
      error.message = "found " + in_quotes(include.text) + ", which " + fault->message;
      errors.push_back(std::move(error));
      continue;
    }
    for (const std::filesystem::path& file : std::get<std::vector<std::filesystem::path>>(found)) {
      // Two patterns may match one file, and a pattern the main file.
      const bool known = std::any_of(files.begin(), files.end(), [&file](const std::filesystem::path& other) {
        std::error_code ignored;
        return file == other || std::filesystem::equivalent(file, other, ignored);
      });
      if (known) continue;
      files.push_back(file);
      read_file(file, included_fields, "an included file may hold only [groups] and [[rule]]", draft, texts,
                errors);
    }
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

std::variant<Config, std::vector<ConfigError>> load_config(const std::filesystem::path& file) {
  std::vector<ConfigError> errors;
  Draft draft;
  draft.boot.audit.path = "/var/log/msnpgate/audit.jsonl";
  std::vector<std::filesystem::path> files{file};
  std::string texts;
  read_file(file, main_fields, {}, draft, texts, errors);
  read_includes(file, draft, texts, files, errors);
  settle_rules(draft.policy, errors);
  if (!errors.empty()) return errors;

  Config config;
  config.boot = std::move(draft.boot);
  config.boot.audit.path = file.parent_path() / config.boot.audit.path;  // an absolute path stays as it is
  anchor_admin(config.boot.admin, file.parent_path());
  draft.policy.source.revision = revision_of(texts);
  config.policy = std::make_shared<const Policy>(std::move(draft.policy.source));
  for (PolicyDraft::GroupDraft& group : draft.policy.groups) config.groups.push_back(std::move(group.group));
  config.files = std::move(files);
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
  source.revision = revision_of("built-in");
  config.policy = std::make_shared<const Policy>(std::move(source));
  return config;
}

}  // namespace gate
