#include "proxy/config_boot.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace gate {
namespace {

std::optional<std::string> interface_from(std::string_view text) {
  // The kernel's limit is 15 bytes. No character here has a meaning in the language of nftables.
  const bool plain =
      !text.empty() && text.size() <= 15 && std::all_of(text.begin(), text.end(), [](char letter) {
        return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
               (letter >= 'A' && letter <= 'Z') ||
               std::string_view("_-.:@").find(letter) != std::string_view::npos;
      });
  return plain ? std::optional<std::string>(text) : std::nullopt;
}

using namespace std::chrono_literals;

std::optional<PortRange> port_range_from(std::string_view text) {
  constexpr std::size_t most = 1024;
  PortRange range;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, range.first);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '-') return std::nullopt;
  const auto last = std::from_chars(first.ptr + 1, end, range.last);
  const bool whole = last.ec == std::errc() && last.ptr == end;
  if (!whole || range.first == 0 || range.last < range.first || range.size() > most) return std::nullopt;
  return range;
}

constexpr std::array<Field<InterceptSettings>, 11> intercept_fields{{
    {"ports",
     [](const Value& value, InterceptSettings& intercept) {
       intercept.ports.clear();
       value.elements(Value::Empty::fault, "write a list of TCP ports, such as [1863]",
                      [&](const Value& element) {
                        const auto port = element.count(1, 65'535);
                        if (port) intercept.ports.push_back(static_cast<std::uint16_t>(*port));
                      });
       std::sort(intercept.ports.begin(), intercept.ports.end());
       intercept.ports.erase(std::unique(intercept.ports.begin(), intercept.ports.end()),
                             intercept.ports.end());
     }},
    {"interfaces",
     [](const Value& value, InterceptSettings& intercept) {
       value.elements(Value::Empty::fine, "write a list of interface names, such as [\"eth1\"]",
                      [&](const Value& element) {
                        auto name = element.parsed(interface_from,
                                                   "write the name of an interface, such as \"eth1\"");
                        if (name) intercept.interfaces.push_back(*std::move(name));
                      });
     }},
    {"exempt",
     [](const Value& value, InterceptSettings& intercept) {
       value.elements(Value::Empty::fine, "write a list of networks, such as [\"192.0.2.0/24\"]",
                      [&](const Value& element) {
                        if (const auto network = element.network()) intercept.exempt.push_back(*network);
                      });
     }},
    {"follow",
     [](const Value& value, InterceptSettings& intercept) {
       constexpr std::array<std::pair<std::string_view, FollowMode>, 3> words{
           {{"set", FollowMode::set}, {"rewrite", FollowMode::rewrite}, {"off", FollowMode::off}}};
       if (const auto mode = value.choice(words)) intercept.follow = *mode;
     }},
    {"follow_for",
     [](const Value& value, InterceptSettings& intercept) {
       store(intercept.follow_for, value.duration(10s, 24h));
     }},
    {"follow_ports",
     [](const Value& value, InterceptSettings& intercept) {
       store(intercept.follow_ports,
             value.parsed(port_range_from, "write a range of at most 1024 ports, such as \"47101-47164\""));
     }},
    {"when_dead",
     [](const Value& value, InterceptSettings& intercept) {
       constexpr std::array<std::pair<std::string_view, WhenDead>, 2> words{
           {{"closed", WhenDead::closed}, {"open", WhenDead::open}}};
       store(intercept.when_dead, value.choice(words));
     }},
    {"dead_after", [](const Value& value,
                      InterceptSettings& intercept) { store(intercept.dead_after, value.duration(2s, 1h)); }},
    {"mark",
     [](const Value& value, InterceptSettings& intercept) {
       store(intercept.mark, value.count(1, std::numeric_limits<std::uint32_t>::max() - 1));
     }},
    {"zone",
     [](const Value& value, InterceptSettings& intercept) { store(intercept.zone, value.count(1, 65'535)); }},
    {"table",
     [](const Value& value, InterceptSettings& intercept) {
       // 253 to 255 are the system's own: default, main, local.
       store(intercept.table, value.count(1, std::numeric_limits<std::uint32_t>::max()));
       if (intercept.table >= 253 && intercept.table <= 255) {
         value.fault("tables 253 to 255 belong to the system; write another number");
       }
     }},
}};

}  // namespace

void read_intercept(const Value& value, Boot& boot) {
  read_table(value, intercept_fields, boot.intercept);
  const InterceptSettings& intercept = boot.intercept;
  for (const std::uint16_t port : intercept.ports) {
    if (!intercept.follow_ports.contains(port)) continue;
    value.complain("found port " + std::to_string(port) +
                   " among ports and within follow_ports; a port can only stand for others or for itself");
  }
}

FollowMode follow_mode(const Boot& boot) noexcept {
  const auto has = [&boot](ListenerMode mode) {
    return std::any_of(boot.listeners.begin(), boot.listeners.end(),
                       [mode](const ListenerSettings& listener) { return listener.mode == mode; });
  };
  if (!has(ListenerMode::redirect) && !has(ListenerMode::tproxy)) return FollowMode::off;
  return boot.intercept.follow.value_or(has(ListenerMode::tproxy) ? FollowMode::set : FollowMode::rewrite);
}

void append_intercept_keys(std::vector<std::string>& keys) {
  append_keys("intercept.", intercept_fields, keys);
}

}  // namespace gate
