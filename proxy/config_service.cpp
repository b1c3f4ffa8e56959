#include "proxy/config_boot.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace gate {
namespace {

using namespace std::chrono_literals;

constexpr std::array<Field<ServiceSettings>, 3> service_fields{{
    {"watch", [](const Value& value, ServiceSettings& service) { store(service.watch, value.boolean()); }},
    {"stop",
     [](const Value& value, ServiceSettings& service) {
       constexpr std::array<std::pair<std::string_view, StopMode>, 2> words{
           {{"close", StopMode::close}, {"drain", StopMode::drain}}};
       store(service.stop, value.choice(words));
     }},
    {"drain_timeout",
     [](const Value& value, ServiceSettings& service) {
       store(service.drain_timeout, value.duration(1s, 24h));
     }},
}};

}  // namespace

void read_service(const Value& value, Boot& boot) {
  read_table(value, service_fields, boot.service);
}

void append_service_keys(std::vector<std::string>& keys) {
  append_keys("service.", service_fields, keys);
}

}  // namespace gate
