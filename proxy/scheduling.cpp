#include "proxy/scheduling.hpp"

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <boost/system/error_code.hpp>

#include "proxy/log.hpp"

namespace gate {
namespace {

void tell_refusal() noexcept {
  std::array<char, 128> why{};
  const boost::system::error_code error{errno, boost::system::system_category()};
  log(Level::warning, {"a thread does not give way to those that carry connections: ",
                       error.message(why.data(), why.size())});
}

}  // namespace

void give_way(int niceness) noexcept {
  const int at_least = std::max(niceness, ::getpriority(PRIO_PROCESS, 0));
  if (::setpriority(PRIO_PROCESS, 0, at_least) != 0) tell_refusal();
}

void give_way_at_once() noexcept {
  thread_local bool asked = false;
  if (std::exchange(asked, true)) return;
  const sched_param none{};
  if (::sched_setscheduler(0, SCHED_IDLE, &none) != 0) tell_refusal();
}

}  // namespace gate
