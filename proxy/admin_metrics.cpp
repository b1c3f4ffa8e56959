// GET /metrics: everything that is counted, for Prometheus. Labels have few values, known beforehand: never
// an account, an address, a rule or a file name.
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include "proxy/admin_routes.hpp"
#include "proxy/gateway.hpp"
#include "proxy/metrics_text.hpp"
#include "proxy/session.hpp"
#include "proxy/version.hpp"

namespace gate {
namespace {

using Workers = std::vector<const WorkerMetrics*>;

constexpr std::array<std::string_view, 2> direction_names{"to_server", "to_client"};

struct TrafficFamily {
  std::string_view name;
  std::string_view help;
  Counter TrafficMetrics::*counter;
};
constexpr std::array<TrafficFamily, 5> traffic_families{{
    {"msnpgate_received_bytes_total", "Bytes received from the end that sends in this direction.",
     &TrafficMetrics::received},
    {"msnpgate_sent_bytes_total", "Bytes that the other end's socket has taken.", &TrafficMetrics::sent},
    {"msnpgate_withheld_bytes_total", "Bytes received that did not go on as they came.",
     &TrafficMetrics::withheld},
    {"msnpgate_injected_bytes_total", "Bytes of the gateway's own, and of what it held and sent on later.",
     &TrafficMetrics::injected},
    {"msnpgate_undelivered_bytes_total", "Bytes that could not be sent because that end had gone.",
     &TrafficMetrics::undelivered},
}};

bool not_begun(Ending ending) {
  return ending == Ending::limit || ending == Ending::rate || ending == Ending::no_destination ||
         ending == Ending::loop;
}

/// Calls `each` with every ending and its total.
template <class Each>
void each_ending(const Workers& workers, Each each) {
  for (std::size_t i = 0; i < workers.front()->endings.size(); ++i) {
    const auto ending = static_cast<Ending>(i);
    if (name_of(ending) == "unknown") return;
    std::uint64_t total = 0;
    for (const WorkerMetrics* worker : workers) total += worker->endings[i].value();
    each(ending, total);
  }
}

void write_sessions(const Gateway& gateway, const Workers& workers, MetricsText& text) {
  text.family("msnpgate_sessions_open", "gauge", "Sessions that are open now.");
  text.sample({}, std::uint64_t{gateway.sessions()});
  text.family("msnpgate_sessions_limit", "gauge", "Most sessions at once (limits.sessions).");
  text.sample({}, std::uint64_t{gateway.boot().limits.sessions});
  text.family("msnpgate_sessions_begun_total", "counter", "Sessions begun: open ones and ended ones.");
  for (std::size_t i = 0; i < workers.size(); ++i) {
    text.sample({{"worker", std::to_string(i)}}, workers[i]->sessions.value());
  }
  text.family("msnpgate_sessions_ended_total", "counter", "Sessions ended, by reason.");
  each_ending(workers, [&](Ending ending, std::uint64_t total) {
    if (!not_begun(ending)) text.sample({{"reason", name_of(ending)}}, total);
  });
  text.family("msnpgate_connections_refused_total", "counter",
              "Connections that became no session, by reason.");
  each_ending(workers, [&](Ending ending, std::uint64_t total) {
    if (not_begun(ending)) text.sample({{"reason", name_of(ending)}}, total);
  });
}

void write_traffic(const Workers& workers, MetricsText& text) {
  for (const TrafficFamily& family : traffic_families) {
    text.family(family.name, "counter", family.help);
    for (std::size_t i = 0; i < workers.size(); ++i) {
      for (std::size_t way = 0; way < 2; ++way) {
        text.sample({{"worker", std::to_string(i)}, {"direction", direction_names[way]}},
                    (workers[i]->traffic[way].*family.counter).value());
      }
    }
  }
}

void write_offers(const Workers& workers, MetricsText& text) {
  text.family("msnpgate_offers_total", "counter", "Offers, of whatever kind and outcome.");
  for (std::size_t i = 0; i < workers.size(); ++i) {
    for (std::size_t way = 0; way < 2; ++way) {
      text.sample({{"worker", std::to_string(i)}, {"direction", direction_names[way]}},
                  workers[i]->offers[way].value());
    }
  }
  text.family("msnpgate_offers_ended_total", "counter", "Offers by outcome: each has exactly one.");
  for (std::size_t i = 0; i < workers.size(); ++i) {
    for (std::size_t way = 0; way < 2; ++way) {
      for (std::size_t outcome = 0; outcome < outcome_count; ++outcome) {
        text.sample({{"worker", std::to_string(i)},
                     {"direction", direction_names[way]},
                     {"outcome", name_of(static_cast<Outcome>(outcome))}},
                    workers[i]->outcomes[way][outcome].value());
      }
    }
  }
  text.family("msnpgate_offers_by_kind_total", "counter", "Offers by kind and outcome.");
  for (std::size_t kind = 0; kind < msnp::kind_count; ++kind) {
    for (std::size_t outcome = 0; outcome < outcome_count; ++outcome) {
      std::uint64_t total = 0;
      for (const WorkerMetrics* worker : workers) total += worker->kinds[kind][outcome].value();
      text.sample({{"kind", name_of(static_cast<msnp::Kind>(kind))},
                   {"outcome", name_of(static_cast<Outcome>(outcome))}},
                  total);
    }
  }
  std::uint64_t ended = 0;
  for (const WorkerMetrics* worker : workers) ended += worker->calls_ended.value();
  text.family("msnpgate_calls_ended_total", "counter", "Transfers under way that a new policy stopped.");
  text.sample({}, ended);
}

void write_trouble(const Workers& workers, MetricsText& text) {
  text.family("msnpgate_failures_total", "counter", "Something was wrong, by cause ([failure]).");
  for (std::size_t cause = 0; cause < cause_count; ++cause) {
    std::uint64_t total = 0;
    for (const WorkerMetrics* worker : workers) total += worker->failures[cause].value();
    text.sample({{"cause", name_of(static_cast<Cause>(cause))}}, total);
  }
  std::uint64_t written = 0;
  std::uint64_t failed = 0;
  for (const WorkerMetrics* worker : workers) {
    written += worker->records.value();
    failed += worker->records_failed.value();
  }
  text.family("msnpgate_audit_records_total", "counter", "Audit records of sessions that were written.");
  text.sample({}, written);
  text.family("msnpgate_audit_records_failed_total", "counter", "Audit records that could not be written.");
  text.sample({}, failed);
}

void write_audit(const AuditHealth& health, MetricsText& text) {
  text.family("msnpgate_audit_records_missing", "gauge", "Audit records not written and not told of yet.");
  text.sample({}, health.missing);
  text.family("msnpgate_audit_writable", "gauge", "1 if the last attempt to write the audit log went well.");
  text.sample({}, std::uint64_t{health.writable});
  text.family("msnpgate_audit_write_failures_total", "counter",
              "Records that the audit log could not take, of whatever origin.");
  text.sample({}, health.failures);
  text.family("msnpgate_audit_rotations_total", "counter", "Files of the audit log closed.");
  text.sample({}, health.rotations);
  text.family("msnpgate_audit_rotation_stuck", "gauge", "1 if the current file is due and cannot be closed.");
  text.sample({}, std::uint64_t{!health.rotation_error.empty()});
  text.family("msnpgate_audit_file_bytes", "gauge", "Size of the current file of the audit log.");
  text.sample({}, health.size);
}

/// What there is to know of one export, and how it is called.
struct ExportFamily {
  std::string_view name;
  std::string_view type;
  std::string_view help;
  std::uint64_t (*value)(const AuditExportHealth& health, std::uint64_t newest);
};
constexpr std::array<ExportFamily, 4> export_families{{
    {"msnpgate_audit_export_connected", "gauge", "1 while the receiver takes records.",
     [](const AuditExportHealth& health, std::uint64_t) { return std::uint64_t{health.connected}; }},
    {"msnpgate_audit_export_behind", "gauge", "Records that the receiver has not for certain.",
     &records_behind},
    {"msnpgate_audit_export_retries_total", "counter", "Connections that failed or broke.",
     [](const AuditExportHealth& health, std::uint64_t) { return health.retries; }},
    {"msnpgate_audit_export_lost_total", "counter",
     "Records that the log had no longer when their turn came.",
     [](const AuditExportHealth& health, std::uint64_t) { return health.lost; }},
}};

void write_exports(const Gateway& gateway, std::uint64_t newest, MetricsText& text) {
  std::vector<AuditExportHealth> exports;
  for (const AuditExport& one : gateway.exports()) exports.push_back(one.health());
  if (exports.empty()) return;
  for (const ExportFamily& family : export_families) {
    text.family(family.name, family.type, family.help);
    for (std::size_t i = 0; i < exports.size(); ++i) {
      text.sample({{"export", std::to_string(i + 1)}}, family.value(exports[i], newest));
    }
  }
}

void write_process(const Gateway& gateway, MetricsText& text) {
  using namespace std::chrono;
  text.family("msnpgate_build_info", "gauge", "Always 1; the version is in the label.");
  text.sample({{"version", version()}}, std::uint64_t{1});
  text.family("msnpgate_policy_rules", "gauge", "Rules of the policy in force.");
  text.sample({}, std::uint64_t{gateway.policy()->rules().size()});
  text.family("msnpgate_policy_reloads_total", "counter", "Reloads of the configuration, by result.");
  text.sample({{"result", "done"}}, gateway.reloads().done);
  text.sample({{"result", "failed"}}, gateway.reloads().failed);
  text.family("process_start_time_seconds", "gauge", "When the process started, in seconds since 1970.");
  text.sample({}, duration<double>(gateway.started().time_since_epoch()).count());
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds_of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  text.family("process_cpu_seconds_total", "counter", "Processor time of user and system.");
  text.sample({}, seconds_of(used.ru_utime) + seconds_of(used.ru_stime));
  std::uint64_t pages = 0;
  std::uint64_t resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  text.family("process_resident_memory_bytes", "gauge", "Memory in use.");
  text.sample({}, resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
  // Not a listing of /proc/self/fd: with 20,000 sessions that costs milliseconds.
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  text.family("process_max_fds", "gauge", "Most descriptors that may be open.");
  text.sample({}, std::uint64_t{limit.rlim_cur});
}

}  // namespace

void add_metrics_route(Gateway& gateway, AdminRoutes& routes) {
  routes.push_back({.path = "/metrics",
                    .answer =
                        [&gateway](const AdminRequest&) {
                          const Workers workers = gateway.metrics();
                          MetricsText text;
                          write_process(gateway, text);
                          write_sessions(gateway, workers, text);
                          write_traffic(workers, text);
                          write_offers(workers, text);
                          write_trouble(workers, text);
                          const AuditHealth health = gateway.audit().health();
                          write_audit(health, text);
                          write_exports(gateway, health.seq, text);
                          return AdminResponse{.type = MetricsText::content_type, .body = text.text()};
                        },
                    .quick = true});
}

}  // namespace gate
