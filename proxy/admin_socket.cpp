#include "proxy/admin_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <system_error>

namespace gate {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& what) {
  throw std::runtime_error("admin.socket: " + path.string() + ' ' + what);
}
[[noreturn]] void fail_with_errno(const std::filesystem::path& path, const std::string& what) {
  const int error = errno;
  fail(path, what + ": " + std::generic_category().message(error));
}

sockaddr_un address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string& text = path.native();
  if (text.size() >= sizeof address.sun_path) fail(path, "is too long for a socket");
  std::memcpy(address.sun_path, text.data(), text.size());
  return address;
}

Descriptor new_socket(const std::filesystem::path& path) {
  Descriptor socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!socket) fail_with_errno(path, "cannot be made");
  return socket;
}

/// What may be replaced: nothing, or a socket that a killed gateway left.
void check_place(const std::filesystem::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return;
  if (!S_ISSOCK(status.st_mode)) fail(path, "is there and is no socket; move it away");
  const Descriptor probe = new_socket(path);
  const sockaddr_un address = address_of(path);
  const bool answered =
      ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  if (answered || errno != ECONNREFUSED) fail(path, "is in use by another process");
}

}  // namespace

AdminSocket::AdminSocket(const std::filesystem::path& path, mode_t mode, const SocketOwnership& ownership)
    : path_(path) {
  std::error_code error;
  const std::filesystem::path directory = path.parent_path();
  if (!directory.empty() && !std::filesystem::is_directory(directory, error)) {
    std::filesystem::create_directory(directory, error);
    if (error) fail(path, "cannot be made, its directory is missing: " + error.message());
  }
  check_place(path);

  // Complete under another name first: nobody meets it with the wrong owner, and it appears at once.
  const std::filesystem::path draft = path.native() + ".new";
  ::unlink(draft.c_str());
  socket_ = new_socket(path);
  const sockaddr_un address = address_of(draft);
  // Linux gives what bind makes the mode of the socket itself (unix(7)): nobody's, until it has its owner.
  const bool bound = ::fchmod(socket_.get(), 0) == 0 &&
                     ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  if (!bound) fail_with_errno(path, "cannot be made");
  struct stat status {};
  const bool made = ::lchown(draft.c_str(), ownership.owner, ownership.group) == 0 &&
                    ::chmod(draft.c_str(), mode) == 0 && ::listen(socket_.get(), SOMAXCONN) == 0 &&
                    ::lstat(draft.c_str(), &status) == 0 && ::rename(draft.c_str(), path.c_str()) == 0;
  if (!made) {
    const int cause = errno;
    ::unlink(draft.c_str());
    errno = cause;
    fail_with_errno(path, "cannot be given its owner and place");
  }
  device_ = status.st_dev;
  inode_ = status.st_ino;
}

AdminSocket::~AdminSocket() {
  struct stat status {};
  const bool still_ours =
      ::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_;
  if (still_ours) ::unlink(path_.c_str());
}

}  // namespace gate
