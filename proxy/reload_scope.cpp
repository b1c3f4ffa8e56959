#include "proxy/reload_scope.hpp"

#include <string_view>

namespace gate {

std::vector<std::string> beyond_reload(const Boot& running, const Boot& file) {
  // Every member is named, so that a new one does not compile before it has its place here.
  const auto& [listeners, threads, limits, audit, intercept, state, admin, service, http, http_intercept] =
      file;
  static_cast<void>(listeners);  // in force with a reload, as in after_reload
  static_cast<void>(limits);
  static_cast<void>(service);

  std::vector<std::string> sentences;
  const auto tell = [&sentences](bool same, std::string_view section, std::string_view what_it_takes) {
    if (!same) sentences.push_back(std::string(section) + " changed: " + std::string(what_it_takes));
  };
  constexpr std::string_view restart = "it holds from the next restart on";
  tell(threads == running.threads, "threads", restart);
  tell(audit == running.audit, "[audit]", restart);
  tell(state == running.state, "state", restart);
  tell(admin == running.admin, "[admin]", restart);
  tell(http == running.http, "[http]", restart);
  tell(http_intercept == running.http_intercept, "[http]", "`msnpgate rules load` puts it in force");
  tell(intercept == running.intercept, "[intercept]",
       "`msnpgate rules load` puts it in force, and for mark, table and zone a restart");
  return sentences;
}

Boot after_reload(const Boot& running, const Boot& file) {
  Boot next = running;
  next.listeners = file.listeners;
  next.limits = file.limits;
  next.service = file.service;
  return next;
}

}  // namespace gate
