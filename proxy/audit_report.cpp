#include "proxy/audit_report.hpp"

#include <algorithm>
#include <ostream>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/escape.hpp"

namespace gate {
namespace {

/// Rows of a table; the rest is summed up.
constexpr std::size_t most_rows = 25;
/// Different users, rules or tries that are remembered; beyond, everything new is one row.
constexpr std::size_t most_entries = 100'000;

void count(AuditReport::Tally& tally, bool blocked) {
  ++(blocked ? tally.blocked : tally.passed);
}

AuditReport::Tally& entry(AuditReport::Table& table, const std::string& name) {
  const auto found = table.find(name);
  if (found != table.end()) return found->second;
  return table[table.size() < most_entries ? name : "others"];
}

void join(AuditReport::Tally& to, const AuditReport::Tally& from) {
  to.blocked += from.blocked;
  to.passed += from.passed;
}

void join(AuditReport::Table& to, const AuditReport::Table& from) {
  for (const auto& [name, tally] : from) join(entry(to, name), tally);
}

using Row = std::pair<std::string, AuditReport::Tally>;

/// The largest first, and what is left as one row.
std::vector<Row> largest(const AuditReport::Table& table) {
  std::vector<Row> rows(table.begin(), table.end());
  std::stable_sort(rows.begin(), rows.end(), [](const Row& one, const Row& other) {
    return one.second.total() > other.second.total();
  });
  if (rows.size() <= most_rows + 1) return rows;
  AuditReport::Tally rest;
  for (std::size_t i = most_rows; i < rows.size(); ++i) join(rest, rows[i].second);
  const std::string name = "... and " + std::to_string(rows.size() - most_rows) + " more";
  rows.resize(most_rows);
  rows.emplace_back(name, rest);
  return rows;
}

std::vector<Row> rows_of(const std::array<AuditReport::Tally, 24>& hours) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < hours.size(); ++i) {
    rows.emplace_back((i < 10 ? "0" : "") + std::to_string(i) + ":00", hours.at(i));
  }
  return rows;
}

void write_rows(std::ostream& out, std::string_view title, const std::vector<Row>& rows) {
  out << '\n' << title << '\n';
  for (const auto& [name, tally] : rows) {
    std::string line = std::to_string(tally.blocked);
    line.insert(0, line.size() < 12 ? 12 - line.size() : 0, ' ');
    std::string passed = std::to_string(tally.passed);
    passed.insert(0, passed.size() < 12 ? 12 - passed.size() : 0, ' ');
    out << line << passed << "  " << name << '\n';
  }
}

std::string html(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

/// Bars that lie, one a row: blocked, then passed.
void write_bars(std::ostream& out, std::string_view title, const std::vector<Row>& rows) {
  constexpr std::uint64_t width = 420;
  constexpr std::uint64_t step = 22;
  std::uint64_t most = 1;
  for (const auto& [name, tally] : rows) most = std::max(most, tally.total());
  out << "<section><h2>" << title << "</h2>\n<svg role=\"img\" viewBox=\"0 0 960 " << rows.size() * step + 4
      << "\" width=\"960\">\n";
  std::uint64_t y = 2;
  for (const auto& [name, tally] : rows) {
    const std::uint64_t blocked = tally.blocked * width / most;
    const std::uint64_t passed = tally.passed * width / most;
    out << "<text x=\"420\" y=\"" << y + 15 << "\" text-anchor=\"end\">" << html(showable(name, 64))
        << "</text><rect class=\"b\" x=\"430\" y=\"" << y << "\" width=\"" << blocked
        << "\" height=\"18\"/><rect class=\"p\" x=\"" << 430 + blocked << "\" y=\"" << y << "\" width=\""
        << passed << "\" height=\"18\"/><text x=\"" << 436 + blocked + passed << "\" y=\"" << y + 15 << "\">"
        << tally.blocked << " / " << tally.passed << "</text>\n";
    y += step;
  }
  out << "</svg></section>\n";
}

}  // namespace

