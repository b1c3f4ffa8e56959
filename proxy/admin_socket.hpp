// The unix socket of the admin server: made with the right owner before anybody can find it.
#pragma once

#include <filesystem>

#include "proxy/admin_access.hpp"
#include "proxy/descriptor.hpp"

namespace gate {

class AdminSocket {
 public:
  /// Takes the place of a socket that nobody listens on any more. The directory must be there, or its
  /// parent: then it is made. Throws std::runtime_error with the cause in its text, also when another
  /// process listens there.
  AdminSocket(const std::filesystem::path& path, mode_t mode, const SocketOwnership& ownership);
  /// Takes the socket away, unless another has its place by now.
  ~AdminSocket();
  AdminSocket(const AdminSocket&) = delete;
  AdminSocket& operator=(const AdminSocket&) = delete;

  /// Listening, non-blocking.
  [[nodiscard]] Descriptor take() noexcept { return std::move(socket_); }

 private:
  std::filesystem::path path_;
  Descriptor socket_;
  dev_t device_ = 0;  // what was made at `path_`
  ino_t inode_ = 0;
};

}  // namespace gate
