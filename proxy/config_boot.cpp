#include "proxy/config_boot.hpp"

#include <algorithm>
#include <string_view>

#include "proxy/config_values.hpp"

namespace gate {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t mib = 1024 * kib;
constexpr std::uint64_t gib = 1024 * mib;
constexpr std::string_view endpoint_expected =
    "write an address and a port, such as \"[::]:11863\" or \"192.0.2.10:1863\"";

struct ListenerDraft {
  ListenerSettings settings;
  bool mode_known = true;  // false after a bad mode: then nothing is said of `upstream`
};

void read_mode(const Value& value, ListenerDraft& draft) {
  enum class Word : std::uint8_t { redirect, fixed, tproxy };
  constexpr std::array<std::pair<std::string_view, Word>, 3> words{
      {{"redirect", Word::redirect}, {"fixed", Word::fixed}, {"tproxy", Word::tproxy}}};
  const std::optional<Word> word = value.choice(words);
  draft.mode_known = word && word != Word::tproxy;
  if (word == Word::tproxy) {
    value.fault("this version does not offer tproxy yet; write \"redirect\" or \"fixed\"");
  } else if (word) {
    draft.settings.mode = *word == Word::fixed ? ListenerMode::fixed : ListenerMode::redirect;
  }
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

constexpr std::array<Field<LimitSettings>, 8> limit_fields{{
    {"sessions",
     [](const Value& value, LimitSettings& limits) { store(limits.sessions, value.count(1, 1'000'000)); }},
    {"sessions_per_source",
     [](const Value& value, LimitSettings& limits) {
       store(limits.sessions_per_source, value.count(1, 1'000'000));
     }},
    {"connect_timeout",
     [](const Value& value, LimitSettings& limits) {
       store(limits.connect_timeout, value.duration(100ms, 10min));
     }},
    {"first_command_timeout",
     [](const Value& value, LimitSettings& limits) {
       store(limits.first_command_timeout, value.duration(1s, 1h));
     }},
    {"idle_timeout",
     [](const Value& value, LimitSettings& limits) {
       store(limits.idle_timeout, value.duration(0ms, 24h * 30));
     }},
    {"close_timeout",
     [](const Value& value, LimitSettings& limits) { store(limits.close_timeout, value.duration(1s, 1h)); }},
    {"session_memory",
     [](const Value& value, LimitSettings& limits) {
       store(limits.session_memory, value.size(128 * kib, gib));
     }},
    {"memory",
     [](const Value& value, LimitSettings& limits) { store(limits.memory, value.size(mib, 1024 * gib)); }},
}};

constexpr std::array<Field<AuditSettings>, 2> audit_fields{{
    {"path",
     [](const Value& value, AuditSettings& audit) {
       const auto path_from = [](std::string_view text) {
         const bool usable = !text.empty() && text.size() < 4096 && text.back() != '/' &&
                             text.find('\0') == std::string_view::npos;
         return usable ? std::optional<std::filesystem::path>(text) : std::nullopt;
       };
       store(audit.path,
             value.parsed(path_from, "write the path of a file, such as \"/var/log/msnpgate/audit.jsonl\""));
     }},
    {"fsync",
     [](const Value& value, AuditSettings& audit) {
       constexpr std::array<std::pair<std::string_view, AuditSync>, 2> words{
           {{"never", AuditSync::never}, {"always", AuditSync::always}}};
       store(audit.fsync, value.choice(words));
     }},
}};

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

constexpr std::array<Field<InterceptSettings>, 3> intercept_fields{{
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

void read_threads(const Value& value, Boot& boot) {
  store(boot.threads, value.count(1, 64));
}

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
    if (draft.mode_known && settings.mode == ListenerMode::redirect && settings.upstream) {
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

void read_limits(const Value& value, Boot& boot) {
  read_table(value, limit_fields, boot.limits);
  if (boot.limits.session_memory > boot.limits.memory) {
    value.complain(
        "found session_memory larger than memory; what one session may hold is part of what all may hold");
  }
}

void read_audit(const Value& value, Boot& boot) {
  read_table(value, audit_fields, boot.audit);
}

void read_intercept(const Value& value, Boot& boot) {
  read_table(value, intercept_fields, boot.intercept);
}

void append_boot_keys(std::vector<std::string>& keys) {
  append_keys("listener.", listener_fields, keys);
  append_keys("limits.", limit_fields, keys);
  append_keys("audit.", audit_fields, keys);
  append_keys("intercept.", intercept_fields, keys);
}

}  // namespace gate
