#include "proxy/config_boot.hpp"

#include <algorithm>
#include <array>
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

constexpr std::array<Field<InterceptSettings>, 6> intercept_fields{{
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
}

void append_intercept_keys(std::vector<std::string>& keys) {
  append_keys("intercept.", intercept_fields, keys);
}

}  // namespace gate
