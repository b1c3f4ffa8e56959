// The admin server: HTTP on a unix socket and on TCP, on threads of its own that give way to those that carry
// connections. Whatever is done to it costs a bounded number of connections, bytes and seconds.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/thread_pool.hpp>

#include "proxy/admin_access.hpp"
#include "proxy/admin_check.hpp"
#include "proxy/admin_http.hpp"
#include "proxy/admin_settings.hpp"
#include "proxy/admin_socket.hpp"

namespace gate {

/// What is known of the server while it runs; for connections.
struct AdminShared {
  AdminRoutes routes;
  SocketOwnership ownership;
  AdminTokens tokens;
  std::size_t connections = 0;                 // most at once, of one door
  boost::asio::thread_pool* slow = nullptr;    // for handlers that are not quick
  boost::asio::thread_pool* search = nullptr;  // for those that search, and for streams
};

class AdminServer {
 public:
  /// Opens everything that `settings` name and begins to answer. What the routes refer to outlives the
  /// server. Throws std::exception naming the key of what cannot be opened; the default socket, which
  /// nobody asked for, is only warned of.
  AdminServer(const AdminSettings& settings, AdminRoutes routes);
  /// Breaks off what is being answered.
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  /// Where TCP is listened on, with the ports that the kernel gave.
  [[nodiscard]] const std::vector<boost::asio::ip::tcp::endpoint>& listening() const noexcept {
    return listening_;
  }

 private:
  void open_socket(const AdminSettings& settings);
  void run() noexcept;

  AdminShared shared_;
  std::optional<AdminSocket> socket_;
  std::vector<boost::asio::ip::tcp::endpoint> listening_;
  boost::asio::io_context io_{1};  // its coroutines refer to all above
  std::thread thread_;
};

}  // namespace gate
