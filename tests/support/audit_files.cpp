#include "tests/support/audit_files.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <algorithm>

namespace gate::test {

AuditEvent file_event(std::string_view user, std::string_view name, int second) {
  AuditEvent event;
  event.event = AuditKind::transfer;
  event.time = std::chrono::system_clock::time_point{std::chrono::seconds(1'795'363'340 + second)};
  event.action = Action::block;
  event.reason = "offer";
  event.rule = "default";
  event.kind = msnp::Kind::file_transfer;
  event.direction = msnp::Direction::to_server;
  event.user = user;
  event.peers = {"bob@agency.example", "eve@agency.example"};
  event.file = AuditEvent::File{.names = {std::string(name)}, .size = 48'231};
  event.form = msnp::Form::p2p_v1;
  event.client = "10.20.0.7:49152";
  event.server = "192.0.2.10:1863";
  event.answer = "603 to client";
  return event;
}

AuditDirectory::AuditDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "msnpgate-audit-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
  path_ = name;
}

AuditDirectory::~AuditDirectory() {
  keep_logs_for_the_schema(path_);
  std::filesystem::remove_all(path_);
}

AuditSettings AuditDirectory::settings() const {
  AuditSettings settings;
  settings.path = log();
  return settings;
}

std::vector<std::string> AuditDirectory::endings() const {
  std::vector<std::string> endings;
  const std::string stem = log().filename().string();
  for (const auto& entry : std::filesystem::directory_iterator(path_)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(stem)) endings.push_back(name.substr(stem.size()));
  }
  std::sort(endings.begin(), endings.end());
  return endings;
}

void keep_logs_for_the_schema(const std::filesystem::path& directory) {
  static const char* const records = std::getenv("MSNPGATE_RECORDS");  // NOLINT(concurrency-mt-unsafe)
  if (records == nullptr) return;
  std::ofstream kept(std::string(records) + ".logs", std::ios::app | std::ios::binary);
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.is_regular_file() && entry.path().extension() != ".zst")
      kept << text_of_file(entry.path()) << '\n';
  }
}

std::string text_of_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void put_text(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

}  // namespace gate::test
