// One message put together from its packages, in every way some client puts it together
// (transfers.md 2.4, 3.4): by offset with the bytes really there, by offset with the declared length,
// in order of arrival, and strictly in sequence with everything else ignored (libpurple).
// A text that any of them ends up with is in `readings()`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "msnp/bytes.hpp"
#include "msnp/limits.hpp"

namespace msnp {

/// One package as a piece of a message.
struct Fragment {
  std::uint64_t offset = 0;
  std::uint64_t total = 0;     // size of the message, as this package says
  std::uint32_t declared = 0;  // length as this package says
  Bytes data;                  // what is really there

  /// Nothing comes before or after it, whichever way one reads it.
  [[nodiscard]] bool is_whole() const noexcept { return offset == 0 && data.size() == total; }
};

class Reassembly {
 public:
  enum class State : std::uint8_t {
    open,        // nobody would call it complete
    complete,    // somebody would
    over_limit,  // too long, too many packages, or called complete too often: give it up
  };

  /// Adds a package and says what the message has become. The caller looks at `readings` on complete.
  [[nodiscard]] State add(const Fragment& fragment, const Limits& limits);

  /// The distinct texts, usually one. Valid until the next add.
  [[nodiscard]] std::span<const std::string_view> readings() noexcept;

  /// Every package continued the one before: all readings are the same text.
  [[nodiscard]] bool is_orderly() const noexcept { return !differ_; }
  /// Everything that came so far, in order, repeats included. Valid until the next add.
  [[nodiscard]] std::string_view in_order() const noexcept { return in_order_; }
  /// Bytes owned.
  [[nodiscard]] std::size_t footprint() const noexcept;

 private:
  void split_readings();

  std::string in_order_;
  // Kept only once they differ from in_order_: for an orderly sender all four are the same text.
  std::string by_offset_;
  std::string by_declared_;
  std::string in_sequence_;
  std::array<std::string_view, 4> views_;
  std::uint64_t first_total_ = 0;
  std::uint32_t packages_ = 0;
  std::uint32_t completions_ = 0;
  bool differ_ = false;
};

}  // namespace msnp
