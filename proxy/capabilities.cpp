#include "proxy/capabilities.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace gate {
namespace {

constexpr std::uint64_t bit(unsigned capability) noexcept {
  return std::uint64_t{1} << capability;
}

struct Sets {
  std::uint64_t effective = 0;
  std::uint64_t permitted = 0;
  bool operator==(const Sets&) const = default;
};

// Not by libcap-ng, whose state belongs to the process: these are of the calling thread.

__user_cap_header_struct header() noexcept {
  return {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
}

Sets current() noexcept {
  __user_cap_header_struct head = header();
  std::array<__user_cap_data_struct, 2> data{};
  if (::syscall(SYS_capget, &head, data.data()) != 0) return {};
  const auto joined = [](std::uint32_t low, std::uint32_t high) {
    return low | static_cast<std::uint64_t>(high) << 32U;
  };
  return {.effective = joined(data[0].effective, data[1].effective),
          .permitted = joined(data[0].permitted, data[1].permitted)};
}

/// Nothing is inheritable: no program started from here gets any.
bool put(const Sets& sets) noexcept {
  __user_cap_header_struct head = header();
  std::array<__user_cap_data_struct, 2> data{};
  data[0] = {.effective = static_cast<std::uint32_t>(sets.effective),
             .permitted = static_cast<std::uint32_t>(sets.permitted),
             .inheritable = 0};
  data[1] = {.effective = static_cast<std::uint32_t>(sets.effective >> 32U),
             .permitted = static_cast<std::uint32_t>(sets.permitted >> 32U),
             .inheritable = 0};
  return ::syscall(SYS_capset, &head, data.data()) == 0;
}

/// The setting that takes CAP_NET_ADMIN; empty for none.
std::string_view reason_for_net_admin(const Boot& boot) noexcept {
  const bool transparent =
      std::any_of(boot.listeners.begin(), boot.listeners.end(),
                  [](const ListenerSettings& listener) { return listener.mode == ListenerMode::tproxy; });
  if (transparent) return "mode = \"tproxy\"";
  if (follow_mode(boot) == FollowMode::set) return "intercept.follow = \"set\"";
  if (boot.intercept.when_dead == WhenDead::open) return "intercept.when_dead = \"open\"";
  return {};
}

bool needs_low_port(const Boot& boot) noexcept {
  return std::any_of(boot.listeners.begin(), boot.listeners.end(), [](const ListenerSettings& listener) {
    return listener.bind.port() != 0 && listener.bind.port() < 1024;
  });
}

}  // namespace

bool needs_net_admin(const Boot& boot) noexcept {
  return !reason_for_net_admin(boot).empty();
}

std::optional<std::string> keep_needed_capabilities(const Boot& boot) {
  const Sets had = current();
  std::uint64_t wanted = 0;
  if (needs_low_port(boot)) wanted |= bit(CAP_NET_BIND_SERVICE);
  // Who runs as root expects to reach their files, whoever owns them.
  if (::geteuid() == 0) wanted |= bit(CAP_DAC_OVERRIDE) | bit(CAP_CHOWN) | bit(CAP_FOWNER);
  Sets kept{.effective = had.permitted & wanted, .permitted = had.permitted & wanted};
  if (needs_net_admin(boot)) {
    if ((had.permitted & bit(CAP_NET_ADMIN)) == 0) {
      return std::string(reason_for_net_admin(boot)) +
             " takes the capability CAP_NET_ADMIN; start as root, or let systemd give it "
             "(AmbientCapabilities=CAP_NET_ADMIN)";
    }
    kept.permitted |= bit(CAP_NET_ADMIN);
  }
  // What is not permitted here cannot come back by starting another program either.
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  // Where a service manager has done it already, it may have taken the call as well.
  if (had == kept) return std::nullopt;
  if (!put(kept)) return "the system does not let capabilities be given up";
  return std::nullopt;
}

NetAdmin::NetAdmin() noexcept {
  Sets sets = current();
  sets.effective |= sets.permitted & bit(CAP_NET_ADMIN);
  put(sets);
}

NetAdmin::~NetAdmin() {
  Sets sets = current();
  sets.effective &= ~bit(CAP_NET_ADMIN);
  put(sets);
}

}  // namespace gate
