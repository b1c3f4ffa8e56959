// Drives a Decoder as a connection does: pieces arrive, what was not consumed is presented again.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "msnp/decoder.hpp"
#include "tests/support/framing_vectors.hpp"

namespace support {

/// All that can be seen of a decoder at work on one stream.
struct DecoderRun {
  std::vector<VectorFrame> frames;  // a streamed frame counts when its payload has passed
  std::size_t consumed = 0;         // by whole frames and swallowed lines
  std::string forwarded;            // what would go on
  std::optional<msnp::Error> fault;
  std::size_t fault_offset = 0;
  std::size_t wanted = 0;  // at_least of the last NeedMore

  friend bool operator==(const DecoderRun&, const DecoderRun&) = default;
};

/// Every piece, with what is left of those before it, lies in an allocation of exactly its size, so that a
/// sanitizer sees any byte read beyond it.
[[nodiscard]] DecoderRun run_decoder(msnp::Direction direction, msnp::Side side,
                                     const std::vector<std::string_view>& pieces,
                                     const msnp::Limits& limits = {});

}  // namespace support
