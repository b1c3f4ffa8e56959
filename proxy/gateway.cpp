#include "proxy/gateway.hpp"

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

#include "proxy/listener.hpp"
#include "proxy/log.hpp"

namespace gate {
namespace {

std::string described(const ListenerSettings& listener, const Endpoint& at) {
  std::string text = "listening on " + text_of(at);
  if (listener.mode == ListenerMode::redirect) return text + " for redirected connections";
  if (listener.mode == ListenerMode::tproxy) return text + " for connections diverted by tproxy";
  return text + " for " + text_of(*listener.upstream);
}

}  // namespace

Gateway::Gateway(std::filesystem::path file, const Config& config)
    : file_(std::move(file)), audit_(config.boot.audit), policies_(config.policy) {
  process_.boot = config.boot;
  process_.audit = &audit_;
  process_.policies = &policies_;
  while (workers_.size() < process_.boot.threads) workers_.emplace_back(process_);
  open_listeners_of_all();
  for (Worker& worker : workers_) threads_.emplace_back([&worker] { worker.run(); });
  for (std::size_t i = 0; i < process_.listening.size(); ++i) {
    log(Level::notice, described(process_.boot.listeners[i], process_.listening[i]));
  }
}

Gateway::~Gateway() {
  for (Worker& worker : workers_) worker.stop();
  for (std::thread& thread : threads_) thread.join();
}

void Gateway::open_listeners_of_all() {
  for (const ListenerSettings& listener : process_.boot.listeners) {
    std::vector<Descriptor> sockets;
    if (const auto error =
            open_listeners(listener, client_mark(process_.boot.intercept), workers_.size(), sockets)) {
      throw std::runtime_error("cannot listen on " + text_of(listener.bind) + ": " + error.message());
    }
    process_.listening.emplace_back(listener.bind.address(), local_endpoint(sockets.front().get()).port());
    auto socket = sockets.begin();
    for (Worker& worker : workers_) worker.add_listener(std::move(*socket++), listener);
  }
}

std::vector<ConfigError> Gateway::reload() {
  const std::lock_guard lock(reloading_);
  auto loaded = load_config(file_);
  if (auto* errors = std::get_if<std::vector<ConfigError>>(&loaded)) {
    for (const ConfigError& error : *errors) log(Level::error, to_string(error));
    log(Level::error, "reload failed: the policy in force stays as it was");
    record_policy(policies_.current()->revision(), "reload-failed", to_string(errors->front()));
    return std::move(*errors);
  }
  const std::shared_ptr<const Policy>& policy = std::get<Config>(loaded).policy;
  policies_.replace(policy);
  log(Level::notice, "reloaded: policy " + std::string(policy->revision()) + " is in force");
  record_policy(policy->revision(), "reload", {});
  return {};
}

void Gateway::record_policy(std::string_view revision, std::string_view reason, std::string detail) {
  AuditEvent event;
  event.event = AuditKind::policy;
  event.time = std::chrono::system_clock::now();
  event.policy = revision;
  event.reason = reason;
  event.detail = std::move(detail);
  if (!audit_.record(event)) log(Level::error, "an audit record could not be written");
}

}  // namespace gate
