// Where a client wanted to go: one look-up for every way of interception (ListenerMode).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include <boost/asio/ip/tcp.hpp>

#include "proxy/config.hpp"

namespace gate {

using Endpoint = boost::asio::ip::tcp::endpoint;

enum class DestinationFault : std::uint8_t {
  unknown,  // the kernel does not know: no connection tracking entry, or it was not redirected
  loop,     // it is this gateway: somebody connected to a listener directly, or rules are wrong
};

/// Finds out for an accepted socket. `own` are the addresses of all listeners of this gateway.
[[nodiscard]] std::variant<Endpoint, DestinationFault> find_destination(const ListenerSettings& listener,
                                                                        int fd,
                                                                        std::span<const Endpoint> own);

/// True when a connection to `destination` would end at a listener of ours. A listener on the wildcard
/// address takes every address of this machine.
[[nodiscard]] bool is_own(const Endpoint& destination, std::span<const Endpoint> own);

/// ::ffff:192.0.2.1 is 192.0.2.1: one client has one name, whatever listener took it.
[[nodiscard]] Endpoint unmapped(const Endpoint& endpoint);

/// "192.0.2.1:1863", "[2001:db8::1]:1863".
[[nodiscard]] std::string text_of(const Endpoint& endpoint);

/// The address this socket has here; port 0 when the kernel does not tell.
[[nodiscard]] Endpoint local_endpoint(int fd);

}  // namespace gate
