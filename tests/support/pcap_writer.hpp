// Builds captures of TCP packets as files: what a test needs to say, and a header for everything else.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace test {

/// One TCP packet. Addresses are the last octet of 10.0.0.0/24 or fd00::/64.
struct Packet {
  std::uint8_t from = 1;
  std::uint16_t from_port = 40'000;
  std::uint8_t to = 2;
  std::uint16_t to_port = 1863;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgement = 0;
  std::string_view flags;  // of "SAFR"
  std::string_view payload = {};
};

enum class Link { ethernet, vlan, cooked, cooked2, raw, loopback };
enum class Ip { v4, v4_options, v6, v6_extensions };

/// The wire bytes of a packet.
[[nodiscard]] std::string wire(const Packet& packet, Link link = Link::ethernet, Ip ip = Ip::v4);

/// The number a pcap file has for the link type (LINKTYPE_*).
[[nodiscard]] std::uint32_t link_number(Link link) noexcept;

/// A pcap file that grows packet by packet, and is gone with this object.
class PcapFile {
 public:
  explicit PcapFile(Link link = Link::ethernet, Ip ip = Ip::v4);
  ~PcapFile();
  PcapFile(const PcapFile&) = delete;
  PcapFile& operator=(const PcapFile&) = delete;

  /// Packets are one millisecond apart unless `wait` comes between. `snap` cuts the packet as captured.
  PcapFile& add(const Packet& packet, std::size_t snap = 65'535);
  PcapFile& wait(std::chrono::milliseconds time);
  PcapFile& raw(std::string_view bytes);
  void truncate(std::size_t by);

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
  std::chrono::milliseconds time_{1'700'000'000'000};
  Link link_;
  Ip ip_;
};

/// A directory of its own, gone with this object.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

[[nodiscard]] std::string content_of(const std::filesystem::path& file);

}  // namespace test
