// A grant: a permission for a while, given to the running gateway. It is a rule before all of the file.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/rule.hpp"

namespace gate {

/// Whether a grant for one transfer is used up, and by which. Shared by all policies that hold the grant,
/// and by the workers that judge with them.
class GrantUse {
 public:
  /// `spent` is called once, from the worker that judged, as soon as the grant is used up: it must be quick.
  explicit GrantUse(std::function<void()> spent = {}) : spent_(std::move(spent)) {}

  /// Used up before, in an earlier life of the gateway: no call may have it.
  void exhaust();
  /// True while nobody has it, and for the transfer that has: `goes_on` if that is running, else for a
  /// minute, in which clients say their offer again (clients.md 6).
  [[nodiscard]] bool open_to(std::string_view call, std::chrono::system_clock::time_point at,
                             bool goes_on) const;
  /// Takes the grant for `call`; false if another has it.
  [[nodiscard]] bool claim(std::string_view call, std::chrono::system_clock::time_point at);
  [[nodiscard]] bool spent() const;

 private:
  [[nodiscard]] bool is_open(std::string_view call, std::chrono::system_clock::time_point at,
                             bool goes_on) const;

  mutable std::mutex mutex_;  // guards the rest
  bool claimed_ = false;
  std::string call_;
  std::chrono::system_clock::time_point since_;
  std::function<void()> spent_;
};

struct Grant {
  std::string id;  // ULID
  /// Named "grant ID"; `allow`, with `until`.
  Rule rule;
  bool once = false;  // for one transfer only
  std::string by;     // who gave it
  std::chrono::system_clock::time_point given;
  std::shared_ptr<GrantUse> use;  // not null
};

}  // namespace gate