void AuditReport::add(const AuditRecord& record) {
  const std::string_view time = record[AuditKey::time];
  if (first_.empty() || time < first_) first_ = time;
  if (time > last_) last_ = time;
  if (record[AuditKey::event] == "failure") ++failures_;
  if (record[AuditKey::action].empty() || record[AuditKey::kind].empty()) return;
  const bool blocked = record[AuditKey::action] == "block";
  const std::string user =
      record[AuditKey::user].empty() ? "(nobody signed in)" : text_of_json(record[AuditKey::user]);
  const std::string kind(record[AuditKey::kind]);
  std::string tried = user + "  " + kind;
  if (const auto name = record.member(AuditKey::file, "name_shown"); !name.empty())
    tried += "  " + text_of_json(name);
  count(all_, blocked);
  count(entry(users_, user), blocked);
  count(entry(kinds_, kind), blocked);
  count(entry(rules_, text_of_json(record[AuditKey::rule])), blocked);
  count(entry(tries_, tried), blocked);
  count(entry(days_, std::string(time.substr(0, 10))), blocked);
  const std::string_view hour = time.size() < 13 ? std::string_view("00") : time.substr(11, 2);
  const auto digit = [](char letter) { return static_cast<std::size_t>(letter - '0'); };
  const std::size_t index = digit(hour[0]) * 10 + digit(hour[1]);
  count(hours_.at(std::min<std::size_t>(index, 23)), blocked);
}

void AuditReport::add(const AuditReport& other) {
  join(users_, other.users_);
  join(kinds_, other.kinds_);
  join(rules_, other.rules_);
  join(tries_, other.tries_);
  join(days_, other.days_);
  join(all_, other.all_);
  for (std::size_t i = 0; i < hours_.size(); ++i) join(hours_.at(i), other.hours_.at(i));
  failures_ += other.failures_;
  if (!other.first_.empty() && (first_.empty() || other.first_ < first_)) first_ = other.first_;
  last_ = std::max(last_, other.last_);
}

std::string AuditReport::period() const {
  if (first_.empty()) return "no records";
  return first_.substr(0, 16) + "Z to " + last_.substr(0, 16) + "Z";
}

void AuditReport::write_text(std::ostream& out) const {
  out << "msnpgate audit report, " << period() << "\n"
      << all_.blocked << " blocked, " << all_.passed << " passed, " << failures_ << " failures\n\n"
      << "     blocked      passed\n";
  write_rows(out, "By user", largest(users_));
  write_rows(out, "By kind", largest(kinds_));
  write_rows(out, "By rule", largest(rules_));
  write_rows(out, "By hour of the day (UTC)", rows_of(hours_));
  write_rows(out, "By day", {days_.begin(), days_.end()});
  write_rows(out, "Who tried what", largest(tries_));
}

void AuditReport::write_html(std::ostream& out) const {
  out << "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>msnpgate audit "
         "report</title>\n"
         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
         "'unsafe-inline'\">\n"
         "<style>body{font:15px/1.4 system-ui,sans-serif;margin:2em "
         "auto;max-width:62em;color:#222}svg{max-width:100%;"
         "font:13px system-ui,sans-serif}.b{fill:#b3261e}.p{fill:#2e7d32}.key::before{content:'\\25A0 '}"
         "@media(prefers-color-scheme:dark){body{background:#161616;color:#ddd}svg "
         "text{fill:#ddd}}</style></head><body>\n"
         "<h1>msnpgate audit report</h1>\n<p>"
      << html(period()) << ". <strong>" << all_.blocked << "</strong> blocked, <strong>" << all_.passed
      << "</strong> passed, <strong>" << failures_
      << "</strong> failures. <span class=\"key\" style=\"color:#b3261e\">blocked</span> "
         "<span class=\"key\" style=\"color:#2e7d32\">passed</span></p>\n";
  write_bars(out, "By user", largest(users_));
  write_bars(out, "By kind", largest(kinds_));
  write_bars(out, "By rule", largest(rules_));
  write_bars(out, "By hour of the day (UTC)", rows_of(hours_));
  write_bars(out, "By day", {days_.begin(), days_.end()});
  write_bars(out, "Who tried what", largest(tries_));
  out << "</body></html>\n";
}

}  // namespace gate
