#include "proxy/service.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <csignal>
#include <exception>
#include <string>

#include "proxy/log.hpp"
#include "proxy/notify.hpp"

namespace gate {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds drain_look{50};
// When all workers have answered once, nobody accepts any more; when they have answered again, what they
// dealt to each other has become sessions.
constexpr int rounds_until_counted = 2;

}  // namespace

Service::Service(Gateway& gateway, std::optional<std::chrono::microseconds> watchdog)
    : gateway_(gateway),
      signals_(io_, SIGTERM, SIGINT, SIGHUP),
      drain_timer_(io_),
      drain_pulse_(gateway),
      watchdog_(watchdog),
      watchdog_timer_(io_),
      pulse_(gateway),
      life_timer_(io_),
      life_pulse_(gateway) {
  signals_.add(SIGUSR1);
  gateway_.tell({.reloaded = [this] { boost::asio::post(io_, [this] { follow_files(); }); },
                 .draining = [this] { boost::asio::post(io_, [this] { await_sessions(); }); }});
}

void Service::run() {
  wait_for_signal();
  follow_files();
  if (watchdog_) feed_watchdog();
  const InterceptSettings intercept = gateway_.boot().intercept;
  if (intercept.when_dead == WhenDead::open) show_life(intercept.dead_after / 4);
  notify("READY=1");
  io_.run();
  notify("STOPPING=1");
}

void Service::wait_for_signal() {
  signals_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;
    wait_for_signal();
    obey(signal);
  });
}

void Service::obey(int signal) {
  if (signal == SIGHUP) return reload(Reload::always);
  const bool asked_to_drain = signal == SIGUSR1 || gateway_.boot().service.stop == StopMode::drain;
  if (asked_to_drain && !gateway_.draining()) return gateway_.drain();
  if (signal != SIGUSR1) stop();
}

void Service::reload(Reload when) {
  notify(reloading_state());
  gateway_.reload(when);
  notify("READY=1");
}

void Service::follow_files() {
  try {
    if (!gateway_.boot().service.watch) return watch_.reset();
    if (!watch_) watch_ = std::make_unique<FileWatch>(io_, [this] { reload(Reload::when_changed); });
    watch_->follow(gateway_.watched());
  } catch (const std::exception& error) {
    log(Level::warning, std::string("files are not watched: ") + error.what());
  }
}

void Service::await_sessions() {
  drain_end_ = steady_clock::now() + gateway_.boot().service.drain_timeout;
  // systemd's patience has to last as long (sd_notify(3)), and a little longer.
  const auto patience = gateway_.boot().service.drain_timeout + std::chrono::seconds(10);
  notify("STOPPING=1\nEXTEND_TIMEOUT_USEC=" +
         std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(patience).count()));
  static_cast<void>(drain_pulse_.silent_workers());  // the first question
  check_sessions();
}

bool Service::all_counted() {
  if (answered_rounds_ < rounds_until_counted && drain_pulse_.silent_workers().empty()) ++answered_rounds_;
  return answered_rounds_ >= rounds_until_counted;
}

void Service::check_sessions() {
  if ((all_counted() && gateway_.sessions() == 0) || steady_clock::now() >= drain_end_) return stop();
  drain_timer_.expires_after(drain_look);
  drain_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) check_sessions();
  });
}

void Service::feed_watchdog() {
  const auto silent = pulse_.silent_workers();
  if (silent.empty()) {
    notify("WATCHDOG=1");
  } else {
    log(Level::error, "worker " + std::to_string(silent.front() + 1) + " does not answer");
  }
  watchdog_timer_.expires_after(*watchdog_ / 3);
  watchdog_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) feed_watchdog();
  });
}

void Service::show_life(std::chrono::milliseconds interval) {
  if (life_pulse_.silent_workers().empty()) gateway_.stay_alive();
  life_timer_.expires_after(interval);
  life_timer_.async_wait([this, interval](const boost::system::error_code& error) {
    if (!error) show_life(interval);
  });
}

void Service::stop() {
  log(Level::notice, "stopping; " + std::to_string(gateway_.sessions()) + " sessions are closed");
  io_.stop();
}

}  // namespace gate
