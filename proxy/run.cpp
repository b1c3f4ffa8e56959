#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <list>
#include <ostream>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

#include "proxy/audit_log.hpp"
#include "proxy/commands.hpp"
#include "proxy/config.hpp"
#include "proxy/listener.hpp"
#include "proxy/log.hpp"
#include "proxy/worker.hpp"

namespace gate {
namespace {

/// Signals that `wait_for_stop` takes; every thread started after this leaves them to it.
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

void wait_for_stop(const sigset_t& signals) {
  for (;;) {
    int signal = 0;
    if (::sigwait(&signals, &signal) != 0) continue;
    if (signal != SIGHUP) return;
    log(Level::notice, "SIGHUP ignored: the policy is read at start only");
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

std::string described(const ListenerSettings& listener, const Endpoint& at) {
  std::string text = "listening on " + text_of(at);
  if (listener.mode == ListenerMode::redirect) return text + " for redirected connections";
  return text + " for " + text_of(*listener.upstream);
}

/// Throws std::runtime_error naming the address.
void open_all(Process& process, std::list<Worker>& workers) {
  for (const ListenerSettings& listener : process.boot.listeners) {
    std::vector<Descriptor> sockets;
    if (const auto error = open_listeners(listener.bind, workers.size(), sockets)) {
      throw std::runtime_error("cannot listen on " + text_of(listener.bind) + ": " + error.message());
    }
    process.listening.emplace_back(listener.bind.address(), local_endpoint(sockets.front().get()).port());
    auto socket = sockets.begin();
    for (Worker& worker : workers) worker.add_listener(std::move(*socket++), listener);
  }
}

void serve(Process& process, const std::shared_ptr<const Policy>& policy) {
  const sigset_t signals = take_signals();
  std::list<Worker> workers;
  while (workers.size() < process.boot.threads) workers.emplace_back(process, policy);
  open_all(process, workers);

  std::vector<std::thread> threads;
  for (Worker& worker : workers) threads.emplace_back([&worker] { worker.run(); });
  for (std::size_t i = 0; i < process.listening.size(); ++i) {
    log(Level::notice, described(process.boot.listeners[i], process.listening[i]));
  }
  notify("READY=1");
  wait_for_stop(signals);
  notify("STOPPING=1");
  log(Level::notice, "stopping; " + std::to_string(process.sessions.load()) + " sessions are closed");
  for (Worker& worker : workers) worker.stop();
  for (std::thread& thread : threads) thread.join();
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
    AuditLog audit{settings.boot.audit};
    Process process;
    process.boot = settings.boot;
    process.audit = &audit;
    raise_descriptor_limit(settings.boot.limits.sessions);
    serve(process, settings.policy);
  } catch (const std::exception& error) {
    err << "msnpgate: " << error.what() << '\n';
    return exit_failed;
  }
  return exit_fine;
}

}  // namespace gate
