// The grants of the running gateway: given, listed, revoked, used up, run out. Every change is written to a
// file that survives a restart, told to the audit, and put in force as a new policy.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

#include "proxy/audit.hpp"
#include "proxy/grant_json.hpp"
#include "proxy/policy_store.hpp"
#include "proxy/ulid.hpp"

namespace gate {

class GrantBook {
 public:
  /// Reads the grants of `file`, and puts the policy of `policies` with them in force. Both outlive the book,
  /// and so does `audit`. A file that cannot be read is logged and left alone: then nothing can be given.
  GrantBook(std::filesystem::path file, PolicyStore& policies, AuditSink& audit);
  ~GrantBook();
  GrantBook(const GrantBook&) = delete;
  GrantBook& operator=(const GrantBook&) = delete;

  /// In force when it returns, for open sessions too; or why not, for people.
  [[nodiscard]] std::variant<Grant, std::string> give(const GrantRequest& request, std::string by);
  /// Ends a grant, and what goes on by it. False if there is none with this id.
  [[nodiscard]] std::variant<bool, std::string> revoke(std::string_view id, std::string_view by);
  /// Those that may still let something begin, the oldest first.
  [[nodiscard]] std::vector<Grant> list() const;
  /// Puts another policy of the configuration in force, with the grants.
  void replace_policy(const std::shared_ptr<const Policy>& policy);

 private:
  using Moment = std::chrono::system_clock::time_point;

  void load();
  void save(const std::vector<Grant>& grants) const;
  void put_in_force(std::vector<Grant> grants);
  void record(const Grant& grant, std::string_view reason, std::string_view by);
  [[nodiscard]] std::shared_ptr<GrantUse> new_use();
  void watch();
  void settle(Moment now);

  const std::filesystem::path file_;
  PolicyStore& policies_;
  AuditSink& audit_;
  mutable std::mutex mutex_;             // guards what follows, and the order of policies
  std::string trouble_;                  // why nothing can be given; empty when all is well
  std::vector<Grant> grants_;            // also those that ran out, while what they began may go on
  std::vector<std::string> told_ended_;  // ids whose end the audit knows
  UlidSource ids_;

  std::mutex waking_;  // guards the two below; taken last
  std::condition_variable wake_;
  bool changed_ = false;
  bool stopping_ = false;
  std::thread watcher_;
};

}  // namespace gate
