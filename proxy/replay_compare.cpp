#include "proxy/replay_compare.hpp"

#include <deque>
#include <exception>
#include <map>
#include <ostream>
#include <string>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "proxy/audit_json.hpp"
#include "proxy/escape.hpp"

namespace gate {
namespace {

namespace json = boost::json;

/// The same thing in two replays: same moment, connection, people and call.
std::string key_of(const AuditEvent& event) {
  std::string key = to_rfc3339(event.time);
  const auto add = [&key](std::string_view text) { key.append(1, '\0').append(text); };
  add(name_of(event.event));
  add(event.client);
  add(event.server);
  add(event.user);
  for (const std::string& peer : event.peers) add(peer);
  add(event.kind ? msnp::name_of(*event.kind) : "");
  add(name_of(event.direction.value_or(msnp::Direction::to_server)));
  if (event.call) {
    add(event.call->call_id);
    add(event.call->session_id);
    add(event.call->cookie);
  }
  if (event.file && !event.file->names.empty()) add(event.file->names.front());
  return key;
}

std::string side_text(const AuditEvent* event) {
  if (event == nullptr) return "nothing recorded";
  std::string text(event->action ? name_of(*event->action) : "");
  return text + " (" + showable(event->rule.empty() ? event->reason : event->rule) + ')';
}

json::value side_json(const AuditEvent* event) {
  if (event == nullptr) return nullptr;
  return json::object{{"action", event->action ? name_of(*event->action) : ""},
                      {"rule", storable(event->rule)},
                      {"reason", storable(event->reason)}};
}

void print(const AuditEvent* older, const AuditEvent* newer, ReplayFormat format, std::ostream& out) {
  // cppcheck-suppress nullPointer ; one of them is there
  const AuditEvent& event = newer != nullptr ? *newer : *older;
  const std::string_view direction = name_of(event.direction.value_or(msnp::Direction::to_server));
  const std::string_view kind = event.kind ? msnp::name_of(*event.kind) : name_of(event.event);
  const std::string file =
      event.file && !event.file->names.empty() ? event.file->names.front() : std::string();
  if (format == ReplayFormat::json) {
    json::array peers;
    for (const std::string& peer : event.peers) peers.emplace_back(storable(peer));
    out << json::serialize(json::object{{"time", to_rfc3339(event.time)},
                                        {"user", storable(event.user)},
                                        {"peers", std::move(peers)},
                                        {"direction", direction},
                                        {"kind", kind},
                                        {"file", storable(file)},
                                        {"old", side_json(older)},
                                        {"new", side_json(newer)}})
        << '\n';
    return;
  }
  out << to_rfc3339(event.time) << "  " << (event.user.empty() ? "?" : showable(event.user)) << ' '
      << direction;
  for (const std::string& peer : event.peers) out << ' ' << showable(peer);
  out << "  " << kind;
  if (!file.empty()) out << " \"" << showable(file) << '"';
  out << ": " << side_text(older) << " -> " << side_text(newer) << '\n';
}

}  // namespace

bool DecisionList::record(const AuditEvent& event) noexcept {
  if (event.event == AuditKind::session || event.event == AuditKind::policy) return true;
  try {
    events_.push_back(event);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

Comparison print_differences(const DecisionList& older, const DecisionList& newer, ReplayFormat format,
                             std::ostream& out) {
  std::map<std::string, std::deque<const AuditEvent*>> waiting;
  for (const AuditEvent& event : newer.events()) waiting[key_of(event)].push_back(&event);
  Comparison comparison;
  for (const AuditEvent& event : older.events()) {
    auto& others = waiting[key_of(event)];
    const AuditEvent* const other = others.empty() ? nullptr : others.front();
    if (other != nullptr) others.pop_front();
    // Nothing recorded is what passes by default.
    const bool same_action = other != nullptr ? event.action == other->action : event.action == Action::allow;
    if (!same_action) {
      ++comparison.changed;
      print(&event, other, format, out);
    } else if (other != nullptr && (event.rule != other->rule || event.reason != other->reason)) {
      ++comparison.other_rule;
    } else {
      ++comparison.same;
    }
  }
  for (const AuditEvent& event : newer.events()) {
    auto& left = waiting[key_of(event)];
    if (left.empty() || left.front() != &event) continue;
    left.pop_front();
    if (event.action == Action::allow) continue;
    ++comparison.changed;
    print(nullptr, &event, format, out);
  }
  return comparison;
}

}  // namespace gate
