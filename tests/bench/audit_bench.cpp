// What an audit record costs: its line, its name, and the whole way into a file.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

#include "proxy/audit_json.hpp"
#include "proxy/audit_log.hpp"
#include "proxy/ulid.hpp"

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::system_clock::time_point moment{1'795'363'340'123'456us};

/// The record of a connection: one for every login and conversation.
gate::AuditEvent session() {
  gate::AuditEvent event;
  event.event = gate::AuditKind::session;
  event.time = moment;
  event.reason = "server-closed";
  event.user = "u017@example.com";
  event.peers = {"bob@example.org"};
  event.client = "10.20.0.7:42792";
  event.server = "192.0.2.10:1863";
  event.detail = "during relaying; bytes from client 224, from server 71";
  return event;
}

/// The record of a file that was stopped.
gate::AuditEvent refusal() {
  gate::AuditEvent event = session();
  event.event = gate::AuditKind::transfer;
  event.action = gate::Action::block;
  event.reason = "offer";
  event.rule = "default";
  event.policy = "5f2b7c81a0d3";
  event.kind = msnp::Kind::file_transfer;
  event.direction = msnp::Direction::to_server;
  event.file = gate::AuditEvent::File{{"Pl\u00E4ne 2007.doc"}, 48'231};
  event.form = msnp::Form::p2p_v1;
  event.call = gate::AuditEvent::Call{"{C0FFEE00-0000-0000-0000-000000000001}", "7935", ""};
  event.dialect = 12;
  event.answer = "603 to client";
  event.detail.clear();
  return event;
}

void audit_line(benchmark::State& state, const gate::AuditEvent& event) {
  std::uint64_t seq = 0;
  std::size_t bytes = 0;
  for (auto _ : state) {
    bytes += gate::to_json_line(event, ++seq, "01ARYZ6S41TSV4RRFFQ69G5FAV").size();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(seq));
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}
BENCHMARK_CAPTURE(audit_line, session, session());
BENCHMARK_CAPTURE(audit_line, refusal, refusal());

void ulid(benchmark::State& state) {
  gate::UlidSource source;
  auto time = moment;
  for (auto _ : state) {
    time += 50us;
    benchmark::DoNotOptimize(source.next(time));
  }
}
BENCHMARK(ulid);

/// With fsync = "never": what `always` adds is the disk's.
void audit_record(benchmark::State& state, const gate::AuditEvent& event) {
  const auto directory = std::filesystem::temp_directory_path() / "msnpgate-audit-bench";
  std::filesystem::create_directories(directory);
  gate::AuditSettings settings;
  settings.path = directory / "audit.jsonl";
  settings.fsync = gate::AuditSync::never;
  std::size_t written = 0;
  {
    gate::AuditLog log(settings);
    for (auto _ : state) written += static_cast<std::size_t>(log.record(event));
  }
  std::filesystem::remove_all(directory);
  state.SetItemsProcessed(static_cast<std::int64_t>(written));
}
BENCHMARK_CAPTURE(audit_record, session, session());

}  // namespace
