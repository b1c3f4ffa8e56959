#include "proxy/listener.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace gate {
namespace {

namespace ip = boost::asio::ip;

ListenerSettings redirect(const char* address, std::uint16_t port) {
  return {{ip::make_address(address), port}, ListenerMode::redirect, {}};
}

/// Connects from `source` and tells which of the sockets the kernel gave it to.
std::size_t chosen_by_kernel(const std::string& source, const std::vector<Descriptor>& sockets) {
  const Endpoint from(ip::make_address(source), 0);
  const Endpoint to(from.address().is_v4() ? ip::make_address("127.0.0.1") : ip::make_address("::1"),
                    local_endpoint(sockets.front().get()).port());
  const Descriptor client{::socket(from.protocol().family(), SOCK_STREAM, 0)};
  EXPECT_EQ(::bind(client.get(), from.data(), static_cast<socklen_t>(from.size())), 0);
  EXPECT_EQ(::connect(client.get(), to.data(), static_cast<socklen_t>(to.size())), 0);
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    pollfd ready{sockets[i].get(), POLLIN, 0};
    if (::poll(&ready, 1, 0) != 1) continue;
    const Descriptor accepted{::accept(sockets[i].get(), nullptr, nullptr)};
    return i;
  }
  ADD_FAILURE() << source << " is nowhere";
  return sockets.size();
}

TEST(WorkerOf, IsWhatTheKernelComputes) {
  for (const std::size_t workers : {2U, 3U, 4U}) {
    std::vector<Descriptor> sockets;
    ASSERT_FALSE(open_listeners(redirect("::", 0), 0, workers, Beside::nobody, sockets));
    for (int number = 1; number < 40; ++number) {
      const std::string source = "127.0." + std::to_string(number * 5) + '.' + std::to_string(number);
      EXPECT_EQ(chosen_by_kernel(source, sockets), worker_of(ip::make_address(source), workers)) << source;
    }
    EXPECT_EQ(chosen_by_kernel("::1", sockets), worker_of(ip::make_address("::1"), workers));
  }
}

TEST(WorkerOf, SpreadsNeighboursAndPrefixes) {
  std::array<int, 4> of{};
  for (int host = 0; host < 256; ++host) {
    ++of.at(worker_of(ip::make_address("10.20.0." + std::to_string(host)), of.size()));
    ++of.at(worker_of(ip::make_address("2001:db8:" + std::to_string(host) + "::1"), of.size()));
  }
  for (const int share : of) EXPECT_GT(share, 512 / 4 / 2);
}

TEST(OpenListeners, APortOfSomebodyElseIsAnError) {
  std::vector<Descriptor> first;
  std::vector<Descriptor> second;
  ASSERT_FALSE(open_listeners(redirect("127.0.0.1", 0), 0, 1, Beside::nobody, first));
  const Endpoint taken = local_endpoint(first.front().get());
  EXPECT_EQ(open_listeners(redirect("127.0.0.1", taken.port()), 0, 1, Beside::nobody, second),
            boost::system::errc::address_in_use);
  EXPECT_TRUE(second.empty());
  EXPECT_FALSE(open_listeners(redirect("0.0.0.0", taken.port()), 0, 1, Beside::own_listeners, second))
      << "a reload opens the wider address before it closes the narrower one";
}

}  // namespace
}  // namespace gate
