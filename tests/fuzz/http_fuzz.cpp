// Input: a FilterScript (filter_script.hpp) whose chunks travel over the HTTP gateway, or are bytes of
// connections that lead there (http_stage.hpp): connection, sessions, filter, both directions.
//
// Laws: what is none of the gateway's passes byte for byte; nobody finds an offer in what leaves a blocking
// gate, however leniently he reads HTTP; while only correct HTTP comes, the verdicts are those of a
// connection without HTTP, and a policy that allows all passes the same stream; any cut gives the same; what
// is held is bounded and given back.
#include <array>
#include <map>

#include "msnp/ascii.hpp"
#include "tests/fuzz/http_stage.hpp"
#include "tests/fuzz/laws.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/support/client_readers.hpp"
#include "tests/support/http_readings.hpp"
#include "tests/support/http_rig.hpp"

namespace fuzz {
namespace {

using gate::Action;
using gate::test::FilterRig;
using gate::test::HttpReading;
using gate::test::HttpRig;
using msnp::Direction;

constexpr std::array both_ways{Direction::to_server, Direction::to_client};
constexpr std::string_view leave = "HTTP/1.1 100 Continue\r\n\r\n";

std::size_t lane(Direction direction) noexcept {
  return static_cast<std::size_t>(direction);
}

std::shared_ptr<const gate::Policy> policy_of(const FilterScript& script) {
  static const auto policies = [] {
    gate::Policy::Source open;
    open.fallback = Action::allow;
    open.revision = "test";
    for (const gate::Cause cause : {gate::Cause::parse_error, gate::Cause::audit_write_failed}) {
      open.failure[static_cast<std::size_t>(cause)] = gate::Reaction::pass;
    }
    gate::Rule pictures;
    pictures.name = "pictures pass";
    pictures.action = Action::allow;
    pictures.kinds = {msnp::Kind::file_transfer};
    pictures.names = {"*.png", "*.jpg"};
    return std::array{gate::test::policy_with(Action::block),
                      gate::test::policy_with(Action::block, {}, true),
                      gate::test::policy_with(Action::block, {pictures}, true),
                      std::make_shared<const gate::Policy>(std::move(open))};
  }();
  return policies.at(script.policy());
}
bool blocks_all(const FilterScript& script) {
  return script.policy() < 2;
}
bool passes_all(const FilterScript& script) {
  return script.policy() == 3;
}

/// What was decided about what people wanted; in the order of the deciding.
std::vector<std::string> verdicts_of(const std::vector<gate::AuditEvent>& events) {
  std::vector<std::string> verdicts;
  for (const gate::AuditEvent& event : events) {
    if (event.event != gate::AuditKind::transfer && event.event != gate::AuditKind::transport &&
        event.event != gate::AuditKind::object) {
      continue;
    }
    std::string& verdict = verdicts.emplace_back(name_of(event.event));
    verdict += ' ' + event.reason + ' ' + event.rule + ' ' + event.user;
    verdict += event.action == Action::block ? " block" : " pass";
    if (event.kind) verdict += ' ' + std::to_string(static_cast<int>(*event.kind));
    if (event.direction) verdict += ' ' + std::to_string(static_cast<int>(*event.direction));
    if (event.file) {
      for (const std::string& name : event.file->names) verdict += ' ' + name;
    }
  }
  return verdicts;
}

struct WebTrace {
  std::array<std::array<std::string, 2>, web_connections> came, sent;
  std::array<bool, web_connections> closed{};
  std::array<bool, web_connections> web{};  // HTTP without MSNP in a tunnel
  std::array<std::size_t, web_connections> waits{};
  std::vector<WebArrival> left;  // in the order of its leaving
  std::vector<std::string> verdicts;
  std::size_t events = 0;
  [[nodiscard]] bool any_closed() const {
    return std::any_of(closed.begin(), closed.end(), [](bool one) { return one; });
  }
};

class WebRun {
 public:
  WebRun(const FilterScript& script, std::size_t piece) : rig_(policy_of(script)), piece_(piece) {
    rig_.shared.http.idle_timeout = std::chrono::hours{24};
    rig_.shared.http.body = 64 * 1024;
    if (script.small_memory()) {
      rig_.shared.session_memory = 3000;
      rig_.shared.memory = rig_.shared.memory_held + 5000;
      rig_.shared.http.idle_timeout = std::chrono::seconds{90};
    }
    for (auto& connection : connections_) connection = rig_.connect();
  }

