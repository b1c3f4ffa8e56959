// The running gateway as a whole: workers, their threads, the policy in force, the audit log. Everything a
// signal or an administrator asks of a running process is a member function here, callable from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "proxy/audit_export.hpp"
#include "proxy/audit_log.hpp"
#include "proxy/audit_upkeep.hpp"
#include "proxy/config.hpp"
#include "proxy/grant_book.hpp"
#include "proxy/inherited_sockets.hpp"
#include "proxy/listening.hpp"
#include "proxy/policy_archive.hpp"
#include "proxy/policy_store.hpp"
#include "proxy/worker.hpp"

namespace gate {

/// What came of a reload.
struct Reloaded {
  std::vector<ConfigError> errors;    // not empty: nothing changed
  std::vector<std::string> warnings;  // what of the file takes more than a reload, in sentences
};

/// When to reload.
enum class Reload : std::uint8_t {
  always,
  when_changed,  // not if the files say what they said the last time, good or bad
};

struct ReloadCounts {
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
};

class Gateway {
 public:
  /// Opens the audit log and the listeners and starts the workers. `config` was loaded from `file` and has
  /// a policy. Throws std::exception with the cause in its text if the system refuses.
  Gateway(std::filesystem::path file, const Config& config, InheritedSockets inherited = {});
  /// Ends all sessions and waits for the workers.
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  /// Reads the configuration again and puts in force what can be without a restart: the policy, for open
  /// sessions too, listeners, limits and [service]. On any error nothing changes. Both outcomes are logged,
  /// counted and audited (event `policy`).
  Reloaded reload(Reload when = Reload::always);
  [[nodiscard]] ReloadCounts reloads() const noexcept {
    return {reloads_done_.load(), reloads_failed_.load()};
  }

  /// Accepts no connection any more; the open ones go on. Once is enough. Whoever owns the process ends it
  /// when they are over.
  void drain();
  [[nodiscard]] bool draining() const noexcept { return draining_.load(); }

  /// What the owner of the process wants to hear of. Called from the thread that reloads or drains.
  struct Events {
    std::function<void()> reloaded;
    std::function<void()> draining;
  };
  /// Before anybody else can call anything here.
  void tell(Events events) { events_ = std::move(events); }

  /// Interception goes on, where it depends on a sign of life ([intercept] when_dead).
  void stay_alive() {
    if (process_.boot.intercept.when_dead == WhenDead::open) follower_->stay_alive();
  }

  /// Grants: permissions for a while, before all rules. See GrantBook.
  [[nodiscard]] GrantBook& grants() noexcept { return grants_; }

  /// Sessions that are open now.
  [[nodiscard]] std::size_t sessions() const noexcept { return process_.sessions.load(); }
  [[nodiscard]] std::shared_ptr<const Policy> policy() const { return policies_.current(); }
  /// At most `most` open sessions of every worker; what a worker does not tell within two seconds is left
  /// out.
  [[nodiscard]] std::vector<SessionInfo> list_sessions(std::size_t most);
  /// Ends the session of the client with this address and port; false if there is none.
  bool end_session(const std::string& client);
  /// The counters of every worker, as long as the gateway lives.
  [[nodiscard]] std::vector<const WorkerMetrics*> metrics() const;
  [[nodiscard]] const AuditLog& audit() const noexcept { return audit_; }
  [[nodiscard]] const std::list<AuditExport>& exports() const noexcept { return exports_; }
  [[nodiscard]] std::chrono::system_clock::time_point started() const noexcept { return started_; }
  /// Everything but the policy, as it is in force.
  [[nodiscard]] Boot boot() const;
  [[nodiscard]] std::vector<OpenListener> listeners() const;
  /// The files and directories whose change may change the configuration.
  [[nodiscard]] std::vector<std::filesystem::path> watched() const;
  /// Every worker calls `answer` with its number, from its own thread, as soon as it can.
  void ask_workers(const std::function<void(std::size_t)>& answer);
  [[nodiscard]] std::size_t workers() const noexcept { return process_.workers.size(); }

 private:
  void start_workers();
  [[nodiscard]] std::variant<Opened, std::string> listeners_for(const Boot& boot) const;
  /// `opened` and what is in `boot_` hold from now on.
  void put_in_force(Opened opened);
  [[nodiscard]] Reloaded refuse(std::vector<ConfigError> errors);
  /// Asks every worker on its own thread, and gives what those say that answer in time.
  template <class Answer>
  std::vector<Answer> ask_all(const std::function<Answer(Worker&)>& question);
  void keep_policy(const PolicyText& text) const;
  void record_policy(std::string_view revision, std::string_view reason, std::string detail);

  const std::filesystem::path file_;
  const std::chrono::system_clock::time_point started_ = std::chrono::system_clock::now();
  const InheritedSockets inherited_;
  AuditLog audit_;
  AuditUpkeep upkeep_;
  std::list<AuditExport> exports_;
  PolicyStore policies_;
  const PolicyArchive archive_;
  GrantBook grants_;
  Process process_;
  std::list<Worker> workers_;
  std::vector<std::thread> threads_;
  std::optional<Follower> follower_;  // gone before the workers that it tells
  Events events_;
  std::atomic<bool> draining_{false};
  std::atomic<std::uint64_t> reloads_done_{0};
  std::atomic<std::uint64_t> reloads_failed_{0};

  mutable std::mutex changing_;  // one change at a time; guards what follows
  Boot boot_;                    // as it is in force
  std::vector<OpenListener> listeners_;
  std::vector<std::filesystem::path> watched_;
  std::string last_read_;  // the revision, or the errors, of the last reload
};

}  // namespace gate
