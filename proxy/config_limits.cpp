#include "proxy/config_boot.hpp"

#include <array>
#include <cstdint>

namespace gate {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t mib = 1024 * kib;
constexpr std::uint64_t gib = 1024 * mib;

constexpr std::array<Field<LimitSettings>, 10> limit_fields{{
    {"sessions",
     [](const Value& value, LimitSettings& limits) { store(limits.sessions, value.count(1, 1'000'000)); }},
    {"sessions_per_source",
     [](const Value& value, LimitSettings& limits) {
       store(limits.sessions_per_source, value.count(1, 1'000'000));
     }},
    {"new_sessions", [](const Value& value,
                        LimitSettings& limits) { store(limits.new_sessions, value.count(0, 1'000'000)); }},
    {"new_sessions_per_source",
     [](const Value& value, LimitSettings& limits) {
       store(limits.new_sessions_per_source, value.count(0, 1'000'000));
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

}  // namespace

void read_limits(const Value& value, Boot& boot) {
  read_table(value, limit_fields, boot.limits);
  if (boot.limits.session_memory > boot.limits.memory) {
    value.complain(
        "found session_memory larger than memory; what one session may hold is part of what all may hold");
  }
}

void append_limit_keys(std::vector<std::string>& keys) {
  append_keys("limits.", limit_fields, keys);
}

}  // namespace gate
