// A chat of alice, whom the gate serves, and bob in which things are transferred: over P2P v1 and over one
// bridge of version 2.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "msnp/p2p.hpp"
#include "proxy/audit.hpp"
#include "tests/support/filter_rig.hpp"
#include "tests/support/invitations.hpp"
#include "tests/support/v2_speaker.hpp"

namespace gate::test {

/// Version 1, from alice and to her.
[[nodiscard]] std::string up(const Package& package, const std::string& transaction = "7");
[[nodiscard]] std::string down(const Package& package);

/// A call with a SessionID of four digits; alice invites, unless it is turned.
[[nodiscard]] Call call_of(const std::string& number);
[[nodiscard]] Call from_bob(Call call);
[[nodiscard]] std::string bye(const Call& call);

inline constexpr std::uint32_t object_flags = 0x20;
inline constexpr std::uint32_t file_flags = 0x01000030;
inline constexpr std::uint8_t object_type = 4;  // TF of version 2
inline constexpr std::uint8_t file_type = 6;
/// Session data of version 1, in packages of at most `most` bytes. Every call has an Identifier of its own.
[[nodiscard]] std::vector<Package> data(std::uint32_t session, const std::string& bytes,
                                        std::size_t most = 1202, std::uint32_t flags = object_flags);

/// The request for an object that is `bytes`; for one of which only the size is told.
[[nodiscard]] std::string object_request(const Call& call, const std::string& bytes, int type = 3);
[[nodiscard]] std::string object_request(const Call& call, std::uint64_t size, int type);

[[nodiscard]] Rule rule_for(Action action, std::vector<msnp::Kind> kinds);

/// A package of version 1 that was said.
struct Said {
  std::string text;
  msnp::PackageV1 header;  // without its data
};
[[nodiscard]] std::vector<Said> said_in(std::string_view bytes);

/// A frame with a package of version 2 as it leaves with its numbers `shift` higher; without its data too.
[[nodiscard]] std::string shifted(std::string frame, std::uint32_t shift);
[[nodiscard]] std::string emptied(const std::string& frame, std::uint32_t shift);

struct TransferChat : testing::Test {
  TransferChat();
  /// What reaches the other end.
  std::string through(const std::string& bytes, msnp::Direction direction = msnp::Direction::to_server);
  std::string through(const std::vector<std::string>& frames, msnp::Direction direction);
  void expect_passes(const std::string& frame, msnp::Direction direction);
  void expect_passes(const std::vector<std::string>& frames, msnp::Direction direction);
  void expect_passes_up(const std::vector<Package>& packages);
  void expect_passes_down(const std::vector<Package>& packages);
  /// Both ends speak on the bridge, and each knows the other's numbers.
  void open_bridge();
  /// What was recorded since the last call.
  std::vector<AuditEvent> events() { return std::exchange(rig.audit.events, {}); }

  FilterRig rig;
  V2Speaker alice{msnp::Direction::to_server, 5'000};
  V2Speaker bob{msnp::Direction::to_client, 9'000};
};

}  // namespace gate::test
