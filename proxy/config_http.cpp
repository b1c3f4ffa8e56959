#include "proxy/config_boot.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gate {
namespace {

using namespace std::chrono_literals;

/// A DNS name: what a resolver is asked, and nothing else.
std::optional<std::string> host_from(std::string_view text) {
  constexpr std::size_t longest_name = 253;
  const bool plain = !text.empty() && text.size() <= longest_name && text.front() != '.' &&
                     text.front() != '-' && std::all_of(text.begin(), text.end(), [](char letter) {
                       return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
                              (letter >= 'A' && letter <= 'Z') || letter == '.' || letter == '-' ||
                              letter == '_';
                     });
  return plain ? std::optional<std::string>(text) : std::nullopt;
}

constexpr std::array<Field<Boot>, 7> http_fields{{
    {"enabled", [](const Value& value, Boot& boot) { store(boot.http.enabled, value.boolean()); }},
    {"ports",
     [](const Value& value, Boot& boot) {
       std::vector<std::uint16_t>& ports = boot.http_intercept.ports;
       value.elements(Value::Empty::fine, "write a list of TCP ports, such as [80]",
                      [&](const Value& element) {
                        const auto port = element.count(1, 65'535);
                        if (port) ports.push_back(static_cast<std::uint16_t>(*port));
                      });
       std::sort(ports.begin(), ports.end());
       ports.erase(std::unique(ports.begin(), ports.end()), ports.end());
     }},
    {"addresses",
     [](const Value& value, Boot& boot) {
       value.elements(Value::Empty::fault,
                      "write a list of networks, such as [\"192.0.2.0/24\"], or leave the key out",
                      [&](const Value& element) {
                        if (const auto network = element.network())
                          boot.http_intercept.addresses.push_back(*network);
                      });
     }},
    {"hosts",
     [](const Value& value, Boot& boot) {
       constexpr std::string_view expected =
           "write a list of names, such as [\"gateway.messenger.hotmail.com\"], or leave the key out";
       value.elements(Value::Empty::fault, expected, [&](const Value& element) {
         if (auto host = element.parsed(host_from, expected)) {
           boot.http_intercept.hosts.push_back(*std::move(host));
         }
       });
     }},
    {"sessions",
     [](const Value& value, Boot& boot) { store(boot.http.sessions, value.count(1, 1'000'000)); }},
    {"idle_timeout",
     [](const Value& value, Boot& boot) { store(boot.http.idle_timeout, value.duration(10s, 24h)); }},
    {"body",
     [](const Value& value, Boot& boot) {
       constexpr std::uint64_t kib = 1024;
       store(boot.http.body, value.size(16 * kib, 64 * kib * kib));
     }},
}};

}  // namespace

void read_http(const Value& value, Boot& boot) {
  read_table(value, http_fields, boot);
  if (!boot.http.enabled && !boot.http_intercept.ports.empty()) {
    value.complain(
        "found ports, and enabled = false; `rules` would hand over web traffic only for it to be closed");
  }
}

void append_http_keys(std::vector<std::string>& keys) {
  append_keys("http.", http_fields, keys);
}

}  // namespace gate
