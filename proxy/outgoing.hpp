// The gateway's side towards the server: a socket whose connection was begun, from an address of this machine
// or, for transparent listeners, from the client's own.
#pragma once

#include <boost/system/error_code.hpp>

#include "proxy/descriptor.hpp"
#include "proxy/destination.hpp"

namespace gate {

struct Outgoing {
  Descriptor socket;                // none on an error of the socket itself
  bool connected = false;           // else it is under way, unless `error` says otherwise
  boost::system::error_code error;  // why it cannot be reached, or why there is no socket
};

/// Begins to connect, without waiting. With `source` the server sees that address and port (IP_TRANSPARENT;
/// takes CAP_NET_ADMIN). A connection of the same four addresses that lingers in TIME_WAIT would be in the
/// way: then the address stays and the port is another one.
[[nodiscard]] Outgoing begin_connection(const Endpoint& server, const Endpoint* source) noexcept;

/// Makes a socket take connections to, or come from, any address. Takes CAP_NET_ADMIN.
[[nodiscard]] boost::system::error_code make_transparent(int fd, int family) noexcept;

}  // namespace gate
