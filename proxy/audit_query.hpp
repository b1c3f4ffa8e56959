// Which records somebody wants to see.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/audit_record.hpp"
#include "proxy/name_pattern.hpp"

namespace gate {

/// What was asked for. Within a list any entry may fit; between the lists all must.
struct AuditQuery {
  std::optional<std::chrono::system_clock::time_point> since;  // inclusive
  std::optional<std::chrono::system_clock::time_point> until;  // exclusive
  std::uint64_t seq_from = 0;
  std::uint64_t seq_to = UINT64_MAX;  // inclusive
  std::vector<std::string> ids;
  std::vector<std::string> events, actions, reasons, kinds, directions, forms, policies;  // exact words
  // Shell patterns, without regard to case (proxy/name_pattern.hpp).
  std::vector<std::string> users, peers, names, rules;
  std::vector<std::string> clients;  // addresses, or address:port
};

/// A query made ready to be asked of many records, from any thread.
class AuditMatcher {
 public:
  explicit AuditMatcher(const AuditQuery& query);

  [[nodiscard]] bool matches(const AuditRecord& record) const;

  /// A text that every matching line has in it, or empty: lines without it need not be looked at.
  [[nodiscard]] const std::string& needle() const noexcept { return needle_; }
  /// Bounds as they are written in records; empty: none.
  [[nodiscard]] const std::string& since() const noexcept { return since_; }
  [[nodiscard]] const std::string& until() const noexcept { return until_; }

 private:
  /// A text to be equal to, or a pattern where it has wildcards.
  struct Wanted {
    std::string exact;  // lower case, as it is written in JSON
    std::optional<NamePattern> pattern;
  };
  [[nodiscard]] static Wanted wanted(const std::string& text);
  [[nodiscard]] static bool fits(const std::vector<Wanted>& list, std::string_view escaped);
  [[nodiscard]] static bool fits_any(const std::vector<Wanted>& list, std::string_view array);
  [[nodiscard]] bool fits_words(const AuditRecord& record) const;
  [[nodiscard]] bool fits_rule(std::string_view rule) const;
  [[nodiscard]] bool fits_name(const AuditRecord& record) const;
  [[nodiscard]] bool fits_client(std::string_view client) const;
  void choose_needle();
  void choose_word();

  AuditQuery query_;
  std::vector<Wanted> users_, peers_, names_, rules_;
  std::string since_, until_, needle_;
};

}  // namespace gate
