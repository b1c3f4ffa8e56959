// Looks at eight bytes of a line at once: which classes of bytes occur, and where the blanks are.
// Portable arithmetic on integers; this is most of the time a frame costs.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace msnp {

namespace eight {

inline constexpr std::uint64_t ones = 0x0101010101010101U;
inline constexpr std::uint64_t tops = 0x8080808080808080U;

/// Eight bytes, the first in the lowest place.
[[nodiscard]] inline std::uint64_t load(const char* from) noexcept {
  std::uint64_t value = 0;
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(&value, from, sizeof value);
  } else {
    for (std::size_t i = 0; i < sizeof value; ++i) {
      value |= std::uint64_t{static_cast<unsigned char>(from[i])} << (8 * i);
    }
  }
  return value;
}

/// Up to eight bytes; the missing ones read as blanks.
[[nodiscard]] inline std::uint64_t load_part(const char* from, std::size_t size) noexcept {
  std::uint64_t value = ones * ' ';
  for (std::size_t i = 0; i < size; ++i) {
    const auto byte = static_cast<unsigned char>(from[i]);
    value ^= std::uint64_t{static_cast<unsigned char>(byte ^ ' ')} << (8 * i);
  }
  return value;
}

/// Not zero if a byte is below 0x20 or 0x7F.
[[nodiscard]] constexpr std::uint64_t controls(std::uint64_t bytes) noexcept {
  const std::uint64_t deleted = bytes ^ (ones * 0x7F);
  const std::uint64_t low = (bytes - ones * 0x20) & ~bytes;
  return (low | ((deleted - ones) & ~deleted)) & tops;
}

/// The top bit of every byte that is a blank, exactly.
[[nodiscard]] constexpr std::uint64_t blanks(std::uint64_t bytes) noexcept {
  const std::uint64_t others = bytes ^ (ones * ' ');
  return ~(((others & ~tops) + ~tops) | others) & tops;
}

}  // namespace eight

struct ByteClasses {
  bool control = false;    // below 0x20, or 0x7F
  bool non_ascii = false;  // 0x80 and above
};

[[nodiscard]] inline ByteClasses byte_classes(std::string_view text) noexcept {
  const char* const begin = text.data();
  const std::size_t size = text.size();
  std::uint64_t control = 0;
  std::uint64_t high = 0;
  const auto take = [&](std::uint64_t bytes) {
    control |= eight::controls(bytes);
    high |= bytes;
  };
  if (size < 8) {
    take(eight::load_part(begin, size));
  } else {
    for (std::size_t at = 0; at + 8 < size; at += 8) take(eight::load(begin + at));
    take(eight::load(begin + size - 8));  // may look at some bytes a second time
  }
  return {control != 0, (high & eight::tops) != 0};
}

/// Where the tokens of a line stand, split at every single blank.
template <std::size_t capacity>
class TokenScan {
 public:
  /// `text` is a line that begins with a command of three letters and has no trailing blank.
  explicit TokenScan(std::string_view text) noexcept : text_(text) {
    const char* const begin = text.data();
    const std::size_t size = text.size();
    std::size_t at = 0;
    for (; at + 8 <= size; at += 8) record(eight::blanks(eight::load(begin + at)), at);
    if (at < size) {
      // What is left, the lowest byte first, and zeros behind it, which are no blanks.
      const std::size_t left = size - at;
      const std::uint64_t rest = size < 8 ? eight::load_part(begin, size) & below(size)
                                          : eight::load(begin + size - 8) >> (8 * (8 - left));
      record(eight::blanks(rest), at);
    }
    if (count_ <= capacity) blank_[count_] = static_cast<std::uint32_t>(size);
  }

  /// More than `capacity` is reported as capacity + 1.
  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  [[nodiscard]] std::string_view operator[](std::size_t index) const noexcept {
    const std::size_t begin = blank_[index] + 1U;
    return {text_.data() + begin, blank_[index + 1] - begin};
  }

 private:
  static constexpr std::uint64_t below(std::size_t bytes) noexcept {
    return (std::uint64_t{1} << (8 * bytes)) - 1;  // bytes < 8
  }
  void record(std::uint64_t found, std::size_t at) noexcept {
    while (found != 0 && count_ <= capacity) {
      blank_[count_++] =
          static_cast<std::uint32_t>(at + static_cast<std::size_t>(std::countr_zero(found)) / 8);
      found &= found - 1;
    }
  }

  std::string_view text_;
  std::size_t count_ = 0;
  std::array<std::uint32_t, capacity + 2> blank_;  // before each token, and the end of the last
};

}  // namespace msnp
