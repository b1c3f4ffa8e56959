// Connections to servers: from here, or from the client's own address.
#include "proxy/outgoing.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "tests/support/own_network.hpp"

namespace {

using boost::asio::ip::make_address;
using gate::Descriptor;
using gate::Endpoint;
using gate::test::in_own_network;

Endpoint own_end(const Descriptor& socket) {
  Endpoint end;
  auto size = static_cast<::socklen_t>(end.capacity());
  EXPECT_EQ(::getsockname(socket.get(), end.data(), &size), 0);
  return end;
}

/// A server on loopback.
struct Server {
  explicit Server(const char* address) : at(make_address(address), 0) {
    socket = Descriptor(::socket(at.protocol().family(), SOCK_STREAM, 0));
    EXPECT_EQ(::bind(socket.get(), at.data(), static_cast<::socklen_t>(at.size())), 0);
    EXPECT_EQ(::listen(socket.get(), 8), 0);
    at = own_end(socket);
  }
  /// Whom it sees.
  [[nodiscard]] Endpoint next_peer() {
    Endpoint peer;
    auto size = static_cast<::socklen_t>(peer.capacity());
    connections.emplace_back(::accept(socket.get(), peer.data(), &size));
    EXPECT_TRUE(connections.back());
    return peer;
  }
  Endpoint at;
  Descriptor socket;
  std::vector<Descriptor> connections;
};

TEST(Outgoing, AServerSeesThisMachine) {
  for (const char* address : {"127.0.0.1", "::1"}) {
    Server server(address);
    const gate::Outgoing made = gate::begin_connection(server.at, nullptr);
    EXPECT_FALSE(made.error);
    EXPECT_EQ(server.next_peer(), own_end(made.socket));
  }
}

TEST(Outgoing, WhereNobodyListensTheErrorIsTold) {
  Endpoint nobody;
  { nobody = Server("127.0.0.1").at; }
  const gate::Outgoing made = gate::begin_connection(nobody, nullptr);
  EXPECT_FALSE(made.connected);
  ASSERT_TRUE(made.socket);
  // At once, or by the socket.
  int error = made.error.value();
  if (error == 0) {
    ::pollfd ready{.fd = made.socket.get(), .events = POLLOUT, .revents = 0};
    ASSERT_EQ(::poll(&ready, 1, 20'000), 1);
    ::socklen_t size = sizeof error;
    ASSERT_EQ(::getsockopt(made.socket.get(), SOL_SOCKET, SO_ERROR, &error, &size), 0);
  }
  EXPECT_EQ(error, ECONNREFUSED);
}

TEST(Outgoing, WithASourceTheServerSeesTheClientItself) {
  in_own_network([] {
    for (const auto& [address, source] : {std::pair{"127.0.0.1", "127.1.2.3"}, std::pair{"::1", "::1"}}) {
      Server server(address);
      const Endpoint client(make_address(source), 4242);
      const gate::Outgoing made = gate::begin_connection(server.at, &client);
      EXPECT_FALSE(made.error) << made.error.message();
      EXPECT_EQ(server.next_peer(), client);
    }
  });
}

TEST(Outgoing, APairOfAddressesThatIsInTheWayCostsThePortOnly) {
  in_own_network([] {
    Server server("127.0.0.1");
    const Endpoint client(make_address("127.1.2.3"), 4242);
    const gate::Outgoing first = gate::begin_connection(server.at, &client);
    const gate::Outgoing second = gate::begin_connection(server.at, &client);
    EXPECT_FALSE(second.error) << second.error.message();
    EXPECT_EQ(server.next_peer(), client);
    const Endpoint peer = server.next_peer();
    EXPECT_EQ(peer.address(), client.address());
    EXPECT_NE(peer.port(), client.port());
  });
}

}  // namespace
