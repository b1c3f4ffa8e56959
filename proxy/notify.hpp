// What systemd is told, and asks for (sd_notify(3), sd_watchdog_enabled(3)).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace gate {

/// One datagram; nothing if nobody asked for it (NOTIFY_SOCKET).
void notify(std::string_view state) noexcept;

/// "RELOADING=1" with the time that goes with it.
[[nodiscard]] std::string reloading_state();

/// How often systemd wants to hear from this process; nothing if it does not watch. Takes WATCHDOG_PID and
/// WATCHDOG_USEC out of the environment: before any other thread runs.
[[nodiscard]] std::optional<std::chrono::microseconds> watchdog_interval();

}  // namespace gate
