// `msnpgate rules print|load|unload`.
#include <ostream>

#include "proxy/commands.hpp"
#include "proxy/config.hpp"
#include "proxy/nftables.hpp"

namespace gate {
namespace {

int load(const std::string& ruleset, std::ostream& err) {
  const std::optional<std::string> fault = load_ruleset(ruleset);
  if (!fault) return exit_fine;
  err << "msnpgate rules: " << *fault << '\n';
  return exit_failed;
}

}  // namespace

int command_rules(RulesVerb verb, const std::optional<std::filesystem::path>& config, std::ostream& out,
                  std::ostream& err) {
  if (verb == RulesVerb::unload) return load(ruleset_removal(), err);
  if (!config) {
    err << "msnpgate rules: name the configuration with -c FILE\n";
    return exit_usage;
  }
  const auto loaded = load_config(*config);
  if (const auto* const errors = std::get_if<std::vector<ConfigError>>(&loaded)) {
    for (const ConfigError& error : *errors) err << to_string(error) << '\n';
    return exit_config;
  }
  const auto ruleset = ruleset_for(std::get<Config>(loaded).boot);
  if (const auto* const fault = std::get_if<RulesFault>(&ruleset)) {
    err << config->string() << ": " << fault->message << '\n';
    return exit_config;
  }
  if (verb == RulesVerb::load) return load(std::get<std::string>(ruleset), err);
  out << std::get<std::string>(ruleset);
  return exit_fine;
}

}  // namespace gate
