// Who asks the admin server: a local user, as the kernel tells; the holder of a token; of a certificate.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "proxy/admin_settings.hpp"

namespace gate {

struct AdminCaller {
  Role role = Role::none;
  std::string who;
};

/// Names of the configuration as this machine knows them.
struct SocketOwnership {
  uid_t owner = 0;
  gid_t group = 0;
  std::optional<gid_t> admin_group;
};
/// Throws std::runtime_error naming the key whose user or group does not exist.
[[nodiscard]] SocketOwnership socket_ownership(const AdminSettings& settings);

/// Who is at the other end of a connected unix socket (SO_PEERCRED, SO_PEERGROUPS): root, the owner and
/// the members of the admin group are admins, everybody else whom the socket's mode let in is a viewer.
[[nodiscard]] AdminCaller local_caller(int socket, const SocketOwnership& ownership);

/// The tokens of a file, one a line: `viewer TOKEN` or `admin TOKEN`; blank lines and those that begin with
/// `#` are skipped. Only digests are kept.
class AdminTokens {
 public:
  AdminTokens() = default;
  /// Throws std::runtime_error with file and line in its text; also when everybody can read the file.
  explicit AdminTokens(const std::filesystem::path& file);

  /// The caller behind `Authorization: Bearer TOKEN`, or nothing if the token is unknown. Takes as long
  /// for a wrong token as for a right one.
  [[nodiscard]] std::optional<AdminCaller> caller(std::string_view authorization) const;

 private:
  struct Token {
    std::array<unsigned char, 32> digest;
    Role role;
    std::size_t line;
  };
  std::vector<Token> tokens_;
};

}  // namespace gate
