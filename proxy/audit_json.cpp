#include "proxy/audit_json.hpp"

#include <algorithm>
#include <array>

#include <boost/json.hpp>

#include "proxy/escape.hpp"
#include "proxy/json_line.hpp"

namespace gate {
namespace {

namespace json = boost::json;

// No account is longer than 129 bytes; 64 people are remembered of a switchboard (msnp/limits.hpp).
constexpr std::size_t account_limit = 512;
constexpr std::size_t most_peers = 64;
// There are as many readings of a file name as there are ways to stop at its NULs: two.
constexpr std::size_t most_other_names = 4;

void put(JsonLine& to, std::string_view foreign, std::size_t limit = text_limit) {
  if (foreign.size() <= limit && is_plain(foreign)) return to.text(foreign);
  to.text(showable(foreign, limit));
}

void put(JsonLine& to, std::string_view key, std::string_view foreign, std::size_t limit = text_limit) {
  if (foreign.empty()) return;
  to.key(key);
  put(to, foreign, limit);
}

void put_peers(JsonLine& to, const std::vector<std::string>& peers) {
  to.key("peers").begin_array();
  for (std::size_t i = 0; i < peers.size() && i < most_peers; ++i) put(to, peers[i], account_limit);
  if (peers.size() > most_peers) to.text("...[cut, of " + std::to_string(peers.size()) + " peers]");
  to.end_array();
}

void put_file(JsonLine& to, const AuditEvent::File& file) {
  to.key("file").begin_object();
  if (!file.names.empty()) {
    to.key("name").text(storable(file.names.front()));
    to.key("name_shown").text(showable(file.names.front()));
  }
  if (file.names.size() > 1) {
    to.key("other_names").begin_array();
    for (std::size_t i = 1; i < file.names.size() && i <= most_other_names; ++i) put(to, file.names[i]);
    to.end_array();
  }
  if (file.size) to.key("size").number(*file.size);
  to.end_object();
}

void put_call(JsonLine& to, const AuditEvent::Call& call) {
  to.key("call").begin_object();
  put(to, "call_id", call.call_id);
  put(to, "session_id", call.session_id);
  put(to, "cookie", call.cookie);
  to.end_object();
}

template <std::size_t width>
void append_digits(std::string& to, std::uint64_t value) {
  std::array<char, width> digits{};
  for (std::size_t i = width; i-- > 0; value /= 10) digits[i] = static_cast<char>('0' + value % 10);
  to.append(digits.data(), width);
}

}  // namespace

std::string to_rfc3339(std::chrono::system_clock::time_point time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{floor<microseconds>(time - day)};
  const auto unsigned_of = [](auto count) { return static_cast<std::uint64_t>(count); };
  std::string text;
  text.reserve(sizeof "2026-11-22T16:02:20.123456Z");
  append_digits<4>(text, unsigned_of(static_cast<int>(date.year())));
  text += '-';
  append_digits<2>(text, static_cast<unsigned>(date.month()));
  text += '-';
  append_digits<2>(text, static_cast<unsigned>(date.day()));
  text += 'T';
  append_digits<2>(text, unsigned_of(clock.hours().count()));
  text += ':';
  append_digits<2>(text, unsigned_of(clock.minutes().count()));
  text += ':';
  append_digits<2>(text, unsigned_of(clock.seconds().count()));
  text += '.';
  append_digits<6>(text, unsigned_of(clock.subseconds().count()));
  text += 'Z';
  return text;
}

std::string to_json_line(const AuditEvent& event, std::uint64_t seq, std::string_view id) {
  constexpr std::size_t usual_size = 512;
  std::string text;
  text.reserve(usual_size);
  JsonLine line(text);
  line.begin_object();
  line.key("time").text(to_rfc3339(event.time));
  line.key("seq").number(seq);
  put(line, "id", id);
  line.key("event").text(name_of(event.event));
  if (event.action) line.key("action").text(name_of(*event.action));
  put(line, "reason", event.reason);
  put(line, "rule", event.rule);
  put(line, "policy", event.policy);
  if (event.kind) line.key("kind").text(msnp::name_of(*event.kind));
  if (event.direction) {
    line.key("direction").text(name_of(*event.direction));
  }
  put(line, "user", event.user, account_limit);
  if (!event.peers.empty()) put_peers(line, event.peers);
  if (event.file) put_file(line, *event.file);
  if (event.form) line.key("form").text(msnp::name_of(*event.form));
  if (event.call) put_call(line, *event.call);
  put(line, "client", event.client);
  put(line, "server", event.server);
  if (event.dialect != 0) line.key("dialect").number(event.dialect);
  put(line, "answer", event.answer);
  put(line, "detail", event.detail);
  line.end_object();
  text += '\n';
  return text;
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
