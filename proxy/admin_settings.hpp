// The `[admin]` section as values: where administrators and their tools ask, and who may change what.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

namespace gate {

/// What somebody may do who asks. A `viewer` sees everything and changes nothing.
enum class Role : std::uint8_t { none, viewer, admin };

/// One `[[admin.listener]]`: TCP, for browsers and for tools on other machines.
struct AdminListener {
  boost::asio::ip::tcp::endpoint bind;
  std::vector<std::string> hosts;     // names a browser may use besides the address; folded, without port
  std::filesystem::path certificate;  // PEM, with its chain; empty: no TLS, which loopback alone may have
  std::filesystem::path key;          // PEM
  std::filesystem::path client_ca;    // PEM; whoever holds a certificate of these is a viewer at least
  std::vector<std::string> admins;    // common names of client certificates that may change things
  /// What those may do who show neither token nor certificate; `none` away from loopback.
  Role anonymous = Role::viewer;
  bool operator==(const AdminListener&) const = default;
};

struct AdminSettings {
  static constexpr const char* default_socket = "/run/msnpgate/admin.sock";

  std::filesystem::path socket = default_socket;  // empty: none
  /// It stands in the file: without it the gateway does not start. The default is only tried.
  bool socket_written = false;
  std::string owner;  // user who owns the socket and is admin; empty: who runs the gateway
  std::string group;  // whose members may use the socket; empty: that of the gateway
  mode_t mode = 0660;
  std::string admin_group;       // whose members may change things too; root and the owner always may
  std::filesystem::path tokens;  // file of `role token` lines for TCP; empty: none
  std::size_t connections = 32;  // at once, for the socket and for every listener
  std::vector<AdminListener> listeners;
  bool operator==(const AdminSettings&) const = default;
};

}  // namespace gate
