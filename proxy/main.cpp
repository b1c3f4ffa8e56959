// Arguments to calls of proxy/commands.hpp; nothing else.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include <filesystem>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <utility>

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

void add_format(CLI::App& command, gate::ReplayFormat& format, const char* help) {
  const std::map<std::string, gate::ReplayFormat> formats{{"text", gate::ReplayFormat::text},
                                                          {"json", gate::ReplayFormat::json}};
  command.add_option("--format", format, help)
      ->transform(CLI::CheckedTransformer(formats))
      ->option_text("text|json");
}

void add_explain(CLI::App& app, gate::ExplainOptions& options, int& code) {
  CLI::App* command = app.add_subcommand("explain", "which rule decides, and why those before it do not");
  add_config(*command, options.config);
  CLI::Option* audit =
      command->add_option("--audit", options.audit, "a recorded decision, with the policy of its time")
          ->option_text("ID");
  const auto add = [&](const char* name, std::string& value, const char* help, const char* what) {
    return command->add_option(name, value, help)->option_text(what)->excludes(audit);
  };
  add("--user", options.question.user, "the local account", "ACCOUNT");
  add("--peer", options.question.peer, "the other one", "ACCOUNT");
  add("--kind", options.question.kind, "what is offered; else file-transfer", "KIND");
  command->add_option("--name", options.question.names, "of the file; once for every reading")
      ->option_text("NAME")
      ->excludes(audit);
  add("--size", options.question.size, "of the file", "SIZE");
  add("--at", options.question.at, "when; else now", "TIME");
  add("--direction", options.question.direction, "as the local user sees it; else send", "send|receive")
      ->check(CLI::IsMember({"send", "receive"}));
  add("--client", options.question.client, "the address of the user's machine", "ADDRESS");
  add_format(*command, options.format, "for people, or one JSON object");
  command->callback([&] {
    if (options.audit.empty() && (options.question.user.empty() || options.question.peer.empty())) {
      throw CLI::ValidationError("--user and --peer, or --audit, are needed");
    }
    code = gate::command_explain(options, std::cout, std::cerr);
  });
}

void add_grants(CLI::App& app, gate::GrantOptions& options, gate::ReplayFormat& format, std::string& id,
                int& code) {
  CLI::App* grant =
      add_admin_command(app, "grant", "let a user transfer something, for a while", options.admin);
  grant->add_option("USER", options.user, "the local account")->required();
  grant->add_option("--peer", options.peer, "the other one, or *@domain; else anybody")
      ->option_text("ACCOUNT");
  grant->add_option("--name", options.names, "names of files; else any")->option_text("PATTERN");
  grant->add_option("--kind", options.kinds, "else every kind but direct-connection")->option_text("KIND");
  grant->add_option("--direction", options.direction, "else both")
      ->option_text("send|receive")
      ->check(CLI::IsMember({"send", "receive"}));
  grant->add_option("--max-size", options.max_size, "up to this size")->option_text("SIZE");
  grant->add_option("--for", options.lasting, "how long, such as 30m or 2h")->option_text("TIME")->required();
  grant->add_flag("--once", options.once, "for one transfer only");
  grant->callback([&] { code = gate::command_grant(options, std::cout, std::cerr); });

  CLI::App* grants = add_admin_command(app, "grants", "what was granted and holds", options.admin);
  add_format(*grants, format, "lines for people, or JSON Lines");
  grants->callback([&] { code = gate::command_grants(options.admin, format, std::cout, std::cerr); });

  CLI::App* revoke = add_admin_command(app, "revoke", "end a grant", options.admin);
  revoke->add_option("ID", id, "as grant and grants tell it")->required();
  revoke->callback([&] { code = gate::command_revoke(options.admin, id, std::cout, std::cerr); });
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
  CLI::Option* replay_config = add_config(*replay, options.config);
  add_format(*replay, options.format, "a table, or JSON Lines");
  CLI::Option* emit =
      replay->add_option("--emit", options.emit, "write what would have been sent, two files a connection")
          ->option_text("DIR");
  std::pair<std::string, std::string> compared;
  const CLI::Option* compare =
      replay->add_option("--compare", compared, "what the newer policy would have decided otherwise")
          ->option_text("OLD NEW")
          ->excludes(replay_config)
          ->excludes(emit);
  replay->add_option("CAPTURE", options.captures, "pcap or pcapng files")->required()->option_text("...");
  replay->callback([&, compare] {
    if (compare->count() > 0) options.compare = {compared.first, compared.second};
    code = gate::command_replay(options, std::cout, std::cerr);
  });

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
  gate::ExplainOptions explained;
  add_explain(app, explained, code);
  gate::GrantOptions granted;
  gate::ReplayFormat grants_format = gate::ReplayFormat::text;
  std::string grant_id;
  add_grants(app, granted, grants_format, grant_id, code);

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
