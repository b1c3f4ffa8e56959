// Arguments to calls of proxy/commands.hpp; nothing else.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include <filesystem>
#include <iostream>
#include <map>
#include <optional>

#include "proxy/commands.hpp"

namespace {

using Path = std::filesystem::path;

CLI::Option* add_config(CLI::App& command, std::optional<Path>& config) {
  return command.add_option("-c,--config", config, "the configuration file")->option_text("FILE");
}

/// A command that talks to the running gateway.
CLI::App* add_admin_command(CLI::App& app, const char* name, const char* help, gate::AdminOptions& options) {
  CLI::App* command = app.add_subcommand(name, help);
  CLI::Option* config = add_config(*command, options.config);
  command->add_option("--socket", options.socket, "its admin socket")->option_text("PATH")->excludes(config);
  return command;
}

int dispatch(int argc, char** argv) {
  CLI::App app{"A transparent MSNP gateway: stops file offers, passes everything else bit for bit."};
  app.require_subcommand(1);
  std::optional<Path> config;
  int code = gate::exit_fine;

  CLI::App* run = app.add_subcommand("run", "the gateway, in the foreground");
  add_config(*run, config)->required();
  run->callback([&] { code = gate::command_run(*config, std::cout, std::cerr); });

  CLI::App* check = app.add_subcommand("check", "validate a configuration, start nothing");
  add_config(*check, config)->required();
  check->callback([&] { code = gate::command_check(*config, std::cout, std::cerr); });

  gate::ReplayOptions options;
  CLI::App* replay = app.add_subcommand("replay", "run captures through the filter, print its decisions");
  add_config(*replay, options.config);
  const std::map<std::string, gate::ReplayFormat> formats{{"text", gate::ReplayFormat::text},
                                                          {"json", gate::ReplayFormat::json}};
  replay->add_option("--format", options.format, "a table, or JSON Lines")
      ->transform(CLI::CheckedTransformer(formats))
      ->option_text("text|json");
  replay->add_option("--emit", options.emit, "write what would have been sent, two files a connection")
      ->option_text("DIR");
  replay->add_option("CAPTURE", options.captures, "pcap or pcapng files")->required()->option_text("...");
  replay->callback([&] { code = gate::command_replay(options, std::cout, std::cerr); });

  CLI::App* rules = app.add_subcommand("rules", "the nftables ruleset that intercepts");
  rules->require_subcommand(1);
  const auto add_rules = [&](const char* name, const char* help, gate::RulesVerb verb) {
    CLI::App* command = rules->add_subcommand(name, help);
    CLI::Option* option = add_config(*command, config);
    if (verb != gate::RulesVerb::unload) option->required();
    command->callback([&, verb] { code = gate::command_rules(verb, config, std::cout, std::cerr); });
  };
  bool trial = false;
  CLI::App* print = rules->add_subcommand("print", "show it");
  add_config(*print, config)->required();
  print->add_flag("--check", trial, "let nft check it too; nothing changes");
  print->callback([&] {
    code = gate::command_rules(trial ? gate::RulesVerb::check : gate::RulesVerb::print, config, std::cout,
                               std::cerr);
  });
  add_rules("load", "put it in force; twice is safe", gate::RulesVerb::load);
  add_rules("unload", "take it away", gate::RulesVerb::unload);

  gate::AdminOptions admin;
  CLI::App* status = add_admin_command(app, "status", "how the running gateway is", admin);
  bool watch = false;
  status->add_flag("--watch", watch, "again every two seconds");
  status->callback([&] { code = gate::command_status(admin, watch, std::cout, std::cerr); });
  add_admin_command(app, "reload", "the running gateway reads its configuration again", admin)->callback([&] {
    code = gate::command_reload(admin, std::cout, std::cerr);
  });

  add_admin_command(app, "drain", "the running gateway takes nobody new, and ends", admin)->callback([&] {
    code = gate::command_drain(admin, std::cout, std::cerr);
  });

  CLI::App* version = app.add_subcommand("version", "version, build options, library versions");
  version->callback([&] { code = gate::command_version(std::cout); });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // CLI11's own codes are not our contract: help is fine, the rest is wrong usage.
    return app.exit(error) == 0 ? gate::exit_fine : gate::exit_usage;
  }
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return dispatch(argc, argv);
  } catch (const std::exception& error) {
    std::fputs("msnpgate: ", stderr);
    std::fputs(error.what(), stderr);
    std::fputs("\n", stderr);
    return gate::exit_failed;
  }
}
