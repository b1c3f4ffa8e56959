#include <array>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "proxy/commands.hpp"
#include "proxy/config.hpp"
#include "proxy/replay.hpp"
#include "proxy/replay_compare.hpp"

namespace gate {
namespace {

/// DIR itself for one capture. For several DIR/<name without extension>, and where two captures have
/// the same name, the second gets "-2" behind it, the third "-3".
class EmitDirectories {
 public:
  EmitDirectories(std::filesystem::path root, bool several) : root_(std::move(root)), several_(several) {}

  [[nodiscard]] std::filesystem::path of(const std::filesystem::path& capture) {
    if (!several_) return root_;
    const std::string stem = capture.stem().string();
    std::string name = stem;
    for (int number = 2; !used_.insert(name).second; ++number) name = stem + '-' + std::to_string(number);
    return root_ / name;
  }

 private:
  std::filesystem::path root_;
  bool several_;
  std::set<std::string> used_;
};

std::optional<Config> config_of(const std::filesystem::path& file, std::ostream& err) {
  auto loaded = load_config(file);
  if (auto* const config = std::get_if<Config>(&loaded)) return std::move(*config);
  for (const ConfigError& error : std::get<std::vector<ConfigError>>(loaded)) err << to_string(error) << '\n';
  return std::nullopt;
}

void set_up(FilterShared& shared, const Config& config, AuditSink& audit) {
  shared.policy = config.policy;
  shared.audit = &audit;
  shared.session_memory = config.boot.limits.session_memory;
  shared.memory = config.boot.limits.memory;
  shared.http = config.boot.http;
  shared.msnp_ports = config.boot.intercept.ports;
}

/// Runs every capture through both policies.
int compare(const ReplayOptions& options, std::ostream& out, std::ostream& err) {
  const auto older = config_of(options.compare.front(), err);
  const auto newer = config_of(options.compare.back(), err);
  if (!older || !newer) return exit_config;
  bool failed = false;
  Comparison total;
  for (const std::filesystem::path& file : options.captures) {
    std::array<DecisionList, 2> decisions;
    std::array<std::optional<CaptureError>, 2> errors;
    for (const std::size_t i : {0U, 1U}) {
      FilterShared shared;
      set_up(shared, i == 0 ? *older : *newer, decisions[i]);
      const ReplayedCapture replayed = replay_capture(file, shared, nullptr, errors[i]);
      if (i == 1 && replayed.packets != 0) print_capture(err, file.string(), replayed);
    }
    if (const auto& error = errors[0] ? errors[0] : errors[1]) {
      err << file.string() << ": " << error->message << '\n';
      failed = true;
    }
    if (errors[0].has_value() != errors[1].has_value()) continue;  // read once only: nothing to compare
    const Comparison one = print_differences(decisions[0], decisions[1], options.format, out);
    total.same += one.same;
    total.other_rule += one.other_rule;
    total.changed += one.changed;
  }
  err << "decisions changed: " << total.changed << "; same action by another rule: " << total.other_rule
      << "; the same: " << total.same << '\n';
  if (!out.flush()) err << "cannot write the decisions to the output\n";
  return failed || !out ? exit_failed : exit_fine;
}

}  // namespace

int command_replay(const ReplayOptions& options, std::ostream& out, std::ostream& err) {
  if (!options.compare.empty()) return compare(options, out, err);
  const auto config = options.config ? config_of(*options.config, err) : default_config();
  if (!config) return exit_config;

  DecisionPrinter printer(out, options.format);
  ReplayTotal total;
  std::optional<EmitDirectories> directories;
  if (options.emit) directories.emplace(*options.emit, options.captures.size() > 1);
  bool failed = false;
  for (const std::filesystem::path& file : options.captures) {
    FilterShared shared;
    set_up(shared, *config, printer);
    std::optional<Emission> emission;
    if (directories) emission.emplace(directories->of(file));

    std::optional<CaptureError> error;
    const std::uint64_t before = printer.printed();
    ReplayedCapture replayed = replay_capture(file, shared, emission ? &*emission : nullptr, error);
    replayed.events = printer.printed() - before;
    if (!error || replayed.packets != 0) {
      print_capture(err, file.string(), replayed);
      total.add(replayed);
    }
    if (error) err << file.string() << ": " << error->message << '\n';
    if (emission && emission->error()) err << *emission->error() << '\n';
    failed = failed || error || (emission && emission->error());
  }
  total.print(err);
  if (printer.failed()) err << "cannot write the events to the output\n";
  return failed || printer.failed() ? exit_failed : exit_fine;
}

}  // namespace gate
