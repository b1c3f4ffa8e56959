// The P2P packages of real clients: every MSG with one in the captures of tests/data/captures, and in those
// of
// ../shared/captures where that stands beside the checkout.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "msnp/types.hpp"

namespace gate::test {

struct CapturedPackage {
  std::string capture;         // "purple/msnp12-picture.pcap"
  std::size_t connection = 0;  // of the capture, from 0
  msnp::Direction direction = msnp::Direction::to_server;
  bool v2 = false;   // by its P2P-Dest
  std::string body;  // header, data, footer
};

/// In order; those of the two directions of a connection are not interleaved. Read once.
[[nodiscard]] const std::vector<CapturedPackage>& captured_packages();

/// The payload of a MSG, without headers; whether it is for a v2 reader. Empty if it holds no package.
[[nodiscard]] CapturedPackage package_in(std::string_view payload);

}  // namespace gate::test
