// The running gateway as a whole: workers, their threads, the policy in force, the audit log. Everything a
// signal or an administrator asks of a running process is a member function here, callable from any thread.
#pragma once

#include <chrono>
#include <filesystem>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

#include "proxy/audit_log.hpp"
#include "proxy/config.hpp"
#include "proxy/policy_store.hpp"
#include "proxy/worker.hpp"

namespace gate {

class Gateway {
 public:
  /// Opens the audit log and the listeners and starts the workers. `config` was loaded from `file` and has
  /// a policy. Throws std::exception with the cause in its text if the system refuses.
  Gateway(std::filesystem::path file, const Config& config);
  /// Ends all sessions and waits for the workers.
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  /// Reads the configuration file again and puts its policy in force, for open sessions too. On any error
  /// nothing changes and the errors are returned. Both outcomes are logged and audited (event `policy`).
  /// Boot settings stay as they are until a restart.
  std::vector<ConfigError> reload();

  /// Sessions that are open now.
  [[nodiscard]] std::size_t sessions() const noexcept { return process_.sessions.load(); }
  [[nodiscard]] const Process& process() const noexcept { return process_; }
  [[nodiscard]] std::shared_ptr<const Policy> policy() const { return policies_.current(); }
  [[nodiscard]] const AuditLog& audit() const noexcept { return audit_; }
  [[nodiscard]] std::chrono::system_clock::time_point started() const noexcept { return started_; }

 private:
  void open_listeners_of_all();
  void record_policy(std::string_view revision, std::string_view reason, std::string detail);

  const std::filesystem::path file_;
  const std::chrono::system_clock::time_point started_ = std::chrono::system_clock::now();
  AuditLog audit_;
  PolicyStore policies_;
  Process process_;
  std::list<Worker> workers_;
  std::vector<std::thread> threads_;
  std::mutex reloading_;  // one reload at a time
};

}  // namespace gate
