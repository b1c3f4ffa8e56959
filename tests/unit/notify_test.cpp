#include "proxy/notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <string>

#include <gtest/gtest.h>

#include "proxy/descriptor.hpp"

namespace gate {
namespace {

TEST(Notify, SaysItToTheSocketThatWasNamed) {
  const std::string name = "@msnpgate-notify-test-" + std::to_string(::getpid());
  const Descriptor manager{::socket(AF_UNIX, SOCK_DGRAM, 0)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(&address.sun_path[1], name.data() + 1, name.size() - 1);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  ASSERT_EQ(::bind(manager.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  notify("READY=1");
  ::unsetenv("NOTIFY_SOCKET");
  notify("STOPPING=1");  // nobody asked
  std::array<char, 64> heard{};
  const ssize_t length = ::recv(manager.get(), heard.data(), heard.size(), MSG_DONTWAIT);
  ASSERT_GT(length, 0);
  EXPECT_EQ(std::string(heard.data(), static_cast<std::size_t>(length)), "READY=1");
  EXPECT_LT(::recv(manager.get(), heard.data(), heard.size(), MSG_DONTWAIT), 0);
}

TEST(WatchdogInterval, IsForThisProcessOnlyAndForNoChild) {
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  EXPECT_EQ(watchdog_interval(), std::chrono::seconds(30));
  EXPECT_FALSE(watchdog_interval()) << "taken out of the environment";
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  ::setenv("WATCHDOG_PID", "1", 1);
  EXPECT_FALSE(watchdog_interval());
  ::setenv("WATCHDOG_USEC", "soon", 1);
  EXPECT_FALSE(watchdog_interval());
}

}  // namespace
}  // namespace gate
