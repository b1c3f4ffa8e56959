// A transfer that runs fills one read with packages that differ in nothing but their transaction and offset.
// What was decided for the first of them holds for all: here is where their run ends.
//
//   MSG 17 D 1357\r\n MIME header \r\n\r\n | session, identifier | offset | total to acknowledgement | data
//       ^^                                                      ^^^^^^
#pragma once

#include <cstddef>

#include "msnp/bytes.hpp"
#include "msnp/frame.hpp"
#include "msnp/types.hpp"

namespace msnp {

class DataRun {
 public:
  /// `first`, a MSG that went on as it came, holds a P2P package of version 1 whose header begins at `header`
  /// of the payload. Its bytes outlive the run.
  DataRun(Direction direction, const Frame& first, std::size_t header) noexcept;

  /// How many bytes of `rest` are whole frames like the first, one behind the other.
  [[nodiscard]] std::size_t extent(Bytes rest) const noexcept;

 private:
  /// The size of the frame at the beginning of `rest`, if it is whole and like the first; else 0.
  [[nodiscard]] std::size_t like_first(const std::byte* at, std::size_t left) const noexcept;

  bool numbered_;     // by the transaction behind the command
  Bytes head_;        // from behind the transaction to the offset
  Bytes header_end_;  // of the P2P header, from behind the offset
  std::size_t size_;  // of a frame without command and transaction
};

}  // namespace msnp
