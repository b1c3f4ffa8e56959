#include "proxy/destination.hpp"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

namespace gate {
namespace {

namespace ip = boost::asio::ip;

// linux/netfilter_ipv4.h and linux/netfilter_ipv6/ip6_tables.h; those headers do not go with netinet/in.h.
constexpr int original_destination = 80;

using Lookup = std::optional<Endpoint> (*)(const ListenerSettings&, int fd);

std::optional<Endpoint> ask(int fd, int level, int family) {
  Endpoint found;
  auto size = static_cast<socklen_t>(found.capacity());
  if (::getsockopt(fd, level, original_destination, found.data(), &size) != 0) return std::nullopt;
  if (found.data()->sa_family != family) return std::nullopt;
  return found;
}

std::optional<Endpoint> redirected(const ListenerSettings&, int fd) {
  // By the packets' family, not the socket's: IPv4 clients of a dual-stack listener are tracked as IPv4.
  const ip::address here = local_endpoint(fd).address();
  if (here.is_v4()) return ask(fd, IPPROTO_IP, AF_INET);
  return ask(fd, IPPROTO_IPV6, AF_INET6);
}

/// The kernel gave the socket the address that the client wanted to reach.
std::optional<Endpoint> diverted(const ListenerSettings&, int fd) {
  const Endpoint here = local_endpoint(fd);
  if (here.port() == 0) return std::nullopt;
  return here;
}

std::optional<Endpoint> configured(const ListenerSettings& listener, int) {
  return listener.upstream;
}

/// Indexed by ListenerMode.
constexpr std::array<Lookup, 3> lookups{redirected, diverted, configured};

bool is_local(const ip::address& address) {
  if (address.is_loopback()) return true;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return false;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner{list, &::freeifaddrs};
  for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr) continue;
    if (one->ifa_addr->sa_family == AF_INET && address.is_v4()) {
      const auto* bytes = reinterpret_cast<const sockaddr_in*>(one->ifa_addr);
      if (ntohl(bytes->sin_addr.s_addr) == address.to_v4().to_uint()) return true;
    } else if (one->ifa_addr->sa_family == AF_INET6 && address.is_v6()) {
      const auto* bytes = reinterpret_cast<const sockaddr_in6*>(one->ifa_addr);
      const auto wanted = address.to_v6().to_bytes();
      if (std::equal(wanted.begin(), wanted.end(), std::begin(bytes->sin6_addr.s6_addr))) return true;
    }
  }
  return false;
}

/// Usually none is, and nothing more has to be asked.
bool at_port_of(std::span<const Endpoint> own, const Endpoint& destination) {
  return std::any_of(own.begin(), own.end(),
                     [&](const Endpoint& listener) { return listener.port() == destination.port(); });
}

bool takes(const Endpoint& listener, const Endpoint& destination) {
  if (listener.port() != destination.port()) return false;
  const ip::address at = unmapped(listener).address();
  if (!at.is_unspecified()) return at == destination.address();
  return (at.is_v6() || destination.address().is_v4()) && is_local(destination.address());
}

}  // namespace

std::variant<Endpoint, DestinationFault> find_destination(const ListenerSettings& listener, int fd,
                                                          std::span<const Endpoint> own) {
  const std::optional<Endpoint> found = lookups[static_cast<std::size_t>(listener.mode)](listener, fd);
  if (!found) return DestinationFault::unknown;
  const Endpoint destination = unmapped(*found);
  if (!at_port_of(own, destination)) return destination;
  const bool reached_itself = listener.mode != ListenerMode::tproxy && destination == local_endpoint(fd);
  if (reached_itself || is_own(destination, own)) return DestinationFault::loop;
  return destination;
}

bool is_own(const Endpoint& destination, std::span<const Endpoint> own) {
  const Endpoint plain = unmapped(destination);
  return std::any_of(own.begin(), own.end(),
                     [&](const Endpoint& listener) { return takes(listener, plain); });
}

Endpoint unmapped(const Endpoint& endpoint) {
  if (!endpoint.address().is_v6() || !endpoint.address().to_v6().is_v4_mapped()) return endpoint;
  return {ip::make_address_v4(ip::v4_mapped, endpoint.address().to_v6()), endpoint.port()};
}

std::string text_of(const Endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  const std::string port = std::to_string(endpoint.port());
  return endpoint.address().is_v6() ? "[" + address + "]:" + port : address + ":" + port;
}

Endpoint local_endpoint(int fd) {
  Endpoint here;
  auto size = static_cast<socklen_t>(here.capacity());
  if (::getsockname(fd, here.data(), &size) != 0) return {};
  return unmapped(here);
}

}  // namespace gate
