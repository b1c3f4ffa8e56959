#include "tests/fuzz/filter_script.hpp"

#include <algorithm>

#include "msnp/p2p.hpp"
#include "tests/fuzz/laws.hpp"
#include "tests/support/filter_rig.hpp"

namespace fuzz {
namespace {

constexpr std::size_t most_chunks = 200;
constexpr std::size_t longest_chunk = 0xFFFF;

std::string big(std::uint64_t value, std::size_t size) {
  std::string bytes;
  for (std::size_t i = size; i-- > 0;) bytes.push_back(static_cast<char>(value >> (8 * i) & 0xFFU));
  return bytes;
}

std::string_view sender_of(const Chunk& chunk) {
  return (chunk.variant & 4U) != 0 ? "carol@example.org" : "bob@example.org";
}

std::string frame_of(const Chunk& chunk, std::size_t number, std::string_view payload) {
  const std::string trid = std::to_string(100 + number);
  if (chunk.direction == msnp::Direction::to_server) {
    return gate::test::message_to_server(trid, "ADNU"[chunk.variant & 3U], payload);
  }
  return gate::test::message_to_client(sender_of(chunk), "Bob", payload);
}

std::string package_v1(std::string_view bytes) {
  Script fields(bytes);
  msnp::PackageV1 package;
  package.session = fields.byte();
  package.identifier = fields.byte() * 0x01010101U;
  package.offset = fields.two_bytes();
  package.total = fields.two_bytes();
  package.length = fields.two_bytes();
  const std::uint32_t flags = fields.byte();
  package.flags = (flags & 0x7FU) | ((flags & 0x80U) != 0 ? msnp::p2p_flag::wlm2009 : 0);
  package.ack_session = package.identifier ^ 0xA5A5A5A5U;
  package.data = msnp::as_bytes(fields.rest());
  return msnp::write_p2p_v1(package);
}

std::string package_v2(std::string_view bytes) {
  Script fields(bytes);
  const std::uint8_t type_flags = fields.byte();
  const std::uint8_t number = fields.byte();
  const std::uint16_t remaining = fields.two_bytes();
  const std::uint8_t session = fields.byte();
  std::string header = big(type_flags, 1) + big(number, 2) + big(session, 4);
  if (remaining != 0) header += "\x01\x08" + big(remaining, 8) + std::string(2, '\0');
  header.insert(0, big(header.size() + 1, 1));
  const std::string message = header + std::string(fields.rest());
  return big(8, 1) + big(0, 1) + big(std::min<std::size_t>(message.size(), 0xFFFF), 2) +
         big(1000U + number, 4) + message + std::string(4, '\0');
}

std::string package_block(bool endpoints) {
  const std::string_view end = endpoints ? ";{6b7f2a1e-0c3d-4e5f-8a9b-0c1d2e3f4a5b}" : "";
  return "MIME-Version: 1.0\r\nContent-Type: application/x-msnmsgrp2p\r\nP2P-Dest: bob@example.org" +
         std::string(end) + "\r\n\r\n";
}

constexpr std::string_view user_end = "alice@example.com;{a1a1a1a1-0001-4001-8001-0123456789ab}";

std::string peer_end(const Chunk& chunk) {
  return std::string(sender_of(chunk)) + ";{b2b2b2b2-0002-4002-8002-ba9876543210}";
}

std::string bridge_block(const Chunk& chunk) {
  const bool to_server = chunk.direction == msnp::Direction::to_server;
  std::string block = "MIME-Version: 1.0\r\nContent-Type: application/x-msnmsgrp2p\r\nP2P-Dest: ";
  block.append(to_server ? peer_end(chunk) : user_end).append("\r\nP2P-Src: ");
  return block.append(to_server ? user_end : peer_end(chunk)).append("\r\n\r\n");
}

std::string datagram_block(const Chunk& chunk) {
  if (!Bridges::holds(chunk)) {
    return "Routing: 1.0\r\nTo: 1:bob@example.org\r\nFrom: 1:bob@example.org\r\n\r\nReliability: 1.0\r\n\r\n";
  }
  const auto datagram_end = [](std::string end) { return "1:" + end.replace(end.find(';') + 1, 0, "epid="); };
  const std::string user = datagram_end(std::string(user_end));
  const std::string peer = datagram_end(peer_end(chunk));
  const bool to_server = chunk.direction == msnp::Direction::to_server;
  return "Routing: 1.0\r\nTo: " + (to_server ? peer : user) + "\r\nFrom: " + (to_server ? user : peer) +
         "\r\n\r\nReliability: 1.0\r\n\r\n";
}

std::string notification_line(const Chunk& chunk, std::string_view word, std::string_view behind) {
  std::string line(word);
  return line.append(" ").append(behind).append(" ").append(std::to_string(chunk.bytes.size())) + "\r\n" +
         chunk.bytes;
}

}  // namespace

std::string Bridges::package(const Chunk& chunk) {
  Script fields(chunk.bytes);
  const std::uint8_t what = fields.byte();
  const std::uint8_t type_flags = fields.byte();
  const std::uint8_t number = fields.byte();
  const std::uint16_t remaining = fields.two_bytes();
  const std::uint8_t session = fields.byte();
  Ends& ends = ends_[(chunk.variant >> 2U) & 1U];
  const auto way = static_cast<std::size_t>(chunk.direction);

  std::string tlvs;
  if ((what & 0x80U) != 0) tlvs += std::string("\x07\x03xyz", 5);
  if ((what & 4U) != 0) tlvs += std::string("\x01\x0C\0\2\0\0\0\x0E\0\0\x0F\1\0\0", 14);
  if ((what & 24U) != 0) {
    const auto distance = static_cast<std::int8_t>(fields.byte());
    const std::uint32_t value = ends.next[1 - way] + static_cast<std::uint32_t>(distance * 4);
    tlvs += ((what & 8U) != 0 ? "\x02\x04" : "\x03\x04") + big(value, 4);
  }
  while (tlvs.size() % 4 != 0) tlvs += '\0';

  std::string message;
  if (!fields.at_end() || (type_flags | remaining | session) != 0) {
    message = big(remaining != 0 ? 20 : 8, 1) + big(type_flags, 1) + big(number, 2) + big(session, 4);
    if (remaining != 0) message += "\x01\x08" + big(remaining, 8) + std::string(2, '\0');
    message += fields.rest();
  }
  const auto length = static_cast<std::uint16_t>(std::min<std::size_t>(message.size(), 0xFFFF));
  if ((what & 64U) != 0) ends.next[way] += 16;
  const std::uint32_t base_id = (what & 32U) != 0 ? ends.last[way] : ends.next[way];
  if ((what & 32U) == 0 && length != 0) {
    ends.last[way] = base_id;
    ends.next[way] = base_id + length;
  }
  return big(8 + tlvs.size(), 1) + big(what & 3U, 1) + big(length, 2) + big(base_id, 4) + tlvs + message +
         std::string(4, '\0');
}

FilterScript read_script(const std::uint8_t* data, std::size_t size) {
  Script input(data, size);
  FilterScript script;
  script.setting = input.byte();
  while (!input.at_end() && script.chunks.size() < most_chunks) {
    Chunk& chunk = script.chunks.emplace_back();
    const std::uint8_t head = input.byte();
    chunk.direction = (head & 1U) != 0 ? msnp::Direction::to_client : msnp::Direction::to_server;
    chunk.shape = static_cast<Shape>(head >> 1U & 7U);
    chunk.variant = head >> 4U;
    chunk.bytes = input.take(input.two_bytes());
  }
  return script;
}

std::string write_script(const FilterScript& script) {
  std::string bytes = big(script.setting, 1);
  for (const Chunk& chunk : script.chunks) {
    const unsigned direction = chunk.direction == msnp::Direction::to_client ? 1 : 0;
    bytes += big(direction | static_cast<unsigned>(chunk.shape) << 1U | chunk.variant * 16U, 1);
    const std::size_t length = std::min(chunk.bytes.size(), longest_chunk);
    bytes += big(length, 2) + chunk.bytes.substr(0, length);
  }
  return bytes;
}

std::string wire_of(const Chunk& chunk, std::size_t number, bool on_switchboard, Bridges& bridges) {
  const bool to_server = chunk.direction == msnp::Direction::to_server;
  const std::string trid = std::to_string(100 + number);
  switch (chunk.shape) {
    case Shape::raw:
      return chunk.bytes;
    case Shape::time:
      return {};
    case Shape::message:
      return frame_of(chunk, number, chunk.bytes);
    case Shape::package_v1:
      if (on_switchboard) {
        return frame_of(chunk, number, package_block((chunk.variant & 8U) != 0) + package_v1(chunk.bytes));
      }
      break;
    case Shape::package_v2:
      if (on_switchboard && Bridges::holds(chunk)) {
        return frame_of(chunk, number, bridge_block(chunk) + bridges.package(chunk));
      }
      if (on_switchboard) return frame_of(chunk, number, package_block(true) + package_v2(chunk.bytes));
      break;
    default:
      if (on_switchboard) return frame_of(chunk, number, chunk.bytes);
  }
  if (chunk.shape == Shape::notification) {
    const std::string type = std::to_string(chunk.variant);
    const std::string address(sender_of(chunk));
    return to_server ? notification_line(chunk, "UUN", trid + " " + address + " " + type)
                     : notification_line(chunk, "UBN", address + " " + type);
  }
  if (chunk.shape == Shape::page) {
    return to_server ? notification_line(chunk, "UUM", trid + " bob@example.org 1 1")
                     : notification_line(chunk, "UBM", "bob@example.org 1 alice@example.com 1 1");
  }
  Chunk datagram = chunk;
  datagram.bytes = datagram_block(chunk) + "Messaging: 2.0\r\nMessage-Type: ";
  if (chunk.shape == Shape::package_v2) {
    datagram.bytes += "Data\r\nBridging-Offsets: 0\r\n\r\n";
    datagram.bytes += Bridges::holds(chunk) ? bridges.package(chunk) : package_v2(chunk.bytes);
  } else {
    datagram.bytes += "Signal/P2P\r\n\r\n" + chunk.bytes;
  }
  return notification_line(datagram, "SDG", to_server ? trid : "0");
}

}  // namespace fuzz
