// One end of a P2P v2 bridge that speaks in frames of a switchboard; and frames taken apart again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "msnp/types.hpp"
#include "tests/support/bridge_end.hpp"

namespace gate::test {

/// to_server: alice@example.com speaks to bob@example.org; to_client: bob to alice, whom the gate serves.
class V2Speaker {
 public:
  V2Speaker(msnp::Direction direction, std::uint32_t base_id);

  struct Data {
    std::uint32_t session = 0;
    std::uint8_t type_flags = 0;  // without the bit of the first package
    std::size_t most = 1202;
    bool opens_bridge = false;  // with SYN, RAK and peer information
  };
  /// The frames of one message, a package each.
  [[nodiscard]] std::vector<std::string> says(std::string_view message, const Data& about);
  [[nodiscard]] std::vector<std::string> says(std::string_view message) { return says(message, Data{}); }
  /// A package without data.
  [[nodiscard]] std::string acknowledges(std::uint32_t value);

  /// The BaseID of what is said next.
  [[nodiscard]] std::uint32_t next() const noexcept { return end_.next(); }

 private:
  [[nodiscard]] std::string frame_around(std::string_view package);

  msnp::Direction direction_;
  BridgeEnd end_;
  int transactions_ = 20;
};

/// Lines, each with the payload of a MSG, UUN, UBN or SDG.
[[nodiscard]] std::vector<std::string> frames_in(std::string_view bytes);
/// The P2P package in a MSG; empty if there is none.
[[nodiscard]] std::string package_of(std::string_view frame);

}  // namespace gate::test
