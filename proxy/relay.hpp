// The two pumps of one connection, without an event loop: bytes received from either end, bytes
// delivered to both, what waits, who has finished. Whoever owns it waits for readiness and calls.
//
//   scratch of the worker:  |      room for a leftover | one read    |
//                                            ^leftover  ^received     contiguous when the filter sees it
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "msnp/bytes.hpp"
#include "msnp/output.hpp"
#include "proxy/outbox.hpp"

namespace gate {

enum class End : std::uint8_t { client, server };

[[nodiscard]] constexpr End opposite(End end) noexcept {
  return end == End::client ? End::server : End::client;
}
/// Bytes that come from this end travel in this direction.
[[nodiscard]] constexpr msnp::Direction direction_from(End end) noexcept {
  return end == End::client ? msnp::Direction::to_server : msnp::Direction::to_client;
}

/// The read buffer of a thread, borrowed for the length of one handler.
class Scratch {
 public:
  /// One system call reads this much; less costs calls.
  static constexpr std::size_t read_size = 64 * 1024;
  /// And of who has just filled that, this much: half the processor time a byte. Still in the second-level
  /// cache.
  static constexpr std::size_t bulk_read_size = 256 * 1024;
  /// Room for an incomplete frame: the longest inspected payload and line, and some.
  static constexpr std::size_t leftover_size = 96 * 1024;

  Scratch() : bytes_(std::make_unique<std::byte[]>(leftover_size + bulk_read_size)) {}

  /// All of it, for what is read again without more.
  static constexpr std::size_t whole_size = leftover_size + bulk_read_size;
  [[nodiscard]] std::byte* whole() noexcept { return bytes_.get(); }
  [[nodiscard]] std::byte* read_area() noexcept { return bytes_.get() + leftover_size; }

 private:
  std::unique_ptr<std::byte[]> bytes_;
};

class Relay {
 public:
  /// A batch is at most a leftover and one read; reading from an end stops while more than this waits
  /// to go back to it. Answers alone get an outbox that far.
  static constexpr std::size_t answers_pause = 192 * 1024;
  /// An end that lets more than this wait is not reading, and keeps asking: see `overfull`.
  static constexpr std::size_t outbox_limit = 512 * 1024;

  /// Both descriptors are non-blocking stream sockets, and outlive the relay's use of them.
  void start(int client, int server) noexcept;

  enum class Event : std::uint8_t { bytes, nothing, ended };
  enum class Read : std::uint8_t { nothing, less, full };
  struct Received {
    Event event = Event::nothing;
    /// The leftover of last time and what was read now; lives until the scratch is used again.
    msnp::Bytes bytes;
    /// What the read itself came to: it would have blocked, brought less than was asked for, or neither.
    Read read = Read::full;
  };
  /// Reads once. `ended`: nothing more will come from this end.
  [[nodiscard]] Received receive(End from, Scratch& scratch);

  /// What was kept, once more, when it is of use before further bytes come.
  [[nodiscard]] msnp::Bytes again(End from, Scratch& scratch) noexcept;

  /// Keeps what the filter did not consume. `wanted` is the size from which presenting it again is of
  /// use (0: with any further byte). False when it is too much to keep.
  /// More than a leftover only if it is read `again` before anything is received.
  [[nodiscard]] bool keep(End from, msnp::Bytes rest, std::size_t wanted,
                          std::size_t most = Scratch::leftover_size);

  /// Sends both lanes of `out`. Throws std::bad_alloc only.
  void deliver(msnp::Output& out);

  /// Sends what waits for this end.
  void flush(End to) noexcept;

  /// From now on nothing is relayed: what waits is delivered, then both ends are told that no more comes.
  void close_after_delivery() noexcept;

  /// Passes an end of stream on, once everything before it has gone.
  void forward_ends() noexcept;

  /// The last read from this end filled a buffer, and the other end has taken all of it so far.
  [[nodiscard]] bool bulk(End from) const noexcept { return side(from).bulk; }

  [[nodiscard]] bool wants_read(End from) const noexcept;
  [[nodiscard]] bool wants_write(End to) const noexcept { return !side(to).outbox.empty(); }
  /// Bytes that wait for this end.
  [[nodiscard]] std::size_t waiting(End to) const noexcept { return side(to).outbox.size(); }
  /// This end still takes bytes.
  [[nodiscard]] bool takes(End to) const noexcept { return !side(to).broken && !side(to).shut; }
  /// This end has closed, or takes nothing more.
  [[nodiscard]] bool over(End end) const noexcept { return side(end).ended || side(end).broken; }
  /// One end is over: the other has limited time.
  [[nodiscard]] bool half_closed() const noexcept { return over(End::client) || over(End::server); }
  /// Nothing is left to do in either direction.
  [[nodiscard]] bool finished() const noexcept;
  /// This end broke the connection off (RST), rather than closing it.
  [[nodiscard]] bool was_reset(End end) const noexcept { return side(end).reset; }
  [[nodiscard]] bool overfull() const noexcept;

  /// Heap bytes held for this connection: leftovers and what waits.
  [[nodiscard]] std::size_t held() const noexcept;
  [[nodiscard]] std::size_t leftover(End from) const noexcept { return side(from).leftover.size(); }
  [[nodiscard]] std::uint64_t received(End from) const noexcept { return side(from).received; }

 private:
  struct Side {
    Outbox outbox;                    // to this end
    std::vector<std::byte> leftover;  // from this end
    std::uint64_t received = 0;
    std::uint32_t wanted = 0;
    int fd = -1;
    bool ended = false;   // nothing more comes from it
    bool broken = false;  // it takes nothing more
    bool shut = false;    // it was told that nothing more comes
    bool reset = false;
    bool bulk = false;  // see `bulk`
  };
  [[nodiscard]] Side& side(End end) noexcept { return sides_[static_cast<std::size_t>(end)]; }
  [[nodiscard]] const Side& side(End end) const noexcept { return sides_[static_cast<std::size_t>(end)]; }
  [[nodiscard]] bool delivered(End to) const noexcept;
  static void break_off(Side& side) noexcept;

  std::array<Side, 2> sides_;
  bool closing_ = false;
};

}  // namespace gate
