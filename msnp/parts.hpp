// Multi-packet MIME messages: one message cut into parts that share a Message-ID (framing.md 7.2).
// Real clients cut only ink and long text. aMSN and libpurple put anything together again, so parts of
// anything else are withheld until the message is whole and can be judged.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "msnp/bytes.hpp"
#include "msnp/limits.hpp"
#include "msnp/mime.hpp"
#include "msnp/types.hpp"

namespace msnp {

/// One direction of one connection.
class Parts {
 public:
  enum class Ruling : std::uint8_t {
    pass,      // text or ink
    withhold,  // belongs to something else, more parts may come
    finished,  // the last part of something else: `whole()` holds the message, `held()` the parts before
    lost,      // the last part of more than is kept: nothing of it can be judged
  };

  /// `sender` tells the people of a switchboard apart. `wire` is the frame that holds `payload`.
  [[nodiscard]] Ruling add(std::string_view sender, const MimeBlock& block, Bytes payload, Bytes wire,
                           const Limits& limits, Moment now);

  /// Header block of all parts and their bodies, as aMSN and libpurple put them together.
  [[nodiscard]] const std::string& whole() const noexcept { return whole_; }

  /// The parts that were withheld before the last one, in order: for when it may pass after all.
  [[nodiscard]] std::vector<std::string>& held() noexcept { return held_; }

  /// Forgets what is older than `limits.message_age`; returns how many gathered messages never finished.
  std::size_t expire(const Limits& limits, Moment now);
  [[nodiscard]] bool empty() const noexcept { return open_.empty(); }
  [[nodiscard]] std::size_t footprint() const noexcept;

 private:
  struct Message {
    std::string key;
    bool gathered = false;  // neither text nor ink: put together
    bool lost = false;
    std::uint32_t seen = 0;
    std::uint32_t expected = 0;
    std::string headers;
    std::string body;
    std::vector<std::string> held;
    Moment since = 0;
  };
  std::deque<Message> open_;
  std::string whole_;
  std::vector<std::string> held_;
};

}  // namespace msnp
