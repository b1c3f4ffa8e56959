// What leaves the gateway after one batch of input: for each direction a list of slices, in order.
// A slice is a view into the input (untouched bytes, neighbours merged) or into bytes of our own.
// One Output serves a whole worker and is cleared, not freed, between batches.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "msnp/bytes.hpp"
#include "msnp/types.hpp"

namespace msnp {

class Output {
 public:
  /// Sends on bytes of the input. `raw` must stay valid until the output is used.
  void forward(Direction direction, Bytes raw);
  /// Sends bytes that are not in the input; they are copied.
  void write(Direction direction, Bytes bytes);
  void clear() noexcept;

  [[nodiscard]] bool empty(Direction direction) const noexcept;
  /// Total bytes for a direction.
  [[nodiscard]] std::size_t size(Direction direction) const noexcept;
  /// Those of them that were written, not forwarded.
  [[nodiscard]] std::size_t written(Direction direction) const noexcept;
  /// The slices in order, valid until the next call of forward, write or clear.
  [[nodiscard]] const std::vector<Bytes>& slices(Direction direction);

 private:
  struct Slice {
    const std::byte* data;  // null: `offset` bytes into own_
    std::size_t offset;
    std::size_t size;
  };
  struct Lane {
    std::vector<Slice> slices;
    std::vector<Bytes> resolved;
    std::size_t size = 0;
    std::size_t written = 0;  // part of size
  };
  [[nodiscard]] Lane& lane(Direction direction) noexcept {
    return lanes_[static_cast<std::size_t>(direction)];
  }

  std::array<Lane, 2> lanes_;
  std::string own_;
};

}  // namespace msnp
