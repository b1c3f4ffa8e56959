// `msnpgate rules print|load|unload`: the ruleset, and for tproxy the policy routing that goes with it.
#include <ostream>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "proxy/commands.hpp"
#include "proxy/config.hpp"
#include "proxy/nft.hpp"
#include "proxy/policy_routing.hpp"
#include "proxy/ruleset.hpp"

namespace gate {
namespace {

/// Looks the names of [http] hosts up and puts their addresses to the others; what went wrong, or nothing.
std::optional<std::string> look_up_hosts(HttpIntercept& web) {
  boost::asio::io_context context;
  boost::asio::ip::tcp::resolver resolver(context);
  for (const std::string& host : web.hosts) {
    boost::system::error_code error;
    const auto found = resolver.resolve(host, "", error);
    if (error) {
      return "http.hosts: found \"" + host + "\", which cannot be looked up (" + error.message() +
             "); write a name that the resolver of this machine knows, or use http.addresses";
    }
    for (const auto& entry : found) {
      const boost::asio::ip::address address = entry.endpoint().address();
      web.addresses.push_back({address, static_cast<std::uint8_t>(address.is_v4() ? 32 : 128)});
    }
  }
  return std::nullopt;
}

int result(const std::optional<std::string>& fault, std::ostream& err) {
  if (!fault) return exit_fine;
  err << "msnpgate rules: " << *fault << '\n';
  return exit_failed;
}

/// Routes before rules that mark packets for them, and after a trial that lets nothing half-done stand.
std::optional<std::string> load(const std::string& ruleset, const Boot& boot) {
  if (auto fault = run_nft(ruleset, Trial::dry)) return fault;
  if (auto fault = load_policy_routing(boot.intercept, diverted_families(boot))) return fault;
  return run_nft(ruleset, Trial::real);
}

std::optional<std::string> unload() {
  if (auto fault = run_nft(ruleset_removal(), Trial::real)) return fault;
  return unload_policy_routing();
}

}  // namespace

int command_rules(RulesVerb verb, const std::optional<std::filesystem::path>& config, std::ostream& out,
                  std::ostream& err) {
  if (verb == RulesVerb::unload) return result(unload(), err);
  if (!config) {
    err << "msnpgate rules: name the configuration with -c FILE\n";
    return exit_usage;
  }
  const auto loaded = load_config(*config);
  if (const auto* const errors = std::get_if<std::vector<ConfigError>>(&loaded)) {
    for (const ConfigError& error : *errors) err << to_string(error) << '\n';
    return exit_config;
  }
  Boot boot = std::get<Config>(loaded).boot;
  if (const auto fault = look_up_hosts(boot.http_intercept)) {
    err << config->string() << ": " << *fault << '\n';
    return exit_failed;
  }
  const auto made = ruleset_for(boot);
  if (const auto* const fault = std::get_if<RulesFault>(&made)) {
    err << config->string() << ": " << fault->message << '\n';
    return exit_config;
  }
  const std::string& ruleset = std::get<std::string>(made);
  if (verb == RulesVerb::load) return result(load(ruleset, boot), err);
  out << ruleset;
  return verb == RulesVerb::check ? result(run_nft(ruleset, Trial::dry), err) : exit_fine;
}

}  // namespace gate
