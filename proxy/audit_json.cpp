#include "proxy/audit_json.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include <boost/json.hpp>

#include "proxy/escape.hpp"

namespace gate {
namespace {

namespace json = boost::json;

// No account is longer than 129 bytes; 64 people are remembered of a switchboard (msnp/limits.hpp).
constexpr std::size_t account_limit = 512;
constexpr std::size_t most_peers = 64;
// There are as many readings of a file name as there are ways to stop at its NULs: two.
constexpr std::size_t most_other_names = 4;

void put(json::object& to, std::string_view key, std::string_view foreign) {
  if (!foreign.empty()) to[key] = showable(foreign);
}

json::array peers_of(const AuditEvent& event) {
  json::array peers;
  for (const std::string& peer : event.peers) {
    if (peers.size() == most_peers) {
      peers.emplace_back("...[cut, of " + std::to_string(event.peers.size()) + " peers]");
      break;
    }
    peers.emplace_back(showable(peer, account_limit));
  }
  return peers;
}

json::object file_of(const AuditEvent::File& file) {
  json::object object;
  if (!file.names.empty()) {
    object["name"] = storable(file.names.front());
    object["name_shown"] = showable(file.names.front());
  }
  if (file.names.size() > 1) {
    json::array others;
    for (std::size_t i = 1; i < file.names.size() && others.size() < most_other_names; ++i) {
      others.emplace_back(showable(file.names[i]));
    }
    object["other_names"] = std::move(others);
  }
  if (file.size) object["size"] = *file.size;
  return object;
}

json::object call_of(const AuditEvent::Call& call) {
  json::object object;
  put(object, "call_id", call.call_id);
  put(object, "session_id", call.session_id);
  put(object, "cookie", call.cookie);
  return object;
}

void append_escape(std::string& to, std::uint32_t unit) {
  std::array<char, 7> text{};
  std::snprintf(text.data(), text.size(), "\\u%04x", unit & 0xFFFFU);
  to += text.data();
}

// JSON allows hidden characters above U+001F as they are; a terminal obeys them. Written as escapes
// they mean the same. Outside its strings JSON is plain ASCII, so the whole line can be walked.
std::string with_escapes(std::string_view line) {
  std::string result;
  result.reserve(line.size() + 1);
  while (!line.empty()) {
    const CodePoint point = first_code_point(line);
    if (!point.valid || !is_hidden(point.value)) {
      result += line.substr(0, point.size);
    } else if (point.value < 0x10000) {
      append_escape(result, point.value);
    } else {
      append_escape(result, 0xD800U + ((point.value - 0x10000U) >> 10U));
      append_escape(result, 0xDC00U + ((point.value - 0x10000U) & 0x3FFU));
    }
    line.remove_prefix(point.size);
  }
  return result;
}

}  // namespace

std::string to_rfc3339(std::chrono::system_clock::time_point time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{floor<microseconds>(time - day)};
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
                static_cast<int>(clock.subseconds().count()));
  return text.data();
}

std::string to_json_line(const AuditEvent& event, std::uint64_t seq, std::string_view id) {
  json::object record;
  record["time"] = to_rfc3339(event.time);
  record["seq"] = seq;
  put(record, "id", id);
  record["event"] = name_of(event.event);
  if (event.action) record["action"] = name_of(*event.action);
  put(record, "reason", event.reason);
  put(record, "rule", event.rule);
  put(record, "policy", event.policy);
  if (event.kind) record["kind"] = msnp::name_of(*event.kind);
  if (event.direction) {
    record["direction"] = *event.direction == msnp::Direction::to_server ? "send" : "receive";
  }
  if (!event.user.empty()) record["user"] = showable(event.user, account_limit);
  if (!event.peers.empty()) record["peers"] = peers_of(event);
  if (event.file) record["file"] = file_of(*event.file);
  if (event.form) record["form"] = msnp::name_of(*event.form);
  if (event.call) record["call"] = call_of(*event.call);
  put(record, "client", event.client);
  put(record, "server", event.server);
  if (event.dialect != 0) record["dialect"] = event.dialect;
  put(record, "answer", event.answer);
  put(record, "detail", event.detail);
  return with_escapes(json::serialize(record)) + '\n';
}

std::optional<std::uint64_t> seq_of_line(std::string_view line) {
  boost::system::error_code error;
  const json::value parsed = json::parse(json::string_view(line.data(), line.size()), error);
  if (error || !parsed.is_object()) return std::nullopt;
  const json::value* const seq = parsed.as_object().if_contains("seq");
  if (seq == nullptr || !seq->is_number() || !parsed.as_object().contains("time")) return std::nullopt;
  const auto number = seq->to_number<std::uint64_t>(error);
  return error ? std::nullopt : std::optional<std::uint64_t>(number);
}

}  // namespace gate
