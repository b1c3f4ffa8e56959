#include "proxy/config_boot.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "proxy/config_values.hpp"

namespace gate {
namespace {

constexpr std::string_view endpoint_expected =
    "write an address and a port, such as \"[::]:11863\" or \"192.0.2.10:1863\"";

struct ListenerDraft {
  ListenerSettings settings;
  bool mode_known = true;  // false after a bad mode: then nothing is said of `upstream`
};

void read_mode(const Value& value, ListenerDraft& draft) {
  constexpr std::array<std::pair<std::string_view, ListenerMode>, 3> words{
      {{"redirect", ListenerMode::redirect},
       {"tproxy", ListenerMode::tproxy},
       {"fixed", ListenerMode::fixed}}};
  const std::optional<ListenerMode> mode = value.choice(words);
  draft.mode_known = mode.has_value();
  if (mode) draft.settings.mode = *mode;
}

constexpr std::array<Field<ListenerDraft>, 3> listener_fields{{
    {"bind",
     [](const Value& value, ListenerDraft& draft) {
       store(draft.settings.bind, value.parsed(endpoint_from, endpoint_expected));
     }},
    {"mode", read_mode},
    {"upstream",
     [](const Value& value, ListenerDraft& draft) {
       // Marked even when it is wrong, so that one mistake gives one error.
       draft.settings.upstream =
           value.parsed(endpoint_from, endpoint_expected).value_or(boost::asio::ip::tcp::endpoint());
     }},
}};

/// Two listeners that cannot both have their port.
bool collide(const boost::asio::ip::tcp::endpoint& one, const boost::asio::ip::tcp::endpoint& other) {
  if (one.port() != other.port()) return false;
  // A listener on [::] takes IPv4 connections too.
  const auto takes = [](const boost::asio::ip::address& wide, const boost::asio::ip::address& narrow) {
    return wide == narrow || (wide.is_unspecified() && (wide.is_v6() || narrow.is_v4()));
  };
  return takes(one.address(), other.address()) || takes(other.address(), one.address());
}

}  // namespace

void read_listeners(const Value& value, Boot& boot) {
  value.tables("write every listener as a table of its own, headed [[listener]]", [&](const Value& element) {
    ListenerDraft draft;
    read_table(element, listener_fields, draft);
    const ListenerSettings& settings = draft.settings;
    if (!element.contains("bind"))
      element.complain("found no bind; write one, such as bind = \"[::]:11863\"");
    if (settings.mode == ListenerMode::fixed && !settings.upstream) {
      element.complain(
          "found no upstream; mode = \"fixed\" needs one, such as upstream = \"192.0.2.10:1863\"");
    }
    if (draft.mode_known && settings.mode != ListenerMode::fixed && settings.upstream) {
      element.complain("found an upstream, which only mode = \"fixed\" has; remove it, or change the mode");
    }
    if (settings.upstream == settings.bind) {
      element.complain("found an upstream that is this listener itself; write the address of the server");
    }
    for (const ListenerSettings& other : boot.listeners) {
      if (settings.bind.port() != 0 && collide(settings.bind, other.bind)) {
        element.complain("found a bind that collides with that of another listener, \"" +
                         endpoint_text(other.bind) + "\"; choose another port");
        break;
      }
    }
    boot.listeners.push_back(settings);
  });
}

void append_listener_keys(std::vector<std::string>& keys) {
  append_keys("listener.", listener_fields, keys);
}

}  // namespace gate
