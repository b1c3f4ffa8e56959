#include "proxy/packet.hpp"

#include <algorithm>
#include <array>

#include <pcap/dlt.h>

namespace gate {
namespace {

using boost::asio::ip::address;
using boost::asio::ip::address_v4;
using boost::asio::ip::address_v6;
using msnp::Bytes;
using msnp::Cursor;

constexpr std::uint8_t protocol_tcp = 6;

/// What the IP header says about the TCP segment behind it.
struct IpPacket {
  address sender;
  address receiver;
  Bytes body;             // captured
  std::size_t body_size;  // as sent
};

constexpr bool is_vlan_tag(std::uint16_t ether_type) noexcept {
  return ether_type == 0x8100 || ether_type == 0x88A8 || ether_type == 0x9100;
}

/// Skips VLAN tags (any number: each costs four bytes of the packet) and returns what is behind an
/// IPv4 or IPv6 ether type.
std::optional<Bytes> behind_ether_type(std::uint16_t ether_type, Cursor cursor) {
  while (is_vlan_tag(ether_type)) {
    if (!cursor.take(2)) return std::nullopt;
    const auto inner = cursor.big<std::uint16_t>();
    if (!inner) return std::nullopt;
    ether_type = *inner;
  }
  if (ether_type != 0x0800 && ether_type != 0x86DD) return std::nullopt;
  return cursor.rest();
}

std::optional<Bytes> ip_of(int link_type, Bytes packet) {
  Cursor cursor(packet);
  switch (link_type) {
    case DLT_EN10MB:       // destination 6, source 6, type 2
    case DLT_LINUX_SLL: {  // packet type 2, device type 2, length 2, address 8, protocol 2
      if (!cursor.take(link_type == DLT_EN10MB ? 12 : 14)) return std::nullopt;
      const auto ether_type = cursor.big<std::uint16_t>();
      if (!ether_type) return std::nullopt;
      return behind_ether_type(*ether_type, cursor);
    }
    case DLT_LINUX_SLL2: {  // protocol 2, reserved 2, interface 4, device type 2, packet type 1, address 9
      const auto ether_type = cursor.big<std::uint16_t>();
      if (!ether_type || !cursor.take(18)) return std::nullopt;
      return behind_ether_type(*ether_type, cursor);
    }
    case DLT_NULL:  // an address family in the byte order and numbers of whoever captured: not looked at
    case DLT_LOOP:
      if (!cursor.take(4)) return std::nullopt;
      return cursor.rest();
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
      return packet;
    default:
      return std::nullopt;
  }
}

/// `size` is the length the header gives; 0 is what a capture shows of a packet the card cuts later.
IpPacket cut(const address& sender, const address& receiver, Bytes rest, std::size_t size) {
  if (size == 0) size = rest.size();
  return {sender, receiver, rest.first(std::min(size, rest.size())), size};
}

std::optional<IpPacket> parse_ipv4(Bytes packet) {
  Cursor cursor(packet);
  const auto first = cursor.big<std::uint8_t>();
  const auto service = cursor.big<std::uint8_t>();
  const auto total = cursor.big<std::uint16_t>();
  const auto identification = cursor.big<std::uint16_t>();
  const auto fragment = cursor.big<std::uint16_t>();
  const auto time_to_live = cursor.big<std::uint8_t>();
  const auto protocol = cursor.big<std::uint8_t>();
  const auto checksum = cursor.big<std::uint16_t>();
  const auto sender = cursor.big<std::uint32_t>();
  const auto receiver = cursor.big<std::uint32_t>();
  if (!first || !service || !total || !identification || !fragment || !time_to_live || !protocol ||
      !checksum || !sender || !receiver) {
    return std::nullopt;
  }
  const std::size_t header = std::size_t{*first & 0x0FU} * 4;
  const bool is_fragment = (*fragment & 0x3FFFU) != 0;
  if (header < 20 || is_fragment || *protocol != protocol_tcp) return std::nullopt;
  if (!cursor.take(header - 20)) return std::nullopt;
  if (*total != 0 && *total < header) return std::nullopt;
  const std::size_t size = *total == 0 ? 0 : *total - header;
  if (*total != 0 && size == 0) return std::nullopt;
  return cut(address_v4(*sender), address_v4(*receiver), cursor.rest(), size);
}

address_v6 to_address_v6(Bytes raw) {
  address_v6::bytes_type bytes{};
  std::transform(raw.begin(), raw.end(), bytes.begin(),
                 [](std::byte b) { return std::to_integer<std::uint8_t>(b); });
  return address_v6(bytes);
}

std::optional<IpPacket> parse_ipv6(Bytes packet) {
  Cursor cursor(packet);
  const auto version = cursor.big<std::uint32_t>();
  const auto length = cursor.big<std::uint16_t>();
  auto next = cursor.big<std::uint8_t>();
  const auto hop_limit = cursor.big<std::uint8_t>();
  const auto sender = cursor.take(16);
  const auto receiver = cursor.take(16);
  if (!version || !length || !next || !hop_limit || !sender || !receiver) return std::nullopt;

  std::size_t skipped = 0;
  while (*next != protocol_tcp) {
    const std::uint8_t extension = *next;
    next = cursor.big<std::uint8_t>();
    const auto extent = cursor.big<std::uint8_t>();
    if (!next || !extent) return std::nullopt;
    std::size_t size = 0;
    switch (extension) {
      case 0:    // hop-by-hop
      case 43:   // routing
      case 60:   // destination
      case 135:  // mobility
        size = (std::size_t{*extent} + 1) * 8;
        break;
      case 51:  // authentication
        size = (std::size_t{*extent} + 2) * 4;
        break;
      case 44: {  // fragment; one with offset 0 and nothing to follow is a whole packet
        const auto offset_and_more = cursor.big<std::uint16_t>();
        if (!offset_and_more || (*offset_and_more & 0xFFF9U) != 0 || !cursor.take(4)) return std::nullopt;
        skipped += 8;
        continue;
      }
      default:
        return std::nullopt;
    }
    if (!cursor.take(size - 2)) return std::nullopt;
    skipped += size;
  }
  if (*length != 0 && *length <= skipped) return std::nullopt;
  const std::size_t size = *length == 0 ? 0 : *length - skipped;
  return cut(to_address_v6(*sender), to_address_v6(*receiver), cursor.rest(), size);
}

std::optional<IpPacket> parse_ip(Bytes packet) {
  if (packet.empty()) return std::nullopt;
  switch (std::to_integer<unsigned>(packet.front()) >> 4U) {
    case 4:
      return parse_ipv4(packet);
    case 6:
      return parse_ipv6(packet);
    default:
      return std::nullopt;
  }
}

}  // namespace

bool link_type_supported(int link_type) noexcept {
  constexpr std::array supported{DLT_EN10MB, DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_RAW,
                                 DLT_IPV4,   DLT_IPV6,      DLT_NULL,       DLT_LOOP};
  return std::find(supported.begin(), supported.end(), link_type) != supported.end();
}

std::optional<Segment> parse_packet(int link_type, Bytes packet) {
  const auto from_ip = ip_of(link_type, packet);
  if (!from_ip) return std::nullopt;
  const auto ip = parse_ip(*from_ip);
  if (!ip) return std::nullopt;

  Cursor cursor(ip->body);
  const auto sender = cursor.big<std::uint16_t>();
  const auto receiver = cursor.big<std::uint16_t>();
  const auto sequence = cursor.big<std::uint32_t>();
  const auto acknowledgement = cursor.big<std::uint32_t>();
  const auto offset = cursor.big<std::uint8_t>();
  const auto flags = cursor.big<std::uint8_t>();
  if (!sender || !receiver || !sequence || !acknowledgement || !offset || !flags) return std::nullopt;
  const std::size_t header = std::size_t{*offset} / 16 * 4;
  if (header < 20 || header > ip->body_size) return std::nullopt;

  Segment segment;
  segment.sender = {ip->sender, *sender};
  segment.receiver = {ip->receiver, *receiver};
  segment.sequence = *sequence;
  segment.acknowledgement = *acknowledgement;
  segment.fin = (*flags & 0x01U) != 0;
  segment.syn = (*flags & 0x02U) != 0;
  segment.rst = (*flags & 0x04U) != 0;
  segment.ack = (*flags & 0x10U) != 0;
  segment.payload = ip->body.subspan(std::min(header, ip->body.size()));
  segment.payload_size = ip->body_size - header;
  return segment;
}

}  // namespace gate
