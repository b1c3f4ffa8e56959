// How single values are written in the configuration: sizes, durations, addresses, hours. Pure
// functions from text to value; nothing when the text is none.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/ip/tcp.hpp>

#include "proxy/rule.hpp"

namespace gate {

/// "1000", "30KiB", "10MiB", "2GiB": a whole number of bytes.
[[nodiscard]] std::optional<std::uint64_t> size_from(std::string_view text);
/// "500ms", "10s", "5m", "2h", "7d".
[[nodiscard]] std::optional<std::chrono::milliseconds> duration_from(std::string_view text);
/// "192.0.2.10:1863", "[2001:db8::1]:1863"; the port is not 0.
[[nodiscard]] std::optional<boost::asio::ip::tcp::endpoint> endpoint_from(std::string_view text);
/// "10.20.0.0/16", "2001:db8::/32", "10.1.2.3". Bits beyond the prefix are kept: see `network_start`.
[[nodiscard]] std::optional<Rule::Network> network_from(std::string_view text);
/// The same network without bits beyond its prefix.
[[nodiscard]] Rule::Network network_start(const Rule::Network& network);
/// True for an address of the network; `network` has no bits beyond its prefix.
[[nodiscard]] bool network_holds(const Rule::Network& network, const boost::asio::ip::address& address);
/// "Mon-Fri 08:00-18:00", "Sat,Sun", "22:00-06:00".
[[nodiscard]] std::optional<Rule::Window> window_from(std::string_view text);
/// "name@domain", "*@domain" or "*", folded.
[[nodiscard]] std::optional<std::string> account_pattern_from(std::string_view text);
/// What can be the name of a file, or a pattern for some.
[[nodiscard]] std::optional<std::string> file_name_from(std::string_view text);

/// The same values as an operator writes them.
[[nodiscard]] std::string size_text(std::uint64_t bytes);
[[nodiscard]] std::string duration_text(std::chrono::milliseconds duration);
[[nodiscard]] std::string endpoint_text(const boost::asio::ip::tcp::endpoint& endpoint);
[[nodiscard]] std::string network_text(const Rule::Network& network);
[[nodiscard]] std::string window_text(const Rule::Window& window);

}  // namespace gate