  WebTrace run(const WebPlay& play) {
    const std::size_t budget = rig_.shared.memory_left();
    for (const WebArrival& arrival : play.opening) feed(arrival);
    const std::size_t before = rig_.audit.events.size();
    for (const WebArrival& arrival : play.arrivals) {
      if (arrival.later != 0) {
        pass(arrival.later);
      } else {
        feed(arrival);
      }
      law(budget - rig_.shared.memory_left() <= 5 * rig_.shared.session_memory, "what is held is bounded");
    }
    rig_.audit.events.erase(rig_.audit.events.begin(),
                            rig_.audit.events.begin() + static_cast<std::ptrdiff_t>(before));
    trace_.verdicts = verdicts_of(rig_.audit.events);
    trace_.events = rig_.audit.events.size();
    for (std::size_t i = 0; i < web_connections; ++i) {
      trace_.closed[i] = connections_[i]->closed();
      trace_.web[i] = connections_[i]->filter().ends_untold();
      trace_.waits[i] = connections_[i]->leftover();
      connections_[i].reset();
    }
    rig_.shared.gateway_sessions.reset();
    law(rig_.shared.memory_left() == budget, "what was held is given back");
    return std::move(trace_);
  }

 private:
  void feed(const WebArrival& arrival) {
    HttpRig::Connection& connection = *connections_[arrival.connection];
    std::string_view bytes = arrival.bytes;
    constexpr std::size_t most_pieces = 600;  // the cost grows with the square
    const std::size_t piece = std::max(piece_, bytes.size() / most_pieces);
    while (!bytes.empty() && !connection.closed()) {
      connection.feed(arrival.direction, bytes.substr(0, piece));
      bytes.remove_prefix(std::min(piece, bytes.size()));
      collect(arrival.connection);
    }
    trace_.came[arrival.connection][lane(arrival.direction)] += arrival.bytes;
  }
  void pass(msnp::Moment later) {
    rig_.tick(later);
    for (std::size_t i = 0; i < web_connections; ++i) {
      connections_[i]->tick();
      collect(i);
    }
  }
  void collect(std::size_t connection) {
    const std::array<std::string, 2> sent{connections_[connection]->to_server(),
                                          connections_[connection]->to_client()};
    for (const Direction direction : both_ways) {
      const std::string& bytes = sent[lane(direction)];
      if (bytes.empty()) continue;
      trace_.sent[connection][lane(direction)] += bytes;
      trace_.left.push_back({connection, direction, bytes});
    }
  }

