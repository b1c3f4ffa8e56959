// The sockets between two ends, driven by one thread: bytes leave in random pieces with random pauses, and
// both ends hear as it comes.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "dice.hpp"
#include "end.hpp"

namespace differential {

/// Where clients connect to, by road, and where the server listens for all of them.
class Ground {
 public:
  explicit Ground(std::uint16_t server_port);
  ~Ground();
  Ground(const Ground&) = delete;
  Ground& operator=(const Ground&) = delete;

  struct Pair {
    int client = -1;
    int server = -1;
  };
  /// A connection to `port` of 127.0.0.1, and the one it became behind it.
  [[nodiscard]] Pair connect(std::uint16_t port);

 private:
  int listening_;
  std::mutex one_at_a_time_;  // who comes out belongs to who went in
};

/// Plays a script over `pair`, which it closes. False, and a complaint of the client's end, when it came to
/// no end.
bool play(const Script& script, End& client, End& server, const Ground::Pair& pair, Dice& dice);

}  // namespace differential
