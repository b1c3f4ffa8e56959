#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <ostream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proxy/admin_routes.hpp"
#include "proxy/admin_server.hpp"
#include "proxy/capabilities.hpp"
#include "proxy/commands.hpp"
#include "proxy/config.hpp"
#include "proxy/descriptor.hpp"
#include "proxy/gateway.hpp"
#include "proxy/log.hpp"

namespace gate {
namespace {

/// Signals that `obey` takes; every thread started after this leaves them to it.
sigset_t take_signals() {
  // A peer that is gone and a disk quota that is reached are errors of a call, not the end of the process.
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);
  sigset_t taken;
  sigemptyset(&taken);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&taken, signal);
  ::pthread_sigmask(SIG_BLOCK, &taken, nullptr);
  return taken;
}

/// Reloads at every SIGHUP; returns at the first signal to stop.
void obey(const sigset_t& signals, Gateway& gateway) {
  for (;;) {
    int signal = 0;
    if (::sigwait(&signals, &signal) != 0) continue;
    if (signal != SIGHUP) return;
    gateway.reload();
  }
}

/// A session has two descriptors.
void raise_descriptor_limit(std::size_t sessions) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  constexpr std::size_t others = 64;
  if (limit.rlim_max < sessions * 2 + others) {
    log(Level::warning, "limits.sessions is " + std::to_string(sessions) + ", but only " +
                            std::to_string(limit.rlim_max) +
                            " descriptors may be open (LimitNOFILE=): connections will wait above it");
  }
}

/// Tells systemd, if it asked (sd_notify(3): one datagram).
void notify(std::string_view state) {
  const char* path = std::getenv("NOTIFY_SOCKET");  // NOLINT(concurrency-mt-unsafe): before any thread
  if (path == nullptr) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t length = std::strlen(path);
  if (length < 2 || length >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, path, length);
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // abstract name space
  const Descriptor socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (!socket) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  ::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL,
           reinterpret_cast<const sockaddr*>(&address), size);
}

}  // namespace

int command_run(const std::filesystem::path& config, std::ostream&, std::ostream& err) {
  const auto loaded = load_config(config);
  if (const auto* errors = std::get_if<std::vector<ConfigError>>(&loaded)) {
    for (const ConfigError& error : *errors) err << to_string(error) << '\n';
    return exit_config;
  }
  const Config& settings = std::get<Config>(loaded);
  if (!settings.policy || settings.boot.listeners.empty() || settings.boot.audit.path.empty()) {
    err << config.string() << ": nothing to run: a policy, a [[listener]] and audit.path are needed\n";
    return exit_config;
  }
  try {
    const sigset_t signals = take_signals();
    raise_descriptor_limit(settings.boot.limits.sessions);
    if (const auto missing = keep_needed_capabilities(settings.boot)) {
      err << config.string() << ": " << *missing << '\n';
      return exit_failed;
    }
    Gateway gateway{config, settings};
    const AdminServer admin{settings.boot.admin, admin_routes(gateway)};
    notify("READY=1");
    obey(signals, gateway);
    notify("STOPPING=1");
    log(Level::notice, "stopping; " + std::to_string(gateway.sessions()) + " sessions are closed");
  } catch (const std::exception& error) {
    err << "msnpgate: " << error.what() << '\n';
    return exit_failed;
  }
  return exit_fine;
}

}  // namespace gate
