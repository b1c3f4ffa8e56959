// A directory with an audit log in it, removed in the end.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/audit_log.hpp"

namespace gate::test {

/// What a record about a refused file looks like; `second` counts from 2026-11-22T16:02:20Z.
[[nodiscard]] AuditEvent file_event(std::string_view user, std::string_view name, int second = 0);

class AuditDirectory {
 public:
  AuditDirectory();
  ~AuditDirectory();
  AuditDirectory(const AuditDirectory&) = delete;
  AuditDirectory& operator=(const AuditDirectory&) = delete;

  [[nodiscard]] std::filesystem::path log() const { return path_ / "audit.jsonl"; }
  [[nodiscard]] std::filesystem::path path() const { return path_; }
  [[nodiscard]] AuditSettings settings() const;
  /// Everything after the name of the log's current file, of every file that is there: "",
  /// ".00000000000000000001".
  [[nodiscard]] std::vector<std::string> endings() const;

 private:
  std::filesystem::path path_;
};

/// Hands every line of the logs in a directory, as far as they are not compressed, to the file that
/// $MSNPGATE_RECORDS names, with .logs behind it: tests/e2e/schema_test.py holds those that are sealed
/// against the published schema.
void keep_logs_for_the_schema(const std::filesystem::path& directory);

[[nodiscard]] std::string text_of_file(const std::filesystem::path& path);
void put_text(const std::filesystem::path& path, std::string_view text);

}  // namespace gate::test
