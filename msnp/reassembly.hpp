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
  /// What every package of a message has in common when a client sends it: flags and header block, as a
  /// digest.
  std::size_t common = 0;
  /// P2P v2: its number is not the one after the package that came before.
  bool out_of_turn = false;

  /// P2P v1: published retro-prpl sends packages twice.
  bool may_repeat = false;

  /// Nothing comes before or after it, whichever way one reads it.
  [[nodiscard]] bool is_whole() const noexcept {
    return offset == 0 && data.size() == total && declared == total;
  }
};

class Reassembly {
 public:
  enum class State : std::uint8_t {
    open,        // more is to come
    complete,    // nothing is missing; or somebody would call it so, and it is not plausible
    over_limit,  // too long, too many packages, or called complete too often: give it up
  };

  /// Adds a package and says what the message has become. The caller looks at `readings` on complete.
  [[nodiscard]] State add(const Fragment& fragment, const Limits& limits);

  /// The distinct texts, usually one. Valid until the next add.
  [[nodiscard]] std::span<const std::string_view> readings() noexcept;

  /// Every package continued the one before: all readings are the same text.
  [[nodiscard]] bool is_orderly() const noexcept { return !differ_; }
  /// Every package fits to those before as with some real client: it continues them or repeats one of them
  /// (published retro-prpl, which also lies about lengths), and agrees with them on the size and on all that
  /// they have in common. Of other messages readers drop different
  /// packages, and none of `readings` need be what one of them is left with.
  [[nodiscard]] bool is_plausible() const noexcept { return plausible_; }
  /// Whoever goes by the lengths that packages declare calls it complete as well: nobody waits for more of
  /// it.
  [[nodiscard]] bool is_closed() const noexcept { return declared_end_ >= first_total_; }
  /// Everything that came so far, in order, repeats included. Valid until the next add.
  [[nodiscard]] std::string_view in_order() const noexcept { return in_order_; }
  /// Bytes owned.
  [[nodiscard]] std::size_t footprint() const noexcept;

 private:
  void split_readings();
  [[nodiscard]] std::string_view sequence() const noexcept { return differ_ ? in_sequence_ : in_order_; }
  [[nodiscard]] bool fits(const Fragment& fragment) const noexcept;

  std::string in_order_;
  // Kept only once they differ from in_order_: for an orderly sender all four are the same text.
  std::string by_offset_;
  std::string by_declared_;
  std::string in_sequence_;
  std::array<std::string_view, 4> views_;
  std::uint64_t first_total_ = 0;
  std::uint64_t declared_end_ = 0;  // of what came without a gap and was declared as long as it is
  std::uint32_t packages_ = 0;
  std::uint32_t completions_ = 0;
  std::size_t common_ = 0;
  bool differ_ = false;
  bool plausible_ = true;
};

}  // namespace msnp
