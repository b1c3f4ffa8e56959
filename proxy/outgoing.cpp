#include "proxy/outgoing.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

#include "proxy/capabilities.hpp"

namespace gate {
namespace {

using boost::system::error_code;

error_code last_error() noexcept {
  return {errno, boost::system::system_category()};
}

bool set(int fd, int level, int option) noexcept {
  const int on = 1;
  return ::setsockopt(fd, level, option, &on, sizeof on) == 0;
}

/// In the way of the very same pair of endpoints, or of this port here.
bool taken(const error_code& error) noexcept {
  return error.value() == EADDRNOTAVAIL || error.value() == EADDRINUSE;
}

error_code come_from(int fd, const Endpoint& source) noexcept {
  const NetAdmin raised;
  if (const error_code error = make_transparent(fd, source.protocol().family())) return error;
  // Other connections of this client may come from the same port; where none is asked for, connect chooses
  // one.
  if (!set(fd, SOL_SOCKET, SO_REUSEADDR)) return last_error();
  if (source.port() == 0 && !set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT)) return last_error();
  if (::bind(fd, source.data(), static_cast<socklen_t>(source.size())) != 0) return last_error();
  return {};
}

Outgoing attempt(const Endpoint& server, const Endpoint* source) noexcept {
  Outgoing made;
  Descriptor socket{::socket(server.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!socket) {
    made.error = last_error();
    return made;
  }
  set(socket.get(), IPPROTO_TCP, TCP_NODELAY);
  set(socket.get(), SOL_SOCKET, SO_KEEPALIVE);
  if (source != nullptr) made.error = come_from(socket.get(), *source);
  if (!made.error) {
    made.connected = ::connect(socket.get(), server.data(), static_cast<socklen_t>(server.size())) == 0;
    if (!made.connected && errno != EINPROGRESS) made.error = last_error();
  }
  made.socket = std::move(socket);
  return made;
}

}  // namespace

Outgoing begin_connection(const Endpoint& server, const Endpoint* source) noexcept {
  Outgoing made = attempt(server, source);
  if (source == nullptr || !taken(made.error)) return made;
  Endpoint any_port = *source;
  any_port.port(0);
  return attempt(server, &any_port);
}

error_code make_transparent(int fd, int family) noexcept {
  const bool made =
      family == AF_INET6 ? set(fd, IPPROTO_IPV6, IPV6_TRANSPARENT) : set(fd, IPPROTO_IP, IP_TRANSPARENT);
  return made ? error_code() : last_error();
}

}  // namespace gate
