#include "proxy/admin_access.hpp"

#include <grp.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <utility>
#include <variant>

#include "proxy/config_file.hpp"

namespace gate {
namespace {

/// Long enough that nobody guesses it: 128 bits in hexadecimal.
constexpr std::size_t shortest_token = 32;

// The data of the user database lives in a buffer that the caller brings.
constexpr std::size_t database_buffer = 16 * 1024;

uid_t user_named(const std::string& name) {
  std::vector<char> buffer(database_buffer);
  passwd entry{};
  passwd* found = nullptr;
  ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr) throw std::runtime_error("admin.owner: there is no user \"" + name + '"');
  return found->pw_uid;
}

gid_t group_named(const std::string& name, const char* key) {
  std::vector<char> buffer(4 * database_buffer);  // with all its members
  group entry{};
  group* found = nullptr;
  ::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr) throw std::runtime_error(std::string(key) + ": there is no group \"" + name + '"');
  return found->gr_gid;
}

std::string name_of_user(uid_t user) {
  std::vector<char> buffer(database_buffer);
  passwd entry{};
  passwd* found = nullptr;
  ::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found);
  return found != nullptr ? found->pw_name : "user " + std::to_string(user);
}

bool in_group(int socket, gid_t primary, gid_t wanted) {
  if (primary == wanted) return true;
  std::vector<gid_t> groups(256);
  for (int attempt = 0; attempt < 2; ++attempt) {
    auto size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) == 0) {
      const auto end = groups.begin() + static_cast<std::ptrdiff_t>(size / sizeof(gid_t));
      return std::find(groups.begin(), end, wanted) != end;
    }
    if (errno != ERANGE) return false;
    groups.resize(size / sizeof(gid_t));  // the kernel told how many there are
  }
  return false;
}

std::array<unsigned char, 32> digest_of(std::string_view token) {
  std::array<unsigned char, 32> digest{};
  if (EVP_Digest(token.data(), token.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("the SHA-256 of the cryptographic library failed");
  }
  return digest;
}

}  // namespace

SocketOwnership socket_ownership(const AdminSettings& settings) {
  SocketOwnership ownership{::geteuid(), ::getegid(), std::nullopt};
  if (!settings.owner.empty()) ownership.owner = user_named(settings.owner);
  if (!settings.group.empty()) ownership.group = group_named(settings.group, "admin.group");
  if (!settings.admin_group.empty()) {
    ownership.admin_group = group_named(settings.admin_group, "admin.admin_group");
  }
  return ownership;
}

AdminCaller local_caller(int socket, const SocketOwnership& ownership) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return {};
  const bool admin = peer.uid == 0 || peer.uid == ownership.owner ||
                     (ownership.admin_group && in_group(socket, peer.gid, *ownership.admin_group));
  return {admin ? Role::admin : Role::viewer, name_of_user(peer.uid)};
}

AdminTokens::AdminTokens(const std::filesystem::path& file) {
  const auto fail = [&file](const std::string& what) {
    throw std::runtime_error("admin.tokens: " + file.string() + what);
  };
  struct stat status {};
  if (::stat(file.c_str(), &status) == 0 && (status.st_mode & S_IRWXO) != 0) {
    fail(" can be read by everybody; chmod o-rwx it");
  }
  const auto text = read_text(file);
  if (const auto* fault = std::get_if<ReadFault>(&text)) fail(' ' + fault->message);
  std::string_view rest = std::get<std::string>(text);
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.empty() || line.front() == '#') continue;
    const std::size_t blank = line.find(' ');
    const std::string_view word = line.substr(0, blank);
    const std::string_view token = blank == std::string_view::npos ? "" : line.substr(blank + 1);
    const bool known = word == "viewer" || word == "admin";
    const bool plain =
        std::all_of(token.begin(), token.end(), [](char byte) { return byte > ' ' && byte < 0x7F; });
    if (!known || !plain || token.size() < shortest_token) {
      fail(':' + std::to_string(number) + ": write `viewer TOKEN` or `admin TOKEN`, a token of at least " +
           std::to_string(shortest_token) + " letters and digits, such as `openssl rand -hex 32` makes");
    }
    tokens_.push_back({digest_of(token), word == "admin" ? Role::admin : Role::viewer, number});
  }
}

std::optional<AdminCaller> AdminTokens::caller(std::string_view authorization) const {
  constexpr std::string_view scheme = "Bearer ";
  if (!authorization.starts_with(scheme)) return std::nullopt;
  const auto digest = digest_of(authorization.substr(scheme.size()));
  std::optional<AdminCaller> found;
  for (const Token& token : tokens_) {
    if (CRYPTO_memcmp(token.digest.data(), digest.data(), digest.size()) == 0) {
      found = AdminCaller{token.role, "token of line " + std::to_string(token.line)};
    }
  }
  return found;
}

}  // namespace gate
