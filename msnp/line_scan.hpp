// Looks at sixteen bytes of a line at once: which classes of bytes occur, and where the blanks are. SSE2
// where there is some, portable arithmetic on integers elsewhere; this is most of the time a frame costs.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace msnp {

/// One bit for each byte looked at, the first byte in the lowest place.
struct Marks {
  std::uint64_t controls = 0;  // below 0x20, or 0x7F
  std::uint64_t blanks = 0;
  std::uint64_t high = 0;  // 0x80 and above
};

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

/// The top bit of every byte that is `value`, exactly.
[[nodiscard]] constexpr std::uint64_t equal(std::uint64_t bytes, std::uint64_t value) noexcept {
  const std::uint64_t others = bytes ^ (ones * value);
  return ~(((others & ~tops) + ~tops) | others) & tops;
}

/// The top bit of every byte below 0x20, exactly.
[[nodiscard]] constexpr std::uint64_t below_blank(std::uint64_t bytes) noexcept {
  return ~(((bytes & ~tops) + ones * 0x60) | bytes) & tops;
}

/// The top bits of the eight bytes, side by side.
[[nodiscard]] constexpr std::uint64_t gathered(std::uint64_t top_bits) noexcept {
  return ((top_bits >> 7U) * 0x0102040810204080U) >> 56U;
}

[[nodiscard]] constexpr Marks marks_of(std::uint64_t bytes) noexcept {
  return {gathered(below_blank(bytes) | equal(bytes, 0x7F)), gathered(equal(bytes, ' ')),
          gathered(bytes & tops)};
}

}  // namespace eight

namespace sixteen {

/// The same for any processor: what `marks_at` does without SSE2.
[[nodiscard]] inline Marks portable_marks_at(const char* from) noexcept {
  const Marks low = eight::marks_of(eight::load(from));
  const Marks high = eight::marks_of(eight::load(from + 8));
  return {low.controls | high.controls << 8U, low.blanks | high.blanks << 8U, low.high | high.high << 8U};
}

/// Of the sixteen bytes at `from`.
[[nodiscard]] inline Marks marks_at(const char* from) noexcept {
#ifdef __SSE2__
  // GCC's vectors, which clang knows too: this directory includes nothing but the standard library.
  using Wide = unsigned char __attribute__((vector_size(16)));
  using Letters = char __attribute__((vector_size(16)));
  Wide bytes;
  std::memcpy(&bytes, from, sizeof bytes);
  const auto mask = [](auto found) {
    return static_cast<std::uint64_t>(
        static_cast<std::uint32_t>(__builtin_ia32_pmovmskb128(reinterpret_cast<Letters>(found))));
  };
  return {mask((bytes < 0x20) | (bytes == 0x7F)), mask(bytes == ' '), mask(bytes)};
#else
  return portable_marks_at(from);
#endif
}

/// Of the fewer than sixteen bytes from `at` to the end of `text`, which is not empty.
[[nodiscard]] inline Marks marks_of_rest(std::string_view text, std::size_t at) noexcept {
  if (text.size() >= 16) {  // looks at some bytes a second time
    const std::size_t from = text.size() - 16;
    const Marks marks = marks_at(text.data() + from);
    const auto known = static_cast<unsigned>(at - from);
    return {marks.controls >> known, marks.blanks >> known, marks.high >> known};
  }
  std::array<char, 16> padded{};
  std::memcpy(padded.data(), text.data() + at, text.size() - at);
  const Marks marks = marks_at(padded.data());
  const std::uint64_t real = (std::uint64_t{1} << (text.size() - at)) - 1;
  return {marks.controls & real, marks.blanks & real, marks.high & real};
}

}  // namespace sixteen

/// A stretch of bytes without a control byte.
struct Run {
  std::size_t end = 0;  // where a control byte stands, or the end of the text
  bool non_ascii = false;
};

