// One connection to the admin server, from its acceptance to its end, as coroutines.
#pragma once

#include <memory>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "proxy/admin_server.hpp"

namespace gate {

/// Takes connections until the server ends. `shared` outlives the coroutine.
boost::asio::awaitable<void> admit_local(boost::asio::local::stream_protocol::acceptor acceptor,
                                         const AdminShared& shared);
/// With TLS where the settings have a certificate. Throws std::runtime_error at once, not when awaited, if
/// certificate, key or client_ca cannot be used.
boost::asio::awaitable<void> admit_tcp(boost::asio::ip::tcp::acceptor acceptor, const AdminListener& settings,
                                       const AdminShared& shared);

}  // namespace gate
