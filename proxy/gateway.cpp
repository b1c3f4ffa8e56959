#include "proxy/gateway.hpp"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

#include "proxy/log.hpp"
#include "proxy/reload_scope.hpp"

namespace gate {
namespace {

std::vector<std::filesystem::path> watched_by(const Config& config) {
  std::vector<std::filesystem::path> paths = config.include_directories;
  for (const PolicyText::File& file : config.text.files) paths.push_back(file.path);
  return paths;
}

std::string all_of(const std::vector<ConfigError>& errors) {
  std::string text;
  for (const ConfigError& error : errors) text += to_string(error) + '\n';
  return text;
}

// What has begun to connect to a listener that closes has so long to arrive: more than a round trip within a
// site, and than a busy host takes to answer; less than the second after which whoever was turned away tries
// again. Only a change that closes a listener waits for it; nothing of what runs does.
constexpr std::chrono::milliseconds arrival{250};

bool is_open(const OpenListener& one, const std::vector<OpenListener>& listeners) {
  return std::any_of(listeners.begin(), listeners.end(), [&one](const OpenListener& open) {
    return open.at == one.at && *open.settings == *one.settings;
  });
}

bool has_address(const std::vector<OpenListener>& listeners, const Endpoint& address) {
  return std::any_of(listeners.begin(), listeners.end(),
                     [&address](const OpenListener& open) { return open.at == address; });
}

}  // namespace

Gateway::Gateway(std::filesystem::path file, const Config& config, InheritedSockets inherited)
    : file_(std::move(file)),
      inherited_(std::move(inherited)),
      audit_(config.boot.audit),
      upkeep_(audit_, config.boot.audit),
      policies_(config.policy),
      archive_(config.boot.state),
      grants_(config.boot.state / "grants.json", policies_, audit_),
      boot_(config.boot),
      watched_(watched_by(config)),
      last_read_(config.policy->revision()) {
  keep_policy(config.text);
  process_.boot = config.boot;
  process_.audit = &audit_;
  process_.policies = &policies_;
  const bool talks_to_kernel =
      follow_mode(boot_) == FollowMode::set || boot_.intercept.when_dead == WhenDead::open;
  if (talks_to_kernel) process_.follower = &follower_.emplace(boot_.intercept);
  auto opened = open_wanted(boot_.listeners, {}, inherited_, client_mark(boot_.intercept), boot_.threads);
  if (const auto* const refused = std::get_if<std::string>(&opened)) throw std::runtime_error(*refused);
  for (const AuditExportSettings& one : config.boot.audit.exports) {
    exports_.emplace_back(config.boot.audit.path, one);
  }
  start_workers();
  put_in_force(std::get<Opened>(std::move(opened)));
}

Gateway::~Gateway() {
  for (Worker& worker : workers_) worker.stop();
  for (std::thread& thread : threads_) thread.join();
}

void Gateway::start_workers() {
  const auto terms = std::make_shared<const Terms>(Terms{boot_.limits, {}});
  while (workers_.size() < boot_.threads) process_.workers.push_back(&workers_.emplace_back(process_, terms));
  for (Worker& worker : workers_) {
    threads_.emplace_back([&worker] { worker.run(); });
    const std::string name = "worker-" + std::to_string(threads_.size());
    ::pthread_setname_np(threads_.back().native_handle(), name.c_str());
  }
}

void Gateway::keep_policy(const PolicyText& text) const {
  try {
    archive_.keep(text);
  } catch (const std::exception& error) {
    log(Level::warning,
        std::string("the text of the policy is not kept for `explain --audit`: ") + error.what());
  }
}

template <class Answer>
std::vector<Answer> Gateway::ask_all(const std::function<Answer(Worker&)>& question) {
  constexpr std::chrono::seconds patience{2};
  std::vector<std::future<Answer>> asked;
  for (Worker& worker : workers_) {
    // Shared: a worker that is late still has it when nobody waits any more.
    const auto task =
        std::make_shared<std::packaged_task<Answer()>>([question, &worker] { return question(worker); });
    asked.push_back(task->get_future());
    worker.ask([task] { (*task)(); });
  }
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::vector<Answer> answers;
  for (std::future<Answer>& one : asked) {
    if (one.wait_until(deadline) == std::future_status::ready) answers.push_back(one.get());
  }
  return answers;
}

void Gateway::put_in_force(Opened opened) {
  auto terms = std::make_shared<Terms>(Terms{boot_.limits, inherited_.addresses()});
  for (const OpenListener& listener : opened.listeners) terms->listening.push_back(listener.at);
  auto assignments = opened.by_worker.begin();
  for (Worker& worker : workers_) worker.obey(terms, std::move(*assignments++));
  for (const OpenListener& listener : opened.listeners) {
    if (!is_open(listener, listeners_)) log(Level::notice, described(listener));
  }
  bool some_leave = false;
  for (const OpenListener& listener : listeners_) {
    if (!is_open(listener, opened.listeners)) log(Level::notice, "no longer " + described(listener));
    if (!has_address(opened.listeners, listener.at)) some_leave = true;
  }
  if (some_leave) {
    std::this_thread::sleep_for(arrival);
    ask_all<bool>([](Worker& worker) { return worker.retire_listeners(), true; });
  }
  listeners_ = std::move(opened.listeners);
  for (const Endpoint& address : inherited_.addresses()) {
    if (has_address(listeners_, address) || draining_) continue;
    log(Level::warning, "the service manager listens on " + text_of(address) +
                            " for this process, and no [[listener]] is bound there: connections to it "
                            "wait in vain");
  }
}

std::variant<Opened, std::string> Gateway::listeners_for(const Boot& boot) const {
  if (draining_) return open_nothing(workers_.size());
  return open_wanted(boot.listeners, listeners_, inherited_, client_mark(boot_.intercept), workers_.size());
}

Reloaded Gateway::reload(Reload when) {
  const std::lock_guard lock(changing_);
  auto loaded = load_config(file_);
  if (const auto* const good = std::get_if<Config>(&loaded)) {
    if (const auto missing = missing_for_run(*good, file_)) loaded = std::vector{*missing};
  }
  const auto* const config = std::get_if<Config>(&loaded);
  std::string read =
      config != nullptr ? std::string(config->policy->revision()) : all_of(std::get<1>(loaded));
  const bool same = read == last_read_;
  last_read_ = std::move(read);
  if (same && when == Reload::when_changed) return {};
  if (config == nullptr) return refuse(std::get<1>(std::move(loaded)));

  auto opened = listeners_for(config->boot);
  if (const auto* const refused = std::get_if<std::string>(&opened)) {
    return refuse({ConfigError{file_, 0, 0, "listener", *refused}});
  }
  Reloaded outcome{{}, beyond_reload(boot_, config->boot)};
  boot_ = after_reload(boot_, config->boot);
  watched_ = watched_by(*config);
  keep_policy(config->text);
  grants_.replace_policy(config->policy);
  put_in_force(std::get<Opened>(std::move(opened)));
  ++reloads_done_;
  const std::string_view revision = config->policy->revision();
  log(Level::notice, "reloaded: policy " + std::string(revision) + " is in force");
  for (const std::string& warning : outcome.warnings) log(Level::warning, warning);
  record_policy(revision, "reload", {});
  if (events_.reloaded) events_.reloaded();
  return outcome;
}

Reloaded Gateway::refuse(std::vector<ConfigError> errors) {
  ++reloads_failed_;
  for (const ConfigError& error : errors) log(Level::error, to_string(error));
  log(Level::error, "reload failed: everything stays in force as it was");
  record_policy(policies_.current()->revision(), "reload-failed", to_string(errors.front()));
  return {std::move(errors), {}};
}

void Gateway::drain() {
  const std::lock_guard lock(changing_);
  if (draining_.exchange(true)) return;
  log(Level::notice, "draining: no new connections; " + std::to_string(sessions()) + " sessions go on");
  put_in_force(open_nothing(workers_.size()));
  if (events_.draining) events_.draining();
}

Boot Gateway::boot() const {
  const std::lock_guard lock(changing_);
  return boot_;
}

std::vector<OpenListener> Gateway::listeners() const {
  const std::lock_guard lock(changing_);
  return listeners_;
}

std::vector<std::filesystem::path> Gateway::watched() const {
  const std::lock_guard lock(changing_);
  return watched_;
}

void Gateway::ask_workers(const std::function<void(std::size_t)>& answer) {
  std::size_t number = 0;
  for (Worker& worker : workers_) worker.ask([answer, number = number++] { answer(number); });
}

std::vector<const WorkerMetrics*> Gateway::metrics() const {
  std::vector<const WorkerMetrics*> all;
  for (const Worker& worker : workers_) all.push_back(&worker.metrics());
  return all;
}

std::vector<SessionInfo> Gateway::list_sessions(std::size_t most) {
  std::vector<SessionInfo> all;
  const auto lists =
      ask_all<std::vector<SessionInfo>>([most](Worker& worker) { return worker.list_sessions(most); });
  for (const std::vector<SessionInfo>& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

bool Gateway::end_session(const std::string& client) {
  const auto ended = ask_all<bool>([client](Worker& worker) { return worker.end_session(client); });
  return std::find(ended.begin(), ended.end(), true) != ended.end();
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