/// The run that begins at `at`, which is not behind the end.
[[nodiscard]] inline Run run_at(std::string_view text, std::size_t at) noexcept {
  std::uint64_t high = 0;
  for (; at < text.size(); at += 16) {
    const Marks marks =
        text.size() - at >= 16 ? sixteen::marks_at(text.data() + at) : sixteen::marks_of_rest(text, at);
    if (marks.controls != 0) {
      high |= marks.high & (marks.controls - 1) & ~marks.controls;
      return {at + static_cast<std::size_t>(std::countr_zero(marks.controls)), high != 0};
    }
    high |= marks.high;
  }
  return {text.size(), high != 0};
}

struct ByteClasses {
  bool control = false;    // below 0x20, or 0x7F
  bool non_ascii = false;  // 0x80 and above
};

[[nodiscard]] inline ByteClasses byte_classes(std::string_view text) noexcept {
  Marks all;
  for (std::size_t at = 0; at < text.size(); at += 16) {
    const Marks marks =
        text.size() - at >= 16 ? sixteen::marks_at(text.data() + at) : sixteen::marks_of_rest(text, at);
    all.controls |= marks.controls;
    all.high |= marks.high;
  }
  return {all.controls != 0, all.high != 0};
}

/// A line of at most 62 bytes at the front of the input that ends in CRLF and holds no other control byte.
struct ShortLine {
  std::size_t size = 0;  // without its end; 0: there is none, and nothing else is told
  bool non_ascii = false;
  std::uint64_t blanks = 0;
};

[[nodiscard]] inline ShortLine short_line_of(std::string_view all) noexcept {
  ShortLine line;
  std::uint64_t high = 0;
  for (unsigned at = 0; at < 64 && at + 16 <= all.size(); at += 16) {
    const Marks marks = sixteen::marks_at(all.data() + at);
    line.blanks |= marks.blanks << at;
    high |= marks.high << at;
    if (marks.controls == 0) continue;
    const unsigned end = at + static_cast<unsigned>(std::countr_zero(marks.controls));
    if (end > 62 || end + 1 >= all.size() || all[end] != '\r' || all[end + 1] != '\n') break;
    const std::uint64_t inside = (std::uint64_t{1} << end) - 1;
    line.blanks &= inside;
    line.non_ascii = (high & inside) != 0;
    line.size = end;
    break;
  }
  return line;
}

/// Where the tokens of a line stand, split at every single blank.
template <std::size_t capacity>
class TokenScan {
 public:
  /// `text` is a line that begins with a command of three letters and has no trailing blank.
  explicit TokenScan(std::string_view text) noexcept : text_(text) {
    for (std::size_t at = 0; at < text.size(); at += 16) {
      const Marks marks =
          text.size() - at >= 16 ? sixteen::marks_at(text.data() + at) : sixteen::marks_of_rest(text, at);
      record(marks.blanks, at);
    }
    finish();
  }
  /// The same for a short line whose blanks are known.
  TokenScan(std::string_view text, std::uint64_t blanks) noexcept : text_(text) {
    record(blanks, 0);
    finish();
  }

  /// More than `capacity` is reported as capacity + 1.
  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  [[nodiscard]] std::string_view operator[](std::size_t index) const noexcept {
    const std::size_t begin = blank_[index] + 1U;
    return {text_.data() + begin, blank_[index + 1] - begin};
  }

 private:
  void record(std::uint64_t found, std::size_t at) noexcept {
    while (found != 0 && count_ <= capacity) {
      blank_[count_++] = static_cast<std::uint32_t>(at + static_cast<std::size_t>(std::countr_zero(found)));
      found &= found - 1;
    }
  }
  void finish() noexcept {
    if (count_ <= capacity) blank_[count_] = static_cast<std::uint32_t>(text_.size());
  }

  std::string_view text_;
  std::size_t count_ = 0;
  // Before each token, and the end of the last. On the hot path only what is used is filled in.
  std::array<std::uint32_t, capacity + 2> blank_;  // NOLINT(cppcoreguidelines-pro-type-member-init)
};

}  // namespace msnp
