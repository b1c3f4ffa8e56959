// The vectors of tests/data/framing-vectors.json: byte streams, and the frames a correct decoder cuts them
// into.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "msnp/types.hpp"

namespace support {

struct VectorFrame {
  std::string command;
  std::vector<std::string> args;
  std::size_t payload_length = 0;

  friend bool operator==(const VectorFrame&, const VectorFrame&) = default;
};

enum class Outcome { ok, need_more, reject, resync };

struct FramingVector {
  std::string name;
  msnp::Direction direction{};
  msnp::Side side{};
  std::string bytes;
  std::vector<VectorFrame> frames;
  Outcome outcome{};
  std::size_t consumed = 0;
  std::optional<std::string> forward;  // what goes on, where it is not the same bytes
};

/// Every vector of the kinds "ns" and "sb"; those of kind "http" belong to the HTTP gateway. Read once.
[[nodiscard]] const std::vector<FramingVector>& framing_vectors();

}  // namespace support
