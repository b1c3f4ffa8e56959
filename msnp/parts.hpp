// Multi-packet MIME messages: one message cut into parts that share a Message-ID (framing.md 7.2).
// Real clients cut only ink and long text. aMSN and libpurple put anything together again, so a part of
// anything else is refused; the parts are put together only to tell the audit what it was.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

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
    withhold,  // belongs to something refused, more parts may come
    finished,  // the last part of something refused: `whole()` holds the message
  };

  /// `sender` tells the people of a switchboard apart.
  [[nodiscard]] Ruling add(std::string_view sender, const MimeBlock& block, Bytes payload,
                           const Limits& limits, Moment now);

  /// Header block of all parts and their bodies, as aMSN and libpurple put them together.
  [[nodiscard]] const std::string& whole() const noexcept { return whole_; }

  /// Forgets what is older than `limits.message_age`; returns how many refused messages never finished.
  std::size_t expire(const Limits& limits, Moment now);
  [[nodiscard]] bool empty() const noexcept { return open_.empty(); }
  [[nodiscard]] std::size_t footprint() const noexcept;

 private:
  struct Message {
    std::string key;
    bool refused = false;
    std::uint32_t seen = 0;
    std::uint32_t expected = 0;
    std::string headers;
    std::string body;
    Moment since = 0;
  };
  std::deque<Message> open_;
  std::string whole_;
};

}  // namespace msnp
