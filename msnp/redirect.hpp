// Where a server sends a client: the address in an XFR or RNG line (framing.md 5).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "msnp/frame.hpp"

namespace msnp {

/// The line names no address: another command, or `XFR trid NS 0`, which means the same server again.
struct NoRedirect {};

struct Redirect {
  bool to_notification = false;  // XFR NS: clients may come back to it days later
  /// A name, an IPv4 address, or an IPv6 address without its brackets. A view into the line.
  std::string_view host;
  /// 0 when none is written: some clients then take 1863, some the port they are on.
  std::uint16_t port = 0;
  std::size_t port_at = 0;  // where the digits stand in the line's text
  std::size_t port_size = 0;
};

/// An address that clients read in different ways, or not at all.
struct UnclearRedirect {
  std::string_view address;  // a view into the line
};

/// Reads a line of a server.
[[nodiscard]] std::variant<NoRedirect, Redirect, UnclearRedirect> read_redirect(
    const CommandLine& line) noexcept;

/// The text of the line with another port; every other byte stays. `redirect` has a port.
[[nodiscard]] std::string with_port(std::string_view text, const Redirect& redirect, std::uint16_t port);

}  // namespace msnp
