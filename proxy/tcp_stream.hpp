// Segments to byte streams, one flow per direction, in the order in which the bytes became readable.
// The one rule: it never guesses. A byte that the capture does not hold ends its flow there, and the
// flow says that it is not complete.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "msnp/bytes.hpp"
#include "proxy/packet.hpp"

namespace gate {

/// Bounds against hostile captures.
struct TcpLimits {
  /// Connections followed in one capture, about 500 bytes each; the rest is counted.
  std::size_t connections = 128 * 1024;
  /// Bytes (with the cost of keeping them) that wait behind a hole of one flow. Larger than any
  /// receive window that MSNP servers and clients use.
  std::size_t flow_waiting = 4 * 1024 * 1024;
  /// The same for all flows of a capture.
  std::size_t waiting = 64 * 1024 * 1024;
  /// A segment farther ahead than this belongs to no window: it is not kept.
  std::size_t reach = 16 * 1024 * 1024;
};

/// What one segment made readable: pieces in order, valid until the next segment is added. Pieces
/// that waited live in `kept`.
struct Readable {
  std::vector<msnp::Bytes> pieces;
  std::vector<std::vector<std::byte>> kept;

  void clear() noexcept {
    pieces.clear();
    kept.clear();
  }
};

/// One direction of a connection. Bytes that arrive twice count once; where two segments disagree
/// about the same byte, the first wins, as in the Linux kernel.
class TcpFlow {
 public:
  /// `first` is the sequence number of the first byte: the SYN's, plus one.
  void start(std::uint32_t first) noexcept;
  [[nodiscard]] bool started() const noexcept { return started_; }

  /// `sequence` is that of the first payload byte. `waiting_left` is what all flows may still keep.
  void add(const Segment& segment, std::uint32_t sequence, const TcpLimits& limits, std::size_t& waiting_left,
           Readable& readable);

  /// The other end said it has everything before `sequence`.
  void acknowledged(std::uint32_t sequence, const TcpLimits& limits) noexcept;

  /// All bytes up to the FIN were readable.
  [[nodiscard]] bool ended() const noexcept { return fin_at_ && delivered_ >= *fin_at_; }
  /// No byte is known to be missing.
  [[nodiscard]] bool complete() const noexcept;
  [[nodiscard]] std::int64_t delivered() const noexcept { return delivered_; }

 private:
  [[nodiscard]] std::int64_t position_of(std::uint32_t sequence) const noexcept;
  void hold(std::int64_t begin, msnp::Bytes bytes, const TcpLimits& limits, std::size_t& waiting_left);
  void drain(std::size_t& waiting_left, Readable& readable);
  void give_up(std::size_t& waiting_left) noexcept;

  // Positions count from the first byte of the stream, 64 bit: sequence numbers may wrap.
  std::int64_t delivered_ = 0;  // readable so far
  std::int64_t sent_ = 0;       // end of the farthest segment seen
  std::int64_t acknowledged_ = 0;
  std::optional<std::int64_t> fin_at_;
  std::map<std::int64_t, std::vector<std::byte>> waiting_;  // behind a hole; do not overlap
  std::size_t waiting_cost_ = 0;
  std::uint32_t first_ = 0;
  bool started_ = false;
  bool lost_ = false;  // bytes were dropped: no place, or no idea where they belong
};

}  // namespace gate