  HttpRig rig_;
  std::size_t piece_;
  std::array<std::unique_ptr<HttpRig::Connection>, web_connections> connections_;
  WebTrace trace_;
};

/// What a reader of these habits makes of all that left: the stream of every session, and the other messages.
struct WebRead {
  std::map<std::string, std::array<std::string, 2>> streams;  // by session
  std::array<std::array<std::vector<std::string>, 2>, web_connections> ordinary;
};

WebRead read_web(const std::vector<WebArrival>& left, const gate::test::HttpHabits& habits) {
  WebRead result;
  std::vector<HttpReading> readings(web_connections, HttpReading(habits));
  std::size_t openings = 0;
  for (const WebArrival& arrival : left) {
    for (gate::test::HttpMessage& message :
         readings[arrival.connection].read(arrival.direction, arrival.bytes)) {
      if (!message.gateway) {
        if (message.head != leave) {
          result.ordinary[arrival.connection][lane(arrival.direction)].push_back(message.head + message.body);
        }
        continue;
      }
      if (message.session.empty()) message.session = "opening " + std::to_string(++openings);
      result.streams[message.session][lane(arrival.direction)] += message.body;
    }
  }
  return result;
}

void closure(const FilterScript& script, const WebTrace& trace) {
  if (!blocks_all(script)) return;
  for (const gate::test::HttpHabits& habits : gate::test::http_habits) {
    for (const auto& [session, stream] : read_web(trace.left, habits).streams) {
      for (const Direction direction : both_ways) {
        const std::string found = gate::test::offers_read_by_anybody(direction, stream[lane(direction)]);
        law(found.empty(), ("nobody finds an offer in what left a blocking gate: " + found).c_str());
      }
    }
  }
}

bool leads_to_msnp(const std::string& folded) {
  for (const std::string_view word : {"gateway.dll", "%", "connect ", "upgrade"}) {
    if (folded.find(word) != std::string::npos) return true;
  }
  return false;
}

void untouched(const WebPlay& play, const WebTrace& trace) {
  for (std::size_t i = 0; i < web_connections; ++i) {
    if (!trace.web[i] || leads_to_msnp(msnp::folded(trace.came[i][0]))) continue;
    std::size_t missing = 0;
    for (const Direction direction : both_ways) {
      const std::string& came = trace.came[i][lane(direction)];
      const std::string& sent = trace.sent[i][lane(direction)];
      law(came.starts_with(sent), "what is none of the gateway's passes as it came");
      missing += came.size() - sent.size();
    }
    law(trace.closed[i] || missing == trace.waits[i], "nothing of it is held but an unfinished head");
  }
  if (play.wild) return;
  const WebRead read = read_web(trace.left, gate::test::http_habits[0]);
  for (std::size_t i = 0; i < web_connections; ++i) {
    if (trace.closed[i]) continue;
    law(read.ordinary[i] == play.ordinary[i],
        "ordinary messages among those of the gateway pass as they came");
  }
}

/// The stream of the session without HTTP around it.
void as_without_http(const FilterScript& script, const WebPlay& play, const WebTrace& trace) {
  if (play.wild || !play.one_session || script.small_memory()) return;
  FilterRig rig(policy_of(script));
  if (script.on_switchboard()) {
    rig.enter_switchboard("alice@example.com", {"bob@example.org"});
  } else {
    rig.sign_in("alice@example.com");
  }
  const std::size_t before = rig.audit.events.size();
  for (const StreamPiece& piece : play.stream) {
    if (rig.closed) break;
    if (piece.later != 0) {
      rig.tick(piece.later);
    } else {
      rig.feed(piece.direction, piece.bytes);
    }
  }
  rig.audit.events.erase(rig.audit.events.begin(),
                         rig.audit.events.begin() + static_cast<std::ptrdiff_t>(before));
  law(verdicts_of(rig.audit.events) == trace.verdicts, "verdicts are those of a connection without HTTP");
  law(rig.closed == trace.any_closed(), "it ends when a connection without HTTP does");
  if (!passes_all(script)) return;
  const WebRead read = read_web(trace.left, gate::test::http_habits[0]);
  const auto found = read.streams.find("7");
  std::array<std::string, 2> stream;
  if (found != read.streams.end()) stream = found->second;
  // The answer to its opening names it.
  const std::string opened = script.on_switchboard()
                                 ? "USR 1 OK alice@example.com Me\r\nJOI bob@example.org Bob\r\n"
                                 : "VER 1 MSNP18\r\nUSR 2 OK alice@example.com 1 0\r\n";
  law(stream[1] == opened + rig.to_client() && stream[0] == rig.to_server(),
      "a policy that allows all passes the same stream");
}

/// Without the leave to go on, which only those get whose request came in pieces.
std::string without_leave(std::string text) {
  for (std::size_t at = text.find(leave); at != std::string::npos; at = text.find(leave, at)) {
    text.erase(at, leave.size());
  }
  return text;
}

void expect_same(const WebTrace& one, const WebTrace& other) {
  law(one.closed == other.closed, "any cut closes alike");
  if (one.any_closed()) return;
  law(one.verdicts == other.verdicts && one.events == other.events, "any cut records the same");
  for (std::size_t i = 0; i < web_connections; ++i) {
    law(one.sent[i][0] == other.sent[i][0] &&
            without_leave(one.sent[i][1]) == without_leave(other.sent[i][1]),
        "any cut sends on the same");
  }
}

}  // namespace

int http_fuzz(const std::uint8_t* data, std::size_t size) {
  const FilterScript script = read_script(data, size);
  const WebPlay play = play_of(script);
  const WebTrace trace = WebRun(script, std::string::npos).run(play);
  closure(script, trace);
  untouched(play, trace);
  as_without_http(script, play, trace);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{61}}) {
    const WebTrace cut = WebRun(script, piece).run(play);
    // What comes in parts is gathered, so a memory that is small ends one cut and not another.
    if (!script.small_memory()) expect_same(trace, cut);
    closure(script, cut);
  }
  return 0;
}

}  // namespace fuzz
