#include "proxy/config_admin.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include <sys/un.h>

#include "proxy/config_values.hpp"

namespace gate {
namespace {

using Path = std::filesystem::path;

std::optional<Path> file_from(std::string_view text) {
  const bool usable =
      !text.empty() && text.size() < 4096 && text.back() != '/' && text.find('\0') == std::string_view::npos;
  return usable ? std::optional<Path>(text) : std::nullopt;
}

std::optional<Path> socket_from(std::string_view text) {
  // The kernel's limit; the socket is made beside its name, which takes a few letters more.
  constexpr std::size_t longest = sizeof(sockaddr_un::sun_path) - 5;
  if (text.empty()) return Path();
  return text.size() < longest ? file_from(text) : std::nullopt;
}

/// Of a user or group; empty is the default.
std::optional<std::string> account_from(std::string_view text) {
  const bool plain = text.size() <= 32 && std::all_of(text.begin(), text.end(), [](char letter) {
                       return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
                              (letter >= 'A' && letter <= 'Z') ||
                              std::string_view("_-.").find(letter) != std::string_view::npos;
                     });
  return plain ? std::optional<std::string>(text) : std::nullopt;
}

std::optional<mode_t> mode_from(std::string_view text) {
  mode_t mode = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && text.size() == 4 && text.front() == '0' ? std::optional(mode) : std::nullopt;
}

std::optional<std::string> host_from(std::string_view text) {
  std::string host;
  for (const char letter : text) {
    const bool upper = letter >= 'A' && letter <= 'Z';
    const char small = upper ? static_cast<char>(letter - 'A' + 'a') : letter;
    const bool plain =
        (small >= 'a' && small <= 'z') || (small >= '0' && small <= '9') || small == '-' || small == '.';
    if (!plain) return std::nullopt;
    host += small;
  }
  return host.empty() || host.size() > 253 ? std::nullopt : std::optional(host);
}

std::optional<std::string> common_name_from(std::string_view text) {
  return text.empty() || text.size() > 64 ? std::nullopt : std::optional<std::string>(text);
}

constexpr std::string_view file_expected = "write the path of a file";
constexpr std::string_view user_expected = "write the name of a user, such as \"msnpgate\"";
constexpr std::string_view group_expected = "write the name of a group, such as \"adm\"";

struct ListenerDraft {
  AdminListener settings;
  bool anonymous_written = false;
};

constexpr std::array<Field<ListenerDraft>, 7> listener_fields{{
    {"bind",
     [](const Value& value, ListenerDraft& draft) {
       store(draft.settings.bind,
             value.parsed(endpoint_from, "write an address and a port, such as \"127.0.0.1:9863\""));
     }},
    {"hosts",
     [](const Value& value, ListenerDraft& draft) {
       value.elements(Value::Empty::fine, "write a list of names, such as [\"gate.corp.example\"]",
                      [&](const Value& element) {
                        auto host = element.parsed(host_from, "write the name of a host without a port");
                        if (host) draft.settings.hosts.push_back(*std::move(host));
                      });
     }},
    {"certificate",
     [](const Value& value, ListenerDraft& draft) {
       store(draft.settings.certificate, value.parsed(file_from, file_expected));
     }},
    {"key", [](const Value& value,
               ListenerDraft& draft) { store(draft.settings.key, value.parsed(file_from, file_expected)); }},
    {"client_ca",
     [](const Value& value, ListenerDraft& draft) {
       store(draft.settings.client_ca, value.parsed(file_from, file_expected));
     }},
    {"admins",
     [](const Value& value, ListenerDraft& draft) {
       value.elements(Value::Empty::fine, "write a list of common names of certificates, such as [\"ops\"]",
                      [&](const Value& element) {
                        auto name =
                            element.parsed(common_name_from, "write the common name of a certificate");
                        if (name) draft.settings.admins.push_back(*std::move(name));
                      });
     }},
    {"anonymous",
     [](const Value& value, ListenerDraft& draft) {
       constexpr std::array<std::pair<std::string_view, Role>, 2> words{
           {{"viewer", Role::viewer}, {"none", Role::none}}};
       store(draft.settings.anonymous, value.choice(words));
       draft.anonymous_written = true;
     }},
}};

/// What the keys of one listener must be to each other. `tokens`: there is a file of them.
void settle_listener(const Value& element, ListenerDraft& draft, bool tokens) {
  AdminListener& listener = draft.settings;
  const bool tls = !listener.certificate.empty();
  const bool loopback = listener.bind.address().is_loopback();
  if (!element.contains("bind")) {
    return element.complain("found no bind; write one, such as bind = \"127.0.0.1:9863\"");
  }
  if (listener.bind.port() == 0) return;  // already told
  if (!loopback && !draft.anonymous_written) listener.anonymous = Role::none;
  if (tls != !listener.key.empty()) {
    element.complain("found a certificate or a key alone; TLS needs both");
  } else if (!loopback && !tls) {
    element.complain("found an address that others reach, without TLS; write certificate and key, or bind " +
                     std::string("to loopback, such as \"127.0.0.1:9863\""));
  } else if (!loopback && !tokens && listener.client_ca.empty()) {
    element.complain("found an address that others reach, where nobody can show who they are; " +
                     std::string("write client_ca, or tokens in [admin]"));
  }
  if (!loopback && listener.anonymous != Role::none) {
    element.complain("found anonymous = \"viewer\" on an address that others reach; write \"none\"");
  }
  if (!tls && !listener.client_ca.empty()) {
    element.complain("found client_ca without TLS; write certificate and key too");
  }
  if (listener.client_ca.empty() && !listener.admins.empty()) {
    element.complain("found admins, who are known by their certificates; write client_ca too");
  }
}

struct AdminDraft {
  AdminSettings settings;
  std::vector<std::pair<Value, ListenerDraft>> listeners;
};

constexpr std::array<Field<AdminDraft>, 8> admin_fields{{
    {"socket",
     [](const Value& value, AdminDraft& draft) {
       store(draft.settings.socket,
             value.parsed(socket_from,
                          "write the path of a socket of less than 103 letters, such as "
                          "\"/run/msnpgate/admin.sock\", or \"\" for none"));
       draft.settings.socket_written = true;
     }},
    {"owner",
     [](const Value& value, AdminDraft& draft) {
       store(draft.settings.owner, value.parsed(account_from, user_expected));
     }},
    {"group",
     [](const Value& value, AdminDraft& draft) {
       store(draft.settings.group, value.parsed(account_from, group_expected));
     }},
    {"mode",
     [](const Value& value, AdminDraft& draft) {
       store(draft.settings.mode, value.parsed(mode_from, "write four octal digits, such as \"0660\""));
     }},
    {"admin_group",
     [](const Value& value, AdminDraft& draft) {
       store(draft.settings.admin_group, value.parsed(account_from, group_expected));
     }},
    {"tokens",
     [](const Value& value, AdminDraft& draft) {
       const auto file_or_none = [](std::string_view text) {
         return text.empty() ? std::optional<Path>(Path()) : file_from(text);
       };
       store(draft.settings.tokens, value.parsed(file_or_none, "write the path of a file, or \"\" for none"));
     }},
    {"connections",
     [](const Value& value, AdminDraft& draft) { store(draft.settings.connections, value.count(4, 1'000)); }},
    {"listener",
     [](const Value& value, AdminDraft& draft) {
       value.tables("write every listener as a table of its own, headed [[admin.listener]]",
                    [&](const Value& element) {
                      ListenerDraft listener;
                      read_table(element, listener_fields, listener);
                      draft.listeners.emplace_back(element, std::move(listener));
                    });
     }},
}};

}  // namespace

void read_admin(const Value& value, Boot& boot) {
  AdminDraft draft;
  read_table(value, admin_fields, draft);
  for (auto& [place, listener] : draft.listeners) {
    settle_listener(place, listener, !draft.settings.tokens.empty());
    draft.settings.listeners.push_back(std::move(listener.settings));
  }
  boot.admin = std::move(draft.settings);
}

void anchor_admin(AdminSettings& admin, const Path& directory) {
  const auto anchor = [&directory](Path& file) {
    if (!file.empty()) file = directory / file;
  };
  anchor(admin.socket);
  anchor(admin.tokens);
  for (AdminListener& listener : admin.listeners) {
    anchor(listener.certificate);
    anchor(listener.key);
    anchor(listener.client_ca);
  }
}

void append_admin_keys(std::vector<std::string>& keys) {
  append_keys("admin.", admin_fields, keys);
  append_keys("admin.listener.", listener_fields, keys);
}

}  // namespace gate
