#include "proxy/audit_output.hpp"

#include <array>

#include "proxy/escape.hpp"

namespace gate {
namespace {

constexpr std::size_t cell_limit = 80;

std::string shown(std::string_view escaped) {
  return showable(text_of_json(escaped), cell_limit);
}

/// Pads by characters, not bytes: names are UTF-8.
void put_cell(std::string& row, std::string_view text, std::size_t width) {
  if (text.empty()) text = "-";
  std::size_t characters = 0;
  for (std::string_view rest = text; !rest.empty(); ++characters)
    rest.remove_prefix(first_code_point(rest).size);
  row += text;
  row.append(characters < width ? width - characters : 0, ' ');
  row += ' ';
}

std::string peers_of(const AuditRecord& record, std::string_view between) {
  std::string all;
  std::string_view peers = record[AuditKey::peers];
  while (const auto peer = next_text(peers)) {
    if (!all.empty()) all += between;
    all += text_of_json(*peer);
  }
  return all;
}

void append_row(std::string& to, const AuditRecord& record) {
  std::string people(record[AuditKey::user].empty() ? "" : shown(record[AuditKey::user]));
  const std::string peers = showable(peers_of(record, ","), cell_limit);
  if (!peers.empty()) {
    people = (people.empty() ? "?" : people) + (record[AuditKey::direction] == "receive" ? " <- " : " -> ") +
             peers;
  }
  std::string why = shown(record[AuditKey::rule]);
  if (!record[AuditKey::reason].empty()) {
    why += (why.empty() ? "" : " (") + shown(record[AuditKey::reason]) + (why.empty() ? "" : ")");
  }
  if (!record[AuditKey::detail].empty() && record[AuditKey::action].empty())
    why += ": " + shown(record[AuditKey::detail]);
  std::string file = shown(record.member(AuditKey::file, "name_shown"));
  if (const auto size = record.member(AuditKey::file, "size"); !size.empty())
    file += " (" + std::string(size) + ")";
  put_cell(to, record[AuditKey::seq], 8);
  put_cell(to, record[AuditKey::time].substr(0, 19), 19);
  put_cell(to, record[AuditKey::action].empty() ? record[AuditKey::event] : record[AuditKey::action], 8);
  put_cell(to, record[AuditKey::kind], 17);
  put_cell(to, people, 44);
  put_cell(to, file, 28);
  to += why.empty() ? "-" : why;
  to += '\n';
}

/// What a spreadsheet would compute is made a text.
void put_csv(std::string& to, std::string_view text) {
  const bool formula =
      !text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos;
  to += '"';
  if (formula) to += '\'';
  for (const char c : text) {
    if (c == '"') to += '"';
    to += c;
  }
  to += '"';
}

constexpr std::array<AuditKey, 15> csv_keys{
    AuditKey::time,   AuditKey::seq,  AuditKey::id,     AuditKey::event,  AuditKey::action,
    AuditKey::reason, AuditKey::rule, AuditKey::policy, AuditKey::kind,   AuditKey::direction,
    AuditKey::user,   AuditKey::form, AuditKey::client, AuditKey::server, AuditKey::answer};

void append_csv(std::string& to, const AuditRecord& record) {
  for (const AuditKey key : csv_keys) {
    put_csv(to, showable(text_of_json(record[key])));
    to += ',';
  }
  put_csv(to, showable(peers_of(record, " ")));
  to += ',';
  put_csv(to, showable(text_of_json(record.member(AuditKey::file, "name_shown"))));
  to += ',';
  put_csv(to, record.member(AuditKey::file, "size"));
  to += ',';
  put_csv(to, showable(text_of_json(record[AuditKey::detail])));
  to += "\r\n";
}

/// Members of a JSON object whose values are taken over from a record as they are.
class EcsObject {
 public:
  explicit EcsObject(std::string& to) : to_(to) {}
  void raw(std::string_view key, std::string_view json) {
    if (json.empty()) return;
    to_ += first_ ? "{\"" : ",\"";
    first_ = false;
    to_ += key;
    to_ += "\":";
    to_ += json;
  }
  void text(std::string_view key, std::string_view escaped) {
    if (!escaped.empty()) raw(key, '"' + std::string(escaped) + '"');
  }
  void endpoint(const std::string& side, std::string_view text_and_port) {
    const std::size_t colon = text_and_port.rfind(':');
    if (colon == std::string_view::npos) return;
    std::string_view address = text_and_port.substr(0, colon);
    if (address.starts_with('[')) address = address.substr(1, address.size() - 2);
    text(side + ".ip", address);
    raw(side + ".port", text_and_port.substr(colon + 1));
  }
  void end() { to_ += first_ ? "{}\n" : "}\n"; }

