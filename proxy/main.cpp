// Arguments to calls of proxy/commands.hpp; nothing else.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include <filesystem>
#include <iostream>
#include <map>
#include <optional>

#include "proxy/audit_commands.hpp"
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

void add_place(CLI::App& command, gate::AuditPlace& place) {
  add_config(command, place.config);
  command.add_option("--log", place.log, "the log's current file, instead of what the configuration says")
      ->option_text("FILE");
}

void add_query(CLI::App& command, gate::AuditQueryOptions& options) {
  add_place(command, options.place);
  gate::AuditQuery& query = options.query;
  command.add_option("--since", options.since, "from then on: a time, or a time ago such as 7d")
      ->option_text("TIME");
  command.add_option("--until", options.until, "before then")->option_text("TIME");
  const auto add_list = [&command](const char* name, std::vector<std::string>& list, const char* help) {
    command.add_option(name, list, help)->option_text("WORD")->delimiter(',');
  };
  add_list("--user", query.users, "local account, or a pattern such as *@corp.example");
  add_list("--peer", query.peers, "remote account, or a pattern");
  add_list("--kind", query.kinds, "such as file-transfer");
  add_list("--action", query.actions, "block, allow, observe");
  add_list("--event", query.events, "transfer, transport, object, failure, session, policy, checkpoint");
  add_list("--reason", query.reasons, "such as offer");
  add_list("--direction", query.directions, "send, receive");
  add_list("--form", query.forms, "such as p2p-v2");
  add_list("--rule", query.rules, "name of a rule, or a pattern");
  add_list("--policy", query.policies, "revision of a policy");
  add_list("--client", query.clients, "address of a client");
  add_list("--id", query.ids, "a record's id");
  command.add_option("--name", query.names, "file name, or a pattern such as *.exe; in any reading")
      ->option_text("PATTERN");
  command.add_option("--seq", options.seq, "a record's number")->option_text("N");
  command.add_option("--account-key", options.account_key, "of a log whose accounts are hashed")
      ->option_text("FILE");
}

void add_format(CLI::App& command, gate::AuditFormat& format) {
  const std::map<std::string, gate::AuditFormat> formats{{"table", gate::AuditFormat::table},
                                                         {"json", gate::AuditFormat::json},
                                                         {"csv", gate::AuditFormat::csv},
                                                         {"ecs", gate::AuditFormat::ecs}};
  command
      .add_option("--format", format, "a table, JSON Lines, CSV, or JSON Lines in the Elastic Common Schema")
      ->transform(CLI::CheckedTransformer(formats))
      ->option_text("table|json|csv|ecs");
}

/// What the commands of `msnpgate audit` are told; lives as long as the parser.
struct AuditOptions {
  std::optional<Path> config;
  gate::AuditVerifyOptions verify;
  gate::AuditQueryOptions query, tail;
  gate::AuditReportOptions report;
};

void add_audit(CLI::App& app, AuditOptions& options, int& code) {
  CLI::App* audit = app.add_subcommand("audit", "the audit log: keys, check, search, follow, report");
  audit->require_subcommand(1);
  CLI::App* init =
      audit->add_subcommand("init", "make the keys that the configuration names; prints the public one");
  add_config(*init, options.config)->required();
  init->callback([&] { code = gate::command_audit_init(*options.config, std::cout, std::cerr); });
  CLI::App* key = audit->add_subcommand("key", "print the public key");
  add_config(*key, options.config)->required();
  key->callback([&] { code = gate::command_audit_key(*options.config, std::cout, std::cerr); });

  CLI::App* verify =
      audit->add_subcommand("verify", "whether the log is what the gateway wrote; works on a copy");
  add_place(*verify, options.verify.place);
  verify->add_option("--key", options.verify.key, "the public key")->option_text("FILE");
  verify
      ->add_option("--checkpoint", options.verify.checkpoints,
                   "records seen elsewhere: SEQ:HASH, or a file with records in it")
      ->option_text("WHAT");
  verify->callback([&] { code = gate::command_audit_verify(options.verify, std::cout, std::cerr); });

  CLI::App* query = audit->add_subcommand("query", "search it");
  add_query(*query, options.query);
  add_format(*query, options.query.format);
  query->add_option("--last", options.query.last, "only the newest so many")->option_text("N");
  query->callback([&] { code = gate::command_audit_query(options.query, std::cout, std::cerr); });

  CLI::App* tail = audit->add_subcommand("tail", "its last records, and with -f every new one");
  add_query(*tail, options.tail);
  add_format(*tail, options.tail.format);
  tail->add_option("-n,--last", options.tail.last, "so many (10)")->option_text("N");
  tail->add_flag("-f,--follow", options.tail.follow, "go on until stopped");
  tail->callback([&] { code = gate::command_audit_tail(options.tail, std::cout, std::cerr); });

  CLI::App* report = audit->add_subcommand("report", "who tried what, by user, kind and hour");
  add_query(*report, options.report.query);
  report->add_flag("--html", options.report.html, "one page with plots, which needs nothing else");
  report->callback([&] { code = gate::command_audit_report(options.report, std::cout, std::cerr); });
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
  AuditOptions audit_options;
  add_audit(app, audit_options, code);

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
