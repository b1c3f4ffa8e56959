// Writes an audit log of N records as the gateway does, for measuring how it is searched (audit_query.py):
// 30 days of 2,000 people, nine connections to one offer of a file.
//
//   audit_corpus DIRECTORY RECORDS none|zstd
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <random>
#include <string>
#include <string_view>

#include "proxy/audit_log.hpp"
#include "proxy/audit_upkeep.hpp"

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::sys_days first_day{std::chrono::year{2026} / 10 / 1};
constexpr std::chrono::hours days{30 * 24};
constexpr unsigned people = 2'000;

std::string account(unsigned number, std::string_view domain) {
  return "u" + std::to_string(10'000 + number) + '@' + std::string(domain);
}

gate::AuditEvent session(unsigned who, unsigned with) {
  gate::AuditEvent event;
  event.event = gate::AuditKind::session;
  event.reason = "server-closed";
  event.user = account(who, "corp.example");
  event.peers = {account(with, "agency.example")};
  event.client = "10.20." + std::to_string(who % 256) + '.' + std::to_string(who / 256 + 1) + ":49152";
  event.server = "192.0.2.10:1863";
  event.dialect = 15;
  event.detail = "during relaying; bytes from client " + std::to_string(with * 7) + ", from server 71";
  return event;
}

gate::AuditEvent offer(unsigned who, unsigned with, unsigned number) {
  gate::AuditEvent event = session(who, with);
  event.event = gate::AuditKind::transfer;
  event.action = number % 50 == 0 ? gate::Action::allow : gate::Action::block;
  event.reason = "offer";
  event.rule = number % 50 == 0 ? "design may swap pictures" : "default";
  event.policy = "5f2b7c81a0d3";
  event.kind = number % 7 == 0 ? msnp::Kind::photo_sharing : msnp::Kind::file_transfer;
  event.direction = number % 3 == 0 ? msnp::Direction::to_client : msnp::Direction::to_server;
  event.file = gate::AuditEvent::File{{"plan " + std::to_string(number) + ".doc"}, 1'000 + number};
  event.form = msnp::Form::p2p_v1;
  event.call = gate::AuditEvent::Call{"{C0FFEE00-0000-0000-0000-000000000001}", std::to_string(number), ""};
  event.answer = "603 to client";
  event.detail.clear();
  return event;
}

}  // namespace

int main(int count, char** words) {
  if (count != 4) {
    std::cerr << "usage: audit_corpus DIRECTORY RECORDS none|zstd\n";
    return 2;
  }
  const std::uint64_t records = std::strtoull(words[2], nullptr, 10);
  gate::AuditSettings settings;
  settings.path = std::filesystem::path(words[1]) / "audit.jsonl";
  settings.compress = std::string_view(words[3]) == "zstd";
  std::filesystem::create_directories(words[1]);
  gate::AuditLog log(settings);
  std::mt19937 dice(2026);  // NOLINT(cert-msc51-cpp): the same log every time
  const auto step = std::chrono::duration_cast<std::chrono::microseconds>(days) / records;
  std::chrono::system_clock::time_point time{first_day};
  for (std::uint64_t i = 0; i < records; ++i, time += step) {
    const unsigned who = static_cast<unsigned>(dice() % people);
    const unsigned with = static_cast<unsigned>(dice() % people);
    gate::AuditEvent event = i % 10 == 0 ? offer(who, with, static_cast<unsigned>(i)) : session(who, with);
    event.time = time;
    if (!log.record(event)) {
      std::cerr << "a record could not be written: " << log.health().last_error << '\n';
      return 1;
    }
  }
  const std::string errors = gate::keep_house(log, settings, time);
  std::cerr << errors;
  return errors.empty() ? 0 : 1;
}
