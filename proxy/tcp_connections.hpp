// The TCP connections of one capture, numbered from 0 in order of their first packet. A connection is
// its two endpoints and its SYN: the same endpoints with another SYN are another connection.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include "msnp/types.hpp"
#include "proxy/packet.hpp"
#include "proxy/tcp_stream.hpp"

namespace gate {

struct TcpConnection {
  TcpEndpoint client;  // who sent the SYN; unknown which of the two when it began before the capture
  TcpEndpoint server;
  std::array<TcpFlow, 2> flows;  // by msnp::Direction
  std::uint32_t client_first = 0;
  bool began_before = false;  // no SYN seen: who called whom and where a frame begins is not known
  bool over = false;          // both FINs readable, or a RST
  bool reset = false;

  [[nodiscard]] TcpFlow& flow(msnp::Direction direction) noexcept {
    return flows[static_cast<std::size_t>(direction)];
  }
  [[nodiscard]] const TcpFlow& flow(msnp::Direction direction) const noexcept {
    return flows[static_cast<std::size_t>(direction)];
  }
  [[nodiscard]] bool complete() const noexcept { return flows[0].complete() && flows[1].complete(); }
};

class TcpConnections {
 public:
  explicit TcpConnections(const TcpLimits& limits = {}) : limits_(limits), waiting_left_(limits.waiting) {}

  /// What a segment did to its connection. Pieces are valid until the next segment.
  struct Progress {
    std::size_t connection = 0;
    msnp::Direction direction = msnp::Direction::to_server;
    std::span<const msnp::Bytes> pieces;
    bool ended = false;  // with this segment
  };

  /// Nothing for a segment that belongs to no connection that is followed.
  [[nodiscard]] std::optional<Progress> add(const Segment& segment);

  [[nodiscard]] const std::deque<TcpConnection>& all() const noexcept { return connections_; }
  /// SYNs beyond `TcpLimits::connections`.
  [[nodiscard]] std::size_t not_followed() const noexcept { return not_followed_; }

 private:
  using Key = std::pair<TcpEndpoint, TcpEndpoint>;
  [[nodiscard]] TcpConnection* find(const Segment& segment);
  [[nodiscard]] TcpConnection* begin(const TcpEndpoint& client, const TcpEndpoint& server);

  TcpLimits limits_;
  std::size_t waiting_left_;
  std::deque<TcpConnection> connections_;
  std::map<Key, std::size_t> newest_;  // of the two endpoints, the smaller first
  Readable readable_;
  std::size_t not_followed_ = 0;
};

}  // namespace gate
