// How much of what a peer sends is ever kept, each figure with its reason.
#pragma once

#include <cstddef>
#include <cstdint>

#include "msnp/types.hpp"

namespace msnp {

struct Limits {
  /// Longest command line, line end not counted. Tickets of 1-3 KB are normal (framing.md 1.2).
  std::size_t line = 16 * 1024;
  /// Longest MSG payload from a client: the official server and Escargot end the switchboard above it.
  std::size_t message_to_server = 1664;
  /// Longest payload that is gathered before it is judged (MSG to the client, UUM, UBM, UUN, UBN, SDG).
  /// Forty times what any client sends.
  std::size_t inspected_payload = 64 * 1024;
  /// Longest payload of the commands that stream through unread (ADL, NOT, GCF, ...). Lists are long.
  std::size_t streamed_payload = 1024 * 1024;

  /// Longest SLP text: an offer with a preview picture is about 30 kB (transfers.md 2.4).
  std::size_t slp_text = 64 * 1024;
  /// Packages of one unfinished message, and unfinished messages of one direction (transfers.md 2.4).
  std::size_t packages_per_message = 64;
  std::size_t open_messages = 16;
  /// Age at which an unfinished message is given up, in milliseconds.
  Moment message_age = 60'000;
  /// Parts of one multi-packet MIME message, and such messages open at once (framing.md 7.2).
  std::size_t parts_per_message = 64;
  std::size_t open_part_messages = 16;

  /// Calls, cookies and sessions remembered for one pair of users; the oldest is forgotten first.
  std::size_t calls_per_pair = 64;
  /// Pairs of users remembered by one worker; the one longest unused is forgotten first.
  std::size_t pairs = 16 * 1024;
  /// People in one switchboard whose names are remembered. The official limit was about 15.
  std::size_t peers = 64;
};

}  // namespace msnp
