#include <pthread.h>
#include <sys/resource.h>

#include <csignal>
#include <cstddef>
#include <exception>
#include <optional>
#include <ostream>
#include <string>
#include <variant>
#include <vector>

#include "proxy/admin_routes.hpp"
#include "proxy/admin_server.hpp"
#include "proxy/capabilities.hpp"
#include "proxy/commands.hpp"
#include "proxy/config.hpp"
#include "proxy/gateway.hpp"
#include "proxy/inherited_sockets.hpp"
#include "proxy/log.hpp"
#include "proxy/notify.hpp"
#include "proxy/service.hpp"

namespace gate {
namespace {

/// The workers leave signals to this thread, which takes them when it runs the service.
class WithoutSignals {
 public:
  WithoutSignals() noexcept {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~WithoutSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  WithoutSignals(const WithoutSignals&) = delete;
  WithoutSignals& operator=(const WithoutSignals&) = delete;

 private:
  sigset_t before_{};
};

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
    // A peer that is gone and a disk quota that is reached are errors of a call, not the end of the process.
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGXFSZ, SIG_IGN);
    const auto watchdog = watchdog_interval();
    raise_descriptor_limit(settings.boot.limits.sessions);
    if (const auto missing = keep_needed_capabilities(settings.boot)) {
      err << config.string() << ": " << *missing << '\n';
      return exit_failed;
    }
    std::optional<WithoutSignals> quiet{std::in_place};
    Gateway gateway{config, settings, InheritedSockets::from_environment()};
    Service service{gateway, watchdog};
    const AdminServer admin{settings.boot.admin, admin_routes(gateway)};
    quiet.reset();
    service.run();
  } catch (const std::exception& error) {
    err << "msnpgate: " << error.what() << '\n';
    return exit_failed;
  }
  return exit_fine;
}

}  // namespace gate
