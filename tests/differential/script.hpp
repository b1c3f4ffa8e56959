// One conversation: who takes part, what each end says of its own accord, and which calls they make. The
// answers to calls are given by the ends (end.hpp), as clients give them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "dice.hpp"
#include "wire.hpp"

namespace differential {

struct Person {
  std::string account;
  std::string shown;  // with its endpoint where the dialect has any
  std::string nick;
};

enum class Form : std::uint8_t { classic, p2p_v1, p2p_v2, datagram };
enum class What : std::uint8_t { file, unknown_application, picture, emoticon, wink, webcam };

/// Somebody invites the other to something.
struct Call {
  Form form = Form::p2p_v1;
  What what = What::file;
  Side from = Side::client;
  std::string name;  // of the file
  std::string id;    // Call-ID, or cookie; no other call of any conversation has it
  std::uint32_t session = 0;
  std::string data;         // of the file or object
  std::size_t most = 1202;  // data bytes in a package
  char letter = 'U';        // of a classic MSG
  bool eager = false;       // its data follows the invitation at once
  bool transports = false;  // after an acceptance a direct connection is asked for
  bool blocked = false;     // what `[policy] default = "block"` and the rule for *.txt make of it
};

/// A frame as it stands, or the beginning of a call.
struct Act {
  std::string frame;
  int call = -1;
};

struct Round {
  bool together = false;  // both ends speak at once; else first the client, then the server
  std::array<std::vector<Act>, 2> acts;
};

struct Script {
  std::uint64_t number = 0;
  unsigned dialect = 0;
  bool switchboard = false;
  bool version2 = false;  // of P2P
  Person local, peer;
  std::vector<Call> calls;
  std::vector<Round> rounds;

  [[nodiscard]] const Person& person(Side side) const noexcept { return side == Side::client ? local : peer; }
  /// The last frame of a turn: whoever has it has all before it.
  [[nodiscard]] std::string fence(Side from, std::size_t round) const;
};

/// The conversation of this number: the same for the same seed.
[[nodiscard]] Script make_script(std::uint64_t seed, std::uint64_t number);

// Chapters of make_script.

/// Login and presence on a notification server.
void add_notification_rounds(Script& script, Dice& dice);
/// Entry to a switchboard and chat.
void add_switchboard_rounds(Script& script, Dice& dice);
/// Calls, begun in rounds that exist; the last ones stay free of them.
void add_calls(Script& script, Dice& dice);

/// A message of `from` to the other on a switchboard. `transaction` counts from the client only.
[[nodiscard]] std::string message(const Script& script, Side from, std::uint64_t transaction, char letter,
                                  std::string_view payload);

}  // namespace differential
