#include "proxy/replay_report.hpp"

#include <exception>
#include <ostream>

#include "proxy/audit_json.hpp"
#include "proxy/escape.hpp"

namespace gate {
namespace {

// Longest text in one cell of the table; the JSON format has all of it.
constexpr std::size_t cell_limit = 120;
constexpr std::size_t users_limit = 10'000;

std::string joined(const std::vector<std::string>& texts, std::string_view between) {
  std::string all;
  for (const std::string& text : texts) {
    if (!all.empty()) all += between;
    all += showable(text);
  }
  return all;
}

/// Pads by characters, not bytes: names are UTF-8.
void put_cell(std::string& row, std::string_view text, std::size_t width) {
  std::size_t characters = 0;
  for (std::string_view rest = text; !rest.empty(); ++characters)
    rest.remove_prefix(first_code_point(rest).size);
  row += text.empty() ? std::string_view("-") : text;
  if (text.empty()) characters = 1;
  row.append(characters < width ? width - characters : 0, ' ');
  row += ' ';
}

struct Columns {
  std::string_view time, people, direction, kind, file, size, form, action, why;
};

std::string row_of(const Columns& columns) {
  std::string row;
  put_cell(row, columns.time, 27);
  put_cell(row, columns.people, 42);
  put_cell(row, columns.direction, 7);
  put_cell(row, columns.kind, 17);
  put_cell(row, columns.file, 20);
  put_cell(row, columns.size, 9);
  put_cell(row, columns.form, 7);
  put_cell(row, columns.action, 7);
  row += columns.why;
  row += '\n';
  return row;
}

std::string row_of(const AuditEvent& event) {
  const std::string time = to_rfc3339(event.time);
  const std::string peers = joined(event.peers, ",");
  std::string people;
  if (!event.user.empty() || !peers.empty()) {
    people =
        showable((event.user.empty() ? "?" : event.user) + (peers.empty() ? "" : " -> " + peers), cell_limit);
  }
  std::string_view direction;
  if (event.direction) direction = name_of(*event.direction);
  std::string file;
  std::string size;
  if (event.file) {
    if (!event.file->names.empty()) file = showable(event.file->names.front(), cell_limit);
    if (event.file->size) size = std::to_string(*event.file->size);
  }
  std::string why = showable(event.reason, cell_limit);
  if (!event.rule.empty()) why = showable(event.rule, cell_limit) + (why.empty() ? "" : " (" + why + ")");
  if (event.event == AuditKind::failure && !event.detail.empty())
    why += ": " + showable(event.detail, cell_limit);
  return row_of({time, people, direction, event.kind ? msnp::name_of(*event.kind) : name_of(event.event),
                 file, size, event.form ? msnp::name_of(*event.form) : "",
                 event.action ? name_of(*event.action) : "", why});
}

bool is_decision(AuditKind kind) noexcept {
  return kind != AuditKind::session && kind != AuditKind::policy;
}

std::string text_of(const TcpEndpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(endpoint.port());
}

std::string text_of(const std::array<std::size_t, connection_kind_count>& by_kind) {
  std::string text;
  for (std::size_t i = 0; i < by_kind.size(); ++i) {
    if (by_kind[i] == 0) continue;
    text += (text.empty() ? "" : ", ") + std::to_string(by_kind[i]) + ' ';
    text += name_of(static_cast<ConnectionKind>(i));
  }
  return text.empty() ? "none" : text;
}

std::string text_of(const ReplayedConnection& connection) {
  std::string text = std::to_string(connection.number) + ' ';
  text += name_of(connection.kind);
  text += ' ' + text_of(connection.client) + " > " + text_of(connection.server);
  text += connection.dialect == 0 ? " -" : " MSNP" + std::to_string(connection.dialect);
  text += " user " + (connection.user.empty() ? "-" : showable(connection.user));
  text += " peers " + (connection.peers.empty() ? "-" : joined(connection.peers, ","));
  if (connection.peers_cut) text += ",...";
  if (connection.incomplete) text += "; incomplete: bytes are missing from the capture";
  if (connection.closed) text += "; closed by msnpgate";
  if (connection.unfinished != 0) {
    text += "; " + std::to_string(connection.unfinished) + " bytes of an unfinished command at the end";
  }
  return text;
}

}  // namespace

bool DecisionPrinter::record(const AuditEvent& event) noexcept {
  if (!is_decision(event.event)) return true;
  if (failed_) return false;
  try {
    if (format_ == ReplayFormat::json) {
      out_ << to_json_line(event, printed_ + 1, {});
    } else {
      if (printed_ == 0) {
        out_ << row_of(
            {"TIME", "USER -> PEERS", "WAY", "KIND", "FILE", "SIZE", "FORM", "ACTION", "RULE (REASON)"});
      }
      out_ << row_of(event);
    }
    failed_ = !out_.flush();
  } catch (const std::exception&) {  // no memory for the line, or a stream that throws
    failed_ = true;
  }
  if (!failed_) ++printed_;
  return !failed_;
}

void print_capture(std::ostream& err, std::string_view name, const ReplayedCapture& capture) {
  err << name << ": " << capture.packets << " packets; taken: " << capture.taken.size()
      << "; not taken: " << text_of(capture.not_taken) << "; events: " << capture.events << '\n';
  for (const ReplayedConnection& connection : capture.taken) err << "  " << text_of(connection) << '\n';
  if (capture.not_followed != 0) {
    err << "  " << capture.not_followed << " connections beyond the limit were not followed\n";
  }
}

void ReplayTotal::add(const ReplayedCapture& capture) {
  ++captures_;
  taken_ += capture.taken.size();
  events_ += capture.events;
  for (std::size_t i = 0; i < not_taken_.size(); ++i) not_taken_[i] += capture.not_taken[i];
  for (const ReplayedConnection& connection : capture.taken) {
    if (!connection.user.empty() && users_.size() < users_limit) users_.insert(connection.user);
  }
}

void ReplayTotal::print(std::ostream& err) const {
  err << "captures: " << captures_ << "; connections taken: " << taken_ << "; users: " << users_.size()
      << "; not taken: " << text_of(not_taken_) << "; events: " << events_ << '\n';
}

}  // namespace gate
