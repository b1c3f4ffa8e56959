#include "proxy/destination.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <string_view>
#include <vector>

#include "proxy/descriptor.hpp"
#include "proxy/listener.hpp"

namespace gate {
namespace {

Endpoint at(std::string_view address, std::uint16_t port) {
  return {boost::asio::ip::make_address(std::string(address)), port};
}

/// A connection on loopback that nobody redirected; `accepted` is the gateway's end.
struct Direct {
  explicit Direct(const Endpoint& bind, const Endpoint& target_address) {
    std::vector<Descriptor> sockets;
    EXPECT_FALSE(open_listeners({bind, ListenerMode::redirect, {}}, 0, 1, Beside::nobody, sockets));
    listening = std::move(sockets.front());
    const Endpoint target{target_address.address(), local_endpoint(listening.get()).port()};
    client = Descriptor{::socket(target.protocol().family(), SOCK_STREAM, 0)};
    EXPECT_EQ(::connect(client.get(), target.data(), static_cast<socklen_t>(target.size())), 0);
    accepted = Descriptor{::accept(listening.get(), nullptr, nullptr)};
    EXPECT_TRUE(accepted);
  }
  Descriptor listening;
  Descriptor client;
  Descriptor accepted;
};

TEST(Destination, FixedIsTheConfiguredUpstream) {
  const Direct connection{at("127.0.0.1", 0), at("127.0.0.1", 0)};
  ListenerSettings listener;
  listener.mode = ListenerMode::fixed;
  listener.upstream = at("192.0.2.10", 1863);
  const auto found = find_destination(listener, connection.accepted.get(), {});
  ASSERT_TRUE(std::holds_alternative<Endpoint>(found));
  EXPECT_EQ(std::get<Endpoint>(found), at("192.0.2.10", 1863));
}

TEST(Destination, FixedToOneOfOurListenersIsALoop) {
  const Direct connection{at("127.0.0.1", 0), at("127.0.0.1", 0)};
  ListenerSettings listener;
  listener.mode = ListenerMode::fixed;
  listener.upstream = at("127.0.0.1", 11863);
  const std::array<Endpoint, 1> own{at("::", 11863)};
  const auto found = find_destination(listener, connection.accepted.get(), own);
  ASSERT_TRUE(std::holds_alternative<DestinationFault>(found));
  EXPECT_EQ(std::get<DestinationFault>(found), DestinationFault::loop);
}

TEST(Destination, AConnectionThatWasNotRedirectedHasNone) {
  for (const auto& [bind, target] :
       {std::pair{at("127.0.0.1", 0), at("127.0.0.1", 0)}, std::pair{at("::", 0), at("127.0.0.1", 0)},
        std::pair{at("::1", 0), at("::1", 0)}}) {
    const Direct connection{bind, target};
    const ListenerSettings listener;  // redirect
    const auto found = find_destination(listener, connection.accepted.get(), {});
    EXPECT_TRUE(std::holds_alternative<DestinationFault>(found)) << text_of(bind);
  }
}

TEST(Destination, AWildcardListenerOwnsEveryLocalAddress) {
  const std::array<Endpoint, 1> own{at("0.0.0.0", 11863)};
  EXPECT_TRUE(is_own(at("127.0.0.1", 11863), own));
  EXPECT_TRUE(is_own(at("127.9.9.9", 11863), own));
  EXPECT_FALSE(is_own(at("127.0.0.1", 1863), own)) << "another port is another program";
  EXPECT_FALSE(is_own(at("192.0.2.10", 11863), own)) << "another machine may use our port";
  EXPECT_FALSE(is_own(at("::1", 11863), own)) << "0.0.0.0 takes IPv4 only";
}

TEST(Destination, AnIpv6WildcardOwnsBothFamilies) {
  const std::array<Endpoint, 1> own{at("::", 11863)};
  EXPECT_TRUE(is_own(at("::1", 11863), own));
  EXPECT_TRUE(is_own(at("127.0.0.1", 11863), own));
  EXPECT_TRUE(is_own(at("::ffff:127.0.0.1", 11863), own));
  EXPECT_FALSE(is_own(at("2001:db8::1", 11863), own));
}

TEST(Destination, AListenerOnOneAddressOwnsThatOneOnly) {
  const std::array<Endpoint, 1> own{at("127.0.0.2", 11863)};
  EXPECT_TRUE(is_own(at("127.0.0.2", 11863), own));
  EXPECT_TRUE(is_own(at("::ffff:127.0.0.2", 11863), own));
  EXPECT_FALSE(is_own(at("127.0.0.1", 11863), own));
}

TEST(Destination, AMappedAddressIsItsIpv4Address) {
  EXPECT_EQ(unmapped(at("::ffff:192.0.2.1", 7)), at("192.0.2.1", 7));
  EXPECT_EQ(unmapped(at("2001:db8::1", 7)), at("2001:db8::1", 7));
  EXPECT_EQ(unmapped(at("192.0.2.1", 7)), at("192.0.2.1", 7));
}

TEST(Destination, TextHasBracketsAroundIpv6) {
  EXPECT_EQ(text_of(at("192.0.2.1", 1863)), "192.0.2.1:1863");
  EXPECT_EQ(text_of(at("2001:db8::1", 1863)), "[2001:db8::1]:1863");
}

}  // namespace
}  // namespace gate
