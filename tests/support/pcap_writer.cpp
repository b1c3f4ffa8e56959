#include "tests/support/pcap_writer.hpp"

#include <unistd.h>

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace test {
namespace {

std::string big(std::uint64_t value, std::size_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t i = bytes; i > 0 && value != 0; --i, value >>= 8U)
    text[i - 1] = static_cast<char>(value & 0xFFU);
  return text;
}

std::string little(std::uint32_t value) {
  const std::string text = big(value, 4);
  return {text.rbegin(), text.rend()};
}

std::string tcp(const Packet& packet) {
  unsigned flags = 0;
  for (const char flag : packet.flags) {
    flags |= flag == 'F' ? 0x01U : flag == 'S' ? 0x02U : flag == 'R' ? 0x04U : 0x10U;
  }
  const std::string options = "\x01\x01\x01\x01";  // NOPs: the data offset must be believed
  return big(packet.from_port, 2) + big(packet.to_port, 2) + big(packet.sequence, 4) +
         big(packet.acknowledgement, 4) + big(0x60, 1) + big(flags, 1) + big(0xFFFF, 2) + big(0, 4) +
         options + std::string(packet.payload);
}

std::string ipv4(const Packet& packet, bool with_options) {
  const std::string options = with_options ? std::string("\x94\x04\x00\x00", 4) : "";
  const std::string body = tcp(packet);
  const std::size_t header = 20 + options.size();
  return big(0x40 + header / 4, 1) + big(0, 1) + big(header + body.size(), 2) + big(0, 2) + big(0x4000, 2) +
         big(64, 1) + big(6, 1) + big(0, 2) + big(0x0A000000U + packet.from, 4) +
         big(0x0A000000U + packet.to, 4) + options + body;
}

std::string ipv6(const Packet& packet, bool with_extensions) {
  // hop-by-hop (next: destination), destination (next: fragment), a whole "fragment" (next: TCP)
  const std::string extensions = with_extensions
                                     ? big(60, 1) + big(0, 1) + big(0, 6) + big(44, 1) + big(1, 1) +
                                           big(0, 14) + big(6, 1) + big(0, 3) + big(7, 4)
                                     : "";
  const std::string body = extensions + tcp(packet);
  const std::string prefix = big(0xFD00, 2) + big(0, 13);
  return big(0x60000000U, 4) + big(body.size(), 2) + big(with_extensions ? 0 : 6, 1) + big(64, 1) + prefix +
         big(packet.from, 1) + prefix + big(packet.to, 1) + body;
}

std::filesystem::path fresh_name(std::string_view ending) {
  static int number = 0;
  return std::filesystem::temp_directory_path() / ("msnpgate-test-" + std::to_string(::getpid()) + '-' +
                                                   std::to_string(++number) + std::string(ending));
}

}  // namespace

std::string wire(const Packet& packet, Link link, Ip ip) {
  const bool v4 = ip == Ip::v4 || ip == Ip::v4_options;
  const std::string body = v4 ? ipv4(packet, ip == Ip::v4_options) : ipv6(packet, ip == Ip::v6_extensions);
  const std::string type = big(v4 ? 0x0800 : 0x86DD, 2);
  switch (link) {
    case Link::ethernet:  // with the padding of a short frame
      return big(0, 12) + type + body + std::string(body.size() < 46 ? 46 - body.size() : 0, '\xEE');
    case Link::vlan:
      return big(0, 12) + big(0x88A8, 2) + big(5, 2) + big(0x8100, 2) + big(7, 2) + type + body;
    case Link::cooked:
      return big(0, 14) + type + body;
    case Link::cooked2:
      return type + big(0, 18) + body;
    case Link::raw:
      return body;
    case Link::loopback:
      return little(2) + body;
  }
  throw std::logic_error("no such link");
}

std::uint32_t link_number(Link link) noexcept {
  switch (link) {
    case Link::ethernet:
    case Link::vlan:
      return 1;
    case Link::cooked:
      return 113;
    case Link::cooked2:
      return 276;
    case Link::raw:
      return 101;
    case Link::loopback:
      return 0;
  }
  return 0xFFFF;
}

PcapFile::PcapFile(Link link, Ip ip) : path_(fresh_name(".pcap")), link_(link), ip_(ip) {
  raw(little(0xA1B2C3D4U) + little(0x00040002U) + little(0) + little(0) + little(262'144) +
      little(link_number(link)));
}

PcapFile::~PcapFile() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

PcapFile& PcapFile::add(const Packet& packet, std::size_t snap) {
  time_ += std::chrono::milliseconds(1);
  const std::string bytes = wire(packet, link_, ip_);
  const std::string kept = bytes.substr(0, snap);
  const auto seconds = static_cast<std::uint32_t>(time_.count() / 1000);
  const auto micros = static_cast<std::uint32_t>(time_.count() % 1000 * 1000);
  return raw(little(seconds) + little(micros) + little(static_cast<std::uint32_t>(kept.size())) +
             little(static_cast<std::uint32_t>(bytes.size())) + kept);
}

PcapFile& PcapFile::wait(std::chrono::milliseconds time) {
  time_ += time;
  return *this;
}

PcapFile& PcapFile::raw(std::string_view bytes) {
  std::ofstream file(path_, std::ios::binary | std::ios::app);
  file << bytes;
  if (!file.flush()) throw std::runtime_error("cannot write " + path_.string());
  return *this;
}

void PcapFile::truncate(std::size_t by) {
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) - by);
}

ScratchDirectory::ScratchDirectory() : path_(fresh_name("")) {
  std::filesystem::create_directory(path_);
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string content_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw std::runtime_error("cannot read " + file.string());
  return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace test
