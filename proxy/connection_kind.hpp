// What a captured connection carries, told from the client's first bytes: which ones `replay` takes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "msnp/bytes.hpp"

namespace gate {

enum class ConnectionKind : std::uint8_t {
  notification,  // MSNP
  switchboard,   // MSNP
  http_gateway,  // MSNP in HTTP bodies: a first request for /gateway/gateway.dll
  http,          // any other HTTP
  msnftp,
  p2p_direct,
  tls,
  empty,         // no byte either way
  began_before,  // the capture starts in its middle
  other,
};
inline constexpr std::size_t connection_kind_count = 10;

/// "notification", "switchboard", "http-gateway", "http", "msnftp", "p2p-direct", "tls", "empty",
/// "began-before-capture", "other".
[[nodiscard]] std::string_view name_of(ConnectionKind kind) noexcept;

/// MSNP and the HTTP gateway are taken, on whatever port.
[[nodiscard]] constexpr bool is_taken(ConnectionKind kind) noexcept {
  return kind == ConnectionKind::notification || kind == ConnectionKind::switchboard ||
         kind == ConnectionKind::http_gateway;
}

/// Collects what the client says first until it is clear what it speaks; then holds nothing.
class FirstBytes {
 public:
  void see_client(msnp::Bytes bytes);
  void see_server() noexcept { server_spoke_ = true; }
  /// The answer, also when the connection ended before it was clear.
  [[nodiscard]] ConnectionKind kind() const;

 private:
  std::optional<ConnectionKind> decided_;
  std::string first_;
  bool server_spoke_ = false;
};

}  // namespace gate