 private:
  std::string& to_;
  bool first_ = true;
};

void append_ecs(std::string& to, const AuditRecord& record) {
  const std::string_view action = record[AuditKey::action];
  const std::string_view event = record[AuditKey::event];
  EcsObject ecs(to);
  ecs.text("@timestamp", record[AuditKey::time]);
  ecs.text("ecs.version", "8.11.0");
  ecs.text("event.module", "msnpgate");
  ecs.text("event.dataset", "msnpgate.audit");
  ecs.text("event.kind", "event");
  ecs.raw("event.category", event == "policy" ? "[\"configuration\"]" : "[\"network\"]");
  ecs.raw("event.type", action == "block" ? "[\"denied\"]" : action.empty() ? "[\"info\"]" : "[\"allowed\"]");
  ecs.text("event.action", event);
  ecs.raw("event.sequence", record[AuditKey::seq]);
  ecs.text("event.id", record[AuditKey::id]);
  ecs.text("event.reason", record[AuditKey::reason]);
  ecs.text("event.hash", record[AuditKey::hash]);
  ecs.text("rule.name", record[AuditKey::rule]);
  ecs.text("rule.version", record[AuditKey::policy]);
  ecs.text("network.protocol", "msnp");
  if (!record[AuditKey::direction].empty()) {
    ecs.text("network.direction", record[AuditKey::direction] == "send" ? "outbound" : "inbound");
  }
  ecs.text("user.email", record[AuditKey::user]);
  ecs.text("file.name", record.member(AuditKey::file, "name_shown"));
  ecs.raw("file.size", record.member(AuditKey::file, "size"));
  ecs.endpoint("client", record[AuditKey::client]);
  ecs.endpoint("server", record[AuditKey::server]);
  ecs.text("message", record[AuditKey::detail]);
  // What the schema has no word for.
  ecs.text("msnpgate.action", action);
  ecs.text("msnpgate.kind", record[AuditKey::kind]);
  ecs.raw("msnpgate.peers", record[AuditKey::peers]);
  ecs.text("msnpgate.form", record[AuditKey::form]);
  ecs.raw("msnpgate.call", record[AuditKey::call]);
  ecs.raw("msnpgate.dialect", record[AuditKey::dialect]);
  ecs.text("msnpgate.answer", record[AuditKey::answer]);
  ecs.raw("msnpgate.checkpoint", record[AuditKey::checkpoint]);
  ecs.text("msnpgate.prev", record[AuditKey::prev]);
  ecs.end();
}

}  // namespace

std::string_view heading(AuditFormat format) noexcept {
  switch (format) {
    case AuditFormat::table:
      return "SEQ      TIME (UTC)          ACTION   KIND              USER -> PEERS                          "
             "      FILE "
             "                        RULE (REASON)\n";
    case AuditFormat::csv:
      return "time,seq,id,event,action,reason,rule,policy,kind,direction,user,form,client,server,answer,"
             "peers,file,size,"
             "detail\r\n";
    case AuditFormat::json:
    case AuditFormat::ecs:
      break;
  }
  return {};
}

void append(std::string& to, const AuditRecord& record, AuditFormat format) {
  switch (format) {
    case AuditFormat::table:
      return append_row(to, record);
    case AuditFormat::csv:
      return append_csv(to, record);
    case AuditFormat::ecs:
      return append_ecs(to, record);
    case AuditFormat::json:
      to += record.line;
      to += '\n';
  }
}

}  // namespace gate
