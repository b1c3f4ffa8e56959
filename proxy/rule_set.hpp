// Sets of rules, by their numbers: stored as blocks of 64 neighbours, so that a set costs little whether it
// holds one rule of ten thousand or all of them, and joined into plain bits to be asked.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace gate {

/// Most rules of one policy: RuleBits live on the stack.
inline constexpr std::size_t most_rules = 131'072;

/// A set of rules that is being worked on. 16 KiB, of which only what the policy needs is touched.
class RuleBits {
 public:
  /// Holds nothing. `rules` is at most `most_rules`.
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): what is not used is not touched
  explicit RuleBits(std::size_t rules) noexcept : words_((rules + 63) / 64) { clear(); }

  void clear() noexcept { std::fill_n(bits_.begin(), words_, 0); }
  void add(std::size_t word, std::uint64_t bits) noexcept { bits_[word] |= bits; }
  void keep_only(const RuleBits& others) noexcept {
    for (std::size_t word = 0; word < words_; ++word) bits_[word] &= others.bits_[word];
  }
  [[nodiscard]] std::size_t count() const noexcept {
    std::size_t count = 0;
    for (std::size_t word = 0; word < words_; ++word) {
      count += static_cast<std::size_t>(std::popcount(bits_[word]));
    }
    return count;
  }
  /// Calls `visit` with every number, the lowest first, until it returns true.
  template <class Visit>
  void each(Visit visit) const noexcept {
    for (std::size_t word = 0; word < words_; ++word) {
      for (std::uint64_t left = bits_[word]; left != 0; left &= left - 1) {
        if (visit(word * 64 + static_cast<std::size_t>(std::countr_zero(left)))) return;
      }
    }
  }

 private:
  std::size_t words_;
  std::array<std::uint64_t, most_rules / 64> bits_;  // only the first `words_` mean anything
};

class RuleSet {
 public:
  /// Rules are added in the order of their numbers; one may be added again.
  void add(std::size_t rule) {
    const auto word = static_cast<std::uint32_t>(rule / 64);
    if (blocks_.empty() || blocks_.back().word != word) blocks_.push_back({word, 0});
    blocks_.back().bits |= std::uint64_t{1} << (rule % 64);
  }
  void add_to(RuleBits& bits) const noexcept {
    for (const Block& block : blocks_) bits.add(block.word, block.bits);
  }
  [[nodiscard]] bool empty() const noexcept { return blocks_.empty(); }

 private:
  struct Block {
    std::uint32_t word;
    std::uint64_t bits;
  };
  std::vector<Block> blocks_;
};

}  // namespace gate
