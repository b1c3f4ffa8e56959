#include "tests/support/v2_speaker.hpp"

#include <algorithm>

#include "tests/support/captured_packages.hpp"
#include "tests/support/filter_rig.hpp"
#include "tests/support/invitations.hpp"

namespace gate::test {
namespace {

using msnp::Direction;

constexpr const char* alice = "alice@example.com;{a1a1a1a1-0001-4001-8001-0123456789ab}";
constexpr const char* bob = "bob@example.org;{b2b2b2b2-0002-4002-8002-ba9876543210}";

}  // namespace

V2Speaker::V2Speaker(Direction direction, std::uint32_t base_id)
    : direction_(direction),
      end_(direction == Direction::to_server ? alice : bob, direction == Direction::to_server ? bob : alice,
           base_id) {}

std::vector<std::string> V2Speaker::says(std::string_view message, const Data& about) {
  Words words;
  words.data = message;
  words.session = about.session;
  words.kind = about.type_flags;
  words.opens = about.opens_bridge;
  words.most = about.most;
  std::vector<std::string> frames;
  for (const std::string& package : end_.packages(words)) frames.push_back(frame_around(package));
  return frames;
}

std::string V2Speaker::acknowledges(std::uint32_t value) {
  const BridgeEnd now(end_.self(), end_.other(), end_.next());  // all its packages are said at once
  return frame_around(now.control(0, gate::test::acknowledges(value)));
}

std::string V2Speaker::frame_around(std::string_view package) {
  const std::string type =
      "application/x-msnmsgrp2p\r\nP2P-Dest: " + end_.other() + "\r\nP2P-Src: " + end_.self();
  const std::string payload = mime_block(type, package);
  return direction_ == Direction::to_server ? message_to_server(std::to_string(++transactions_), 'D', payload)
                                            : message_to_client("bob@example.org", "Bob", payload);
}

std::vector<std::string> frames_in(std::string_view bytes) {
  std::vector<std::string> frames;
  while (!bytes.empty()) {
    const std::string_view line = bytes.substr(0, bytes.find("\r\n"));
    const std::string_view command = line.substr(0, 4);
    const bool has_payload = command == "MSG " || command == "UBN " || command == "SDG " ||
                             (command == "UUN " && !line.ends_with(" OK"));
    std::size_t size = line.size() + 2;
    if (has_payload) size += std::stoul(std::string(line.substr(line.rfind(' ') + 1)));
    frames.emplace_back(bytes.substr(0, size));
    bytes.remove_prefix(std::min(size, bytes.size()));
  }
  return frames;
}

std::string package_of(std::string_view frame) {
  const std::size_t line = frame.find("\r\n");
  return line == std::string_view::npos ? std::string() : package_in(frame.substr(line + 2)).body;
}

}  // namespace gate::test
