// The operator's log: what happened, to whom, what it means; one line each on stderr. Who was stopped
// and why is the audit's matter.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "msnp/types.hpp"

namespace gate {

/// Syslog priorities; under systemd they lead the line, as "<4>", for the journal.
enum class Level : std::uint8_t { error = 3, warning = 4, notice = 5, info = 6 };

/// One write of one line, from any thread. The text has been made showable by the caller.
void log(Level level, std::string_view text) noexcept;
/// The same of a text in parts, at most six: for whoever may be without memory to join them.
void log(Level level, std::initializer_list<std::string_view> parts) noexcept;

/// Lets one line a second through and counts the others, so that a flood outside is none in the log.
class Trickle {
 public:
  /// Nothing while closed; otherwise how many were held back since the last time.
  [[nodiscard]] std::optional<std::uint64_t> pass(msnp::Moment now) noexcept;

 private:
  static constexpr msnp::Moment interval = 1'000;

  std::optional<msnp::Moment> last_;
  std::uint64_t held_back_ = 0;
};

}  // namespace gate
