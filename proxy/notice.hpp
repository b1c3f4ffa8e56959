// What the local user is told in the chat window when something of theirs is stopped: the administrator's
// words, with what happened put into them. Said once for an offer, however often it is tried again.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "msnp/types.hpp"

namespace gate {

/// `[policy] notice` and `[notice]`.
struct NoticeSettings {
  bool on = false;  // a configuration has it on unless it says no
  /// With placeholders; one or several lines.
  std::string text =
      "{file} ({kind}, with {peer}) was stopped by the rules of this network: {rule}. {contact}";
  std::string contact;                  // for {contact}
  std::string sender = "File gateway";  // shown as the name of who speaks
  /// The same offer again within this time is not told again.
  std::chrono::milliseconds interval{60'000};
};

/// What happened, in views that live as long as the call.
struct Stopped {
  std::string_view user;
  std::string_view peer;  // empty when unknown
  std::string_view kind;
  std::string_view file;  // empty when there is no name
  std::string_view rule;
  msnp::Direction direction = msnp::Direction::to_server;
};

/// Longest text that is ever said, in bytes; with its headers far below the 1664 of a MSG.
inline constexpr std::size_t notice_limit = 1200;

/// The words for what happened: one line, or several ended by CRLF. Foreign text in it is bounded, and shows
/// what is hidden in it.
[[nodiscard]] std::string notice_text(const NoticeSettings& settings, const Stopped& stopped);

/// What is wrong with a text an administrator wrote; nothing if it is good.
[[nodiscard]] std::optional<std::string> fault_in_notice(std::string_view text);

/// Remembers what was told lately. Bounded; for one thread.
class NoticeDamper {
 public:
  /// True if this is to be told now, and then it is remembered as told.
  [[nodiscard]] bool lets_through(const Stopped& stopped, msnp::Moment now,
                                  std::chrono::milliseconds interval);

 private:
  struct Told {
    msnp::Moment since = 0;
    unsigned count = 0;
  };
  [[nodiscard]] Told& told(std::string_view key, msnp::Moment now, std::chrono::milliseconds interval);

  std::unordered_map<std::size_t, Told> told_;  // by the hash of what it is about
  std::deque<std::size_t> order_;               // the oldest first
};

}  // namespace gate
