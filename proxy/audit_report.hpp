// Who tried what: decisions of the audit log counted by user, kind, hour and day, for people.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <map>
#include <string>

#include "proxy/audit_record.hpp"

namespace gate {

class AuditReport {
 public:
  struct Tally {
    std::uint64_t blocked = 0;
    std::uint64_t passed = 0;  // allowed or observed
    [[nodiscard]] std::uint64_t total() const noexcept { return blocked + passed; }
  };
  using Table = std::map<std::string, Tally, std::less<>>;

  /// Counts a record if it is a decision; failures are counted by themselves.
  void add(const AuditRecord& record);
  /// The figures of two parts of a log as one.
  void add(const AuditReport& other);

  void write_text(std::ostream& out) const;
  /// One page that needs nothing from anywhere: plots are inline SVG, there is no script, all foreign text is
  /// escaped.
  void write_html(std::ostream& out) const;

 private:
  [[nodiscard]] std::string period() const;

  Table users_, kinds_, rules_, tries_, days_;  // tries: user, kind and file name
  std::array<Tally, 24> hours_{};
  Tally all_;
  std::uint64_t failures_ = 0;
  std::string first_, last_;  // times
};

}  // namespace gate
