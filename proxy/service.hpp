// The process around a gateway: signals, what systemd is told, files that are watched, and the end. Runs
// in the thread that starts it; the workers have their own.
//
//   SIGHUP  reload          SIGTERM, SIGINT  close, or drain if [service] says so; a second one closes
//   SIGUSR1 drain
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "proxy/file_watch.hpp"
#include "proxy/gateway.hpp"
#include "proxy/pulse.hpp"

namespace gate {

class Service {
 public:
  /// `gateway` outlives it, and nobody else uses it yet. `watchdog`: how often systemd wants to hear that all
  /// is well.
  Service(Gateway& gateway, std::optional<std::chrono::microseconds> watchdog);

  /// Returns when the process is to end.
  void run();

 private:
  void wait_for_signal();
  void obey(int signal);
  void reload(Reload when);
  void follow_files();
  /// A drain began: ends when the sessions have, or when they had their time.
  void await_sessions();
  /// True once no connection is on its way from the kernel or between workers.
  [[nodiscard]] bool all_counted();
  void check_sessions();
  void feed_watchdog();
  /// For [intercept] when_dead = "open".
  void show_life(std::chrono::milliseconds interval);
  void stop();

  boost::asio::io_context io_{1};
  Gateway& gateway_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer drain_timer_;
  std::chrono::steady_clock::time_point drain_end_;
  Pulse drain_pulse_;
  int answered_rounds_ = 0;
  std::unique_ptr<FileWatch> watch_;  // while [service] watch = true
  std::optional<std::chrono::microseconds> watchdog_;
  boost::asio::steady_timer watchdog_timer_;
  Pulse pulse_;
  boost::asio::steady_timer life_timer_;
  Pulse life_pulse_;
};

}  // namespace gate
