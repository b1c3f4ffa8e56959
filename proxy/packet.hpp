// One captured packet to one TCP segment: link layer, IP, TCP headers. Packets that are not TCP, are
// IP fragments, or whose headers do not hold together give nothing; the hole shows up in the stream.
// Checksums are not looked at: network cards fill them in after the capture.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <boost/asio/ip/tcp.hpp>

#include "msnp/bytes.hpp"

namespace gate {

using TcpEndpoint = boost::asio::ip::tcp::endpoint;

/// `payload` points into the packet it was read from.
struct Segment {
  std::chrono::system_clock::time_point time;
  TcpEndpoint sender;
  TcpEndpoint receiver;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgement = 0;
  bool syn = false;
  bool ack = false;
  bool fin = false;
  bool rst = false;
  /// The bytes the capture holds.
  msnp::Bytes payload;
  /// The bytes that were sent: more than `payload` holds when the capture cut the packet.
  std::size_t payload_size = 0;
};

/// The link types this program reads (numbers of libpcap's DLT_ list): Ethernet, Linux cooked v1 and
/// v2, raw IP, BSD loopback.
[[nodiscard]] bool link_type_supported(int link_type) noexcept;

/// Reads one packet as captured. `Segment::time` is left alone.
[[nodiscard]] std::optional<Segment> parse_packet(int link_type, msnp::Bytes packet);

}  // namespace gate
