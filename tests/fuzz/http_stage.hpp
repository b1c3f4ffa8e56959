// Clients and servers of the HTTP gateway that write HTTP as it should be, around whatever MSNP a script has.
// Scripts are those of filter_script.hpp; the first byte of a chunk says which road it takes:
//
//   connection 2 bits (of three) | session 1 | carriage 3 | 2 bits of whatever
//
// Two sessions, "7" and "8", are opened on the first two connections before anything else.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/filter_script.hpp"

namespace fuzz {

inline constexpr std::size_t web_connections = 3;

/// Bytes that arrive on a connection, or time that passes.
struct WebArrival {
  std::size_t connection = 0;
  msnp::Direction direction = msnp::Direction::to_server;
  std::string bytes;
  msnp::Moment later = 0;
};

/// A piece of the stream of a session, as a connection without HTTP would bring it.
struct StreamPiece {
  msnp::Direction direction = msnp::Direction::to_server;
  std::string bytes;
  msnp::Moment later = 0;
};

struct WebPlay {
  std::vector<WebArrival> opening;
  std::vector<WebArrival> arrivals;
  std::vector<StreamPiece> stream;                                                // of the session "7"
  std::array<std::array<std::vector<std::string>, 2>, web_connections> ordinary;  // messages, by direction
  bool wild = false;        // some bytes are no HTTP of ours
  bool one_session = true;  // nothing is said in "8"
};

[[nodiscard]] WebPlay play_of(const FilterScript& script);

}  // namespace fuzz
